"""The counter of sketches: of all contents of a row, those with the smallest hashes, and how often each is there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from steelyard.facts.batch import Batch
from steelyard.facts.grids import BLOCK, Ints
from steelyard.facts.hashing import EXACT, hashes_of
from steelyard.facts.levels import Level
from steelyard.facts.table import FactTable, encode
from steelyard.facts.vocabulary import Category, Distinct, Fact, Sample


class SketchCounter:
    """Sketches of the same columns together: all are cut from the largest.

    Once it is full only rows whose hash is not above the largest kept are looked at, so that most cost no more than
    their hash.

    Args:
        facts: `Distinct` and `Sample` of the same columns.
        columns: the batch's columns.
    """

    def __init__(self, facts: Sequence[Distinct | Sample], columns: Sequence[str]) -> None:
        self.facts, self.columns = facts, list(columns)
        self.size = max(fact.size for fact in facts)
        self.kept = self.columns if any(isinstance(fact, Sample) for fact in facts) else []
        self.hashes = np.empty(0, dtype=np.int64)
        self.counts = np.empty(0, dtype=np.int64)
        self.rows: pl.DataFrame | None = None

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        if not batch.height:
            return
        hashes = hashes_of([batch.words(name) for name in self.columns], batch.height)
        for start in range(0, len(hashes), BLOCK):
            block = hashes[start : start + BLOCK]
            near = (
                np.flatnonzero(block <= self.hashes[-1]) if len(self.hashes) == self.size else np.arange(len(block))
            )
            if len(near):
                self._take(block[near], near + start, batch.frame)

    def _take(self, hashes: Ints, rows: Ints, frame: pl.DataFrame) -> None:
        found, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        every = np.concatenate([self.hashes, found])
        merged, source, place = np.unique(every, return_index=True, return_inverse=True)
        source = source[: self.size]
        total = np.zeros(len(merged), dtype=np.int64)
        np.add.at(total, place, np.concatenate([self.counts, counts]))
        if self.kept:
            self._keep_rows(frame, rows[first], source)
        self.hashes, self.counts = merged[: self.size], total[: self.size]

    def _keep_rows(self, frame: pl.DataFrame, rows: Ints, source: Ints) -> None:
        """Hold the contents that the hashes stand for, in the order of the hashes."""
        held = len(self.hashes)
        new = source >= held
        if not new.any() and self.rows is not None:
            return
        made = frame.select(self.kept)[rows[source[new] - held]]
        old = made.clear() if self.rows is None else self.rows[source[~new]]
        order = np.empty(len(source), dtype=np.int64)
        order[~new], order[new] = np.arange(len(old)), np.arange(len(old), len(source))
        self.rows = pl.concat([old, made])[order]

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        return {fact: self._table(fact) for fact in self.facts}

    def _table(self, fact: Distinct | Sample) -> FactTable:
        hashes, counts = self.hashes[: fact.size], self.counts[: fact.size]
        encoded: list[tuple[Ints, tuple[Level, ...]]] = [(hashes, ())]
        if isinstance(fact, Sample):
            rows = pl.DataFrame(schema=self.kept) if self.rows is None else self.rows.head(fact.size)
            encoded += [_encoded(rows[name]) for name in self.kept]
        codes = np.column_stack([held for held, _ in encoded])
        blank = np.empty((len(codes), 0))
        return FactTable(codes, tuple(levels for _, levels in encoded), counts.astype(float)[:, None], blank, blank)


def _encoded(column: pl.Series) -> tuple[Ints, tuple[Level, ...]]:
    """Codes and sorted levels of a column's values, as `encode` gives them for a `Category`."""
    if not column.dtype.is_numeric() or column.dtype.is_decimal():
        return encode(Category(column.name), column.to_list())
    known = column.is_not_null() & column.is_not_nan() if column.dtype.is_float() else column.is_not_null()
    distinct, place = np.unique(column.filter(known).to_numpy(), return_inverse=True)
    levels: list[Level] = distinct.tolist()
    if column.dtype.is_float():
        for i in np.flatnonzero((np.trunc(distinct) == distinct) & (np.abs(distinct) < EXACT)).tolist():
            levels[i] = int(distinct[i])
    codes = np.full(len(column), len(levels), dtype=np.int64)
    codes[known.to_numpy()] = place
    return codes, tuple(levels) if known.all() else (*levels, None)
