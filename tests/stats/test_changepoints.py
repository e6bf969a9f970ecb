"""Changes of level: where, how sure, and how rarely by chance."""

import itertools
import math

import numpy as np
import pytest

from steelyard.stats import changepoints


def series(seed, *parts):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(level, 1.0, n) for level, n in parts])


def test_two_changes_with_their_levels():
    x = series(1, (0.0, 40), (2.5, 30), (0.0, 30))
    found = changepoints.levels(x, np.ones(100), 0.01)
    assert [c.at for c in found] == pytest.approx([40, 70], abs=2)
    assert [c.before for c in found] == pytest.approx([0.0, 2.5], abs=0.4)
    assert [c.after for c in found] == pytest.approx([2.5, 0.0], abs=0.4)
    for change, truth in zip(found, (40, 70), strict=True):
        assert change.low <= truth <= change.high
        assert change.p < 1e-6


def test_the_best_levels_are_found_exactly():
    x = series(3, (0.0, 5), (3.0, 4), (0.5, 5))
    v = np.linspace(0.5, 1.5, 14)
    penalty = changepoints.largest_gain(0.2, 14)

    def cost(ends):
        parts = zip((0, *ends), (*ends, 14), strict=True)
        return sum(
            np.sum((x[a:b] - np.average(x[a:b], weights=1 / v[a:b])) ** 2 / v[a:b]) for a, b in parts
        ) + penalty * len(ends)

    choices = [
        ends
        for k in range(4)
        for ends in itertools.combinations(range(3, 12), k)
        if all(b - a >= 3 for a, b in itertools.pairwise((0, *ends, 14)))
    ]
    assert tuple(c.at for c in changepoints.levels(x, v, 0.2)) == min(choices, key=cost)


def test_windows_of_many_rows_count_for_more():
    x = np.concatenate([np.zeros(10), np.ones(10)])
    sharp = changepoints.levels(x, np.full(20, 0.05), 0.01)
    assert [c.at for c in sharp] == [10]
    assert changepoints.levels(x, np.full(20, 5.0), 0.01) == []


def test_location_holds_the_truth_as_often_as_it_says():
    held = []
    for seed in range(300):
        found = changepoints.levels(series(seed, (0.0, 40), (2.0, 40)), np.ones(80), 0.05, confidence=0.9)
        near = min(found, key=lambda c: abs(c.at - 40))
        held.append(near.low <= 40 <= near.high)
    assert np.mean(held) >= 0.87


@pytest.mark.parametrize(("n", "df"), [(20, math.inf), (60, 30.0), (365, 200.0)])
def test_gain_and_chance_are_each_others_inverse(n, df):
    gain = changepoints.largest_gain(0.01, n, df)
    assert changepoints.gain_p(gain, n, df) == pytest.approx(0.01, rel=1e-6)
    assert changepoints.gain_p(0.0, n, df) == 1.0


def test_estimated_variance_asks_for_more():
    assert changepoints.largest_gain(0.01, 60, 10.0) > changepoints.largest_gain(0.01, 60)


def test_stable_series_show_changes_no_more_often_than_stated():
    rng = np.random.default_rng(5)
    found = [bool(changepoints.levels(rng.normal(size=60), np.ones(60), 0.05)) for _ in range(1_000)]
    assert 0.01 <= np.mean(found) <= 0.06


def test_difference_variance_sees_through_changes():
    x = series(7, (0.0, 2_000), (5.0, 2_000))
    assert changepoints.difference_variance(x, np.full(4_000, 0.25)) == pytest.approx(0.75, abs=0.06)
    assert changepoints.difference_variance(x, np.full(4_000, 9.0)) == 0.0


def test_a_spike_is_no_level():
    x = series(8, (0.0, 60))
    x[30] += 30
    assert changepoints.levels(x, np.ones(60), 0.01)
    calm = changepoints.despiked(x, 1.0)
    assert changepoints.levels(calm, np.ones(60), 0.01) == []
    assert calm[29] == x[29]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_short_series_have_no_changes(n):
    assert changepoints.levels(np.arange(n) * 100.0, np.ones(n), 0.05) == []
    assert changepoints.despiked(np.arange(n), 1.0).tolist() == list(range(n)) or n == 5


@pytest.mark.parametrize(
    "asked",
    [
        lambda: changepoints.levels([1.0, 2.0], [1.0], 0.05),
        lambda: changepoints.levels(np.zeros(9), np.zeros(9), 0.05),
        lambda: changepoints.levels(np.zeros(9), np.ones(9), 1.5),
        lambda: changepoints.gain_p(1.0, 4),
        lambda: changepoints.largest_gain(0.0, 10),
        lambda: changepoints.largest_gain(0.1, 4),
        lambda: changepoints.difference_variance([1.0], [1.0]),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"needs|must"):
        asked()
