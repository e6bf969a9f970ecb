import math

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import influence, resampling

COUNTS = np.array([50.0, 0.0, 30.0, 20.0])
DRAWS = [
    resampling.multinomial_replicates,
    resampling.poisson_replicates,
    resampling.dirichlet_replicates,
]


@pytest.mark.parametrize("replicates", DRAWS)
def test_draws_are_seeded_and_have_the_right_mean(replicates):
    draws = replicates(COUNTS, 4000, 1)
    assert draws.shape == (4000, 4)
    assert np.array_equal(draws, replicates(COUNTS, 4000, 1))
    assert not np.array_equal(draws, replicates(COUNTS, 4000, 2))
    assert draws.mean(axis=0) == pytest.approx(COUNTS, abs=1.0)


def test_moments_of_the_draws():
    share = COUNTS / 100
    multinomial = resampling.multinomial_replicates(COUNTS, 8000, 3)
    assert multinomial.sum(axis=1) == pytest.approx(np.full(8000, 100.0))
    assert np.cov(multinomial.T) == pytest.approx(100 * (np.diag(share) - np.outer(share, share)), abs=1.3)
    poisson = resampling.poisson_replicates(COUNTS, 8000, 3)
    assert poisson.var(axis=0) == pytest.approx(COUNTS, rel=0.06)
    assert poisson[:, 1].max() == 0.0
    dirichlet = resampling.dirichlet_replicates(COUNTS, 8000, 3)
    assert dirichlet.sum(axis=1) == pytest.approx(np.full(8000, 100.0))
    assert dirichlet[:, 1].min() > 0.0
    want = stats.dirichlet(COUNTS + 0.5).var() * 100**2
    assert dirichlet.var(axis=0) == pytest.approx(want, rel=0.06)


def test_chunks_do_not_show(monkeypatch):
    whole = resampling.multinomial_replicates(COUNTS, 50, 9)
    monkeypatch.setattr(resampling, "_CHUNK", 7)
    assert np.array_equal(whole, resampling.multinomial_replicates(COUNTS, 50, 9))


def test_fractional_totals_keep_their_total():
    draws = resampling.multinomial_replicates([0.2, 0.1], 20, 0)
    assert draws.sum(axis=1) == pytest.approx(np.full(20, 0.3))


@pytest.mark.parametrize("replicates", DRAWS)
@pytest.mark.parametrize("bad", [[0.0, 0.0], [-1.0, 2.0], [math.nan, 1.0], [[1.0]]])
def test_draws_need_counts(replicates, bad):
    with pytest.raises(ValueError, match="counts"):
        replicates(bad, 10, 0)
    with pytest.raises(ValueError, match="replicates"):
        replicates(COUNTS, 0, 0)


def test_dirichlet_needs_a_prior():
    with pytest.raises(ValueError, match="prior"):
        resampling.dirichlet_replicates(COUNTS, 5, 0, prior=0.0)


def test_percentile():
    draws = np.arange(1001.0)
    assert resampling.percentile(draws, 0.95) == pytest.approx((25.0, 975.0))
    assert resampling.percentile([math.nan, 1.0, math.nan], 0.95) == (1.0, 1.0)
    with pytest.raises(ValueError, match="every replicate"):
        resampling.percentile([math.nan], 0.95)


def test_bca_is_scipys():
    rng = np.random.default_rng(12)
    rows = rng.exponential(size=60).round(2)
    values, counts = np.unique(rows, return_counts=True)
    draws = resampling.multinomial_replicates(counts, 20_000, 5) @ values / 60
    acceleration = influence.acceleration((values - rows.mean()) / 60, counts)
    low, high = resampling.bca(rows.mean(), draws, 0.95, acceleration)
    want = stats.bootstrap((rows,), np.mean, n_resamples=20_000, method="BCa", rng=1).confidence_interval
    assert (low, high) == pytest.approx((want.low, want.high), rel=0.02)


def test_bca_without_bias_or_acceleration_is_the_percentile():
    draws = np.linspace(-1, 1, 2001)
    assert resampling.bca(0.0, draws, 0.9, 0.0) == pytest.approx(resampling.percentile(draws, 0.9))
    assert resampling.bca(2.0, np.full(50, 2.0), 0.95, 0.0) == (2.0, 2.0)
    assert resampling.bca(9.0, draws, 0.95, 0.0)[1] == pytest.approx(1.0)
    assert resampling.bca(0.0, draws, 0.95, 5.0)[1] == pytest.approx(1.0)


def test_jackknife_of_a_mean_is_the_standard_error():
    rows = np.random.default_rng(13).normal(size=25)
    without = (rows.sum() - rows) / 24
    se, df = resampling.jackknife(without)
    assert (se, df) == (pytest.approx(stats.sem(rows)), 24.0)
    with pytest.raises(ValueError, match="two groups"):
        resampling.jackknife([0.5])
    with pytest.raises(ValueError, match="undefined"):
        resampling.jackknife([0.5, math.nan])
