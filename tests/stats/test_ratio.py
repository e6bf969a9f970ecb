"""Ratios of means by the delta method."""

import numpy as np
import pytest
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import RatioOfMeans

from steelyard.stats import lift, ratio
from steelyard.stats.ratio import Joint


def drawn(seed, n, lift_by=0.0):
    rng = np.random.default_rng(seed)
    den = rng.poisson(4.0, n) + 1.0
    num = rng.poisson(den * (0.4 + lift_by)) * 1.0
    return np.column_stack([num, den])


def joint_of(rows):
    return ratio.joint(len(rows), rows.mean(axis=0), np.cov(rows.T))


def aggregates(rows):
    a, b = rows.T
    c = np.cov(a, b)
    return Aggregates(
        count_=len(rows),
        mean_={"a": a.mean(), "b": b.mean()},
        var_={"a": c[0, 0], "b": c[1, 1]},
        cov_={("a", "b"): c[0, 1]},
    )


def test_ratio_against_tea_tasting():
    control, treatment = drawn(1, 700), drawn(2, 650, 0.05)
    known = RatioOfMeans("a", "b").analyze_aggregates(aggregates(control), aggregates(treatment))
    arms = [ratio.arm_of(joint_of(rows), (0, 1)) for rows in (treatment, control)]
    found, share = lift.mean_difference(*arms, 0.95), lift.relative_lift(*arms, 0.95)
    assert (found.value, found.low, found.high) == pytest.approx(
        (known.effect_size, known.effect_size_ci_lower, known.effect_size_ci_upper)
    )
    assert found.p == pytest.approx(known.pvalue)
    assert (share.low, share.high) == pytest.approx((known.rel_effect_size_ci_lower, known.rel_effect_size_ci_upper))


def test_a_ratio_of_ones_is_a_mean():
    rows = drawn(3, 100)
    rows[:, 1] = 1.0
    assert ratio.arm_of(joint_of(rows), (0, 1)) == pytest.approx(ratio.arm_of(joint_of(rows), 0))


def test_linearised_keeps_what_variables_have_in_common():
    rows = drawn(4, 500)
    made = ratio.linearised(joint_of(rows), [(0, 1), 1, (0, 1)])
    r = rows[:, 0].mean() / rows[:, 1].mean()
    by_hand = (rows[:, 0] - r * rows[:, 1]) / rows[:, 1].mean()
    want = np.cov(np.column_stack([by_hand, rows[:, 1], by_hand]).T)
    assert made.covariance == pytest.approx(want)
    assert made.means == pytest.approx([r, rows[:, 1].mean(), r])


def test_together_is_all_rows_at_once():
    a, b, c = drawn(5, 40), drawn(6, 60), drawn(7, 3)
    whole = ratio.together([joint_of(x) for x in (a, b, c)])
    want = joint_of(np.vstack([a, b, c]))
    assert whole.n == want.n
    assert whole.means == pytest.approx(want.means)
    assert whole.covariance == pytest.approx(want.covariance)


def test_what_has_no_answer():
    zero = Joint(10.0, np.array([1.0, 0.0]), np.eye(2))
    with pytest.raises(ValueError, match="denominator"):
        ratio.arm_of(zero, (0, 1))
    with pytest.raises(ValueError, match="more than one"):
        ratio.joint(1, [0.0], [[1.0]])
    with pytest.raises(ValueError, match="k × k"):
        ratio.joint(5, [0.0, 1.0], [[1.0]])
    with pytest.raises(ValueError, match="finite"):
        ratio.joint(5, [np.nan], [[1.0]])
    with pytest.raises(ValueError, match="at least one"):
        ratio.together([])
