"""From cells to the sums of groups: tables of label × decision, and sums of row values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.fairness.criteria import MISSING, Share
from steelyard.analyses.fairness.groups import Floats, Groups, Ints, bucket_cells, sums
from steelyard.analyses.fairness.values import Ratios
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Category, Cells, FactTable, Moments, text
from steelyard.metrics.problem import DECISION, LABEL

KINDS = MISSING + 1
"""Negative, positive, missing: of the label as of the decision."""


@dataclass(frozen=True)
class Tables:
    """Label × decision of every group.

    Attributes:
        weight, squares, rows: Σw, Σw² and rows, shape (groups, 3, 3); label by row, decision by column.
        buckets: Σw by cluster bucket, shape (buckets, groups, 3, 3).
    """

    weight: Floats
    squares: Floats
    rows: Floats
    buckets: Floats

    def ratios(self, share: Share) -> Ratios:
        """One share of every group."""
        top, bottom = _mask(share.top), _mask(share.bottom)

        def over(table: Floats, mask: NDArray[np.bool_]) -> Floats:
            return np.asarray(table[..., mask].sum(axis=-1), dtype=float)

        above, below = over(self.weight, top), over(self.weight, bottom)
        above2, below2 = over(self.squares, top), over(self.squares, bottom)
        value = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        scatter = above2 * (1 - value) ** 2 + (below2 - above2) * value**2
        return Ratios(
            above,
            below,
            np.divide(scatter, below**2, out=np.zeros_like(above), where=below > 0),
            np.divide(below**2, below2, out=np.zeros_like(above), where=below2 > 0),
            over(self.rows, bottom),
            over(self.buckets, top),
            over(self.buckets, bottom),
            self.buckets.sum(axis=(-2, -1)) > 0,
        )

    def above(self, share: Share) -> Floats:
        """Rows (not weights) that a share counts above the line, by group."""
        return np.asarray(self.rows[:, _mask(share.top)].sum(axis=-1), dtype=float)


def decisions_by(study: Study, by: SliceBy, suffix: str = "") -> Cells | None:
    """Label × decision by group; only one of the two where there is no other, None where there are no decisions."""
    problem = study.problem
    if not problem.decided or DECISION + suffix not in problem.columns:
        return None
    keys = tuple(Category(c + suffix) for c in (LABEL, DECISION) if c + suffix in problem.columns)
    return Cells(keys, by=by.within(study.bucket), weight=problem.weight)


def tables(groups: Groups, fact: Cells, table: FactTable, kinds: tuple[Ints, Ints]) -> Tables:
    """Label × decision of every group; `kinds` says of each cell what its label and its decision are."""
    cell = groups.places(fact, table)
    for kind in kinds:
        cell = np.where(cell >= 0, cell * KINDS + kind, -1)
    count = len(groups) * KINDS * KINDS
    shape = (len(groups), KINDS, KINDS)
    made = sums(fact, table, cell, count, [(1, ()), (2, ()), (0, ())])
    weight, squares, rows = (one.reshape(shape) for one in made)
    buckets, spread = bucket_cells(fact, table, cell, count)
    (by_bucket,) = sums(fact, table, spread, buckets * count, [(1, ())])
    return Tables(weight, squares, rows, by_bucket.reshape(buckets, *shape))


def against_rest(fact: Cells, table: FactTable, positive: str) -> tuple[Ints, Ints]:
    """Of each cell whether its label, and its decision, is one class: 1, another: 0, or missing: 2."""
    label, decision = (_levels(fact, table, name) for name in (LABEL, DECISION))
    return _is(label, positive), _is(decision, positive)


def right_or_wrong(fact: Cells, table: FactTable) -> tuple[Ints, Ints]:
    """Decisions as right (1) or wrong (0), of rows that all count as positive: recall is then the accuracy."""
    label, decision = (_levels(fact, table, name) for name in (LABEL, DECISION))
    known = (label != "") & (decision != "")
    return np.where(known, 1, MISSING).astype(np.int64), np.where(known, label == decision, MISSING).astype(np.int64)


def means_by(study: Study, by: SliceBy, values: tuple[str, ...], label: bool = False) -> Moments:
    """Sums of row values by group; with `label` by label too."""
    keys = by.within(study.bucket)
    if label:
        keys = (*keys, Category(LABEL))
    return Moments(values, by=keys, weight=study.problem.weight, cubes=False)


@dataclass(frozen=True)
class Sums:
    """Sums of one row value v of every group: Σw, Σw·v, Σw², Σw²·v, Σw²·v², rows; and the first two by bucket."""

    weight: Floats
    first: Floats
    squares: Floats
    first2: Floats
    second2: Floats
    rows: Floats
    weight_by_bucket: Floats
    first_by_bucket: Floats

    def __add__(self, other: Sums) -> Sums:
        """The sums over the rows of both."""
        return Sums(*(a + b for a, b in zip(self._all(), other._all(), strict=True)))

    def less(self, constant: float) -> Sums:
        """The sums of v − constant."""
        c = constant
        return Sums(
            self.weight,
            self.first - c * self.weight,
            self.squares,
            self.first2 - c * self.squares,
            self.second2 - 2 * c * self.first2 + c * c * self.squares,
            self.rows,
            self.weight_by_bucket,
            self.first_by_bucket - c * self.weight_by_bucket,
        )

    def constant(self, value: float) -> Sums:
        """The sums of what is `value` on each of the same rows."""
        v = value
        weight, squares = self.weight, self.squares
        by_bucket = self.weight_by_bucket
        return Sums(weight, v * weight, squares, v * squares, v * v * squares, self.rows, by_bucket, v * by_bucket)

    def ratios(self) -> Ratios:
        """The means."""
        mean = np.divide(self.first, self.weight, out=np.zeros_like(self.first), where=self.weight > 0)
        scatter = self.second2 - 2 * mean * self.first2 + mean**2 * self.squares
        return Ratios(
            self.first,
            self.weight,
            np.divide(scatter, self.weight**2, out=np.zeros_like(mean), where=self.weight > 0),
            np.divide(self.weight**2, self.squares, out=np.zeros_like(mean), where=self.squares > 0),
            self.rows,
            self.first_by_bucket,
            self.weight_by_bucket,
            self.weight_by_bucket > 0,
        )

    def _all(self) -> Iterator[Floats]:
        return (getattr(self, name) for name in self.__dataclass_fields__)


def value_sums(groups: Groups, fact: Moments, table: FactTable, place: int = 0, label: str | None = None) -> Sums:
    """Sums of one of a fact's values by group; of the rows of one label where `label` is given."""
    cell = groups.places(fact, table)
    if label is not None:
        wanted = [level is not None and text(level) == label for level in table.levels[len(fact.keys) - 1]]
        cell = np.where(np.array(wanted or [False])[table.codes[:, -1]], cell, -1)
    of = (place,)
    made = sums(
        fact,
        table,
        cell,
        len(groups),
        [(1, ()), (1, of), (2, ()), (2, of), (2, (place, place)), (0, ())],
    )
    buckets, spread = bucket_cells(fact, table, cell, len(groups))
    by_bucket = sums(fact, table, spread, buckets * len(groups), [(1, ()), (1, of)])
    return Sums(*made, *(s.reshape(buckets, len(groups)) for s in by_bucket))


def _levels(fact: Cells, table: FactTable, name: str) -> NDArray[np.str_]:
    """Each cell's class by its label or decision; "" where it is missing, or the fact has no such key."""
    for place in range(len(fact.by), len(fact.keys)):
        key = fact.keys[place]
        if isinstance(key, Category) and key.column.startswith(name):
            spelled = np.array(["" if level is None else text(level) for level in table.levels[place]] or [""])
            return spelled[table.codes[:, place]]
    return np.full(len(table), "")


def _is(levels: NDArray[np.str_], positive: str) -> Ints:
    return np.where(levels == "", MISSING, levels == positive).astype(np.int64)


def _mask(cells: frozenset[tuple[int, int]]) -> NDArray[np.bool_]:
    mask = np.zeros((KINDS, KINDS), dtype=bool)
    for cell in cells:
        mask[cell] = True
    return mask
