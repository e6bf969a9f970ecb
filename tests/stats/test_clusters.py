import numpy as np
import pytest
import statsmodels.api as sm

from steelyard.stats import clusters, resampling


def test_clustered_mean_is_statsmodels():
    rng = np.random.default_rng(31)
    cluster = rng.integers(0, 25, size=300)
    x = rng.normal(size=300) + rng.normal(size=25)[cluster]
    N, S = np.bincount(cluster), np.bincount(cluster, x)
    got = clusters.clustered_mean(25, N.sum(), S.sum(), S @ S, S @ N, N @ N, 0.9)
    fit = sm.OLS(x, np.ones(300)).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": False}, use_t=True
    )
    assert got.mean == pytest.approx(x.mean())
    assert got.se == pytest.approx(fit.bse[0] * np.sqrt(25 / 24))
    assert got.df == 24.0
    assert (got.low + got.high) / 2 == pytest.approx(got.mean)
    theta = (S.sum() - S) / (N.sum() - N)
    assert resampling.jackknife(theta)[0] == pytest.approx(got.se, rel=0.05)


def test_edges():
    flat = clusters.clustered_mean(3, 6, 6, 12, 12, 12, 0.95)
    assert (flat.low, flat.se, flat.high) == (1.0, 0.0, 1.0)
    with pytest.raises(ValueError, match="two clusters"):
        clusters.clustered_mean(1, 6, 6, 12, 12, 12, 0.95)
    with pytest.raises(ValueError, match="needs rows"):
        clusters.clustered_mean(3, 0, 0, 0, 0, 0, 0.95)
