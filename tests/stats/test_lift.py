"""What a treatment adds to a control, held against tea-tasting, statsmodels and SciPy."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats import proportion as sm

from steelyard.stats import lift, margins, ratio
from steelyard.stats.lift import Arm, Lift

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
CASES = {case["id"]: case for case in VECTORS}
NAMES = ("num", "den", "pre_num", "pre_den")


def joint_of(given):
    """An arm of the vectors as joint moments."""
    covariance = np.empty((4, 4))
    for i, a in enumerate(NAMES):
        for j, b in enumerate(NAMES):
            pairs = given["cov"] | {f"{a}|{a}": given["var"][a]}
            covariance[i, j] = pairs.get(f"{a}|{b}", pairs.get(f"{b}|{a}", 0.0))
    return ratio.joint(given["count"], [given["mean"][name] for name in NAMES], covariance)


def arms_of(case):
    given = CASES[case]["input"]
    return ratio.arm_of(joint_of(given["treatment"])), ratio.arm_of(joint_of(given["control"]))


@pytest.mark.parametrize(
    ("case", "compare"),
    [("ab_welch", lift.mean_difference), ("ab_student_pooled", lift.pooled_difference)],
)
def test_difference_of_means(case, compare):
    expected, rtol = CASES[case]["expected"], CASES[case]["rtol"]
    found = compare(*arms_of(case), 0.95)
    assert found.value == pytest.approx(expected["effect_size"], rel=rtol)
    assert found.low == pytest.approx(expected["effect_size_ci_lower"], rel=rtol)
    assert found.high == pytest.approx(expected["effect_size_ci_upper"], rel=rtol)
    assert found.statistic == pytest.approx(expected["statistic"], rel=rtol)
    assert found.p == pytest.approx(expected["pvalue"], rel=rtol)


def test_relative_lift():
    expected, rtol = CASES["ab_welch"]["expected"], CASES["ab_welch"]["rtol"]
    found = lift.relative_lift(*arms_of("ab_welch"), 0.95)
    assert found.value == pytest.approx(expected["rel_effect_size"], rel=rtol)
    assert found.low == pytest.approx(expected["rel_effect_size_ci_lower"], rel=rtol)
    assert found.high == pytest.approx(expected["rel_effect_size_ci_upper"], rel=rtol)
    assert found.p == pytest.approx(expected["pvalue"], rel=rtol)
    assert found.method == "log ratio"


def test_relative_lift_of_a_loss_is_a_share_of_its_size():
    up = lift.relative_lift(Arm(400, 12.0, 9.0), Arm(500, 10.0, 8.0), 0.95)
    down = lift.relative_lift(Arm(400, -12.0, 9.0), Arm(500, -10.0, 8.0), 0.95)
    assert (down.value, down.low, down.high) == pytest.approx((-up.value, -up.high, -up.low))


def test_relative_lift_that_changes_the_sign_is_fiellers():
    treatment, control = Arm(200, -1.0, 4.0), Arm(200, 10.0, 4.0)
    found = lift.relative_lift(treatment, control, 0.95)
    assert found.method == "fieller"
    q = stats.t.ppf(0.975, found.df)
    for end in (found.low, found.high):
        r = end + 1.0
        gap = treatment.mean - r * control.mean
        assert gap**2 == pytest.approx(q**2 * (treatment.variance + r**2 * control.variance) / 200)


def test_relative_lift_needs_a_control_apart_from_zero():
    with pytest.raises(ValueError, match="not 0"):
        lift.relative_lift(Arm(20, 1.0, 4.0), Arm(20, 0.0, 4.0), 0.95)
    with pytest.raises(ValueError, match="apart from 0"):
        lift.relative_lift(Arm(20, -1.0, 4.0), Arm(20, 0.1, 4.0), 0.95)


def test_arms_that_do_not_vary():
    same = lift.mean_difference(Arm(5, 2.0, 0.0), Arm(7, 2.0, 0.0), 0.95)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    apart = lift.mean_difference(Arm(5, 3.0, 0.0), Arm(7, 2.0, 0.0), 0.95)
    assert (apart.value, apart.low, apart.p) == (1.0, 1.0, 0.0)
    assert lift.relative_lift(Arm(5, 3.0, 0.0), Arm(7, 2.0, 0.0), 0.95).low == pytest.approx(0.5)


def test_one_unit_has_no_variance():
    with pytest.raises(ValueError, match="more than one"):
        lift.mean_difference(Arm(1, 2.0, 0.0), Arm(7, 2.0, 1.0), 0.95)


def test_proportions():
    found = lift.proportion_difference(120, 1000, 100, 1000, 0.95)
    low, high = sm.confint_proportions_2indep(120, 1000, 100, 1000, method="newcomb")
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)
    z, p = sm.proportions_ztest([120, 100], [1000, 1000])
    assert (found.statistic, found.p) == pytest.approx((z, p))
    share = lift.proportion_lift(120, 1000, 100, 1000, 0.95)
    low, high = sm.confint_proportions_2indep(120, 1000, 100, 1000, compare="ratio", method="log")
    assert (share.low + 1, share.high + 1) == pytest.approx((low, high), rel=1e-9)
    assert share.p == found.p


def test_a_control_without_successes_has_no_relative_lift():
    assert lift.proportion_difference(3, 50, 0, 50, 0.95).high > 0.1
    with pytest.raises(ValueError, match="successes"):
        lift.proportion_lift(3, 50, 0, 50, 0.95)


def test_proportion_as_an_arm():
    rows = np.array([1.0] * 3 + [0.0] * 7)
    assert lift.proportion_arm(3, 10) == pytest.approx((10, rows.mean(), rows.var(ddof=1)))
    assert lift.proportion_arm(1, 1) == (1, 1.0, 0.0)
    with pytest.raises(ValueError, match="needs"):
        lift.proportion_arm(3, 2)


def test_margins_are_one_sided_t_tests():
    rng = np.random.default_rng(1)
    a, b = rng.normal(10.0, 2.0, 80), rng.normal(10.1, 3.0, 120)
    found = lift.mean_difference(*(Arm(len(x), x.mean(), x.var(ddof=1)) for x in (a, b)), 0.95)
    shifted = stats.ttest_ind(a + 0.5, b, equal_var=False, alternative="greater")
    assert margins.noninferiority(found, 0.5).p == pytest.approx(shifted.pvalue)
    over = stats.ttest_ind(a - 0.2, b, equal_var=False, alternative="greater")
    assert margins.superiority(found, 0.2).p == pytest.approx(over.pvalue)
    below = stats.ttest_ind(a - 0.5, b, equal_var=False, alternative="less")
    assert margins.equivalence(found, 0.5).p == pytest.approx(max(shifted.pvalue, below.pvalue))
    lower = margins.noninferiority(found, 0.5, higher_is_better=False)
    assert lower.p == pytest.approx(below.pvalue)
    assert lower.bound == found.high


@pytest.mark.parametrize("margin", [0.1, 0.3, 1.0, 3.0])
def test_margin_and_interval_agree(margin):
    found = lift.mean_difference(Arm(80, 10.0, 4.0), Arm(120, 10.1, 9.0), 0.95)
    test = margins.noninferiority(found, margin)
    assert test.shown == (found.low > -margin) == (test.p < 0.025)
    both = margins.equivalence(found, margin)
    assert both.shown == (found.low > -margin and found.high < margin) == (both.p < 0.025)


def test_equivalence_needs_both_ends_of_a_lopsided_interval():
    lopsided = Lift(0.0, -0.2, 0.9, 0.2, math.inf, 0.0, 1.0, "newcombe")
    assert not margins.equivalence(lopsided, 0.5).shown
    assert margins.equivalence(lopsided, 1.0).shown


def test_superiority_without_a_margin_is_half_the_two_sided_test():
    found = lift.mean_difference(Arm(80, 11.0, 4.0), Arm(120, 10.1, 9.0), 0.95)
    assert margins.superiority(found, 0.0).p == pytest.approx(found.p / 2)


@pytest.mark.parametrize(("k1", "n1", "k0", "n0", "margin"), [(90, 100, 92, 110, 0.1), (3, 50, 4, 200, 0.08)])
def test_noninferior_proportions_by_the_likeliest_pair(k1, n1, k0, n0, margin):
    """The proportions just a margin apart are those that SciPy's maximiser finds."""

    def surprise(p1):
        p0 = p1 + margin
        return -(k1 * np.log(p1) + (n1 - k1) * np.log1p(-p1) + k0 * np.log(p0) + (n0 - k0) * np.log1p(-p0))

    p1 = optimize.minimize_scalar(surprise, bounds=(1e-9, 1 - margin - 1e-9), options={"xatol": 1e-12}).x
    se = math.sqrt(p1 * (1 - p1) / n1 + (p1 + margin) * (1 - p1 - margin) / n0)
    found = margins.noninferior_proportions(k1, n1, k0, n0, margin, 0.95)
    assert found.statistic == pytest.approx((k1 / n1 - k0 / n0 + margin) / se, rel=1e-6)
    assert found.p == pytest.approx(stats.norm.sf(found.statistic), rel=1e-6)
    assert found.shown == (found.p < 0.025)


