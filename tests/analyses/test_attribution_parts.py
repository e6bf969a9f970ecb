"""The parts that causes are made of: base rates, faults, dates, and which feature tells a change."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from steelyard.analyses.attribution import dating
from steelyard.analyses.attribution.cubes import Cube, Pair
from steelyard.analyses.attribution.mechanisms import Game
from steelyard.analyses.attribution.offset import explained_by_offset, is_prior_shift, uniform_offset
from steelyard.analyses.attribution.segments import tell
from steelyard.analyses.attribution.tracing import most_telling
from steelyard.analyses.attribution.yardsticks import OfDecisions, OfLoss
from steelyard.analyses.features import Feature
from steelyard.analyses.overview import ColumnPlan
from steelyard.data import Kind
from steelyard.facts import Among
from steelyard.metrics import get
from steelyard.records import Event, Point, Series
from steelyard.stats.decomposition import shifted

GROUPS = 6
SCORE = (np.arange(GROUPS) + 0.5) / GROUPS
ROWS = 20_000.0
ACCURACY = OfDecisions(get("accuracy", "binary"), ("0", "1"), 1000)


def feature(name: str, segments: int) -> Feature:
    return Feature(ColumnPlan(name, Kind.TEXT, "feature"), Among(name, tuple("abcdefgh"[:segments])))


def table(share, mean, rate):
    """Expected rows by segment, score group, truth and decision, decided at one half."""
    share, mean = np.asarray(share, dtype=float), np.asarray(mean, dtype=float)
    groups = np.exp(-(((SCORE - mean[:, None]) / 0.25) ** 2))
    groups *= share[:, None] / groups.sum(axis=1, keepdims=True) * ROWS
    positive = np.broadcast_to(rate, groups.shape)
    made = np.zeros((*groups.shape, 2, 2))
    said = (SCORE >= 0.5).astype(int)
    for group in range(GROUPS):
        made[:, group, 0, said[group]] = (groups * (1 - positive))[:, group]
        made[:, group, 1, said[group]] = (groups * positive)[:, group]
    return made


def cube(weight):
    return Cube(weight, weight)


def pair(then, now, name="region"):
    return Pair(feature(name, len(then)), np.arange(len(then)), np.arange(GROUPS), cube(then), cube(now))


EVEN, MEAN = [0.25] * 4, [0.4, 0.45, 0.5, 0.55]


def test_the_offset_is_that_of_the_middle_segment():
    then = table(EVEN, MEAN, SCORE)
    now = table(EVEN, MEAN, shifted(SCORE, 0.5))
    assert uniform_offset(then, now) == pytest.approx(0.5, abs=0.01)
    flipped = np.tile(SCORE, (4, 1))
    flipped[1] = 1 - SCORE
    assert uniform_offset(then, table(EVEN, MEAN, flipped)) == pytest.approx(0.0, abs=0.01)
    many = np.stack([then, then]), np.stack([now, then])
    assert uniform_offset(*many) == pytest.approx([0.5, 0.0], abs=0.01)


def test_an_offset_is_told_from_a_flip_and_from_nothing():
    then = cube(table(EVEN, MEAN, SCORE))
    assert explained_by_offset(then, cube(table(EVEN, MEAN, shifted(SCORE, 0.5))))
    assert not explained_by_offset(then, cube(table(EVEN, MEAN, 1 - SCORE)))
    # Of a flip of all rows, some of it looks like an offset where positives are rare, but most does not.
    rare = 0.8 * SCORE
    assert not explained_by_offset(cube(table(EVEN, MEAN, rare)), cube(table(EVEN, MEAN, 1 - rare)))
    assert not explained_by_offset(then, then)


def test_an_offset_is_all_base_rate_and_no_concept():
    then, now = table(EVEN, MEAN, 0.8 * SCORE), table(EVEN, MEAN, shifted(0.8 * SCORE, 0.7))
    result = Game(pair(then, now)).shapley(ACCURACY)
    effects = {share.mechanism: share.effect for share in result.shares}
    assert effects["base rate"] == pytest.approx(sum(effects.values()), rel=0.02)
    assert abs(effects["base rate"]) > 0.01
    assert effects["concept"] == pytest.approx(0.0, abs=5e-4)


def test_a_prior_shift_is_told_from_an_offset_and_from_other_rows():
    weight = table(EVEN, MEAN, SCORE)
    prior = weight.copy()
    prior[:, :, 0] *= 0.3
    assert is_prior_shift(cube(weight), cube(prior))
    assert not is_prior_shift(cube(weight), cube(table(EVEN, MEAN, shifted(SCORE, 0.5))))
    assert not is_prior_shift(cube(weight), cube(table([0.05, 0.05, 0.1, 0.8], MEAN, SCORE)))
    assert not is_prior_shift(cube(weight), cube(weight * 3))


@pytest.mark.parametrize("seed", range(5))
def test_parts_add_up_whatever_the_tables(seed):
    rng = np.random.default_rng(seed)
    then, now = (rng.gamma(0.5, 50, size=(5, GROUPS, 2, 2)) for _ in range(2))
    then[1], now[2, 3] = 0.0, 0.0
    found = pair(then, now)
    for affected in (np.zeros(0, dtype=bool), np.array([True, False, False, True, False]), np.ones(5, dtype=bool)):
        for name in ("accuracy", "f1", "precision"):
            yard = OfDecisions(get(name, "binary"), ("0", "1"), 1000)
            result = Game(found, affected).shapley(yard)
            change = yard.value(found.now.joint, True) - yard.value(found.then.joint, False)
            assert sum(s.effect for s in result.shares) == pytest.approx(change, abs=1e-12)
            assert all(s.se >= 0 for s in result.shares)


@pytest.mark.parametrize("power", [1, 2])
def test_parts_of_a_mean_loss_add_up(power):
    rng = np.random.default_rng(3)
    made = []
    for _ in range(2):
        weight = rng.gamma(2.0, 20, size=(3, 4, 1, 1))
        made.append(Cube(weight, weight, rng.gamma(2.0, 1, size=weight.shape), np.ones(weight.shape)))
    found = Pair(feature("region", 3), np.arange(3), np.arange(4), *made)
    yard = OfLoss(get("rmse" if power == 2 else "mae", "regression"), power)
    result = Game(found).shapley(yard)
    assert {s.mechanism for s in result.shares} == {"mix", "scores", "concept"}
    change = yard.value(found.now.joint, True) - yard.value(found.then.joint, False)
    assert sum(s.effect for s in result.shares) == pytest.approx(change)


def test_a_fault_is_what_would_come_back():
    """A fifth of the rows is broken and always wrong: told is their error beyond that of the others."""
    then, now = table([0.5, 0.5, 0.0], MEAN[:3], SCORE), table([0.4, 0.4, 0.2], MEAN[:3], SCORE)
    right = now[2].sum(axis=1)
    now[2] = 0.0
    now[2, :, 0, 1], now[2, :, 1, 0] = right[:, 1], right[:, 0]
    result = Game(pair(then, now), np.array([False, False, True])).shapley(ACCURACY)
    sound = np.trace(then.sum(axis=(0, 1))) / ROWS
    assert result.shares[0].mechanism == "data fault"
    assert result.shares[0].effect == pytest.approx(-0.2 * sound)
    assert sum(abs(s.effect) for s in result.shares[1:]) == pytest.approx(0.0, abs=1e-9)


def test_standard_errors_of_two_tables_are_those_of_the_difference():
    then, now = table(EVEN, MEAN, SCORE), table(EVEN, MEAN, shifted(SCORE, -0.3))
    p = [np.trace(t.sum(axis=(0, 1))) / ROWS for t in (then, now)]
    expected = np.sqrt(sum(q * (1 - q) / ROWS for q in p))
    assert Game(pair(then, now)).shapley(ACCURACY).se == pytest.approx(expected, rel=0.15)


def test_the_feature_that_tells_is_the_one_that_moved_farthest():
    mean = [0.5, 0.6, 0.75, 0.9]
    then, now = table(EVEN, mean, SCORE), table([0.1, 0.1, 0.3, 0.5], mean, SCORE)
    # A coarse copy of the same column has the same mix, but it moved no farther.
    coarse = [np.stack([t[:2].sum(axis=0), t[2:].sum(axis=0)]) for t in (then, now)]
    told = tell([pair(*coarse, "coarse"), pair(then, now, "fine")], ACCURACY)
    assert most_telling(told).name == "fine"
    assert all(one.mix for one in told)


def test_a_segment_that_flipped_tells_more_than_any_mix():
    rate = np.tile(SCORE, (4, 1))
    rate[2] = 1 - SCORE
    then, now = table(EVEN, MEAN, SCORE), table([0.3, 0.2, 0.25, 0.25], MEAN, rate)
    other = [t.reshape(2, 2, *t.shape[1:]).sum(axis=1) for t in (then, now)]
    (other_told, told) = tell([pair(*other, "other"), pair(then, now)], ACCURACY)
    assert most_telling([other_told, told]) is told
    assert told.clear.tolist() == [False, False, True, False]


def series(days):
    points = tuple(Point(a, b, SimpleNamespace()) for a, b in pairwise(days))
    return Series("accuracy", "metric", points)


def test_events_near_the_onset():
    days = [f"2026-03-{day:02}" for day in range(1, 12)]
    events = (
        Event("2026-03-01", "deployment", "too early"),
        Event("2026-03-04", "schema change", "earlier"),
        Event("2026-03-05T20:00", "deployment", "v2"),
        Event("2026-03-06T05:00:00+00:00", "incident", "within"),
        Event("2026-03-07", "deployment", "too late"),
        Event("some day", "deployment", "no time"),
    )
    study = SimpleNamespace(series=(series(days),), events=events)
    found = dating.events_near(study, "accuracy", "2026-03-06")
    assert [event.title for event in found] == ["v2", "within", "earlier"]
    assert [dating.told(event, "2026-03-06") for event in found] == [
        "deployment 'v2' 4 hours before",
        "incident 'within' 5 hours later",
        "schema change 'earlier' 2 days before",
    ]
    assert dating.told(Event("2026-03-06", "", ""), "2026-03-06") == "event at that time"
    assert dating.events_near(study, "f1", "2026-03-06") == ()
    assert dating.events_near(study, "accuracy", "12") == ()


def test_no_series_no_date():
    assert dating.since(SimpleNamespace(series=()), "accuracy", -0.1) == ""
