import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.stats import moments

ROWS = st.lists(st.floats(-100, 100), min_size=1, max_size=30)


def of(rows, shift=0.0):
    d = np.asarray(rows, float) - shift
    return moments.from_power_sums(d.size, *(float(np.sum(d**k)) for k in (1, 2, 3, 4)), shift=shift)


def same(a, b):
    scale = 1.0 + max(abs(a.mean), abs(b.mean), math.sqrt(max(a.m2, b.m2) / max(a.n, 1.0))) + 100.0
    for power, (left, right) in enumerate(zip(a[1:], b[1:], strict=True), 1):
        assert left == pytest.approx(right, abs=1e-10 * max(a.n, 1.0) * scale**power)
    assert a.n == b.n


@given(ROWS)
def test_moments_are_numpys(rows):
    m, x = of(rows, shift=3.0), np.array(rows)
    want = moments.Moments(len(rows), x.mean(), *(float(np.sum((x - x.mean()) ** k)) for k in (2, 3, 4)))
    same(m, want)


@given(ROWS, ROWS, ROWS)
def test_merging_is_concatenating(a, b, c):
    same(moments.merge(of(a), of(b)), of(a + b))
    same(moments.merge(of(a), of(b)), moments.merge(of(b), of(a)))
    left = moments.merge(moments.merge(of(a), of(b)), of(c))
    same(left, moments.merge(of(a), moments.merge(of(b), of(c))))
    assert moments.merge(moments.EMPTY, of(a)) == of(a) == moments.merge(of(a), moments.EMPTY)


def test_a_shift_keeps_the_digits():
    x = 1.7e9 + np.random.default_rng(41).normal(size=500)
    got = moments.sample_variance(of(x, shift=1.7e9))
    assert got == pytest.approx(x.var(ddof=1), rel=1e-6)


def test_spread_and_skewness_are_scipys():
    x = np.random.default_rng(42).exponential(size=200)
    m = of(x)
    assert moments.sample_variance(m) == pytest.approx(x.var(ddof=1))
    assert math.sqrt(moments.mean_variance(m)) == pytest.approx(stats.sem(x))
    assert moments.skewness(m) == pytest.approx(stats.skew(x))
    assert moments.skewness(of([2.0, 2.0, 2.0])) == 0.0


def test_too_few_rows():
    with pytest.raises(ValueError, match="more than one row"):
        moments.sample_variance(of([1.0]))
    with pytest.raises(ValueError, match="n > 0"):
        moments.from_power_sums(0, 0, 0)
    with pytest.raises(ValueError, match="n > 0"):
        moments.skewness(moments.EMPTY)
    with pytest.raises(ValueError, match="positive weight"):
        moments.weighted_mean(0, 0, 0, 0, 0)


def test_equal_weights_are_the_plain_mean():
    x = np.random.default_rng(43).normal(size=50)
    mean, se, n_eff = moments.weighted_mean(100, 200, 2 * x.sum(), 4 * x.sum(), 4 * (x @ x))
    assert mean == pytest.approx(x.mean())
    assert se == pytest.approx(x.std() / math.sqrt(50))
    assert n_eff == pytest.approx(50)