def test_noninferiority_of_a_rate_that_should_be_low():
    low = margins.noninferior_proportions(10, 200, 12, 220, 0.04, 0.95, higher_is_better=False)
    high = margins.noninferior_proportions(190, 200, 208, 220, 0.04, 0.95)
    assert low.p == pytest.approx(high.p)
    assert (low.bound, high.bound) == (0.04, -0.04)


def test_noninferiority_of_arms_without_successes():
    found = margins.noninferior_proportions(0, 50, 0, 50, 0.05, 0.95)
    assert 0.0 < found.p < 1.0


@pytest.mark.parametrize(
    "asked",
    [
        lambda: margins.noninferiority(Lift(0, -1, 1, 1, math.inf, 0, 1, ""), 0.0),
        lambda: margins.superiority(Lift(0, -1, 1, 1, math.inf, 0, 1, ""), -0.1),
        lambda: margins.equivalence(Lift(0, -1, 1, 1, math.inf, 0, 1, ""), math.inf),
        lambda: margins.noninferior_proportions(3, 2, 0, 5, 0.1, 0.95),
        lambda: margins.noninferior_proportions(1, 2, 0, 5, 1.0, 0.95),
    ],
)
def test_margins_that_mean_nothing(asked):
    with pytest.raises(ValueError, match=r"margin|needs"):
        asked()
