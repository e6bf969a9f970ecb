"""What is said to be certainly below the tolerance is: proposals by group against a population that is known."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from steelyard.improve import fixed, programme
from steelyard.improve.frontier import Question, Way, bounds, tried
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import criterion, weighted_accuracy
from steelyard.improve.selection import chosen
from steelyard.records import Estimate, Slice

pytestmark = pytest.mark.prove
Floats = NDArray[np.float64]
SCORES = np.round(np.arange(0.025, 1.0, 0.05), 3)
TOLERANCE, LEVEL = 0.06, 0.90


def population() -> Floats:
    """Probability of (group, label, score); shape (3, 2, scores)."""
    shares = np.array([0.5, 0.3, 0.2])
    logit = np.log(SCORES / (1 - SCORES))
    made = np.empty((3, 2, len(SCORES)))
    for group, (centre, off) in enumerate([(0.3, 0.0), (-0.3, 0.5), (-0.8, 0.3)]):
        weight = np.exp(-((logit - centre) ** 2) / 4)
        weight /= weight.sum()
        rate = 1 / (1 + np.exp(-(logit + off)))
        made[group, 1], made[group, 0] = shares[group] * weight * rate, shares[group] * weight * (1 - rate)
    return made


def cells(counts: Floats) -> GroupCells:
    group, label, place = (index.ravel() for index in np.indices(counts.shape))
    weight = counts.ravel().astype(float)
    return GroupCells(
        columns=({"column": "g"},),
        groups=tuple(Slice.of({"g": str(i)}) for i in range(3)),
        edges=SCORES,
        group=group,
        label=label,
        decision=(SCORES[place] >= 0.5).astype(np.int64),
        bin=place,
        weight=weight,
        square=weight,
        rows=weight,
        score=weight * SCORES[place],
        threshold=0.5,
    )


def true_gap(chances: Floats, people: Floats) -> float:
    recall = (people[:, 1] * chances[:3]).sum(axis=1) / people[:, 1].sum(axis=1)
    alarms = (people[:, 0] * chances[:3]).sum(axis=1) / people[:, 0].sum(axis=1)
    return float(max(np.ptp(recall), np.ptp(alarms)))


@pytest.mark.parametrize("way", [programme.learn, fixed.learn], ids=["mixed", "single"])
@pytest.mark.parametrize("rows", [4_000, 20_000])
def test_certainly_below_is_seldom_wrong(way: Way, rows: int) -> None:
    people = population()
    rng = np.random.default_rng(rows)
    said, wrong, above = 0, 0, 0
    for repetition in range(300):
        counts = rng.multinomial(rows, people.ravel()).reshape(people.shape)
        question = Question(
            cells(counts), (0, 1, 2), criterion("equalized_odds"), weighted_accuracy(), LEVEL, repetition
        )
        present = question.present()
        steps = tried(question, way, bounds(present, TOLERANCE))
        found = chosen(steps, present, TOLERANCE, rows)
        if not found.below or found.place is None:
            continue
        step = steps[found.place]
        true = true_gap(step.fitted.chances, people)
        said += 1
        wrong += true > TOLERANCE
        above += isinstance(step.gap, Estimate) and true > step.gap.high
    assert said > 250 or rows < 20_000
    assert above <= 0.1 * 300
    assert wrong <= 0.05 * 300 + 2 * np.sqrt(300 * 0.05 * 0.95)
