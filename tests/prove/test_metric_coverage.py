"""Simulated coverage of every metric's interval, through the engine that evaluations use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import performance
from steelyard.analyses.study import Study
from steelyard.data import Roles, peek, read
from steelyard.evaluation.pose import bucket_by, pose
from steelyard.facts import measure
from steelyard.metrics import Metric, metrics_for
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import Estimate

REPLICATES = 400
TRUTH_ROWS = 1_000_000
Make = Callable[[np.random.Generator, int], pl.DataFrame]


class Setting(NamedTuple):
    """A population, a sample size, and the roles; `known` names metrics with their looser bound and its reason."""

    name: str
    make: Make
    n: int
    roles: Roles
    known: Mapping[str, tuple[float, str]] = MappingProxyType({})


class Row(NamedTuple):
    """Coverage of one metric in one setting."""

    setting: str
    metric: str
    method: str
    n: int
    coverage: float
    mc_error: float
    defined: float


def binary(rate: float) -> Make:
    def make(rng: np.random.Generator, n: int) -> pl.DataFrame:
        logit = rng.normal(math.log(rate / (1 - rate)) - 0.5, 1.5, n)
        p = 1 / (1 + np.exp(-logit))
        y = rng.random(n) < 1 / (1 + np.exp(-0.8 * logit - 0.1))
        return pl.DataFrame({"y": y.astype(int), "p": p})

    return make


def clustered(rng: np.random.Generator, n: int) -> pl.DataFrame:
    size = 10
    users = n // size
    user = np.repeat(np.arange(users) + int(rng.integers(1 << 40)), size)
    shift = np.repeat(rng.normal(0, 1, users), size)
    logit = rng.normal(-0.5, 1.2, users * size) + shift
    p = 1 / (1 + np.exp(-logit))
    y = rng.random(users * size) < 1 / (1 + np.exp(-logit - 0.7 * shift))
    return pl.DataFrame({"y": y.astype(int), "p": p, "user": user})


def weighted(rng: np.random.Generator, n: int) -> pl.DataFrame:
    frame = binary(0.3)(rng, n)
    return frame.with_columns(w=pl.Series(rng.gamma(2.0, 0.5, n) + 0.1))


def skewed(rng: np.random.Generator, n: int) -> pl.DataFrame:
    x = rng.gamma(2.0, 2.0, n)
    y = x * rng.lognormal(0, 0.6, n) + 1
    return pl.DataFrame({"y": y, "yhat": x + 1, "low": 0.4 * x + 1, "high": 2.6 * x + 1})


def classes(rng: np.random.Generator, n: int) -> pl.DataFrame:
    logits = rng.normal(0, 1, (n, 4)) + np.array([0.8, 0.3, 0, -0.8])
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (p.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    return pl.DataFrame({"y": [f"c{i}" for i in y], **{f"p{i}": p[:, i] for i in range(4)}})


def lists(rng: np.random.Generator, n: int) -> pl.DataFrame:
    items = 12
    query = np.repeat(np.arange(n // items), items)
    relevance = rng.binomial(2, 0.2, len(query))
    score = relevance * rng.gamma(1.0, 1.0, len(query)) + rng.normal(0, 1, len(query))
    return pl.DataFrame({"q": query, "rel": relevance, "s": score})


# Debiasing the calibration error is approximate, and its own size depends on n: measured 0.91 to 0.98.
ECE = {"expected_calibration_error": (0.92, "debiasing is approximate")}
# A best recall over thresholds is a maximum, which the jackknife over clusters follows only roughly.
MAXIMUM = {"recall_at_precision_90": (0.89, "a maximum over thresholds, jackknifed")}
# Squares of lognormal errors: at n = 400 the sample seldom holds the tail that the variance lives on.
TAILS = dict.fromkeys(("mse", "rmse", "r2", "explained_variance", "pearson_r"), (0.92, "heavy tails"))
BINARY = Roles(label="y", score="p", task="binary", positive=1)
REGRESSION = Roles(label="y", prediction="yhat", quantiles={0.1: "low", 0.9: "high"}, task="regression")
SETTINGS = [
    Setting("binary, small", binary(0.4), 200, BINARY, ECE),
    Setting("binary, medium", binary(0.4), 2_000, BINARY, ECE),
    Setting("binary, rare", binary(0.05), 1_000, BINARY, ECE),
    Setting("binary, clustered", clustered, 2_000, BINARY.updated(cluster="user"), {**ECE, **MAXIMUM}),
    Setting("binary, weighted", weighted, 800, BINARY.updated(weight="w"), ECE),
    Setting("regression, skewed", skewed, 400, REGRESSION, TAILS),
    Setting(
        "multiclass",
        classes,
        600,
        Roles(label="y", score={f"c{i}": f"p{i}" for i in range(4)}, task="multiclass"),
    ),
    Setting("ranking", lists, 1_800, Roles(label="rel", score="s", query="q", task="ranking")),
]


def estimates(frame: pl.DataFrame, roles: Roles) -> tuple[tuple[Metric, ...], dict[str, object]]:
    table = read(frame)
    problem = pose(roles, {"current": peek(table)}, {"current": table})
    rows = prepare_rows(table, roles, problem)
    problem = informed(problem, rows)
    study = Study(problem, roles, metrics_for(problem), bucket=bucket_by(roles))
    study = Study(
        problem,
        roles,
        study.metrics,
        bucket=study.bucket,
        profiles={"current": measure(rows, performance.facts(study))},
    )
    found, _ = performance.readings(study)
    return study.metrics, {r.metric: r.outcome for r in found}


def coverage(setting: Setting, replicates: int = REPLICATES, seed: int = 7) -> list[Row]:
    """How often each metric's interval held the value of a very large sample."""
    rng = np.random.default_rng(seed)
    _, big = estimates(setting.make(rng, TRUTH_ROWS), setting.roles)
    truth = {name: e.value for name, e in big.items() if isinstance(e, Estimate)}
    held: Counter[str] = Counter()
    defined: Counter[str] = Counter()
    methods: dict[str, Counter[str]] = {name: Counter() for name in truth}
    for _ in range(replicates):
        _, found = estimates(setting.make(rng, setting.n), setting.roles)
        for name, value in truth.items():
            outcome = found.get(name)
            if isinstance(outcome, Estimate):
                defined[name] += 1
                held[name] += outcome.low <= value <= outcome.high
                methods[name][outcome.method] += 1
    return [
        Row(
            setting.name,
            name,
            methods[name].most_common(1)[0][0],
            setting.n,
            held[name] / defined[name],
            math.sqrt(0.95 * 0.05 / defined[name]),
            defined[name] / replicates,
        )
        for name in truth
        if defined[name]
    ]


def metric_coverage_table() -> list[Row]:
    """Every setting and metric, for the documentation."""
    return [row for setting in SETTINGS for row in coverage(setting)]


@pytest.mark.prove
@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_intervals_cover(setting):
    """At least 95 % less three Monte Carlo errors, or the looser bound that has its reason in the setting."""
    low = [
        row
        for row in coverage(setting)
        if row.coverage < setting.known.get(row.metric, (0.95, ""))[0] - 3 * row.mc_error
    ]
    assert not low, "\n".join(f"{r.metric} ({r.method}): {r.coverage:.3f}" for r in low)
