"""Where nothing moved, no column is reported more often than stated; a real move is."""

from __future__ import annotations

from math import sqrt

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis, drift
from steelyard.analyses.drift.columns import FALSE_DISCOVERIES
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of

SEEDS = 200
ROLES = Roles(label="y", score="p", task="binary")


def compared(now: pl.DataFrame, then: pl.DataFrame, roles: Roles = ROLES, window: str | None = None) -> Study:
    tables = {"current": read(now), "reference": read(then)}
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    study, _, _ = study_of(sources, Request(roles=complete, only=["accuracy"], window=window))
    assert not study.failures
    return study


@pytest.fixture(autouse=True)
def only_drift(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "ANALYSES", (("drift", drift),))
    monkeypatch.setattr(drift, "PARTS", ())


def population(n: int) -> pl.DataFrame:
    """Normal, skewed, heavy-tailed, whole, rare and many-valued columns, with gaps."""
    rng = np.random.default_rng(0)
    logit = rng.normal(-1, 1.5, n)
    return pl.DataFrame(
        {
            "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
            "p": 1 / (1 + np.exp(-logit)),
            "normal": logit + rng.normal(size=n),
            "skewed": np.where(rng.random(n) < 0.05, np.nan, rng.lognormal(0, 1.5, n)),
            "tails": rng.standard_t(1.5, n),
            "whole": rng.poisson(2, n),
            "zeros": np.where(rng.random(n) < 0.9, 0.0, rng.exponential(size=n)),
            "many": rng.zipf(1.6, n).clip(max=300).astype(str),
            "rare": rng.choice(["usual", "rare", "rarest"], n, p=[0.98, 0.015, 0.005]),
            "user": np.arange(n) // 8,
        }
    ).with_columns(pl.col("skewed").fill_nan(None))


def reported(study: Study) -> bool:
    return any(d.verdict == "drifted" for d in study.drifts)


@pytest.mark.prove
@pytest.mark.parametrize("rows", [300, 4000, 100_000])
def test_random_halves(rows: int) -> None:
    whole = population(rows).drop("user")
    rng = np.random.default_rng(1)
    seeds = SEEDS if rows < 50_000 else SEEDS // 2
    alarms = 0
    for _ in range(seeds):
        first = rng.permutation(rows) < rows // 2
        alarms += reported(compared(whole.filter(first), whole.filter(~first)))
    stated = FALSE_DISCOVERIES if rows < 50_000 else 0.0
    assert alarms <= seeds * stated + 3 * sqrt(seeds * stated * (1 - stated)), alarms / seeds


@pytest.mark.prove
def test_random_halves_of_clusters() -> None:
    """Eight rows of one user are alike; half of the users against the other half."""
    rng = np.random.default_rng(2)
    users = population(500).drop("user").with_columns(user=pl.int_range(500))
    alarms = 0
    for _ in range(SEEDS):
        first = rng.permutation(500) < 250
        now, then = (pl.concat([users.filter(kept)] * 8) for kept in (first, ~first))
        alarms += reported(compared(now, then, ROLES.updated(cluster="user")))
    stated = 0.10  # 32 buckets tell the design effect roughly
    assert alarms <= SEEDS * stated + 3 * sqrt(SEEDS * stated * (1 - stated)), alarms / SEEDS


def days(count: int, rng: np.random.Generator, start: str) -> pl.DataFrame:
    """Every day has shares of its own, more so at weekends."""
    found = []
    for k in range(count):
        date = np.datetime64(start) + np.timedelta64(k, "D")
        weekend = (date.astype("datetime64[D]").astype(int) + 3) % 7 >= 5
        base = np.linspace(0.4, 1.6, 8) / 8 if weekend else np.full(8, 1 / 8)
        values = {f"c{i}": rng.choice(list("abcdefgh"), 500, p=rng.dirichlet(base * 300)) for i in range(5)} | {
            f"x{i}": rng.normal(rng.normal(0, 0.1), 1, 500) for i in range(3)
        }
        plain = {"y": rng.integers(0, 2, 500), "p": rng.random(500)}
        found.append(pl.DataFrame({**plain, **values}).with_columns(t=pl.lit(date.astype(object)).cast(pl.Datetime)))
    return pl.concat(found)


@pytest.mark.prove
@pytest.mark.parametrize(("reference", "current"), [(12, 1), (28, 1), (60, 3), (28, 7)])
def test_stable_days_that_differ(reference: int, current: int) -> None:
    rng = np.random.default_rng([3, reference, current])
    seeds, alarms = 100, 0
    for _ in range(seeds):
        then, now = days(reference, rng, "2024-01-01"), days(current, rng, "2024-04-05")
        alarms += reported(compared(now, then, ROLES.updated(time="t"), window="1d"))
    stated = 0.10  # windows tell how far they lie apart only roughly
    assert alarms <= seeds * stated + 3 * sqrt(seeds * stated * (1 - stated)), alarms / seeds


@pytest.mark.prove
def test_a_mean_that_moved_by_a_third_of_a_standard_deviation_is_found() -> None:
    rng = np.random.default_rng(4)
    then = population(5000).drop("user")
    found = 0
    for _ in range(50):
        moved = pl.col("normal") + 0.3 * float(then["normal"].std())
        now = then.sample(5000, with_replacement=True, seed=int(rng.integers(2**31))).with_columns(moved)
        study = compared(now, then)
        found += next(d.verdict for d in study.drifts if d.column == "normal") == "drifted"
    assert found >= 49
