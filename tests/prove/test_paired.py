"""Simulated promises of paired comparisons: coverage, the set with the best, the test over folds."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

from steelyard.data import Roles
from steelyard.evaluation.comparison import compare_models
from steelyard.records import Estimate
from steelyard.stats.resampled_t import corrected_t

pytestmark = pytest.mark.prove

REPLICATES = 300
OF = {
    "accuracy": lambda y, p: np.mean((p >= 0.5) == y),
    "f1": lambda y, p: sk.f1_score(y, p >= 0.5),
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "log_loss": sk.log_loss,
}


def population(rng: np.random.Generator, rows: int, mean: float, noises: tuple[float, ...]) -> pl.DataFrame:
    logit = rng.normal(mean, 1.3, rows)
    scores = {f"m{i}": 1 / (1 + np.exp(-logit - rng.normal(0, noise, rows))) for i, noise in enumerate(noises)}
    return pl.DataFrame({"y": (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int), **scores})


def compared(frame: pl.DataFrame, models: int, names: list[str], **more):
    said = {f"m{i}": {"score": f"m{i}"} for i in range(models)}
    roles = Roles(label="y", task="binary", positive=1, cluster=more.pop("cluster", None))
    return compare_models(said, roles, data=frame, metrics=names, together=False, **more)


@pytest.mark.parametrize(
    ("rows", "mean", "noise", "least"),
    [(100, -0.5, 1.5, 0.90), (400, -0.5, 0.9, 0.92), (400, -2.5, 0.9, 0.91), (2_000, -0.5, 0.6, 0.925)],
)
def test_coverage_of_paired_differences(rows, mean, noise, least):
    whole = population(np.random.default_rng(99), 1_000_000, mean, (0.5, noise))
    y, a, b = (whole[c].to_numpy() for c in ("y", "m0", "m1"))
    truth = {name: of(y, b) - of(y, a) for name, of in OF.items()}
    held: dict[str, list[bool]] = {name: [] for name in OF}
    for seed in range(REPLICATES):
        found = compared(population(np.random.default_rng(seed), rows, mean, (0.5, noise)), 2, list(OF))
        for name, true in truth.items():
            outcome = found.gain(name, "m1", "m0").outcome
            if isinstance(outcome, Estimate):
                held[name].append(outcome.low <= true <= outcome.high)
    for name, hits in held.items():
        assert least <= np.mean(hits) <= 0.99, (name, np.mean(hits), len(hits))


def test_coverage_under_clusters():
    def make(rng: np.random.Generator, users: int) -> pl.DataFrame:
        frame = population(rng, users, -0.5, (0.5, 1.2))
        return pl.concat([frame.with_columns(user=pl.int_range(users))] * 4)

    whole = population(np.random.default_rng(99), 1_000_000, -0.5, (0.5, 1.2))
    y, a, b = (whole[c].to_numpy() for c in ("y", "m0", "m1"))
    names = ["roc_auc", "f1", "log_loss"]
    truth = {name: OF[name](y, b) - OF[name](y, a) for name in names}
    held: dict[str, list[bool]] = {name: [] for name in names}
    for seed in range(200):
        found = compared(make(np.random.default_rng(seed), 500), 2, names, cluster="user")
        for name in names:
            outcome = found.gain(name, "m1", "m0").estimate
            held[name].append(outcome.low <= truth[name] <= outcome.high)
    for name, hits in held.items():
        assert 0.905 <= np.mean(hits) <= 0.99, (name, np.mean(hits))


@pytest.mark.parametrize("noises", [(0.6,) * 5, (0.5, 0.7, 0.7, 0.9, 1.2), (0.6,) * 12])
def test_the_true_best_is_in_the_set(noises):
    """Where all are equal any may count as the best; the first is asked for, as good as any."""
    models, kept = len(noises), {"roc_auc": 0, "accuracy": 0}
    replicates = 200 if models < 9 else 100
    for seed in range(replicates):
        found = compared(population(np.random.default_rng(seed), 500, -0.5, noises), models, list(kept))
        for name in kept:
            kept[name] += "m0" in found.best[name]
    for name, hits in kept.items():
        assert hits / replicates >= 0.95 - 2 * np.sqrt(0.05 * 0.95 / replicates), (name, hits)


def test_equal_models_are_seldom_called_different():
    wrong = {"accuracy": 0, "f1": 0, "roc_auc": 0, "log_loss": 0}
    for seed in range(REPLICATES):
        found = compared(population(np.random.default_rng(seed), 300, -0.5, (0.8, 0.8)), 2, list(wrong))
        for name in wrong:
            wrong[name] += found.gain(name, "m1", "m0").word in ("better", "worse")
    for name, claims in wrong.items():
        assert claims / REPLICATES <= 0.05 + 2.2 * np.sqrt(0.05 * 0.95 / REPLICATES), (name, claims)


def test_the_corrected_t_holds_its_level_and_the_naive_one_does_not():
    """Two ways of training that are as good as each other, over repeated random splits of one data set."""
    rng = np.random.default_rng(0)
    corrected, naive, replicates = 0, 0, 400
    for _ in range(replicates):
        x = rng.normal(0, 1, (120, 10))
        y = x @ rng.normal(0, 0.1, 10) + rng.normal(0, 1, 120)
        scores: list[list[float]] = [[], []]
        halves = np.arange(5), np.arange(5, 10)  # each way sees other features, all alike
        for _ in range(15):
            rows = rng.permutation(120)
            test, train = rows[:12], rows[12:]
            for place, features in enumerate(halves):
                fitted = np.linalg.lstsq(x[np.ix_(train, features)], y[train], rcond=None)[0]
                scores[place].append(float(np.mean((y[test] - x[np.ix_(test, features)] @ fitted) ** 2)))
        found = corrected_t(*scores, 0.1)
        corrected, naive = corrected + (found.p < 0.05), naive + (found.naive_p < 0.05)
    assert corrected / replicates <= 0.08
    assert naive / replicates > 1.5 * max(corrected / replicates, 0.05)
