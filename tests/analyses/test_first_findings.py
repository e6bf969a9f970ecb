"""What comes first: a part is told with the whole around it, and few rows condemn no model."""

from __future__ import annotations

import numpy as np
import polars as pl

import steelyard as sy


def data(n: int = 20_000) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    plan, region = rng.choice(["basic", "extra", "other"], n), rng.choice(["north", "south"], n)
    flipped = np.where(plan == "basic", np.where(region == "north", 0.45, 0.25), 0.05)
    truth = rng.random(n) < 0.5
    said = truth ^ (rng.random(n) < flipped)
    small = rng.choice(["usual", "rare"], n, p=[0.95, 0.05])
    return pl.DataFrame({"y": truth, "yhat": said, "plan": plan, "region": region, "size": small})


def test_the_whole_names_its_worst_part_once():
    roles = sy.Roles(label="y", prediction="yhat", slices=["plan", "region", ("plan", "region"), "size"])
    found = [f for f in sy.evaluate(data(), roles, columns=False).findings if f.kind == "weak-slice"]
    assert found[0].slice.as_dict() == {"plan": "basic"}
    assert "Worst of them where region = north" in found[0].sentence
    assert not [f for f in found if len(f.slice.items) == 2]
    assert not [f for f in found if f.slice.as_dict() == {"size": "usual"}]


def test_four_rows_do_not_condemn_a_model():
    rows = pl.DataFrame({"y": [1, 0, 1, 0], "p": [0.9, 0.2, 0.4, 0.1]})
    first = sy.evaluate(rows, sy.Roles(label="y", score="p"), columns=False).findings[0]
    assert (first.kind, str(first.severity)) == ("overall", "medium")
    assert "cannot be told from chance yet" in first.sentence
