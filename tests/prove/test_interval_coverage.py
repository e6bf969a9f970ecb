"""How often a 95 % interval holds the truth, by simulation: the table behind the promise, one row a design.

`coverage_table()` returns the rows; the documentation is generated from them. Each design says how far from
95 % it may fall, and why.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import clusters, influence, intervals, moments, ranks, resampling

LEVEL = 0.95
REPLICATES = 4000
BUCKETS = 32


class Coverage(NamedTuple):
    """One row of the table: `coverage` is the share of intervals that held the truth, ± `mc_error` (1 se)."""

    setting: str
    method: str
    n: int
    coverage: float
    mc_error: float


class Design(NamedTuple):
    """One simulation. `holds(rng)` draws a sample and says whether its interval held the truth."""

    setting: str
    method: str
    n: int
    holds: Callable[[np.random.Generator], bool]
    lowest: float = 0.95
    highest: float = 0.95
    reason: str = ""


def within(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def proportion(n: int, p: float) -> Callable[[np.random.Generator], bool]:
    return lambda rng: within(intervals.wilson(rng.binomial(n, p) / n, n, LEVEL), p)


def confusion(n: int, shares: list[float], method: str) -> Callable[[np.random.Generator], bool]:
    """F1 or MCC of n rows over (TP, FP, FN, TN)."""

    def f1(w):
        return 2 * w[0] / (2 * w[0] + w[1] + w[2])

    def mcc(w):
        tp, fp, fn, tn = w
        return (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))

    def holds(rng):
        w = rng.multinomial(n, shares).astype(float)
        if method == "wilson_f1":
            errors = w[:3].sum()
            return within(intervals.wilson_f1(w[0] / errors, errors, LEVEL), f1(np.array(shares)))
        if method == "dirichlet":
            draws = resampling.dirichlet_replicates(w, 400, rng)
            return within(resampling.percentile(mcc(draws.T), LEVEL), mcc(np.array(shares)))
        se = math.sqrt(influence.variance(influence.complex_step(mcc, w), w))
        return within(intervals.fisher(float(mcc(w)), se, LEVEL), mcc(np.array(shares)))

    return holds


def by_score(label: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    ordered = label[np.argsort(score)].astype(float)
    return ordered, 1.0 - ordered


def auc(n_pos: int, n_neg: int, shift: float) -> Callable[[np.random.Generator], bool]:
    truth = stats.norm.cdf(shift / math.sqrt(2))
    label = np.repeat([True, False], [n_pos, n_neg])

    def holds(rng):
        p, q = by_score(label, rng.normal(size=label.size) + shift * label)
        value, variance = ranks.roc_auc(p, q), ranks.delong_variance(p, q)
        return within(ranks.roc_auc_interval(value, variance, n_pos, n_neg, LEVEL), truth)

    return holds


def average_precision(n_pos: int, n_neg: int, shift: float) -> Callable[[np.random.Generator], bool]:
    """The wider of the influence-function and the binomial interval, on the logit scale."""
    grid = np.linspace(-8, 8 + shift, 40_001)
    recall, fallout = stats.norm.sf(grid - shift), stats.norm.sf(grid)
    precision = n_pos * recall / (n_pos * recall + n_neg * fallout)
    truth = float(-np.sum((precision[1:] + precision[:-1]) / 2 * np.diff(recall)))
    label = np.repeat([True, False], [n_pos, n_neg])
    every = np.ones(label.size, dtype=bool)

    def holds(rng):
        p, q = by_score(label, rng.normal(size=label.size) + shift * label)
        value = ranks.average_precision(p, q, every)
        grad = ranks.average_precision_gradient(p, q)
        se = math.sqrt(influence.variance(grad[0], p) + influence.variance(grad[1], q))
        both = intervals.logit(value, se, LEVEL), ranks.boyd_interval(value, n_pos, LEVEL)
        return within(max(both, key=lambda bounds: bounds[1] - bounds[0]), truth)

    return holds


def log_loss(n: int) -> Callable[[np.random.Generator], bool]:
    """Labels from a calibrated logistic score with logit ~ N(0, 2.5²)."""
    nodes, weight = np.polynomial.hermite_e.hermegauss(100)
    rate = 1 / (1 + np.exp(-2.5 * nodes))
    loss_if_1, loss_if_0 = np.logaddexp(0, -2.5 * nodes), np.logaddexp(0, 2.5 * nodes)
    truth = float(weight @ (rate * loss_if_1 + (1 - rate) * loss_if_0) / weight.sum())

    def holds(rng):
        rate = 1 / (1 + np.exp(-2.5 * rng.normal(size=n)))
        loss = -np.log(np.where(rng.random(n) < rate, rate, 1 - rate))
        m = moments.from_power_sums(n, *(float(np.sum(loss**k)) for k in (1, 2, 3)))
        se = math.sqrt(moments.mean_variance(m))
        low, high, _ = intervals.mean_interval(m.mean, se, moments.skewness(m), n, LEVEL)
        return within((low, high), truth)

    return holds


def clustered_mean(groups: int) -> Callable[[np.random.Generator], bool]:
    def holds(rng):
        N = rng.poisson(8, size=groups) + 1.0
        S = N * rng.normal(size=groups) + rng.normal(size=groups) * np.sqrt(N)
        got = clusters.clustered_mean(groups, N.sum(), S.sum(), S @ S, S @ N, N @ N, LEVEL)
        return within((got.low, got.high), 0.0)

    return holds


def jackknife(groups: int, metric: str) -> Callable[[np.random.Generator], bool]:
    """Clusters dealt to 32 buckets, one bucket left out at a time."""
    truth = stats.norm.cdf(1 / math.sqrt(2 * 1.5)) if metric == "auc" else 0.0

    def holds(rng):
        cluster = np.repeat(np.arange(groups), rng.poisson(6, size=groups) + 1)
        bucket = rng.integers(0, BUCKETS, size=groups)[cluster]
        noise = rng.normal(size=cluster.size) + math.sqrt(0.5) * rng.normal(size=groups)[cluster]
        label = rng.random(cluster.size) < rng.beta(2, 2, size=groups)[cluster]

        def value(rows):
            if metric == "mean":
                return float(noise[rows].mean())
            return ranks.roc_auc(*by_score(label[rows], (noise + label)[rows]))

        se, df = resampling.jackknife([value(bucket != j) for j in np.unique(bucket)])
        whole = value(np.ones(cluster.size, dtype=bool))
        make = intervals.logit if metric == "auc" else intervals.wald
        return within(make(whole, se, LEVEL, df), truth)

    return holds


def weighted_mean(n: int) -> Callable[[np.random.Generator], bool]:
    """Weights and values both from an exponential; the value's mean does not depend on the weight."""

    def holds(rng):
        w, x = rng.exponential(size=n), rng.normal(1.0, 1.0, size=n)
        got = moments.weighted_mean(w.sum(), w @ w, w @ x, (w * w) @ x, (w * w) @ (x * x))
        return within(intervals.wald(got[0], got[1], LEVEL, got[2] - 1), 1.0)

    return holds


