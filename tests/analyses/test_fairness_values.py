"""One measure of every group: intervals and errors, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steelyard.analyses.fairness.values import BORROWED, Ratios, excesses, means, of_outcomes, shares
from steelyard.records import Estimate, Undefined
from steelyard.stats import intervals
from steelyard.stats.ranges import pair_level, pair_quantile


def plain(top: list[float], second: list[float], rows: list[float]) -> Ratios:
    """Σv, Σv² and rows of independent rows of weight 1."""
    s, q, n = (np.array(x, dtype=float) for x in (top, second, rows))
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.where(n > 0, (q / n - (s / n) ** 2) / n, 0.0)
    blank = np.zeros((0, len(n)))
    return Ratios(s, n, variance, n.copy(), n.copy(), blank, blank, blank > 0)


def test_errors_of_many_shares_are_exact_intervals():
    k, n = [3.0, 40.0, 0.0, 7.0], [10.0, 90.0, 6.0, 7.0]
    found = shares(plain(k, k, n), 0.95, "")
    level, q = pair_level(4, 0.95), pair_quantile(4, 0.95)
    for i in range(4):
        low, high = intervals.clopper_pearson(k[i], n[i], level)
        assert found.errors[i] == pytest.approx([(k[i] / n[i] - low) / q, (high - k[i] / n[i]) / q])
        assert (found.outcomes[i].low, found.outcomes[i].high) == pytest.approx(
            intervals.wilson(k[i] / n[i], n[i], 0.95)
        )


def test_errors_of_two_shares_are_wilsons():
    found = shares(plain([3.0, 40.0], [3.0, 40.0], [10.0, 90.0]), 0.95, "")
    low, high = intervals.wilson(0.3, 10, 0.95)
    assert found.errors[0] * intervals.quantile(0.95) == pytest.approx([0.3 - low, high - 0.3])


def test_means_borrow_the_pooled_variance():
    """Groups of 1, 2 (equal values) and 200 rows of variance 4 (with divisor n)."""
    found = means(plain([5.0, 6.0, 0.0], [25.0, 18.0, 800.0], [1.0, 2.0, 200.0]), 0.95, "")
    pooled = 800.0 / 200.0  # degrees of freedom: 0 + 1 + 199
    for i, (n, scatter) in enumerate([(1, 0.0), (2, 0.0), (200, 800.0)]):
        variance = (BORROWED * pooled + scatter) / (BORROWED + n - 1)
        assert found.outcomes[i].se == pytest.approx(math.sqrt(variance / n))
        half = intervals.quantile(0.95, BORROWED + n - 1) * math.sqrt(variance / n)
        assert found.outcomes[i].high - found.outcomes[i].value == pytest.approx(half)


def test_no_positive_is_no_proof_of_calibration():
    """Sixty rows without a positive, all scored 0.001: their rate may still be 6 %."""
    off = plain([0.06, 30.0], [6e-5, 90.0], [60.0, 400.0])
    found = excesses(off, plain([0.0, 100.0], [0.0, 100.0], [60.0, 400.0]), 0.95, "")
    low, high = intervals.wilson(0.0, 60, 0.95, 64.0)
    assert found.outcomes[0].low == pytest.approx(0.001 - high)
    assert found.outcomes[0].high == pytest.approx(0.001 - low)


def test_groups_without_rows_say_what_is_absent():
    found = shares(plain([0.0, 3.0, 2.0], [0.0, 3.0, 2.0], [0.0, 5.0, 5.0]), 0.95, "no row is positive")
    assert found.outcomes[0] == Undefined("no row is positive")
    assert found.defined == [1, 2]
    assert np.isnan(found.errors[0]).all()


def test_too_few_clusters():
    buckets, six = np.ones((3, 2)), np.full(2, 6.0)
    ratios = Ratios(six / 2, six, six / 150, six, six, buckets, 2 * buckets, buckets > 0)
    assert all(isinstance(o, Undefined) and "clusters" in o.reason for o in shares(ratios, 0.95, "").outcomes)


def test_outcomes_of_elsewhere_keep_their_sides():
    found = of_outcomes([Estimate(0.8, 0.7, 0.85, 0.95, 10, "logit"), Undefined("one class")])
    assert found.errors[0] * intervals.quantile(0.95) == pytest.approx([0.1, 0.05])
    assert found.defined == [0]
