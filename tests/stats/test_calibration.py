import itertools
import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.isotonic import IsotonicRegression

from steelyard.stats import calibration
from steelyard.stats.calibration.null_tests import brownian_range_tail


def sums(seed=0, rows=3000, bins=50, slope=1.0, weights=None):
    """Sums per score bin of a model whose true logit is `slope` times the one it says."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-0.5, 1.3, size=rows)
    s = 1 / (1 + np.exp(-logit))
    y = (rng.random(rows) < 1 / (1 + np.exp(-slope * logit))).astype(float)
    w = np.ones(rows) if weights is None else weights(rng, rows)
    b = np.clip((s * bins).astype(int), 0, bins - 1)

    def total(x):
        return np.bincount(b, x, bins)

    return {
        "n": total(w), "s": total(w * s), "y": total(w * y), "s2": total(w * s * s), "sy": total(w * s * y),
        "v": total(w * w * s * (1 - s)), "u": total(w * w), "logit": total(w * logit),
    }  # fmt: skip


@given(arrays(float, st.integers(1, 80), elements=st.integers(0, 40)), st.integers(1, 20))
def test_groups_follow_the_mass(n, groups):
    if n.sum() == 0:
        with pytest.raises(ValueError, match="at least one row"):
            calibration.equal_mass_groups(n, groups)
        return
    index = calibration.equal_mass_groups(n, groups)
    assert index.shape == n.shape
    assert np.all(np.diff(index) >= 0)
    assert np.all((index >= 0) & (index < groups))
    mass = np.bincount(index, n, groups)
    assert mass.max() <= n.sum() / groups + n.max() + 1e-9


def test_groups_of_even_bins_are_even():
    assert np.bincount(calibration.equal_mass_groups(np.ones(150), 15)).tolist() == [10] * 15
    with pytest.raises(ValueError, match="groups"):
        calibration.equal_mass_groups([1.0], 0)


def test_ece_by_hand_and_empty_bins():
    assert calibration.expected_calibration_error([2, 0, 2], [1.0, 0, 1.5], [2, 0, 1]) == pytest.approx(0.375)
    with pytest.raises(ValueError, match="one row"):
        calibration.expected_calibration_error([0], [0], [0])
    with pytest.raises(ValueError, match="one shape"):
        calibration.expected_calibration_error([1, 2], [0], [0])
    with pytest.raises(ValueError, match="negative"):
        calibration.expected_calibration_error([-1, 2], [0, 0], [0, 0])


def test_debiased_l2_is_unbiased():
    rng = np.random.default_rng(2)
    n, rate, said = np.array([5.0, 20, 50]), np.array([0.3, 0.5, 0.9]), np.array([0.4, 0.5, 0.7])
    draws = [calibration.debiased_l2(n, n * said, rng.binomial(n.astype(int), rate)) for _ in range(4000)]
    truth = n @ (rate - said) ** 2 / n.sum()
    assert np.mean(draws) == pytest.approx(truth, abs=4 * np.std(draws) / math.sqrt(4000))
    assert calibration.debiased_l2([1.0], [0.5], [1.0]) == 0.0


@pytest.mark.parametrize(("said", "true"), [(0.5, 0.5), (0.5, 0.8)])
def test_debiased_ece_is_nearer_the_truth(said, true):
    rng = np.random.default_rng(4)
    n = np.full(15, 40.0)
    got = []
    for seed in range(150):
        y = rng.binomial(40, true, size=15)
        value, null_mean = calibration.debiased_ece(n, n * said, y, seed, replicates=60)
        got.append((value, calibration.expected_calibration_error(n, n * said, y)))
    value, plain = np.mean(got, axis=0)
    assert abs(value - abs(true - said)) < max(0.4 * abs(plain - abs(true - said)), 0.004)
    want = math.sqrt(2 / math.pi) * math.sqrt(0.25 / 40)
    assert null_mean == pytest.approx(want, rel=0.1)


def test_debiased_ece_is_seeded():
    t = sums()
    args = t["n"], t["s"], t["y"]
    assert calibration.debiased_ece(*args, 3) == calibration.debiased_ece(*args, 3)
    assert calibration.debiased_ece(*args, 3) != calibration.debiased_ece(*args, 4)
    with pytest.raises(ValueError, match="replicates"):
        calibration.debiased_ece(*args, 3, 0)


@given(st.floats(0.01, 12.0))
def test_range_tail_by_both_series(x):
    """Either series alone, where it converges, is the tail."""
    k = np.arange(1.0, 4000.0)
    tail = 8 * np.sum(np.where(k % 2 == 1, k, -k) * stats.norm.sf(k * x)) if x > 0.3 else 1.0
    assert brownian_range_tail(x) == pytest.approx(tail, rel=1e-9, abs=1e-12)


def test_range_tail_at_its_ends_and_falling():
    assert brownian_range_tail(0.0) == 1.0
    assert brownian_range_tail(math.inf) == 0.0
    assert 0.0 < brownian_range_tail(20.0) < 1e-80
    tails = [brownian_range_tail(x) for x in np.linspace(0, 8, 400)]
    assert all(later <= earlier for earlier, later in itertools.pairwise(tails))
    assert brownian_range_tail(2.0 - 1e-9) == pytest.approx(brownian_range_tail(2.0), rel=1e-7)
    with pytest.raises(ValueError, match="NaN"):
        brownian_range_tail(math.nan)


def test_ecce_and_spiegelhalter_p_are_uniform_when_calibrated():
    p = []
    for seed in range(400):
        t = sums(seed, rows=1000)
        z = np.sum((t["y"] - t["s"]) - 2 * (t["sy"] - t["s2"]))
        p.append((calibration.ecce(t["n"], t["s"], t["y"], t["v"])[2], z))
    tested = np.array(p)[:, 0]
    # On bins the walk is seen at fewer points, so the test may only be too careful.
    assert np.mean(tested < 0.05) < 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / 400)
    assert stats.kstest(tested, "uniform", alternative="greater").pvalue > 0.001
    assert calibration.ecce(*(sums(1, 20_000, slope=0.8)[key] for key in "nsyv"))[2] < 1e-3


def test_ecce_of_certain_predictions():
    assert calibration.ecce([5, 5], [0, 5], [0, 5], [0, 0]) == (0.0, 0.0, 1.0)
    assert calibration.ecce([5, 5], [0, 5], [0, 4], [0, 0]) == (0.1, 0.0, 0.0)


def test_spiegelhalter():
    z, p = calibration.spiegelhalter(-2.0, 1.0)
    assert (z, p) == (-2.0, pytest.approx(2 * stats.norm.sf(2)))
    assert calibration.spiegelhalter(0.0, 0.0) == (0.0, 1.0)
    assert calibration.spiegelhalter(-1.0, 0.0) == (-math.inf, 0.0)
    with pytest.raises(ValueError, match="variance"):
        calibration.spiegelhalter(1.0, -1.0)


@pytest.mark.parametrize("slope", [0.4, 1.0, 2.5])
def test_recalibration_is_statsmodels(slope):
    t = sums(3, slope=slope)
    full = t["n"] > 0
    logit = np.where(full, t["logit"] / np.where(full, t["n"], 1), math.nan)
    intercept, got, covariance = calibration.logistic_recalibration(logit, t["n"], t["y"])
    fit = sm.GLM(
        np.column_stack([t["y"], t["n"] - t["y"]])[full],
        sm.add_constant(logit[full]),
        family=sm.families.Binomial(),
    ).fit(tol=1e-12)
    assert (intercept, got) == pytest.approx(fit.params, rel=1e-6)
    assert covariance == pytest.approx(fit.cov_params(), rel=1e-6)
    assert got == pytest.approx(slope, abs=4 * math.sqrt(covariance[1, 1]) + 0.05)


def test_recalibration_sandwich_is_the_rows():
    rng = np.random.default_rng(8)
    x = np.repeat([-2.0, -1, 0, 1, 2], 80)
    y = (rng.random(400) < 1 / (1 + np.exp(-x))).astype(float)
    w = np.repeat(rng.exponential(size=5), 80)
    fit = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial(), freq_weights=w).fit(tol=1e-12)
    design, rate = sm.add_constant(x), fit.fittedvalues
    bread = np.linalg.inv((design.T * (w * rate * (1 - rate))) @ design)
    want = bread @ ((design.T * (w * (y - rate)) ** 2) @ design) @ bread
    shape = (5, 80)
    got = calibration.logistic_recalibration(
        [-2, -1, 0, 1, 2],
        w.reshape(shape).sum(1),
        (w * y).reshape(shape).sum(1),
        (w * w).reshape(shape).sum(1),
    )
    assert got[:2] == pytest.approx(fit.params, rel=1e-7)
    assert got[2] == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize(
    ("logit", "n", "y", "why"),
    [
        ([-1, 1], [5, 5], [0, 0], "both classes"),
        ([-1, 1], [5, 5], [5, 5], "both classes"),
        ([-1, 1], [5, 5], [0, 5], "separates"),
        ([-1, 0, 1], [5, 5, 5], [0, 2, 5], "separates"),
        ([1, 1], [5, 5], [2, 3], "distinct"),
    ],
)
def test_recalibration_that_has_no_answer(logit, n, y, why):
    with pytest.raises(ValueError, match=why):
        calibration.logistic_recalibration(logit, n, y)


def test_far_out_scores_still_recalibrate():
    logit, n = np.array([-40.0, -3, 0, 3, 40]), np.array([1e6, 50, 50, 50, 1e6])
    y = np.array([3.0, 5, 25, 45, 1e6 - 3])
    intercept, slope, _ = calibration.logistic_recalibration(logit, n, y)
    assert intercept == pytest.approx(0.0, abs=0.05)
    assert 0.25 < slope < 0.4


@given(
    st.lists(st.tuples(st.integers(0, 9), st.floats(0, 1)), min_size=1, max_size=40).filter(
        lambda bins: any(n for n, _ in bins)
    )
)
def test_isotonic_is_sklearns(bins):
    n, rate = (np.array(x, float) for x in zip(*bins, strict=True))
    got = calibration.isotonic(n, n * rate)
    full = n > 0
    want = IsotonicRegression().fit_transform(np.arange(n.size)[full], rate[full], sample_weight=n[full])
    assert got[full] == pytest.approx(want, abs=1e-9)
    assert got.shape == n.shape
    assert np.all(np.diff(got) >= -1e-12)


@pytest.mark.parametrize("weights", [None, lambda rng, rows: rng.exponential(size=rows)])
def test_brier_parts_add_up(weights):
    t = sums(6, bins=12, weights=weights)
    parts = calibration.brier_decomposition(*(t[key] for key in ("n", "s", "s2", "y", "sy")))
    within = parts["within_variance"] - parts["within_covariance"]
    plain = parts["reliability"] - parts["resolution"] + parts["uncertainty"]
    corrected = parts["reliability_corrected"] - parts["resolution_corrected"] + parts["uncertainty_corrected"]
    assert plain + within == pytest.approx(parts["brier"], rel=1e-12)
    assert corrected == pytest.approx(plain, rel=1e-12)


def test_corrected_brier_parts_are_unbiased():
    rng = np.random.default_rng(9)
    n, rate, said = np.array([4.0, 10, 6]), np.array([0.2, 0.5, 0.7]), np.array([0.3, 0.5, 0.9])
    draws = []
    for _ in range(4000):
        y = rng.binomial(n.astype(int), rate)
        parts = calibration.brier_decomposition(n, n * said, n * said**2, y, y * said)
        draws.append((parts["reliability_corrected"], parts["reliability"]))
    mean, error = np.mean(draws, axis=0), np.std(draws, axis=0) / math.sqrt(4000)
    truth = n @ (rate - said) ** 2 / n.sum()
    assert mean[0] == pytest.approx(truth, abs=4 * error[0])
    assert mean[1] > truth + 10 * error[1]
