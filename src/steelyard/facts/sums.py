"""Weighted sums of products of row values, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.facts.grids import Floats, Ints
from steelyard.facts.vocabulary import Measure

MATRIX_FROM = 5
"""From so many values on, their products are taken all at once by matrix products."""
BLOCK = 1 << 14
"""Rows per matrix product: temporaries stay small."""


def sum_cells(
    cell: Ints | None,
    cells: int,
    measures: Sequence[Measure],
    weight: Floats | None,
    values: Sequence[Floats],
    rows: int,
) -> Floats:
    """Sums of every measure in every cell.

    Args:
        cell: cell of each row, below `cells`; None where there is one cell only.
        cells: number of cells.
        measures: the sums that are wanted, one column each.
        weight: weight of each row, None for 1.
        values: the row values that measures multiply.
        rows: number of rows.
    """
    if len(values) >= MATRIX_FROM and len(measures) > len(values) + 3:
        return _by_matrix(cell, cells, measures, weight, values, rows)
    counts = np.array([float(rows)]) if cell is None else np.bincount(cell, minlength=cells).astype(float)
    return np.column_stack([_sum(cell, cells, m, weight, values, counts) for m in measures])


def extremes(cell: Ints | None, cells: int, values: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Smallest and largest of each value in every cell; +∞ and −∞ where a cell has no row."""
    lows, highs = np.full((cells, len(values)), np.inf), np.full((cells, len(values)), -np.inf)
    for i, value in enumerate(values):
        if cell is None:
            lows[0, i], highs[0, i] = value.min(initial=np.inf), value.max(initial=-np.inf)
        else:
            np.minimum.at(lows[:, i], cell, value)
            np.maximum.at(highs[:, i], cell, value)
    return lows, highs


def _sum(
    cell: Ints | None, cells: int, measure: Measure, weight: Floats | None, values: Sequence[Floats], counts: Floats
) -> Floats:
    parts = [weight] * measure.weight_power if weight is not None else []
    parts += [values[i] for i in measure.factors]
    if not parts:
        return counts
    last = parts.pop()
    product = _product(parts) if parts else None
    if cell is None:
        # Not np.dot: from 10,000 numbers on BLAS takes threads, which wait for each other at full load.
        return np.array([np.sum(last if product is None else product * last)])
    weights = last if product is None else product * last
    return np.bincount(cell, weights=weights, minlength=cells).astype(float, copy=False)


def _product(parts: Sequence[Floats | None]) -> Floats:
    product = parts[0]
    for part in parts[1:]:
        product = product * part  # type: ignore[operator]
    return product  # type: ignore[return-value]


def _by_matrix(
    cell: Ints | None,
    cells: int,
    measures: Sequence[Measure],
    weight: Floats | None,
    values: Sequence[Floats],
    rows: int,
) -> Floats:
    """Sums by matrix products over rows that are sorted by cell."""
    columns = [np.ones(rows), *values]
    order, starts = _sorted(cell, cells, rows)
    sums = _Sums(cells, len(columns))
    for start in range(0, rows, BLOCK):
        stop = min(start + BLOCK, rows)
        taken = slice(start, stop) if order is None else order[start:stop]
        block = np.stack([c[taken] for c in columns])
        of_block = None if weight is None else weight[taken]
        first, last = np.searchsorted(starts, (start, stop - 1), side="right") - 1
        for c in range(first, last + 1):
            inside = slice(max(starts[c] - start, 0), min(starts[c + 1] - start, stop - start))
            sums.add(c, block[:, inside], None if of_block is None else of_block[inside])
    return np.column_stack([sums.of(m) for m in measures])


def _sorted(cell: Ints | None, cells: int, rows: int) -> tuple[Ints | None, NDArray[np.int64]]:
    if cell is None:
        return None, np.array([0, rows])
    starts = np.zeros(cells + 1, dtype=np.int64)
    np.cumsum(np.bincount(cell, minlength=cells), out=starts[1:])
    return np.argsort(cell, kind="stable"), starts


class _Sums:
    """Sums of 1, v₁ … v_k (rows of a block): plain, weighted, cubed, and their products with squared weights."""

    def __init__(self, cells: int, columns: int) -> None:
        self.rows = np.zeros(cells)
        self.first = np.zeros((cells, columns))
        self.cubes = np.zeros((cells, columns))
        self.products = np.zeros((cells, columns, columns))

    def add(self, cell: int, block: Floats, weight: Floats | None) -> None:
        weighted = block if weight is None else block * weight
        self.rows[cell] += block.shape[1]
        self.first[cell] += weighted.sum(axis=1)
        self.cubes[cell] += np.einsum("ij,ij,ij->i", weighted, block, block)
        self.products[cell] += weighted @ weighted.T

    def of(self, measure: Measure) -> Floats:
        match measure:
            case Measure(0, ()):
                return self.rows
            case Measure(_, (i, j, k)) if i == j == k:
                return self.cubes[:, i + 1]
            case Measure(2, factors) | Measure(0, factors) if len(factors) == 2:
                return self.products[:, factors[0] + 1, factors[1] + 1]
            case Measure(2, factors):
                return self.products[:, 0, factors[0] + 1 if factors else 0]
            case Measure(_, factors):
                return self.first[:, factors[0] + 1 if factors else 0]
