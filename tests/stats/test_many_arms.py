"""Several treatments against one control, held against SciPy's Dunnett test."""

import math
import time

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import lift, many_arms, multiplicity
from steelyard.stats.lift import Arm, Lift


def samples(*designs, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(mean, sd, n) for mean, sd, n in designs]


def arms_of(rows):
    return [Arm(len(x), x.mean(), x.var(ddof=1)) for x in rows]


@pytest.mark.parametrize(
    "designs",
    [
        ((0, 1, 30), (0.3, 1, 40), (0.5, 1, 35), (0.1, 1, 20)),
        ((0, 1, 8), (1.5, 1, 5), (0.2, 1, 12)),
        ((0, 2, 500), (0.1, 2, 50), (0.4, 2, 50), (0.4, 2, 50), (-0.6, 2, 50), (0.9, 2, 50)),
    ],
    ids=["unequal", "small", "large-control"],
)
def test_dunnett_against_scipy(designs):
    rows = samples(*designs)
    known = stats.dunnett(*rows[1:], control=rows[0], rng=np.random.default_rng(1))
    ends = known.confidence_interval(0.95)
    control, *treatments = arms_of(rows)
    found = many_arms.dunnett(treatments, control, 0.95)
    assert found.method == "dunnett"
    assert [f.statistic for f in found.lifts] == pytest.approx(known.statistic)
    assert [f.p for f in found.lifts] == pytest.approx(known.pvalue, abs=3e-4)
    assert [f.low for f in found.lifts] == pytest.approx(ends.low, abs=2e-3)
    assert [f.high for f in found.lifts] == pytest.approx(ends.high, abs=2e-3)


def test_one_treatment_is_the_usual_test():
    control, treatment = arms_of(samples((0, 1, 40), (0.5, 3, 30)))
    (alone,) = many_arms.own_variances([treatment], control, 0.95).lifts
    plain = lift.mean_difference(treatment, control, 0.95)
    assert (alone.low, alone.high, alone.p) == pytest.approx((plain.low, plain.high, plain.p), rel=1e-6)
    (pooled,) = many_arms.dunnett([treatment], control, 0.95).lifts
    student = lift.pooled_difference(treatment, control, 0.95)
    assert (pooled.low, pooled.high, pooled.p) == pytest.approx((student.low, student.high, student.p), rel=1e-6)


def test_intervals_and_p_values_agree():
    rows = samples((0, 1, 40), (0.5, 3, 30), (0.6, 1, 30), (0.1, 0.5, 200))
    control, *treatments = arms_of(rows)
    for level in (0.8, 0.95):
        for found in many_arms.own_variances(treatments, control, level).lifts:
            assert (found.low > 0 or found.high < 0) == (found.p < 1 - level)


def test_equal_variances_agree_whether_assumed_or_not():
    control, *treatments = [Arm(5_000.0, mean, 4.0) for mean in (1.0, 1.05, 1.1, 0.9)]
    assumed = many_arms.dunnett(treatments, control, 0.95)
    own = many_arms.own_variances(treatments, control, 0.95)
    for a, b in zip(assumed.lifts, own.lifts, strict=True):
        assert (a.low, a.high, a.p) == pytest.approx((b.low, b.high, b.p), rel=1e-3, abs=1e-5)


def test_critical_value_as_published():
    """Dunnett 1964, table of the two-sided test: df 20 and ∞, correlation 0.5."""
    half = [math.sqrt(0.5)]
    assert many_arms.critical(0.95, half * 3, 20) == pytest.approx(2.54, abs=5e-3)
    assert many_arms.critical(0.95, half * 3) == pytest.approx(2.35, abs=5e-3)
    q = many_arms.critical(0.99, half * 9)
    together = stats.multivariate_normal(np.zeros(9), np.full((9, 9), 0.5) + np.eye(9) * 0.5, abseps=1e-6, seed=1)
    assert together.cdf(np.full(9, q), lower_limit=np.full(9, -q)) == pytest.approx(0.99, abs=1e-4)


