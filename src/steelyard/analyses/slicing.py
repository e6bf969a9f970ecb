"""Which rows a slice holds, and how to find its cells in a table of facts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Among, Binned, Bucket, Category, CutGrid, Fact, FactTable, Key, Window, text
from steelyard.facts.windows import start_of
from steelyard.records import Slice

MOST_SLICES = 50
"""Values of one slice column that are read; the largest are kept."""


@dataclass(frozen=True)
class SliceBy:
    """A column, or the intersection of several, that rows are sliced by; no keys: all rows."""

    keys: tuple[Category | Binned | Among | Window, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(key.column for key in self.keys)

    def within(self, bucket: Bucket | None) -> tuple[Key, ...]:
        """The `by` of a fact: the cluster bucket first, where there are clusters."""
        return self.keys if bucket is None else (bucket, *self.keys)


ALL_ROWS = SliceBy()


def slices_of(by: SliceBy, fact: Fact, table: FactTable) -> tuple[list[tuple[Slice, NDArray[np.bool_]]], int]:
    """Return the largest slices with the cells of each, and how many smaller ones were left out; of windows all."""
    if not by.keys:
        return [(Slice(), np.ones(len(table), dtype=bool))], 0
    places = [fact.keys.index(key) for key in by.keys]
    codes = table.codes[:, places]
    distinct, which = np.unique(codes, axis=0, return_inverse=True)
    which = which.ravel()
    rows = np.bincount(which, weights=table.sums[:, 0], minlength=len(distinct))
    order = np.argsort(-rows, kind="stable")
    most = len(order) if any(isinstance(key, Window) for key in by.keys) else MOST_SLICES
    kept = np.sort(order[:most])
    named = [(Slice.of(dict(_names(by, table, places, distinct[i]))), which == i) for i in kept.tolist()]
    return named, len(distinct) - len(kept)


def without_each_bucket(fact: Fact, table: FactTable) -> list[FactTable]:
    """The table with each cluster bucket left out in turn; the bucket is the first key."""
    if not isinstance(fact.keys[0], Bucket):
        return []
    buckets = table.codes[:, 0]
    return [table.where(buckets != b) for b in np.unique(buckets)]


def _names(by: SliceBy, table: FactTable, places: list[int], codes: NDArray[np.int64]) -> Iterator[tuple[str, str]]:
    for key, place, code in zip(by.keys, places, codes.tolist(), strict=True):
        match key:
            case Binned(grid=CutGrid() as grid):
                yield key.column, grid.name(code)
            case Among():
                yield key.column, key.name(code)
            case Window():
                yield key.column, start_of(key, code)
            case _:
                yield key.column, text(table.levels[place][code])
