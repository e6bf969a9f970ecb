"""Labels of a source of their own: what they are joined by, and how long they take to come."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.data import Roles, read
from steelyard.evaluation.labels import maturity, with_labels
from steelyard.records import ColumnError

START = dt.datetime(2026, 1, 1)


def predictions(n=400, days=20):
    at = [START + dt.timedelta(days=i * days / n) for i in range(n)]
    return pl.DataFrame({"order": range(n), "at": at, "p": np.linspace(0, 1, n)})


def labels(rows, delay, until, seed=0):
    rng = np.random.default_rng(seed)
    came = [at + dt.timedelta(days=float(d)) for at, d in zip(rows["at"], delay(rng, len(rows)), strict=True)]
    made = pl.DataFrame({"order": rows["order"], "late": rng.integers(0, 2, len(rows)), "came": came})
    return made.filter(pl.col("came") <= until)


def test_roles_are_filled_in_and_the_arrival_is_set_aside():
    rows = predictions()
    found = with_labels(read(rows), labels(rows, lambda r, n: r.uniform(0, 3, n), rows["at"].max()), Roles(score="p"))
    assert found.roles.label == "late"
    assert found.roles.id == "order"
    assert found.column == "came"
    assert "came" not in found.table.kinds
    assert found.table.frame.collect().to_native().columns == ["order", "at", "p", "late"]
    assert "came" in found.arrived.kinds


def test_what_is_not_clear_is_asked():
    rows = predictions()
    there = labels(rows, lambda r, n: np.zeros(n), rows["at"].max())
    with pytest.raises(ColumnError, match="not said what joins"):
        with_labels(read(rows), there.rename({"order": "key"}), Roles())
    with pytest.raises(ColumnError, match="not clear which column"):
        with_labels(read(rows), there.with_columns(other=1), Roles(), on="order")
    named = with_labels(read(rows), there.with_columns(other=1).rename({"late": "label"}), Roles())
    assert named.roles.label == "label"


def test_maturity_is_right_though_young_rows_have_had_no_time():
    rows = predictions(4_000, 40)
    until = START + dt.timedelta(days=40)
    there = labels(rows, lambda r, n: r.exponential(6, n), until)
    found = with_labels(read(rows), there, Roles(score="p"))
    curve = maturity(found, found.roles.updated(time="at"))
    assert curve.kind == "maturity"
    assert curve.notes["unit"] == "days"
    for point in curve.rows():
        if 0 < point["age"] <= 25:
            assert point["share"] == pytest.approx(1 - np.exp(-(point["age"] + 1) / 6), abs=0.04)
            assert point["low"] <= point["share"] <= point["high"]
    naive = len(there) / len(rows)
    assert curve.rows()[-1]["share"] > naive + 0.05
    assert float(curve.notes["mature"]) == pytest.approx(18, abs=2)


def test_short_data_are_told_in_hours():
    rows = predictions(500, 1)
    there = labels(rows, lambda r, n: r.uniform(0, 0.2, n), START + dt.timedelta(days=1))
    found = with_labels(read(rows), there, Roles(score="p"))
    curve = maturity(found, found.roles.updated(time="at"))
    assert curve.notes["unit"] == "hours"
    assert max(curve.columns["age"]) <= 6


def test_no_maturity_where_times_are_not_known():
    rows = predictions()
    there = labels(rows, lambda r, n: np.zeros(n), rows["at"].max())
    found = with_labels(read(rows), there.drop("came"), Roles(score="p"))
    assert found.arrived is None
    assert maturity(found, found.roles) is None
    timed = with_labels(read(rows), there, Roles(score="p"))
    assert maturity(timed, timed.roles) is None
