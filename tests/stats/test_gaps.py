"""The largest of many differences, against SciPy's studentised range and brute force."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import gaps, intervals, ranges

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "fairness.json").read_text())["cases"]
}


@pytest.mark.parametrize("groups", [2, 3, 10, 60])
@pytest.mark.parametrize("far", [0.5, 2.0, 4.0, 7.0])
def test_range_p_is_the_studentised_range(groups, far):
    assert ranges.range_p(far, groups) == pytest.approx(stats.studentized_range.sf(far, groups, np.inf), abs=1e-9)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.999])
def test_pair_quantile_of_two_groups_is_the_normal_one(level):
    assert ranges.pair_quantile(2, level) == pytest.approx(intervals.quantile(level), rel=1e-9)
    assert ranges.pair_level(2, level) == pytest.approx(level)


def test_pair_quantile_of_many_groups():
    assert ranges.pair_quantile(10, 0.95) * math.sqrt(2) == pytest.approx(
        stats.studentized_range.ppf(0.95, 10, np.inf), rel=1e-6
    )
    assert ranges.pair_quantile(5000, 0.95) > ranges.pair_quantile(50, 0.95)


def test_far_tail_does_not_lose_its_digits():
    assert 0 < ranges.range_p(20.0, 10) < 1e-40


@pytest.mark.parametrize("groups", [2, 3, 7, 40])
@pytest.mark.parametrize("seed", range(5))
def test_worst_gap_is_the_largest_over_all_pairs(groups, seed):
    rng = np.random.default_rng(seed)
    x, errors = rng.normal(size=groups), rng.random((groups, 2))
    found = gaps.worst_gap(x, errors, 0.9)
    q = ranges.pair_quantile(groups, 0.9)
    difference = x[:, None] - x
    below, above = np.hypot(errors[:, None, 0], errors[:, 1]), np.hypot(errors[:, None, 1], errors[:, 0])
    pairs = ~np.eye(groups, dtype=bool)
    assert found.low == pytest.approx(max(0.0, (difference - q * below)[pairs].max()))
    assert found.high == pytest.approx((difference + q * above)[pairs].max())
    assert found.p == pytest.approx(ranges.range_p(math.sqrt(2) * (difference / below)[pairs].max(), groups))
    assert found.value == pytest.approx(np.ptp(x))
    assert (found.high_at, found.low_at) == (x.argmax(), x.argmin())
    assert (found.p < 0.1) == (found.low > 0)


def test_equal_groups_stay_two_groups():
    """Of two groups that are alike in all, the pair of one with itself is no pair."""
    found = gaps.worst_gap([0.5, 0.5], [0.1, 0.3], 0.95)
    assert (found.value, found.low, found.p) == (0.0, 0.0, 1.0)
    assert found.high == pytest.approx(intervals.quantile(0.95) * math.hypot(0.1, 0.3))


def test_two_groups_are_newcombe():
    (k, n), (j, m) = (56, 70), (48, 80)
    sides = [
        (p - low, high - p)
        for p, (low, high) in ((k / n, intervals.wilson(k / n, n, 0.95)), (j / m, intervals.wilson(j / m, m, 0.95)))
    ]
    found = gaps.worst_gap([k / n, j / m], np.array(sides) / intervals.quantile(0.95), 0.95)
    assert (found.low, found.high) == pytest.approx(intervals.newcombe(k, n, j, m, 0.95))


def test_certain_values():
    found = gaps.worst_gap([1.0, 2.0, 2.0], [0.0, 0.0, 0.0], 0.95)
    assert tuple(found)[:4] == (1.0, 1.0, 1.0, 0.0)


def test_many_groups_take_little_time():
    rng = np.random.default_rng(0)
    x, e = rng.normal(size=20_000), rng.random(20_000)
    found = gaps.worst_gap(x, e, 0.95)
    q = ranges.pair_quantile(20_000, 0.95)
    top = x - np.sort(x)[0]
    assert found.high >= (top + q * np.hypot(e, e[x.argmin()])).max() - 1e-12


def test_pairs_are_taken_in_parts(monkeypatch):
    rng = np.random.default_rng(3)
    x = np.sort(rng.normal(size=60))
    e = 0.5 - 0.4 * (x - x.min()) / np.ptp(x)
    whole = gaps.worst_gap(x, e, 0.95)
    monkeypatch.setattr(gaps, "MOST_PAIRS", 7)
    assert gaps.worst_gap(x, e, 0.95) == whole


@pytest.mark.parametrize(
    ("values", "errors", "word"),
    [
        ([1.0], [0.1], "at least two"),
        ([1.0, 2.0], [0.1], "shape"),
        ([1.0, math.nan], [0.1, 0.1], "finite"),
        ([1.0, 2.0], [0.1, -0.1], "at least 0"),
    ],
)
def test_worst_gap_refuses(values, errors, word):
    with pytest.raises(ValueError, match=word):
        gaps.worst_gap(values, errors, 0.95)


def test_range_refuses():
    with pytest.raises(ValueError, match="at least 0"):
        ranges.range_p(-1.0, 3)
    with pytest.raises(ValueError, match="at least two"):
        ranges.range_p(1.0, 1)
    with pytest.raises(ValueError, match="level"):
        ranges.pair_quantile(3, 1.0)


@pytest.mark.parametrize("errors", [[0.1, 0.1], [0.01, 0.1, 0.02, 0.3, 0.001], [0.05] * 30, [0.0, 0.1]])
def test_gap_by_chance_is_the_mean_range(errors):
    draws = np.random.default_rng(0).normal(size=(100_000, len(errors))) * errors
    assert ranges.gap_by_chance(errors) == pytest.approx(np.ptp(draws, axis=1).mean(), rel=0.01)


def test_gap_by_chance_at_its_ends():
    assert ranges.gap_by_chance([0.1, 0.1]) == pytest.approx(0.2 / math.sqrt(math.pi), rel=1e-4)
    assert ranges.gap_by_chance([0.0, 0.0]) == 0.0
    with pytest.raises(ValueError, match="finite"):
        ranges.gap_by_chance([0.1, math.inf])


def test_spread_beyond_chance_vector():
    case = CASES["between_group_variance"]
    k, n = (np.array(case["input"][name]) for name in "kn")
    x = k / n
    errors = np.sqrt(x * (1 - x) / (n - 1))
    assert x.var(ddof=1) == pytest.approx(case["expected"]["plug_in_var"], rel=1e-9)
    assert gaps.spread_beyond_chance(x, errors) ** 2 == pytest.approx(case["expected"]["corrected_var"], abs=1e-12)
    assert gaps.spread_beyond_chance([0.0, 1.0], [0.1, 0.1]) ** 2 == pytest.approx(0.5 - 0.01)
    with pytest.raises(ValueError, match="shape"):
        gaps.spread_beyond_chance([0.0, 1.0], [0.1])


def test_gaps_to_one_group_are_mover():
    rng = np.random.default_rng(1)
    x = rng.random(6)
    low, high = x - rng.random(6) * 0.1, x + rng.random(6) * 0.1
    gap, down, up = gaps.gaps_to(x, low, high, 2)
    for i in (0, 1, 3, 4, 5):
        assert (down[i], up[i]) == pytest.approx(
            intervals.mover_difference(x[i], low[i], high[i], x[2], low[2], high[2])
        )
        assert gap[i] == pytest.approx(x[i] - x[2])
    with pytest.raises(ValueError, match="shape"):
        gaps.gaps_to(x, low, high[:2], 0)
