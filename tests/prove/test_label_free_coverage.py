"""How often the interval of an estimate without labels holds the metric that comes out, by simulation.

One logistic design: four segments whose labels follow the score differently, and whose shares go from
.4/.3/.2/.1 to .1/.2/.3/.4. `coverage_table()` makes the table of `docs/without-labels.md`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis, estimation
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.records import Estimate

LEVEL = 0.95
REPLICATES = 400
OFFSETS = np.array([0.0, 0.6, -0.6, 1.2])
THEN, NOW = (0.4, 0.3, 0.2, 0.1), (0.1, 0.2, 0.3, 0.4)
SHORT_OF_NOMINAL = 0.03
METRICS = ("accuracy", "f1", "roc_auc")


@dataclass(frozen=True)
class Row:
    """One metric in one setting: share of intervals that held the outcome, and the mean of estimate less outcome."""

    setting: str
    metric: str
    coverage: float
    mc_error: float
    bias: float


def classifier(rng: np.random.Generator, n: int, mix: tuple[float, ...]) -> pl.DataFrame:
    segment = rng.choice(4, n, p=mix)
    x = rng.normal(-0.8, 1.5, n)
    y = rng.random(n) < 1 / (1 + np.exp(-(x + OFFSETS[segment])))
    return pl.DataFrame({"y": y.astype(int), "p": 1 / (1 + np.exp(-x)), "segment": np.array(list("ABCD"))[segment]})


def regression(rng: np.random.Generator, n: int, mix: tuple[float, ...]) -> pl.DataFrame:
    segment = rng.choice(4, n, p=mix)
    x = rng.gamma(2, 2, n)
    noise = rng.normal(size=n) * (0.5 + 0.2 * x) * np.array([1.0, 1.5, 2.0, 3.0])[segment]
    return pl.DataFrame({"y": x + noise, "pred": x, "segment": np.array(list("ABCD"))[segment]})


@pytest.fixture(autouse=True)
def _estimation_alone(monkeypatch):
    monkeypatch.setattr(diagnosis, "ANALYSES", (("estimation", estimation),))


def studied(current: pl.DataFrame, reference: pl.DataFrame, roles: Roles, metrics: tuple[str, ...]) -> Study:
    if not roles.slices:  # else segments are guessed from the column's name
        current, reference = current.drop("segment"), reference.drop("segment")
    tables = {"current": read(current), "reference": read(reference)}
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["reference"], sources.peeks["reference"], roles)
    study, _, _ = study_of(sources, Request(roles=complete, columns=False, only=metrics))
    return study


def trials(kind: str, slices: tuple[str, ...], replicates: int, seed: int) -> list[tuple[str, Estimate, float]]:
    """(metric, estimate, outcome) of the back-test of each replicate."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(replicates):
        if kind == "classifier":
            then, now = classifier(rng, 4000, THEN), classifier(rng, 3000, NOW)
            roles, metrics = Roles(label="y", score="p", task="binary", slices=slices), METRICS
        else:
            then, now = regression(rng, 4000, THEN), regression(rng, 3000, NOW)
            roles, metrics = Roles(label="y", prediction="pred", task="regression", slices=slices), ("mae", "rmse")
        study = studied(now, then, roles, metrics)
        found += [
            (reading.metric, reading.estimate, study.estimate(reading.metric).value)
            for reading in study.readings
            if reading.data == "backtest" and reading.estimate is not None
        ]
    return found


def rows_of(setting: str, found: list[tuple[str, Estimate, float]]) -> list[Row]:
    made = []
    for metric in dict.fromkeys(name for name, _, _ in found):
        mine = [(estimate, outcome) for name, estimate, outcome in found if name == metric]
        held = float(np.mean([e.low <= outcome <= e.high for e, outcome in mine]))
        bias = float(np.mean([e.value - outcome for e, outcome in mine]))
        made.append(Row(setting, metric, held, math.sqrt(held * (1 - held) / len(mine)), bias))
    return made


def coverage_table(replicates: int = REPLICATES) -> list[Row]:
    """Every setting of the documentation."""
    return [
        *rows_of("by segment", trials("classifier", ("segment",), replicates, 101)),
        *rows_of("by segment", trials("regression", ("segment",), replicates, 102)),
        *rows_of("segments not told", trials("classifier", (), replicates, 3)),
    ]


@pytest.mark.prove
@pytest.mark.parametrize(("kind", "seed"), [("classifier", 101), ("regression", 102)])
def test_intervals_hold_what_comes_out(kind, seed):
    for row in rows_of("by segment", trials(kind, ("segment",), REPLICATES, seed)):
        assert row.coverage >= LEVEL - SHORT_OF_NOMINAL - row.mc_error, row


@pytest.mark.prove
def test_segments_take_the_bias_of_a_changed_mix_away():
    """Where segments that err alike grow: scores alone are off by more than their interval, segments are not."""
    rng, told, untold, late = np.random.default_rng(9), [], [], (0.1, 0.1, 0.1, 0.7)
    for _ in range(60):
        then, now = classifier(rng, 4000, THEN), classifier(rng, 3000, late)
        for found, slices in ((told, ("segment",)), (untold, ())):
            roles = Roles(label="y", score="p", task="binary", slices=slices)
            study = studied(now, then, roles, ("accuracy",))
            estimate = next(r.estimate for r in study.readings if r.data == "backtest" and not r.slice)
            found.append(estimate.value - study.estimate("accuracy").value)
    assert abs(np.mean(told)) < 0.006
    assert abs(np.mean(untold)) > 3 * abs(np.mean(told))


@pytest.mark.prove
def test_concept_drift_is_not_seen():
    """What the documentation warns of: labels that follow scores otherwise are missed, and the back-test says so."""
    rng = np.random.default_rng(5)
    then = classifier(rng, 6000, THEN)
    now = classifier(rng, 6000, THEN).with_columns(y=pl.when(pl.col("p") > 0.5).then(0).otherwise(pl.col("y")))
    roles = Roles(label="y", score="p", task="binary", slices=("segment",))
    late = studied(now.with_columns(y=pl.lit(None, dtype=pl.Int64)), then, roles, METRICS)
    seen = studied(now, then, roles, METRICS)
    estimate, outcome = late.estimate("accuracy", data="estimated"), seen.estimate("accuracy")
    assert estimate.low > outcome.value + 0.05
    tested = next(r.estimate for r in seen.readings if r.data == "backtest" and r.metric == "accuracy")
    assert tested.value == pytest.approx(estimate.value, rel=1e-9)


if __name__ == "__main__":
    diagnosis.ANALYSES = (("estimation", estimation),)
    for line in coverage_table():
        print(f"| {line.setting} | {line.metric} | {line.coverage:.3f} ± {line.mc_error:.3f} | {line.bias:+.4f} |")
