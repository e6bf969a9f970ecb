"""Rows by group, label, deployed decision and score bin: all that rules for groups are learned from and judged by."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Bucket, Category, Cells, CutGrid, FactTable, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.records import DataError, Slice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CURRENT = "current"


@dataclass(frozen=True)
class GroupCells:
    """Cells of equal rows; every array but `edges` has one value a cell.

    Attributes:
        columns: the columns that tell the group, as a policy writes them: {"column": "age", "cuts": [30, 50]}.
        groups: the groups that have cells of their own, the largest `MOST_SLICES`.
        edges: from which score each bin begins, ascending, shape (bins,).
        group: place of the cell's group; len(groups) for the groups beyond those.
        label, decision: 1 or 0.
        bin: place of its score's bin.
        weight, square, rows: Σw, Σw² and rows.
        score: Σw·score.
        bucket: its cluster bucket; None for independent rows.
        threshold: the score from which on decisions are positive; None where they are not made by one.
        unit: whether scores lie in [0, 1].
        left_out: how many groups are beyond those of `groups`.
    """

    columns: tuple[dict[str, object], ...]
    groups: tuple[Slice, ...]
    edges: Floats
    group: Ints
    label: Ints
    decision: Ints
    bin: Ints
    weight: Floats
    square: Floats
    rows: Floats
    score: Floats
    bucket: Ints | None = None
    threshold: float | None = None
    unit: bool = True
    left_out: int = 0

    @property
    def bins(self) -> int:
        """How many score bins there are."""
        return len(self.edges)

    @property
    def places(self) -> int:
        """How many places of groups there are, with that of the groups beyond."""
        return len(self.groups) + 1

    def table(self, weight: Floats | None = None) -> Floats:
        """Weight by group, label and bin; shape (places, 2, bins)."""
        flat = (self.group * 2 + self.label) * self.bins + self.bin
        used = self.weight if weight is None else weight
        return added(flat, used, self.places * 2 * self.bins).reshape(self.places, 2, self.bins)

    def counts(self) -> Floats:
        """Rows by group and label; shape (places, 2)."""
        return added(self.group * 2 + self.label, self.rows, self.places * 2).reshape(self.places, 2)

    def mean_scores(self) -> Floats:
        """Mean score of each bin, its left edge where it is empty; shape (bins,)."""
        weight, total = added(self.bin, self.weight, self.bins), added(self.bin, self.score, self.bins)
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), self.edges)

    def named(self, place: int) -> dict[str, str]:
        """A group as a policy writes it."""
        return self.groups[place].as_dict()


def added(place: Ints, values: Floats, size: int) -> Floats:
    """Sum values by place; shape (size,)."""
    return np.bincount(place, weights=values, minlength=size).astype(float)


def fact_of(study: Study, by: SliceBy) -> Cells:
    """The fact that the cells are read from; metrics by slice ask for the same."""
    return msgspec.structs.replace(study.problem.cells(), by=by.within(study.bucket))


def cells_of(study: Study, by: SliceBy) -> GroupCells:
    """Read the cells of one attribute, or intersection of several, of the current data.

    Raises:
        DataError: there is no yes-or-no problem with labels, scores and decisions.
    """
    _require(study)
    fact = fact_of(study, by)
    if fact not in study.profiles[CURRENT]:
        raise DataError(f"The rows were not counted by {' × '.join(by.columns)}.")
    table = study.profiles[CURRENT][fact]
    made = _read(fact, table, by, study)
    threshold = study.problem.threshold
    return replace(made, threshold=_implied(made) if threshold is None else threshold, unit=study.problem.probability)


def _require(study: Study) -> None:
    problem = study.problem
    if problem.task != "binary":
        raise DataError(
            f"Decisions are improved by group for yes-or-no problems; this one is {problem.task}. "
            "Say --positive to hold one class against the rest."
        )
    if not problem.scored:
        raise DataError("There is no score, so no other threshold can be tried. Give the column by --score.")
    if not problem.decided:
        raise DataError("There are no decisions to hold others against. Give --threshold or --prediction.")


def _read(fact: Cells, table: FactTable, by: SliceBy, study: Study) -> GroupCells:
    first = len(fact.by)
    named, left_out = slices_of(by, fact, table)
    group = np.full(len(table), len(named), dtype=np.int64)
    for place, (_, cells) in enumerate(named):
        group[cells] = place
    label, decision = _truth(table, first), _truth(table, first + 1)
    bins, edges = _bins(fact, table)
    known = (label >= 0) & (decision >= 0) & (bins >= 0) & (table.sums[:, measure_index(fact, 1)] > 0)
    used, at = np.unique(bins[known], return_inverse=True)
    sums = table.sums[known]
    return GroupCells(
        columns=tuple(_column(key) for key in by.keys),
        groups=tuple(where for where, _ in named),
        edges=edges[used],
        group=group[known],
        label=label[known],
        decision=decision[known],
        bin=np.asarray(at.ravel(), dtype=np.int64),
        weight=sums[:, measure_index(fact, 1)],
        square=sums[:, measure_index(fact, 2)],
        rows=sums[:, measure_index(fact, 0)],
        score=sums[:, measure_index(fact, 1, (0,))],
        bucket=table.codes[known, 0] if isinstance(fact.keys[0], Bucket) and study.bucket is not None else None,
        left_out=left_out,
    )


def _truth(table: FactTable, key: int) -> Ints:
    """1 or 0 by cell, −1 where it is missing."""
    known = {"1": 1, "0": 0}
    lookup = [-1 if level is None else known.get(text(level), -1) for level in table.levels[key]] or [-1]
    return np.array(lookup, dtype=np.int64)[table.codes[:, key]]


def _bins(fact: Cells, table: FactTable) -> tuple[Ints, Floats]:
    """Place of each cell's score bin, −1 where it is missing; and from which score each begins."""
    key, codes = fact.keys[-1], table.codes[:, -1]
    if isinstance(key, Binned):
        bins, place = np.unique(codes, return_inverse=True)
        left = key.grid.edges(bins)[0]
        return np.where(codes == MISSING, -1, place.ravel()), left
    numbers = np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in table.levels[-1]])
    order = np.argsort(numbers, kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.where(np.isnan(numbers), -1, rank)[codes] if len(numbers) else codes, numbers[order]


def _column(key: object) -> dict[str, object]:
    match key:
        case Binned(column=column, grid=CutGrid(cuts=cuts)):
            return {"column": column, "cuts": list(cuts)}
        case Category(column=column):
            return {"column": column}
        case _:
            raise DataError(f"Groups are told by values or by ranges of numbers, not by {key!r}.")


def _implied(cells: GroupCells) -> float | None:
    """The threshold that decisions follow, where they follow one but for the bin that it cuts."""
    no, yes = (cells.bin[cells.decision == decision] for decision in (0, 1))
    if not len(no) or not len(yes) or no.max() > yes.min():
        return None
    return float(cells.edges[yes.min()])
