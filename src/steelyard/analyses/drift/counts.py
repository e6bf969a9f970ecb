"""Rows of one column by level in two data sets, on the same levels, and their moderate number of bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Binned, Category, Fact, FactTable, Key, measure_index
from steelyard.facts.grids import MISSING
from steelyard.facts.levels import Level
from steelyard.facts.table import OVERFLOW

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
BINS = 20
"""Groups of about equal size, by the reference, that a number is cut into; what lies outside is one each side."""
COMMONEST = 50
"""Values that are bins of their own; the rest are one."""
EXPECTED = 5.0
"""Rows that a bin must be expected to have on the smaller side: with fewer, chi-square is no good approximation."""


@dataclass(frozen=True)
class Counts:
    """A column by level.

    Attributes:
        key: what the levels are levels of.
        levels: bins in order, or values; missing is MISSING or None.
        now, then: rows by level, of the current and the reference data; with weights scaled to as many rows.
        design: by how much weights or clusters make the shares vary more than as many independent rows, now and then.
    """

    key: Key
    levels: tuple[Level, ...]
    now: Floats
    then: Floats
    design: tuple[float, float] = (1.0, 1.0)

    @property
    def ordered(self) -> bool:
        """Whether levels are bins of a number, so that neighbours are alike."""
        return isinstance(self.key, Binned)

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Which level is that of missing values."""
        return np.array([level is None or level == MISSING for level in self.levels], dtype=bool)

    @property
    def rows(self) -> tuple[float, float]:
        """Rows now and then."""
        return float(self.now.sum()), float(self.then.sum())


def counts(fact: Fact, now: FactTable, then: FactTable) -> Counts | None:
    """Both tables on the same levels; None where a count of values was given up, or a side has no rows."""
    levels = union_of_levels(fact, (now, then))
    if OVERFLOW in levels:
        return None
    sides = [np.atleast_2d(by_level(fact, table, levels)[0]).sum(axis=0) for table in (now, then)]
    rows, weights, squares = (
        [float(t.sums[:, measure_index(fact, power)].sum()) for t in (now, then)] for power in (0, 1, 2)
    )
    if min(weights) <= 0.0:
        return None
    a, r = (side * n / w for side, n, w in zip(sides, rows, weights, strict=True))
    kish = tuple(n * s / w**2 for n, s, w in zip(rows, squares, weights, strict=True))
    return Counts(fact.keys[-1], levels, a, r, (kish[0], kish[1]))


def union_of_levels(fact: Fact, tables: Sequence[FactTable]) -> tuple[Level, ...]:
    """Levels of the last key in any of the tables: bins in order, values as they come."""
    if isinstance(fact.keys[-1], Category):
        return tuple(dict.fromkeys(level for table in tables for level in table.levels[-1]))
    codes = np.unique(np.concatenate([table.codes[:, -1] for table in tables]))
    return tuple(codes.tolist())


def by_level(fact: Fact, table: FactTable, levels: Sequence[Level]) -> tuple[Floats, Ints]:
    """Weight by level of the last key, for every code of the first; also those codes.

    Of shape (levels,) where the fact has one key only, else (codes of the first key, levels).
    """
    weight = table.sums[:, measure_index(fact, 1)]
    place = {level: i for i, level in enumerate(levels)}
    at = np.array([place[level] for level in table.values(len(fact.keys) - 1)], dtype=np.int64)
    if len(fact.keys) == 1:
        return np.bincount(at, weights=weight, minlength=len(levels)).astype(float), np.empty(0, dtype=np.int64)
    groups, group = np.unique(table.codes[:, 0], return_inverse=True)
    flat = np.bincount(group.ravel() * len(levels) + at, weights=weight, minlength=len(groups) * len(levels))
    return flat.reshape(len(groups), len(levels)).astype(float), groups


@dataclass(frozen=True)
class GroupedCounts:
    """A column by level within windows of time or buckets of clusters.

    Attributes:
        counts: the sums over all groups.
        now, then: rows by group and level.
        now_codes, then_codes: numbers of the groups.
    """

    counts: Counts
    now: Floats
    then: Floats
    now_codes: Ints
    then_codes: Ints

    @classmethod
    def of(cls, fact: Fact, now: FactTable, then: FactTable) -> GroupedCounts | None:
        """Both tables, of which the first key is the group; None where `counts` has none."""
        found = counts(fact, now, then)
        if found is None:
            return None
        (a, a_codes), (r, r_codes) = (by_level(fact, table, found.levels) for table in (now, then))
        a, r = (table * (rows / table.sum()) for table, rows in zip((a, r), found.rows, strict=True))
        return cls(found, a, r, a_codes, r_codes)

    def binned(self) -> tuple[Floats, Floats]:
        """Rows by group and bin, now and then."""
        bins = bins_of(self.counts)
        member = (bins[:, None] == np.arange(int(bins.max()) + 1)).astype(float)
        return self.now @ member, self.then @ member


def bins_of(column: Counts) -> Ints:
    """The bin of each level: at most 20 of a number, 50 values, and missing, below, above or all others beside them.

    Bins that would hold fewer than five expected rows, or what five independent rows tell, are pooled with a
    neighbour, or with the other rare ones.
    """
    n, m = column.rows
    expected = (column.now + column.then) * min(n, m) / (n + m) / max(column.design)
    missing = column.missing
    bins = np.empty(len(column.levels), dtype=np.int64)
    known = ~missing
    bins[known] = _numbers(column, known, expected) if column.ordered else _values(column, known, expected)
    if not missing.any():
        return bins
    if not known.any():
        return np.zeros_like(bins)
    if expected[missing].sum() >= EXPECTED:
        bins[missing] = bins[known].max() + 1
    else:
        held = np.bincount(bins[known], weights=expected[known])
        bins[missing] = int(np.argmin(held))
    return bins


def _numbers(column: Counts, known: NDArray[np.bool_], expected: Floats) -> Ints:
    then = column.then[known]
    held = np.flatnonzero(then)
    if not len(held):
        return np.zeros(len(then), dtype=np.int64)
    middle = np.cumsum(then) - then / 2.0
    bins = np.minimum((middle / then.sum() * BINS).astype(np.int64), BINS - 1) + 1
    bins[: held[0]] = 0
    bins[held[-1] + 1 :] = BINS + 1
    return _pooled_neighbours(bins, expected[known])


def _pooled_neighbours(bins: Ints, expected: Floats) -> Ints:
    """Join each bin with the next until both have enough; what remains at the end joins the last."""
    distinct, place = np.unique(bins, return_inverse=True)
    held = np.bincount(place.ravel(), weights=expected, minlength=len(distinct))
    joined = np.empty(len(distinct), dtype=np.int64)
    current, inside = 0, 0.0
    for i, rows in enumerate(held.tolist()):
        joined[i] = current
        inside += rows
        if inside >= EXPECTED:
            current, inside = current + 1, 0.0
    if inside < EXPECTED and current > 0:
        joined[joined == current] = current - 1
    return joined[place.ravel()]


def _values(column: Counts, known: NDArray[np.bool_], expected: Floats) -> Ints:
    n, m = column.rows
    share = (column.now / n + column.then / m)[known]
    rare = expected[known] < EXPECTED
    order = np.argsort(-share, kind="stable")
    kept = [i for i in order.tolist() if not rare[i]][:COMMONEST]
    bins = np.full(len(share), len(kept), dtype=np.int64)
    bins[kept] = np.arange(len(kept))
    others = float(expected[known][bins == len(kept)].sum())
    if kept and others < EXPECTED:
        bins[bins == len(kept)] = len(kept) - 1
    return bins
