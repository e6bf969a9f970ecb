"""Multiple comparisons with the best."""

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm, t

from steelyard.stats.best_of import MOST_CONTENDERS, with_the_best


def equal(k, variance):
    """Variances of differences of k independent values of like variance."""
    apart = np.full((k, k), 2.0 * variance)
    np.fill_diagonal(apart, 0.0)
    return apart


def test_two_values_have_the_one_sided_bound():
    found = with_the_best([0.9, 0.8], equal(2, 0.01), 0.95)
    reach = norm.ppf(0.95) * math.sqrt(0.02)
    assert found.gap == pytest.approx([0.1, -0.1])
    assert found.high == pytest.approx([0.1 + reach, -0.1 + reach])
    assert found.low == pytest.approx([0.1 - reach, -0.1 - reach])
    assert found.possible.all()


def test_two_values_with_few_degrees_of_freedom():
    found = with_the_best([0.9, 0.8], equal(2, 0.01), 0.95, df=5)
    assert found.high[0] - 0.1 == pytest.approx(t.ppf(0.95, 5) * math.sqrt(0.02))


def test_the_bound_is_dunnetts_where_all_vary_alike():
    cov = np.full((3, 3), 0.5) + 0.5 * np.eye(3)
    exact = brentq(lambda x: multivariate_normal.cdf([x] * 3, cov=cov, abseps=1e-6) - 0.95, 1, 4)
    found = with_the_best([0.0] * 4, equal(4, 0.5), 0.95, seed=3)
    assert found.high == pytest.approx([exact] * 4, abs=0.06)


def test_a_clear_winner_stands_alone():
    found = with_the_best([1.0, 0.2, 0.1], equal(3, 0.001), 0.95)
    assert found.possible.tolist() == [True, False, False]
    assert found.low[0] == 0.0
    assert (found.high[1:] == 0.0).all()
    assert (found.low[1:] < found.gap[1:]).all()


def test_what_cannot_be_ruled_out_reaches_above_0():
    found = with_the_best([0.50, 0.49, 0.30], equal(3, 0.001), 0.95)
    assert found.possible.tolist() == [True, True, False]
    assert (found.high > 0).tolist() == [True, True, False]
    assert found.low[0] < 0.0


def test_pairing_tells_values_apart_that_go_together():
    apart = equal(3, 0.001)
    apart[0, 1] = apart[1, 0] = 1e-6
    found = with_the_best([0.50, 0.49, 0.30], apart, 0.95)
    assert found.possible.tolist() == [True, False, False]


def test_models_that_never_differ_are_all_possible():
    found = with_the_best([0.5, 0.5, 0.5], np.zeros((3, 3)), 0.95)
    assert found.possible.all()
    assert (found.low == 0.0).all()
    assert (found.high == 0.0).all()


def test_estimated_distances_need_not_be_of_any_points():
    apart = np.array([[0.0, 1e-4, 9e-4], [1e-4, 0.0, 1e-4], [9e-4, 1e-4, 0.0]])
    found = with_the_best([0.3, 0.31, 0.29], apart, 0.95)
    assert np.isfinite(found.high).all()


def test_more_contenders_than_are_simulated_keep_bonferronis_bound():
    k = MOST_CONTENDERS + 1
    found = with_the_best(np.zeros(k), equal(k, 0.5), 0.95)
    assert found.high == pytest.approx(np.full(k, norm.ppf(1 - 0.05 / (k - 1))))


def test_a_thousand_values():
    values = np.linspace(0.0, 10.0, 1_000)
    found = with_the_best(values, equal(1_000, 1e-4), 0.95)
    assert found.possible[-1]
    assert found.possible.sum() < 20


def test_the_same_seed_gives_the_same():
    values, apart = [0.1, 0.2, 0.15, 0.12], equal(4, 0.004)
    one, other = (with_the_best(values, apart, 0.95, seed=7) for _ in range(2))
    assert (one.high == other.high).all()


@pytest.mark.parametrize(
    ("values", "apart"),
    [
        ([1.0], np.zeros((1, 1))),
        ([1.0, 2.0], np.zeros((3, 3))),
        ([1.0, math.nan], equal(2, 1.0)),
        ([1.0, 2.0], -equal(2, 1.0)),
    ],
)
def test_refused(values, apart):
    with pytest.raises(ValueError, match=r"needs two values|finite"):
        with_the_best(values, apart, 0.95)
