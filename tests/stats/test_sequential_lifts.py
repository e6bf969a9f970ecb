"""Differences that may be looked at all the time."""

import math

import numpy as np
import pytest

from steelyard.stats import lift, sequential
from steelyard.stats.lift import Arm


def test_anytime_interval_is_the_confidence_sequence():
    found = sequential.anytime(0.1, 1 / math.sqrt(1000), 1000, 0.95, 1000)
    assert (found.low, found.high) == pytest.approx(sequential.confidence_sequence(0.1, 1.0, 1000, 0.95, 1000))


@pytest.mark.parametrize("value", [0.05, 0.095, 0.0961, 0.3, -0.2])
def test_interval_and_p_value_agree(value):
    for level in (0.8, 0.95, 0.999):
        found = sequential.anytime(value, 1 / math.sqrt(1000), 1000, level, 5000)
        assert (found.low > 0.0 or found.high < 0.0) == (found.p < 1.0 - level)


def test_p_at_the_edge_is_alpha():
    half = sequential.critical(700, 0.95, 1000) * 0.3
    assert sequential.anytime(half, 0.3, 700, 0.95, 1000).p == pytest.approx(0.05)
    assert sequential.anytime(half + 2.0, 0.3, 700, 0.95, 1000, null=2.0).p == pytest.approx(0.05)


def test_critical_is_least_at_the_plan_for_its_information():
    """The limit is least near the plan; the half-width falls with n all the same."""
    limits = [sequential.critical(n, 0.95, 1000.0) for n in (10, 100, 1000, 10_000, 1e6)]
    assert min(limits) == sequential.critical(1000, 0.95, 1000.0) == pytest.approx(3.0352, abs=1e-4)
    widths = [c / math.sqrt(n) for c, n in zip(limits, (10, 100, 1000, 10_000, 1e6), strict=True)]
    assert widths == sorted(widths, reverse=True)


def test_a_difference_without_error():
    same, apart = (sequential.anytime(v, 0.0, 200, 0.95, 100) for v in (0.0, 0.4))
    assert (same.p, same.low, same.high) == (1.0, 0.0, 0.0)
    assert (apart.p, apart.low, apart.log_e) == (0.0, 0.4, math.inf)


def test_difference_of_arms_holds_all_along():
    rng = np.random.default_rng(4)
    missed = 0
    looks = range(100, 2_001, 100)
    for _ in range(150):
        a, b = rng.exponential(1.0, 2_000), rng.exponential(1.0, 2_000)
        found = []
        for n in looks:
            arms = (Arm(n, x[:n].mean(), x[:n].var(ddof=1)) for x in (a, b))
            gap = lift.mean_difference(*arms, 0.9)
            found.append(sequential.anytime(gap.value, gap.se, 2 * n, 0.9, 4_000).p)
        missed += min(found) < 0.1
    assert missed / 150 <= 0.1


@pytest.mark.parametrize(
    "asked",
    [
        lambda: sequential.critical(0, 0.95, 100),
        lambda: sequential.critical(10, 1.0, 100),
        lambda: sequential.anytime(0.0, -1.0, 10, 0.95, 100),
        lambda: sequential.anytime(0.0, 1.0, 10, 0.95, 0),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match="needs"):
        asked()
