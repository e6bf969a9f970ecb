"""Weighted sums of products of row values, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from steelyard.facts.grids import Floats, Ints
from steelyard.facts.vocabulary import Measure

MATRIX_FROM = 5
"""From so many values on, their products are taken all at once by matrix products."""
PIECE = 64
"""Rows of one small matrix."""
PIECES = 128
"""Small matrices that are multiplied at a time."""


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


def products(measures: Sequence[Measure], weight: Floats | None, values: Sequence[Floats]) -> list[Floats | None]:
    """What each measure sums over rows; None for 1."""
    with np.errstate(over="ignore", invalid="ignore"):
        return [_product(measure, weight, values) for measure in measures]


def _product(measure: Measure, weight: Floats | None, values: Sequence[Floats]) -> Floats | None:
    parts = [weight] * measure.weight_power if weight is not None else []
    parts += [values[i] for i in measure.factors]
    return reduce(np.multiply, parts) if parts else None


def _sum(
    cell: Ints | None, cells: int, measure: Measure, weight: Floats | None, values: Sequence[Floats], counts: Floats
) -> Floats:
    made = _product(measure, weight, values)
    if made is None:
        return counts
    if cell is None:
        # Not np.dot: from 10,000 numbers on BLAS takes threads, which wait for each other at full load.
        return np.array([np.sum(made)])
    return np.bincount(cell, weights=made, minlength=cells).astype(float, copy=False)


def _by_matrix(
    cell: Ints | None,
    cells: int,
    measures: Sequence[Measure],
    weight: Floats | None,
    values: Sequence[Floats],
    rows: int,
) -> Floats:
    """Sums by products of many small matrices, each of rows of one cell.

    Small ones, as BLAS takes threads for larger ones, which wait for each other at full load.
    """
    source, filled, cell_of_piece = _pieces(cell, cells, rows)
    columns = [np.ones(rows), *values]
    sums = _Sums(cells, len(columns))
    for start in range(0, len(cell_of_piece), PIECES):
        block = slice(start * PIECE, (start + PIECES) * PIECE)
        taken, there = source[block], filled[block]
        made = np.stack([np.where(there, column[taken], 0.0) for column in columns])
        weighted = made if weight is None else made * weight[taken]
        sums.add(cell_of_piece[start : start + PIECES], _cut(made), _cut(weighted))
    return np.column_stack([sums.of(m) for m in measures])


def _pieces(cell: Ints | None, cells: int, rows: int) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """Cut rows, sorted by cell, into equal pieces: each place's row, whether it is one, each piece's cell."""
    counts = np.array([rows]) if cell is None else np.bincount(cell, minlength=cells)
    order = np.arange(rows) if cell is None else np.argsort(cell, kind="stable")
    pieces = -(-counts // PIECE)
    moved = (np.cumsum(pieces) - pieces) * PIECE - (np.cumsum(counts) - counts)
    place = np.arange(rows) + np.repeat(moved, counts)
    source = np.zeros(int(pieces.sum()) * PIECE, dtype=np.int64)
    source[place] = order
    filled = np.zeros(len(source), dtype=bool)
    filled[place] = True
    return source, filled, np.repeat(np.arange(len(counts)), pieces)


def _cut(block: Floats) -> Floats:
    return block.reshape(len(block), -1, PIECE).transpose(1, 0, 2)


class _Sums:
    """Sums of 1, v₁ … v_k: plain, weighted, cubed, and their products with squared weights."""

    def __init__(self, cells: int, columns: int) -> None:
        self.rows = np.zeros(cells)
        self.first = np.zeros((cells, columns))
        self.cubes = np.zeros((cells, columns))
        self.products = np.zeros((cells, columns, columns))

    def add(self, cell: Ints, plain: Floats, weighted: Floats) -> None:
        """Add pieces × columns × rows; `cell` of each piece, ascending."""
        first = np.flatnonzero(np.diff(cell, prepend=-1))
        for total, made in (
            (self.rows, plain[:, 0].sum(axis=-1)),
            (self.first, weighted.sum(axis=-1)),
            (self.cubes, np.einsum("pij,pij,pij->pi", weighted, plain, plain)),
            (self.products, np.matmul(weighted, weighted.transpose(0, 2, 1))),
        ):
            total[cell[first]] += np.add.reduceat(made, first, axis=0)

    def of(self, measure: Measure) -> Floats:
        """One measure of every cell."""
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
