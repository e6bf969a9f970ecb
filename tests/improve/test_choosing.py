"""Which step of a frontier is proposed: the strictest first, up to the first that is not certainly below."""

from __future__ import annotations

import numpy as np
import pytest

from steelyard.improve.frontier import Question, Tried, bounds
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import AFTER, BEFORE, criterion, weighted_accuracy
from steelyard.improve.outcomes import Sums
from steelyard.improve.selection import chosen
from steelyard.improve.training import Fitted
from steelyard.records import Estimate, Slice, Undefined

NOTHING = Sums(np.zeros(0), np.zeros(0), np.zeros(0))
PRESENT = Estimate(0.20, 0.18, 0.22, 0.95, 1000, "mover")


def step(gap: tuple[float, float, float], quality: float) -> Tried:
    outcome = Estimate(*gap, 0.95, 1000, "mover")
    return Tried(gap[0], Fitted(np.zeros(0), {}), NOTHING, Estimate(quality, quality, quality, 0.95, 1, ""), outcome)


def test_the_best_quality_among_those_certainly_below() -> None:
    steps = [step((0.0, 0.0, 0.02), 0.7), step((0.02, 0.0, 0.04), 0.8), step((0.06, 0.04, 0.08), 0.9)]
    found = chosen(steps, PRESENT, 0.05, 1000)
    assert (found.place, found.below) == (1, True)


def test_the_first_that_fails_ends_the_row() -> None:
    steps = [step((0.0, 0.0, 0.02), 0.7), step((0.03, 0.0, 0.06), 0.8), step((0.02, 0.0, 0.04), 0.9)]
    assert chosen(steps, PRESENT, 0.05, 1000).place == 0


def test_none_certainly_below_but_certainly_narrower() -> None:
    steps = [step((0.04, 0.02, 0.06), 0.7), step((0.08, 0.06, 0.10), 0.8)]
    found = chosen(steps, PRESENT, 0.05, 1000)
    assert (found.place, found.below) == (0, False)
    assert found.rows == pytest.approx(1000 * (0.02 / 0.01) ** 2, abs=1)


def test_none_certainly_narrower() -> None:
    found = chosen([step((0.15, 0.0, 0.3), 0.9)], PRESENT, 0.05, 1000)
    assert found.place is None
    assert found.rows is None, "more rows would not bring a gap of 0.15 below 0.05"


def test_a_gap_that_is_not_known_is_no_success() -> None:
    one = Tried(0.0, Fitted(np.zeros(0), {}), NOTHING, PRESENT, Undefined("no rows"))
    assert chosen([one], PRESENT, 0.05, 1000).place is None


def test_groups_without_a_rule_are_decided_as_they_are() -> None:
    cells = GroupCells(
        columns=({"column": "g"},),
        groups=tuple(Slice.of({"g": name}) for name in "abc"),
        edges=np.array([0.1, 0.5, 0.9]),
        group=np.array([0, 1, 2, 2]),
        label=np.array([1, 0, 1, 0]),
        decision=np.array([1, 0, 0, 1]),
        bin=np.array([2, 0, 1, 1]),
        weight=np.ones(4),
        square=np.ones(4),
        rows=np.ones(4),
        score=np.array([0.9, 0.1, 0.6, 0.7]),
        threshold=0.5,
    )
    question = Question(cells, (0, 1), criterion("equalized_odds"), weighted_accuracy(), 0.95, 0)
    sums = question.sums(np.ones((4, 3)))
    changed = sums.first[:, :, AFTER] - sums.first[:, :, BEFORE]
    assert changed.tolist() == [[0, 0], [1, 0], [0, 0], [0, 0]]


def test_bounds_reach_from_none_to_the_gap_as_it_is_and_below_the_tolerance() -> None:
    found = bounds(PRESENT, 0.05)
    assert found[0] == 0
    assert found[-1] == pytest.approx(0.20)
    assert found == sorted(set(found))
    assert {0.0125, 0.025, 0.0375} <= set(np.round(found, 10))
    assert bounds(Undefined("one group"), 0.05) == [0.0]
