"""Groups of an attribute, or of several that cross, and the sums of each from the cells of any fact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Bucket, CutGrid, Fact, FactTable, measure_index, text
from steelyard.facts.levels import MISSING_TEXT
from steelyard.records import Slice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Names = tuple[str, ...]

DEPTH = 3
"""Attributes that cross in an intersection."""
MOST_CROSSED = 6
"""Attributes that are crossed with each other; of more, the first."""
MOST_GROUPS = 5_000
"""Groups of one intersection that are read; the largest are kept."""


def attributes(study: Study) -> Iterator[SliceBy]:
    """Each sensitive attribute, then intersections of two and of three."""
    yield from study.sensitive
    for depth in range(2, DEPTH + 1):
        for several in combinations(study.sensitive[:MOST_CROSSED], depth):
            yield SliceBy(tuple(key for one in several for key in one.keys))


@dataclass(frozen=True)
class Groups:
    """The groups of one attribute or intersection, in the order of their names.

    Attributes:
        by: the keys that tell them.
        names: the values of each group, one a key.
        rows: rows of each.
        unknown: rows whose attribute is not known; they are in no group.
        left_out: groups beyond those that are read.
    """

    by: SliceBy
    names: tuple[Names, ...]
    rows: Ints
    unknown: int = 0
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def slices(self) -> tuple[Slice, ...]:
        """The groups as slices."""
        return tuple(Slice.of(dict(zip(self.by.columns, name, strict=True))) for name in self.names)

    @property
    def largest(self) -> int:
        """Place of the group with most rows."""
        return int(self.rows.argmax())

    def places(self, fact: Fact, table: FactTable) -> Ints:
        """The group of each cell; −1 for cells of none."""
        names, which = named(self.by, fact, table)
        place = {name: i for i, name in enumerate(self.names)}
        return np.array([place.get(name, -1) for name in names], dtype=np.int64)[which]


def groups_of(by: SliceBy, fact: Fact, table: FactTable) -> Groups:
    """The groups that a fact's cells belong to; a missing value of an attribute makes no group."""
    names, which = named(by, fact, table)
    rows = np.bincount(which, weights=table.sums[:, 0], minlength=len(names)).astype(np.int64)
    known = np.array([MISSING_TEXT not in name for name in names], dtype=bool) & (rows > 0)
    order = np.flatnonzero(known)
    kept = np.sort(order[np.argsort(-rows[order], kind="stable")[:MOST_GROUPS]])
    return Groups(
        by,
        tuple(names[i] for i in kept.tolist()),
        rows[kept],
        unknown=int(rows[~known].sum()),
        left_out=len(order) - len(kept),
    )


def named(by: SliceBy, fact: Fact, table: FactTable) -> tuple[list[Names], Ints]:
    """The values of the keys, each combination once, and which of them each cell has."""
    keys = [fact.keys.index(key) for key in by.keys]
    distinct, which = np.unique(table.codes[:, keys], axis=0, return_inverse=True)
    spelled = [
        [_spelled(key, table, place, code) for code in distinct[:, i].tolist()]
        for i, (key, place) in enumerate(zip(by.keys, keys, strict=True))
    ]
    return list(zip(*spelled, strict=True)), which.ravel().astype(np.int64)


def sums(
    fact: Fact, table: FactTable, cell: Ints, cells: int, wanted: Sequence[tuple[int, tuple[int, ...]]]
) -> list[Floats]:
    """Sums of measures, given as (weight power, factors), by cell of another, coarser table; −1 belongs to none."""
    kept = cell >= 0
    at = cell[kept]
    return [
        np.bincount(at, weights=table.sums[kept, measure_index(fact, *one)], minlength=cells).astype(float)
        for one in wanted
    ]


def bucket_cells(fact: Fact, table: FactTable, cell: Ints, cells: int) -> tuple[int, Ints]:
    """How many cluster buckets there are, and bucket × cell of each cell; none where rows are independent."""
    if not fact.keys or not isinstance(fact.keys[0], Bucket):
        return 0, np.full_like(cell, -1)
    found, bucket = np.unique(table.codes[:, 0], return_inverse=True)
    return len(found), np.where(cell >= 0, bucket.ravel() * cells + cell, -1).astype(np.int64)


def _spelled(key: object, table: FactTable, place: int, code: int) -> str:
    if isinstance(key, Binned) and isinstance(key.grid, CutGrid):
        return key.grid.name(code)
    return text(table.levels[place][code])
