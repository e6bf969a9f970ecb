"""Koopman's interval and Fisher's test, against inversion of the score test and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import intervals
from steelyard.stats.ratios import fisher_exact_p, koopman


@pytest.mark.parametrize(
    "table", [(3, 10, 7, 12), (0, 10, 3, 12), (5, 10, 0, 12), (10, 10, 12, 12), (0, 5, 0, 9), (45, 100, 60, 120)]
)
def test_fisher_is_scipys(table):
    k1, n1, k2, n2 = table
    assert fisher_exact_p(*table) == pytest.approx(stats.fisher_exact([[k1, n1 - k1], [k2, n2 - k2]])[1], rel=1e-9)


def test_fisher_of_large_and_empty_tables():
    expected = stats.fisher_exact([[1200, 3800], [1100, 3900]])[1]
    assert fisher_exact_p(1200, 5000, 1100, 5000) == pytest.approx(expected, rel=1e-9)
    assert fisher_exact_p(200_000, 500_000, 100_000, 500_000) < 1e-300
    assert fisher_exact_p(0, 0, 1, 1) == 1.0
    with pytest.raises(ValueError, match="0 ≤ k ≤ n"):
        fisher_exact_p(3, 2, 1, 2)


def score(ratio, k1, n1, k2, n2):
    """The score statistic by a search for the likeliest rates."""
    p2 = np.linspace(1e-9, min(1.0, 1 / ratio) - 1e-9, 200_001)
    p1 = ratio * p2
    log = stats.binom.logpmf(k1, n1, p1) + stats.binom.logpmf(k2, n2, p2)
    at = np.nanargmax(log)
    variance = p1[at] * (1 - p1[at]) / n1 + ratio**2 * p2[at] * (1 - p2[at]) / n2
    return (k1 / n1 - ratio * k2 / n2) ** 2 / variance


@pytest.mark.parametrize("table", [(3, 10, 7, 12), (45, 100, 60, 120), (10, 10, 11, 12)])
def test_koopman_inverts_the_score_test(table):
    most = intervals.quantile(0.95) ** 2
    for end in koopman(*table, 0.95):
        assert score(end, *table) == pytest.approx(most, rel=1e-3)


def test_koopman_of_empty_cells():
    low, high = koopman(0, 10, 3, 12, 0.95)
    assert low == 0.0
    assert score(high, 0, 10, 3, 12) == pytest.approx(intervals.quantile(0.95) ** 2, rel=1e-3)
    upside = koopman(3, 12, 0, 10, 0.95)
    assert upside[1] == math.inf
    assert upside[0] == pytest.approx(1 / high)
    assert koopman(0, 10, 0, 12, 0.95) == (0.0, math.inf)


def test_koopman_comes_to_katz_where_rows_are_many():
    assert koopman(4500, 10_000, 6000, 12_000, 0.95) == pytest.approx(
        intervals.katz_log_ratio(4500, 10_000, 6000, 12_000, 0.95), rel=1e-4
    )
    with pytest.raises(ValueError, match="0 ≤ k ≤ n"):
        koopman(1, 0, 1, 2, 0.95)