def test_independent_comparisons_are_sidaks():
    assert many_arms.all_below(2.0, [0.0] * 5) == pytest.approx((1 - 2 * stats.norm.sf(2.0)) ** 5, rel=1e-9)
    assert many_arms.all_below(0.0, [0.3]) == 0.0
    assert many_arms.all_below(math.inf, [0.3]) == 1.0
    assert many_arms.all_below(2.0, [0.99] * 4) == pytest.approx(
        np.mean(np.abs(shared(0.99, 4)).max(axis=1) <= 2.0), abs=3e-3
    )


def shared(load, arms):
    rng = np.random.default_rng(5)
    return load * rng.normal(size=(100_000, 1)) + math.sqrt(1 - load**2) * rng.normal(size=(100_000, arms))


def test_many_degrees_of_freedom_are_interpolated():
    control = Arm(50.0, 0.0, 1.0)
    treatments = [Arm(10.0 + i, 0.3, 1.0 + i / 5) for i in range(20)]
    found = many_arms.own_variances(treatments, control, 0.95).lifts
    loads = [math.sqrt(0.02 / (0.02 + t.variance / t.n)) for t in treatments]
    for i in (0, 9, 19):
        q = many_arms.critical(0.95, loads, found[i].df)
        assert (found[i].high - found[i].value) / found[i].se == pytest.approx(q, rel=1e-3)


def test_thousands_of_arms_take_holm_and_no_time():
    rng = np.random.default_rng(0)
    treatments = [Arm(100.0, m, 1.0) for m in rng.normal(0, 0.3, 5_000)]
    began = time.perf_counter()
    found = many_arms.own_variances(treatments, Arm(10_000.0, 0.0, 1.0), 0.95)
    assert time.perf_counter() - began < 2.0
    assert "holm" in found.method
    plain = [lift.mean_difference(t, Arm(10_000.0, 0.0, 1.0), 0.95).p for t in treatments]
    assert [f.p for f in found.lifts] == pytest.approx(multiplicity.holm(plain).tolist())


def test_overwhelming_evidence_is_told_to_its_last_digit():
    control, near, far = Arm(500.0, 0.0, 1.0), Arm(500.0, 0.1, 1.0), Arm(500.0, 1.5, 1.0)
    _, found = many_arms.own_variances([near, far], control, 0.95).lifts
    alone = lift.mean_difference(far, control, 0.95).p
    assert 0.0 < alone <= found.p <= 2 * alone < 1e-80


def test_any_lifts_widen_by_bonferroni():
    lifts = [Lift(1.0, 0.0, 2.0, 0.5, math.inf, 2.0, 0.0455, "newcombe")] * 4
    found = many_arms.any_lifts(lifts, 0.95).lifts
    q = stats.norm.isf(0.05 / 8)
    assert (found[0].low, found[0].high) == pytest.approx((1 - 0.5 * q, 1 + 0.5 * q))
    assert found[0].p == pytest.approx(0.182)
    assert found[0].method == "newcombe"


def test_arms_that_do_not_vary():
    control, same, more = Arm(9.0, 1.0, 0.0), Arm(5.0, 1.0, 0.0), Arm(5.0, 2.0, 0.0)
    for compare in (many_arms.dunnett, many_arms.own_variances):
        first, second = compare([same, more], control, 0.95).lifts
        assert (first.p, first.low, first.high) == (1.0, 0.0, 0.0)
        assert (second.p, second.low, second.high) == (0.0, 1.0, 1.0)


def test_what_has_no_answer():
    control = Arm(9.0, 1.0, 1.0)
    for compare in (many_arms.dunnett, many_arms.own_variances):
        with pytest.raises(ValueError, match="at least one treatment"):
            compare([], control, 0.95)
        with pytest.raises(ValueError, match="more than one unit"):
            compare([Arm(1.0, 1.0, 0.0)], control, 0.95)
    with pytest.raises(ValueError, match="at least one treatment"):
        many_arms.any_lifts([], 0.95)
    with pytest.raises(ValueError, match="loads"):
        many_arms.all_below(1.0, [1.0])
