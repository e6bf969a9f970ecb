"""Counters: what adds up one batch after another for the local engine, and gives tables of facts in the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import polars as pl

from steelyard.facts.batch import Batch, NamedKey
from steelyard.facts.coding import count_values
from steelyard.facts.grids import BLOCK, REACH, Floats, IntegerGrid, Ints, RootGrid, folded, indices, width
from steelyard.facts.levels import Level, normal
from steelyard.facts.sums import MATRIX_FROM, extremes, sum_cells
from steelyard.facts.table import (
    FactTable,
    empty_table,
    merge,
    overflowed,
    reduce_cells,
    settle,
    table_from_records,
)
from steelyard.facts.vocabulary import ROWS, Category, Fact, Histogram, Measure, Moments, Values

DIRECT = 1 << 16
"""Combinations of keys that could be, up to which the sums are taken without numbering those that are."""
DENSE = 1 << 22
"""Largest number of combinations that are numbered by an array instead of a search."""
PENDING = 1 << 16
"""Cells of single batches that are kept before they are merged."""


class Counter(Protocol):
    """What the local engine feeds batches to."""

    def add(self, batch: Batch) -> None:
        """Count one batch."""

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""


class ShapeCounter:
    """Histogram and moments of one column together: each block of numbers is loaded once.

    Args:
        name: the column.
        histogram: rows by bin of a RootGrid.
        moments: moments of (column − shift)/scale with the grid's own centre and scale.
        grid: that grid.
    """

    def __init__(self, name: str, histogram: Histogram, moments: Moments, grid: RootGrid) -> None:
        self.name, self.histogram, self.moments, self.grid = name, histogram, moments, grid
        self.counts = np.zeros(width(grid), dtype=np.int64)
        self.powers = np.zeros(4)
        self.low, self.high = np.inf, -np.inf
        self._z, self._work, self._codes = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK, dtype=np.int64)

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        column = batch.frame[self.name]
        self.counts[0] += column.null_count()
        numbers = column.drop_nulls().cast(pl.Float64).to_numpy()
        counts = np.zeros(self.grid.codes_end, dtype=np.int64)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(numbers), BLOCK):
                counts += self._block(numbers[start : start + BLOCK])
        self.counts += folded(counts)

    def _block(self, numbers: Floats) -> Ints:
        z = np.subtract(numbers, self.grid.centre, out=self._z[: len(numbers)])
        np.divide(z, self.grid.scale, out=z)
        low, high = float(z.min()), float(z.max())
        if low != low:
            z = z[~np.isnan(z)]
            self.counts[0] += len(numbers) - len(z)
            low, high = float(z.min(initial=np.inf)), float(z.max(initial=-np.inf))
        work, codes = self._work[: len(z)], self._codes[: len(z)]
        self.grid.codes(z, work, codes, bounded=low > -REACH and high < REACH)
        counts = np.bincount(codes, minlength=self.grid.codes_end)
        if low == -np.inf or high == np.inf:
            z = z[np.isfinite(z)]
            work = work[: len(z)]
            low, high = float(z.min(initial=np.inf)), float(z.max(initial=-np.inf))
        # Not np.dot: from 10,000 numbers on BLAS takes threads, which wait for each other at full load.
        square = np.multiply(z, z, out=work).sum()
        self.powers += (len(z), z.sum(), square, np.multiply(work, z, out=work).sum())
        self.low, self.high = min(self.low, low), max(self.high, high)
        return counts

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        return {
            self.histogram: _bins(self.grid, self.counts),
            self.moments: _moments(self.moments, self.powers, self.low, self.high),
        }


class WholeCounter:
    """Histogram and moments of a column of whole numbers: inside the grid the counts give the moments exactly."""

    def __init__(self, name: str, histogram: Histogram, moments: Moments, grid: IntegerGrid) -> None:
        self.name, self.histogram, self.moments, self.grid = name, histogram, moments, grid
        self.counts = np.zeros(width(grid), dtype=np.int64)
        self.powers = np.zeros(4)
        self.low, self.high = np.inf, -np.inf

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        column = batch.frame[self.name]
        self.counts[0] += column.null_count()
        numbers = column.drop_nulls().to_numpy()
        if not len(numbers):
            return
        low, high = numbers.min(), numbers.max()
        if low < self.grid.low or high > self.grid.high:
            inside = (numbers >= self.grid.low) & (numbers <= self.grid.high)
            self._add_outside(numbers[~inside].astype(float))
            numbers = numbers[inside]
        self.low, self.high = min(self.low, float(low)), max(self.high, float(high))
        codes = numbers.astype(np.int64) - (self.grid.low - 2)
        self.counts += np.bincount(codes, minlength=len(self.counts))

    def _add_outside(self, x: Floats) -> None:
        below = int((x < self.grid.low).sum())
        self.counts[1] += below
        self.counts[-1] += len(x) - below
        self.powers += (len(x), x.sum(), (x * x).sum(), (x * x * x).sum())

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        value = np.arange(self.grid.low, self.grid.high + 1, dtype=float)
        inside = self.counts[2:-1]
        powers = self.powers + [np.dot(inside, value**k) for k in range(4)]
        return {
            self.histogram: _bins(self.grid, self.counts),
            self.moments: _moments(self.moments, powers, self.low, self.high),
        }


class ValueCounter:
    """Rows by value of one column, given up past the fact's limit.

    Args:
        name: the column.
        fact: what is asked.
        shared: whether another fact groups by the column, so that its codes are made anyway.
    """

    def __init__(self, name: str, fact: Values, shared: bool) -> None:
        self.name, self.fact, self.shared = name, fact, shared
        self.counts: dict[Level, int] = {}
        self.rows = 0
        self.overflow = False

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        self.rows += batch.height
        if self.overflow:
            return
        for value, n in self._counted(batch):
            level = normal(value)
            self.counts[level] = self.counts.get(level, 0) + n
        self.overflow = len(self.counts) > self.fact.limit

    def _counted(self, batch: Batch) -> Sequence[tuple[object, int]]:
        if not self.shared:
            return count_values(batch.frame[self.name])
        found = batch.codes(Category(self.name), self.name)
        return list(zip(found.values, np.bincount(found.codes, minlength=len(found.values)).tolist(), strict=True))

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        if self.overflow:
            return {self.fact: overflowed(self.fact, self.rows)}
        return {self.fact: table_from_records(self.fact, list(self.counts.items()))}


class CellCounter:
    """Any fact: rows and sums per combination of keys.

    Args:
        fact: what is asked.
        keys: its keys, each with the batch's column it is made from.
        values: columns of its values, missing where a row has none.
        weight: column of its weight.
    """

    def __init__(self, fact: Fact, keys: Sequence[NamedKey], values: Sequence[str], weight: str | None) -> None:
        self.fact, self.keys, self.values, self.weight = fact, tuple(keys), values, weight
        self.total = empty_table(fact)
        self.pending: list[FactTable] = []

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        known, rows = batch.known(self.values, self.weight)
        if not rows:
            return

        def of(numbers: Floats) -> Floats:
            return numbers if known is None else numbers[known]

        values = [of(batch.floats(name)) for name in self.values]
        weight = of(batch.floats(self.weight)) if self.weight is not None else None
        if not self.keys:
            sums, lows, highs = self._sums(None, 1, weight, values, rows)
            self._keep(FactTable(np.zeros((1, 0), dtype=np.int64), (), sums, lows, highs))
            return
        cell, size = batch.cells(self.keys)
        cell = cell if known is None else cell[known]
        if size <= DIRECT and len(values) < MATRIX_FROM:
            sums, lows, highs = self._sums(cell, size, weight, values, rows)
            present = np.flatnonzero(sums[:, 0])
            self._keep_cells(batch, present, sums[present], lows[present], highs[present])
        else:
            cell, present = _numbered(cell, size)
            self._keep_cells(batch, present, *self._sums(cell, len(present), weight, values, rows))

    def _sums(
        self, cell: Ints | None, cells: int, weight: Floats | None, values: Sequence[Floats], rows: int
    ) -> tuple[Floats, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore"):
            sums = sum_cells(cell, cells, self.fact.measures, weight, values, rows)
        return sums, *extremes(cell, cells, values if self.fact.extremes else [])

    def _keep_cells(self, batch: Batch, present: Ints, sums: Floats, lows: Floats, highs: Floats) -> None:
        """Keep sums of the combinations `present`, under the keys' own values."""
        found = [batch.codes(key, name) for key, name in self.keys]
        places = np.unravel_index(present, [len(f.values) for f in found])
        encoded = [f.encoded(key) for f, (key, _) in zip(found, self.keys, strict=True)]
        codes = np.column_stack([held[place] for (held, _), place in zip(encoded, places, strict=True)])
        self._keep(reduce_cells(codes, tuple(levels for _, levels in encoded), sums, lows, highs))

    def _keep(self, table: FactTable) -> None:
        self.pending.append(table)
        if sum(map(len, self.pending)) > max(PENDING, len(self.total)):
            self._settle()

    def _settle(self) -> None:
        self.total = settle(self.fact, merge([self.total, *self.pending]))
        self.pending.clear()

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        self._settle()
        return {self.fact: self.total}


def _numbered(flat: Ints, size: int) -> tuple[Ints, Ints]:
    """Number the combinations that occur; also which they are."""
    if size > DENSE:
        present, cell = np.unique(flat, return_inverse=True)
        return cell, present
    counts = np.bincount(flat, minlength=size)
    present = np.flatnonzero(counts)
    if len(present) == size:
        return flat, present
    place = np.zeros(size, dtype=np.int64)
    place[present] = np.arange(len(present))
    return place[flat], present


def _bins(grid: RootGrid | IntegerGrid, counts: Ints) -> FactTable:
    used = np.flatnonzero(counts)
    blank = np.empty((len(used), 0))
    return FactTable(indices(grid)[used][:, None], ((),), counts[used].astype(float)[:, None], blank, blank)


def _moments(fact: Moments, powers: Floats, low: float, high: float) -> FactTable:
    if powers[0] == 0:
        return empty_table(fact)
    place = {ROWS: 0, Measure(0, (0,)): 1, Measure(0, (0, 0)): 2, Measure(0, (0, 0, 0)): 3}
    sums = np.array([[powers[place[m]] for m in fact.measures]])
    return FactTable(np.empty((1, 0), dtype=np.int64), (), sums, np.array([[low]]), np.array([[high]]))
