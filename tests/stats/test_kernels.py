"""Distances of clouds against exact kernels, scikit-learn, statsmodels and SciPy."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import linalg, stats
from sklearn.metrics.pairwise import rbf_kernel
from statsmodels.stats.multivariate import test_mvmean_2indep as mvmean_2indep

from steelyard.stats.clouds import frechet_beyond_chance, frechet_distance, hotelling
from steelyard.stats.kernels import fourier_features, mean_discrepancy, median_distance, windows_p

LEVEL = 0.95


def clouds(n, m, d, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(m, d)) + shift


def exact_mmd(a, b, bandwidth):
    """The unbiased estimate from all pairs (Gretton et al. 2012)."""
    gamma = 1 / (2 * bandwidth**2)
    aa, bb, ab = rbf_kernel(a, gamma=gamma), rbf_kernel(b, gamma=gamma), rbf_kernel(a, b, gamma=gamma)
    n, m = len(a), len(b)
    return (aa.sum() - n) / (n * (n - 1)) + (bb.sum() - m) / (m * (m - 1)) - 2 * ab.mean()


def test_median_distance_is_that_of_all_pairs():
    a, _ = clouds(60, 1, 3)
    pairs = [np.linalg.norm(a[i] - a[j]) for i, j in combinations(range(60), 2)]
    assert median_distance(a, 0) == pytest.approx(np.median(pairs))
    assert median_distance(np.ones((5, 2)), 0) == 1.0


def test_features_make_the_gaussian_kernel():
    a, b = clouds(30, 30, 4)
    made = fourier_features(a, 2.0, 20_000, 0) @ fourier_features(b, 2.0, 20_000, 0).T
    np.testing.assert_allclose(made, rbf_kernel(a, b, gamma=1 / 8), atol=0.03)
    np.testing.assert_allclose((fourier_features(a, 2.0, 50, 1) ** 2).sum(axis=1), 1.0)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_discrepancy_is_that_of_all_pairs(shift):
    a, b = clouds(400, 300, 3, shift)
    bandwidth = median_distance(np.concatenate([a, b]), 0)
    z = fourier_features(np.concatenate([a, b]), bandwidth, 500, 0)
    found = mean_discrepancy(z[:400], z[400:], LEVEL)
    assert found.squared == pytest.approx(max(exact_mmd(a, b, bandwidth), 0.0), abs=0.002, rel=0.05)
    assert found.low <= found.squared <= found.high


def test_discrepancy_p_is_that_of_permutations():
    a, b = clouds(60, 80, 2, 0.12)
    z = fourier_features(np.concatenate([a, b]), 1.5, 64, 0)
    found = mean_discrepancy(z[:60], z[60:], LEVEL)
    rng = np.random.default_rng(1)
    seen = np.sum((z[:60].mean(axis=0) - z[60:].mean(axis=0)) ** 2)
    reached = 0
    for _ in range(4_000):
        mixed = rng.permutation(140)
        gap = z[mixed[:60]].mean(axis=0) - z[mixed[60:]].mean(axis=0)
        reached += np.sum(gap**2) >= seen
    assert 0.01 < reached / 4_000 < 0.99
    assert found.p == pytest.approx(reached / 4_000, abs=0.02)


def test_discrepancy_without_any_spread():
    ones = np.ones((5, 3))
    assert mean_discrepancy(ones, ones, LEVEL) == (0.0, 0.0, 0.0, 1.0)
    apart = mean_discrepancy(ones, 2 * ones, LEVEL)
    assert apart.squared == pytest.approx(3.0)
    assert apart.p == 0.0


def test_windows_are_permuted():
    means = np.array([[0.0], [0.1], [0.2], [5.0]])
    assert windows_p(means, np.array([False, False, False, True]), 0) == 1 / 4
    assert windows_p(means, np.array([True, False, False, False]), 0) > 1 / 4
    rng = np.random.default_rng(0)
    many = rng.normal(size=(40, 3))
    second = np.arange(40) >= 20
    assert 0.02 < windows_p(many, second, 0) < 0.99
    assert windows_p(many + 9 * second[:, None], second, 0) == 1 / 1000


def test_hotelling_is_that_of_statsmodels():
    a, b = clouds(40, 50, 3, 0.2)
    theirs = mvmean_2indep(a, b)
    ours = hotelling(a, b)
    assert ours.statistic == pytest.approx(theirs.t2)
    assert ours.p == pytest.approx(theirs.pvalue)


def test_hotelling_of_one_dimension_is_the_t_test():
    a, b = clouds(12, 15, 1, 0.7)
    t = stats.ttest_ind(a[:, 0], b[:, 0])
    ours = hotelling(a, b)
    assert math.sqrt(ours.statistic) == pytest.approx(abs(t.statistic))
    assert ours.p == pytest.approx(t.pvalue)


def test_frechet_is_that_of_the_matrix_root():
    a, b = clouds(100, 80, 4, 0.5)
    b = b @ np.diag([1.0, 2.0, 0.5, 1.0])
    first, second = np.cov(a.T), np.cov(b.T)
    gap = a.mean(axis=0) - b.mean(axis=0)
    theirs = gap @ gap + np.trace(first + second - 2 * linalg.sqrtm(first @ second).real)
    assert frechet_distance(a, b) == pytest.approx(theirs)


def test_frechet_beyond_chance_is_about_0_without_a_change():
    a, b = clouds(300, 300, 5)
    assert frechet_distance(a, b) > 0.03
    assert frechet_beyond_chance(a, b, 0) < 0.03
    assert frechet_beyond_chance(a, b + 1.0, 0) == pytest.approx(5.0, rel=0.1)


@pytest.mark.parametrize(
    "call",
    [
        lambda: median_distance(np.empty((0, 2)), 0),
        lambda: fourier_features(np.ones((2, 2)), 0.0, 3, 0),
        lambda: fourier_features(np.array([[np.nan]]), 1.0, 3, 0),
        lambda: mean_discrepancy(np.ones((1, 2)), np.ones((4, 2)), LEVEL),
        lambda: windows_p(np.ones((3, 1)), np.zeros(3, dtype=bool), 0),
        lambda: hotelling(np.ones((5, 2)), np.ones((5, 2))),
        lambda: hotelling(np.ones((1, 2)), np.ones((5, 2))),
        lambda: frechet_distance(np.ones((1, 2)), np.ones((5, 2))),
    ],
)
def test_what_has_no_answer_is_refused(call):
    with pytest.raises(ValueError, match=r"needs|must|no inverse"):
        call()
