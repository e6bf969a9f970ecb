"""What a rule would do to rows that did not choose it, for every gap that may be allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import bucket_shares, row_shares
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import Criterion, Objective
from steelyard.improve.outcomes import Sums, gap, outcome, sums_of
from steelyard.improve.training import Fitted, Learned, Training
from steelyard.records import Estimate, Outcome, Step

Floats = NDArray[np.float64]
Way = Callable[[Training], Learned]
STEPS = 8
"""Parts that the gap as it is now is divided into."""
BELOW = (0.25, 0.5, 0.75)
"""Parts of the tolerance that are asked for as well."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of one attribute.

    Attributes:
        cells: the rows.
        scope: places of the groups that have enough rows to be given rules of their own, and to be compared.
        criterion: the rates that are to be alike.
        objective: what is kept high.
        level: nominal coverage.
        seed: of the folds.
    """

    cells: GroupCells
    scope: tuple[int, ...]
    criterion: Criterion
    objective: Objective
    level: float
    seed: int

    def training(self, weight: Floats | None = None) -> Training:
        """What is learned from, with some of the weight."""
        return Training(self.cells, self.cells.table(weight), self.scope, self.criterion, self.objective)

    def present(self) -> Outcome:
        """The gap of the decisions as they are."""
        sums = sums_of(self.cells, self.cells.decision.astype(float))
        return gap(self.criterion, sums, self.scope, self.level, before=True)

    def sums(self, chances: Floats, share: Floats | None = None) -> Sums:
        """Sums over (a share of) the rows where decisions are made by chances of each group and bin."""
        cells = self.cells
        by_cell = chances[cells.group, cells.bin]
        if cells.threshold is not None:
            # Groups without a rule of their own are decided as they are now.
            by_cell = np.where(np.isin(cells.group, self.scope), by_cell, cells.decision)
        return sums_of(cells, by_cell, share)


@dataclass(frozen=True, eq=False)
class Tried:
    """One bound, tried on rows that did not learn from it."""

    bound: float
    fitted: Fitted
    sums: Sums
    quality: Outcome
    gap: Outcome

    @property
    def step(self) -> Step:
        """The same as a record."""
        return Step(self.bound, self.quality, self.gap, self.fitted.policy)


def bounds(present: Outcome, tolerance: float) -> list[float]:
    """Gaps to ask for, ascending: from none to what there is now, and some below the tolerance."""
    reach = present.value if isinstance(present, Estimate) else 0.0
    below = [tolerance * part for part in BELOW if tolerance * part < reach]
    return sorted({*below, *(reach * step / STEPS for step in range(STEPS + 1))})


def tried(question: Question, way: Way, allowed: Sequence[float]) -> list[Tried]:
    """Learn on four fifths of the rows and apply to the last, five times, for every bound; and learn on all rows.

    Where rows come in clusters whole clusters go to a fold. Bounds that no rule of the way can keep are left out, and
    those that it keeps only by deciding everyone alike.
    """
    shares = _shares(question)
    trainings = [question.training(question.cells.weight * (1 - share)) for share in shares]
    whole = question.training()
    if not all(training.complete for training in (whole, *trainings)):
        return []
    learned, final = [way(training) for training in trainings], way(whole)
    found = []
    for bound in allowed:
        fitted, parts = final(bound), [learn(bound) for learn in learned]
        if fitted is None or not all(part is not None for part in parts) or _alike(fitted, question.scope):
            continue
        sums = _added([question.sums(p.chances, s) for p, s in zip(parts, shares, strict=True) if p is not None])
        measure = question.objective.measure
        quality = outcome(measure.after, sums, measure, question.level)
        found.append(
            Tried(bound, fitted, sums, quality, gap(question.criterion, sums, question.scope, question.level))
        )
    return found


def _alike(fitted: Fitted, scope: Sequence[int]) -> bool:
    return float(np.ptp(fitted.chances[list(scope)])) == 0.0


def _shares(question: Question) -> list[Floats]:
    rng, cells = np.random.default_rng(question.seed), question.cells
    return list(row_shares(cells.rows, rng) if cells.bucket is None else bucket_shares(cells.bucket, rng))


def _added(sums: Sequence[Sums]) -> Sums:
    total = sums[0]
    for one in sums[1:]:
        total = total + one
    return total