LATTICE = "a count takes few values, so coverage jumps between them"
UNEVEN = "clusters and buckets of unequal size"
WIDER_METHOD = "wider of influence and binomial, logit"
WIDER = "the wider of two intervals covers more"
BALANCED, RARE, CLEAN = [0.4, 0.1, 0.1, 0.4], [0.012, 0.008, 0.008, 0.972], [0.45, 0.02, 0.03, 0.5]
DESIGNS = [
    Design("proportion .5", "Wilson", 30, proportion(30, 0.5), 0.94, 0.97, LATTICE),
    Design("proportion .9", "Wilson", 200, proportion(200, 0.9), 0.94, 0.96, LATTICE),
    Design("proportion .01", "Wilson", 500, proportion(500, 0.01), 0.94, 0.97, LATTICE),
    Design("F1", "Wilson on Jaccard", 50, confusion(50, BALANCED, "wilson_f1"), 0.94, 0.97, LATTICE),
    Design("F1, 2 % positive", "Wilson on Jaccard", 1000, confusion(1000, RARE, "wilson_f1")),
    Design("MCC", "Fisher z", 200, confusion(200, BALANCED, "fisher")),
    Design("MCC, 2 false positives", "Dirichlet", 100, confusion(100, CLEAN, "dirichlet"), 0.93, 0.97, LATTICE),
    Design("ROC-AUC .86", "DeLong, logit, t", 500, auc(200, 300, 1.5)),
    Design(
        "ROC-AUC .86, 15 positives",
        "DeLong, logit, t",
        515,
        auc(15, 500, 1.5),
        0.93,
        0.96,
        "the variance is itself a guess from 15 rows",
    ),
    Design(
        "ROC-AUC .98, 10 positives",
        "DeLong, logit, t",
        210,
        auc(10, 200, 3.0),
        0.93,
        0.97,
        "the classes often separate perfectly",
    ),
    Design(
        "average precision, 30 positives",
        WIDER_METHOD,
        630,
        average_precision(30, 600, 1.5),
        0.95,
        0.97,
        WIDER,
    ),
    Design(
        "average precision, 200 positives",
        WIDER_METHOD,
        1200,
        average_precision(200, 1000, 1.5),
        0.95,
        0.98,
        WIDER,
    ),
    Design("log loss", "Hall", 100, log_loss(100), 0.93, 0.96, "100 rows see little of the long tail"),
    Design("log loss", "Hall or Student", 1000, log_loss(1000)),
    Design("mean, 60 clusters", "CR1, t", 540, clustered_mean(60)),
    Design("mean, 200 clusters", "32-bucket jackknife", 1400, jackknife(200, "mean"), 0.94, 0.95, UNEVEN),
    Design("ROC-AUC, 200 clusters", "32-bucket jackknife", 1400, jackknife(200, "auc"), 0.94, 0.95, UNEVEN),
    Design(
        "weighted mean",
        "sandwich, t",
        100,
        weighted_mean(100),
        0.94,
        0.95,
        "a few rows carry most of the weight",
    ),
]


def measure(design: Design, replicates: int, seed: int) -> Coverage:
    rng = np.random.default_rng([seed, DESIGNS.index(design)])
    share = float(np.mean([design.holds(rng) for _ in range(replicates)]))
    return Coverage(design.setting, design.method, design.n, share, math.sqrt(share * (1 - share) / replicates))


def coverage_table(replicates: int = REPLICATES, seed: int = 20) -> list[Coverage]:
    """One row per design: how often its 95 % interval held the truth in `replicates` samples."""
    return [measure(design, replicates, seed) for design in DESIGNS]


@pytest.mark.prove
@pytest.mark.parametrize("design", DESIGNS, ids=lambda design: f"{design.setting} n={design.n}")
def test_coverage(design):
    row = measure(design, REPLICATES, seed=20)
    error = 3 * math.sqrt(LEVEL * (1 - LEVEL) / REPLICATES)
    assert design.lowest - error <= row.coverage <= design.highest + error, row
    assert design.reason or design.lowest == LEVEL == design.highest
