"""Which step of a frontier is proposed, and why none where none is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.improve.frontier import Tried
from steelyard.improve.outcomes import gap_change
from steelyard.records import Estimate, Outcome


@dataclass(frozen=True)
class Choice:
    """The step that is proposed.

    Attributes:
        place: its place in the frontier; None where none is proposed.
        below: whether its gap is certainly below the tolerance.
        change: its gap minus that of the decisions as they are.
        closest: place of the step whose gap has the lowest upper end.
        rows: about how many rows in all would tell that the closest is below the tolerance; None where none would.
    """

    place: int | None
    below: bool
    change: Outcome | None
    closest: int
    rows: int | None


def chosen(steps: Sequence[Tried], present: Outcome, tolerance: float, rows: int) -> Choice:
    """Choose the step that loses least of the quality among those whose gap is certainly below the tolerance.

    Steps are tested from the strictest on and the first that fails ends the row, so that trying many does not
    raise the chance of a wrong "certainly" (a fixed sequence needs no correction). Where none passes, the step of the
    lowest gap is proposed if it certainly narrows the gap, without being certainly below.

    Source: fixed-sequence testing, Maurer et al. 1995; as in Angelopoulos et al. 2021, "Learn then test".
    """
    passed: list[int] = []
    for place, step in enumerate(steps):
        if not (isinstance(step.gap, Estimate) and step.gap.high <= tolerance and _narrows(present, step.gap)):
            break
        passed.append(place)
    closest = min(range(len(steps)), key=lambda i: _high(steps[i].gap))
    needed = _rows_needed(steps[closest].gap, tolerance, rows)
    if passed:
        place = max(passed, key=lambda i: (_value(steps[i].quality), i))
        return Choice(place, True, gap_change(present, steps[place].gap), closest, needed)
    change = gap_change(present, steps[closest].gap)
    certain = isinstance(change, Estimate) and change.high < 0
    return Choice(closest if certain else None, False, change, closest, needed)


def _narrows(present: Outcome, after: Outcome) -> bool:
    change = gap_change(present, after)
    return isinstance(change, Estimate) and change.high < 0


def _rows_needed(gap: Outcome, tolerance: float, rows: int) -> int | None:
    """Rows in all until the upper end of the gap comes down to the tolerance, if the gap stays where it is."""
    if not isinstance(gap, Estimate) or gap.value >= tolerance or gap.high <= tolerance:
        return None
    return math.ceil(rows * ((gap.high - gap.value) / (tolerance - gap.value)) ** 2)


def _high(outcome: Outcome) -> float:
    return outcome.high if isinstance(outcome, Estimate) else math.inf


def _value(outcome: Outcome) -> float:
    return outcome.value if isinstance(outcome, Estimate) else -math.inf
