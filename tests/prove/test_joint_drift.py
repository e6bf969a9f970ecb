"""Joint drift is quiet where nothing changed, as often as promised, and finds what counts in columns cannot."""

import numpy as np
import pytest

from steelyard.stats.discriminate import (
    carried,
    folds_of,
    separation,
    unseen_additive,
    unseen_scores,
)
from steelyard.stats.interaction import association_change, merged, pair_cubes
from steelyard.stats.kernels import fourier_features, mean_discrepancy, median_distance, windows_p
from steelyard.stats.log_odds import log_odds_ratios
from steelyard.stats.logistic import Coded, Dense
from steelyard.stats.multiplicity import benjamini_hochberg

pytestmark = pytest.mark.prove

SEEDS = 200
LEVEL = 0.95


def at_most(hits, share, runs):
    """Whether so many hits are no more than the share allows, with three standard errors."""
    return hits <= share * runs + 3 * np.sqrt(share * (1 - share) * runs)


def rows(rng, n, columns, rho=0.0):
    """Correlated pairs of columns, among them skewed and two-valued ones."""
    x = rng.normal(size=(n, columns))
    x[:, 1] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 1]
    x[:, 2] = 0.7 * x[:, 3] + x[:, 2]
    x[:, 4] = np.exp(x[:, 4])
    x[:, 5] = x[:, 5] > 1
    return x


def grouped(x, second, groups=10):
    codes, coarse, widths = [], [], []
    for column in x.T:
        cuts = np.unique(np.quantile(column[~second], np.arange(1, groups) / groups))
        code = np.searchsorted(cuts, column, side="right")
        codes.append(code)
        widths.append(len(cuts) + 1)
        coarse.append(merged(code, len(cuts) + 1, 5, True))
    return np.stack(codes, axis=1), tuple(widths), np.stack(coarse, axis=1)


@pytest.mark.parametrize(("n", "columns"), [(100, 8), (400, 20), (1_500, 20)])
def test_random_halves_are_not_told_apart(n, columns):
    second = np.repeat([False, True], n)
    drifted = small = named = pairs_found = 0
    for seed in range(SEEDS):
        x = rows(np.random.default_rng(seed), 2 * n, columns, rho=0.5)
        codes, widths, coarse = grouped(x, second)
        unseen = unseen_additive(codes, widths, coarse, second, folds_of(second, seed))
        told = separation(unseen.scores, second, LEVEL)
        drifted += told.low > 0.55
        small += told.p <= 0.05
        named += bool(told.low > 0.55 and np.any(carried(unseen, second, LEVEL).low > 0.005))
        _, cubes = pair_cubes(coarse, 5, second)
        pairs_found += benjamini_hochberg(association_change(cubes).p).min() <= 0.05
    assert at_most(small, 0.05, SEEDS)
    assert at_most(drifted, 0.01, SEEDS)
    assert at_most(named, 0.01, SEEDS)
    assert at_most(pairs_found, 0.05, SEEDS)


@pytest.mark.parametrize(
    ("n", "design"),
    [
        (300, lambda rng, n: Dense(rng.normal(size=(n, 30)))),
        (300, lambda rng, n: Dense(rng.normal(size=(n, 2)))),
        (300, lambda rng, n: Coded.of(rng.integers(0, 10, (n, 1)), (10,))),
        (300, lambda rng, n: Dense((rng.random((n, 200)) < 0.05).astype(float) - 0.05)),
    ],
    ids=["vectors", "few dimensions", "one column", "words"],
)
def test_the_classifier_test_keeps_its_size(n, design):
    second = np.repeat([False, True], n)
    hits = 0
    for seed in range(2 * SEEDS):
        made = design(np.random.default_rng(seed), 2 * n)
        scores = unseen_scores(made, second, folds_of(second, seed))
        hits += separation(scores, second, LEVEL).p <= 0.05
    assert at_most(hits, 0.05, 2 * SEEDS)


