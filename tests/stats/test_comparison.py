import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from steelyard.stats import comparison


@pytest.mark.parametrize("df", [2.5, 30, math.inf])
@pytest.mark.parametrize("z", [-3.0, 0.0, 0.4, 8.0, math.inf])
def test_two_sided_p(z, df):
    assert comparison.two_sided_p(z, df) == pytest.approx(2 * stats.t.sf(abs(z), df), rel=1e-9)
    with pytest.raises(ValueError, match="number z"):
        comparison.two_sided_p(math.nan)


def test_welch_is_scipys():
    rng = np.random.default_rng(21)
    a, b = rng.normal(size=30), rng.normal(0.5, 3.0, size=12)
    got = comparison.welch(a.mean(), a.var(ddof=1), 30, b.mean(), b.var(ddof=1), 12)
    want = stats.ttest_ind(a, b, equal_var=False)
    assert (got.t, got.df, got.p) == pytest.approx((want.statistic, want.df, want.pvalue))
    assert comparison.welch(1, 0, 9, 1, 0, 9).p == 1.0
    assert comparison.welch(1, 0, 9, 2, 0, 9).p == 0.0
    with pytest.raises(ValueError, match="more than one row"):
        comparison.welch(1, 0, 1, 2, 0, 9)
    with pytest.raises(ValueError, match="variances"):
        comparison.welch(1, -1, 5, 2, 0, 9)


def test_difference():
    got = comparison.difference(3.0, 3.0, 1.0, 4.0)
    assert got == (2.0, 5.0, 0.4, pytest.approx(2 * stats.norm.sf(0.4)))
    assert comparison.difference(3.0, 3.0, 1.0, 4.0, covariance=12.0).se == 1.0
    assert comparison.difference(1.0, 0.0, 1.0, 0.0)[2:] == (0.0, 1.0)
    assert comparison.difference(1.0, 0.0, 2.0, 0.0)[2:] == (-math.inf, 0.0)
    with pytest.raises(ValueError, match="standard errors"):
        comparison.difference(1.0, -1.0, 1.0, 0.0)


@pytest.mark.parametrize("counts", [(5, 50, 12, 40), (1, 3, 0, 9), (80, 100, 799, 1000)])
def test_two_proportions(counts):
    k1, n1, k2, n2 = counts
    want = proportions_ztest([k1, k2], [n1, n2])[1]
    assert comparison.two_proportions_p(*counts) == pytest.approx(want)


def test_two_proportions_at_their_bounds():
    assert comparison.two_proportions_p(0, 5, 0, 9) == 1.0
    assert comparison.two_proportions_p(5, 5, 9, 9) == 1.0
    with pytest.raises(ValueError, match="0 ≤ k ≤ n"):
        comparison.two_proportions_p(6, 5, 9, 9)
