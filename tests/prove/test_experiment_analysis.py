"""What an experiment's analysis promises, held to simulation: false alarms, coverage, no mismatch where none is."""

from __future__ import annotations

from dataclasses import replace
from math import sqrt

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.experiment.arms import arms_of
from steelyard.analyses.experiment.effects import effects
from steelyard.analyses.experiment.running import running
from steelyard.analyses.experiment.settings import Settings
from steelyard.analyses.experiment.sums import counts_by
from steelyard.data import read
from steelyard.evaluation.experiment import experiment
from steelyard.evaluation.experiment_setup import prepare
from steelyard.facts import measure

pytestmark = pytest.mark.prove
SEEDS = 1_000
HOUR = 3_600_000_000


def upper(rate: float, runs: int = SEEDS) -> float:
    """What a share that is meant to be `rate` hardly ever exceeds over so many runs."""
    return rate + 3.0 * sqrt(rate * (1.0 - rate) / runs)


def units(seed: int, n: int = 400, arms: int = 2, lift: float = 0.0) -> pl.DataFrame:
    """Units of arms that do nothing, or add `lift`; revenue is skewed and known in part from before."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, arms, n)
    before = rng.gamma(2.0, 5.0, n)
    return pl.DataFrame(
        {
            "arm": arm,
            "revenue": 0.7 * before + rng.gamma(2.0, 3.0, n) + lift * (arm > 0),
            "revenue_pre": before,
            "sessions": rng.poisson(3.0, n) + 1,
            "converted": (rng.random(n) < 0.3).astype(int),
        }
    )


def found(frame: pl.DataFrame, **settings):
    """Effects and, where there are times, effects so far, without the rest of a report."""
    made = prepare(Settings(**settings), read(frame), None)
    setup = replace(made.setup, profile=measure(made.units.table, made.setup.facts()))
    arms, _ = arms_of(counts_by(setup, setup.counted())[()], "arm", "0")
    return setup, arms


def test_a_fixed_analysis_raises_false_alarms_as_often_as_it_says():
    metrics = ("revenue:covariate=none:name=plain", "revenue", "revenue / sessions:covariate=none", "converted")
    hits = np.zeros(len(metrics))
    for seed in range(SEEDS):
        setup, arms = found(units(seed), metrics=metrics)
        hits += [e.p is not None and e.p < 0.05 for e in effects(setup, arms)]
    rates = hits / SEEDS
    assert rates.max() < upper(0.05), rates
    assert rates.min() > 0.05 - 3.0 * sqrt(0.05 * 0.95 / SEEDS), rates


@pytest.mark.parametrize(
    "metrics", [("revenue:primary",), ("revenue:primary", "converted:primary")], ids=["dunnett", "holm"]
)
def test_many_arms_and_metrics_raise_no_more_false_alarms_than_one(metrics):
    hits = 0
    for seed in range(SEEDS):
        setup, arms = found(units(seed, 1_000, arms=5), metrics=metrics)
        hits += any(e.adjusted_p is not None and e.adjusted_p < 0.05 for e in effects(setup, arms))
    assert hits / SEEDS < upper(0.05), hits
    assert len(metrics) > 1 or hits / SEEDS > 0.05 - 3.0 * sqrt(0.05 * 0.95 / SEEDS), hits


def test_peeking_every_day_raises_false_alarms_no_more_often_than_it_says():
    start = np.datetime64("2026-01-01T00:00:00", "us")
    crossed = {"revenue": 0, "converted": 0}
    for seed in range(SEEDS // 2):
        frame = units(seed, 2_000)
        hours = (np.arange(2_000) * 30 * 24 // 2_000 * HOUR).astype("timedelta64[us]")
        frame = frame.with_columns(at=pl.Series(start + hours))
        metrics = ("revenue:primary:covariate=none", "converted:primary")
        setup, arms = found(frame, metrics=metrics, looks="any", planned=2_000, time="at", every="1d")
        for series in running(setup, arms):
            assert len(series.points) == 30
            crossed[series.metric] += bool(series.crossed)
    assert max(crossed.values()) / (SEEDS // 2) < upper(0.05, SEEDS // 2), crossed


def test_peeking_at_a_fixed_analysis_would_raise_many_more():
    hits = 0
    for seed in range(SEEDS // 2):
        frame = units(seed, 1_000)
        for n in (200, 400, 600, 800, 1_000):
            setup, arms = found(frame.head(n), metrics=("revenue:covariate=none",))
            if (effects(setup, arms)[0].p or 1.0) < 0.05:
                hits += 1
                break
    assert 0.10 < hits / (SEEDS // 2) < 0.20, hits


def test_planned_looks_raise_false_alarms_as_often_as_they_say():
    hits = 0
    for seed in range(SEEDS):
        frame = units(seed, 1_200)
        for n in (300, 600, 900, 1_200):
            setup, arms = found(frame.head(n), metrics=("revenue:covariate=none",), looks=4, planned=1_200)
            if (effects(setup, arms)[0].p or 1.0) < 0.05:
                hits += 1
                break
    assert hits / SEEDS < upper(0.05), hits
    assert hits / SEEDS > 0.05 - 3.0 * sqrt(0.05 * 0.95 / SEEDS), hits


@pytest.mark.parametrize("n", [60, 400])
def test_adjusted_intervals_cover_the_effect(n):
    covered = np.zeros(2)
    for seed in range(SEEDS):
        setup, arms = found(units(seed, n, lift=1.5), metrics=("revenue", "revenue:covariate=none:name=plain"))
        told = [e.difference for e in effects(setup, arms)]
        covered += [e.low <= 1.5 <= e.high for e in told]
    assert (covered / SEEDS > 0.95 - 3.0 * sqrt(0.05 * 0.95 / SEEDS)).all(), covered


def test_clustered_intervals_cover_the_effect():
    covered = 0
    for seed in range(SEEDS // 2):
        rng = np.random.default_rng(seed)
        shop = np.repeat(np.arange(120), 10)
        arm = rng.permutation(120)[shop] % 2
        value = rng.normal(size=120)[shop] + rng.normal(size=1_200) + 0.5 * arm
        frame = pl.DataFrame({"arm": arm, "shop": shop, "value": value})
        setup, arms = found(frame, metrics=("value",), cluster="shop")
        effect = effects(setup, arms)[0].difference
        covered += effect.low <= 0.5 <= effect.high
    assert covered / (SEEDS // 2) > 0.95 - 3.0 * sqrt(0.05 * 0.95 / (SEEDS // 2)), covered


def test_sample_ratios_that_are_right_are_hardly_ever_called_wrong():
    false = 0
    for seed in range(SEEDS):
        made = experiment(
            units(seed).with_columns(plan=pl.Series(np.random.default_rng(seed + SEEDS).choice(list("abcd"), 400))),
            metrics="converted",
            slices="plan",
            expected={"0": 1, "1": 1},
        )
        false += made.decision.word == "not valid"
    assert false / SEEDS < 0.008, false