def test_the_variance_of_a_cross_fitted_auc_is_twice_delongs():
    second = np.repeat([False, True], 300)
    z = []
    for seed in range(3 * SEEDS):
        made = Dense(np.random.default_rng(seed).normal(size=(600, 20)))
        told = separation(unseen_scores(made, second, folds_of(second, seed)), second, LEVEL)
        z.append((told.auc - 0.5) / told.se)
    assert np.std(z) == pytest.approx(1.0, abs=0.1)


def test_clusters_are_not_told_apart_by_what_they_have_in_common():
    alone = together = 0
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        clusters = np.repeat(np.arange(40), 25)
        second = clusters >= 20
        design = Dense(rng.normal(size=(40, 4))[clusters] + rng.normal(size=(1_000, 4)))
        together += (
            separation(unseen_scores(design, second, folds_of(second, seed, clusters)), second, LEVEL, clusters).p
            <= 0.05
        )
        alone += separation(unseen_scores(design, second, folds_of(second, seed)), second, LEVEL).p <= 0.05
    assert at_most(together, 0.05, SEEDS)
    assert alone > 0.5 * SEEDS


@pytest.mark.parametrize("columns", [2, 15])
def test_the_discrepancy_keeps_its_size_and_its_coverage(columns):
    hits = covered = above = 0
    truth = []
    for seed in range(2 * SEEDS):
        rng = np.random.default_rng(seed)
        a, b = rng.normal(size=(150, columns)), rng.normal(size=(250, columns))
        z = fourier_features(np.concatenate([a, b, b + 0.3]), 2.0 * np.sqrt(columns), 64, 0)
        null = mean_discrepancy(z[:150], z[150:400], LEVEL)
        hits += null.p <= 0.05
        above += null.low > 0
        moved = mean_discrepancy(z[:150], z[400:], LEVEL)
        truth.append((moved.low, moved.high, z[:150].mean(axis=0), z[400:].mean(axis=0)))
    gap = np.mean([t[2] for t in truth], axis=0) - np.mean([t[3] for t in truth], axis=0)
    exact = float(gap @ gap)
    covered = sum(low <= exact <= high for low, high, _, _ in truth)
    assert at_most(hits, 0.05, 2 * SEEDS)
    assert at_most(above, 0.025, 2 * SEEDS)
    assert covered >= 0.92 * 2 * SEEDS


def test_the_test_between_windows_keeps_its_size():
    hits = 0
    for seed in range(2 * SEEDS):
        rng = np.random.default_rng(seed)
        hits += windows_p(rng.normal(size=(28, 6)) * 5, np.arange(28) >= 21, seed) <= 0.05
    assert at_most(hits, 0.05, 2 * SEEDS)


def test_words_are_not_named_by_chance():
    named = 0
    for seed in range(2 * SEEDS):
        rng = np.random.default_rng(seed)
        share = rng.beta(0.5, 10, 300)
        now, then = rng.binomial(500, share), rng.binomial(700, share)
        named += benjamini_hochberg(log_odds_ratios(now, 500, then, 700).p).min() <= 0.05
    assert at_most(named, 0.05, 2 * SEEDS)


@pytest.mark.parametrize("rho", [0.6, -0.6])
def test_a_change_of_correlation_is_found_in_almost_every_sample(rho):
    n, found, named = 2_500, 0, 0
    second = np.repeat([False, True], n)
    for seed in range(25):
        rng = np.random.default_rng(seed)
        x = np.concatenate([rows(rng, n, 20), rows(rng, n, 20, rho)])
        codes, widths, coarse = grouped(x, second)
        unseen = unseen_additive(codes, widths, coarse, second, folds_of(second, seed))
        found += separation(unseen.scores, second, LEVEL).low > 0.55
        pairs, cubes = pair_cubes(coarse, 5, second)
        named += pairs[int(association_change(cubes).p.argmin())] == (0, 1)
    assert found >= 23
    assert named == 25


def test_median_bandwidths_differ_little_between_samples():
    found = [median_distance(np.random.default_rng(seed).normal(size=(400, 5)), seed) for seed in range(40)]
    assert np.std(found) / np.mean(found) < 0.03
