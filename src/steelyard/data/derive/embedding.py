"""Vectors as columns: their length, their place along the main directions of the reference, and how far off those.

The directions are the principal components of the reference; what they leave over tells of what the reference has
never seen (reconstruction error). All are frozen from the reference, so that both data sets are measured alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.records import DataError

Floats = NDArray[np.float64]

MOST_DIRECTIONS = 16
LEANING = 0.125
"""Standard deviations by which the rows that directions are made of may lie nearer to them than new rows."""
DIRECTION = "direction {}"
Embed = Callable[[list[Any]], Any]
"""From texts (or paths of images) to their vectors, an array of shape (texts, dimensions)."""


@dataclass(frozen=True, eq=False)
class Axes:
    """The main directions of a cloud of vectors.

    Attributes:
        centre: their mean, shape (dimensions,).
        directions: orthonormal, the widest first, shape (directions, dimensions).
    """

    centre: Floats
    directions: Floats

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return len(self.centre)


def axes(vectors: Floats) -> Axes | None:
    """Axes of vectors, shape (rows, dimensions), those with a missing number left out; None of too few rows.

    Short vectors are their own axes. Of longer ones the principal components are taken, the fewer the fewer rows
    there are: the rows that components are made of lie nearer to them than new rows do, by about directions/rows of
    their squared distance, which must not look like a drift.
    """
    known = vectors[np.isfinite(vectors).all(axis=1)]
    rows, dimensions = known.shape
    if dimensions <= MOST_DIRECTIONS:
        return Axes(np.zeros(dimensions), np.eye(dimensions)) if rows and dimensions else None
    most = min(MOST_DIRECTIONS, int(rows * LEANING / math.sqrt(dimensions / 2.0)))
    if most < 1:
        return None
    centre = known.mean(axis=0)
    _, _, directions = np.linalg.svd(known - centre, full_matrices=False)
    # The sign of a component is arbitrary: the largest entry is made positive, so that the same data give the same.
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1)[:, None], axis=1)
    return Axes(centre, (directions * np.sign(largest))[:most])


def placed(axes: Axes) -> tuple[pl.Struct, Callable[[pl.Series], pl.Series]]:
    """Fields and function from a column of vectors to columns; a vector of another length is missing."""
    names = [DIRECTION.format(i + 1) for i in range(len(axes.directions))]
    rest = axes.dimensions > len(axes.directions)
    fields = ["norm", *(["off directions"] if rest else []), *names]

    def make(column: pl.Series) -> pl.Series:
        vectors = as_matrix(column, axes.dimensions)
        centred = vectors - axes.centre
        along = centred @ axes.directions.T
        made = {"norm": np.sqrt((vectors**2).sum(axis=1))}
        if rest:
            made["off directions"] = np.sqrt(np.maximum((centred**2).sum(axis=1) - (along**2).sum(axis=1), 0.0))
        made |= dict(zip(names, along.T, strict=True))
        return pl.DataFrame({name: made[name] for name in fields}).fill_nan(None).to_struct(column.name)

    return pl.Struct([pl.Field(name, pl.Float64()) for name in fields]), make


def as_matrix(column: pl.Series, dimensions: int) -> Floats:
    """Vectors as rows of a matrix; NaN where there is none, it has another length, or a number is missing."""
    matrix = np.full((len(column), dimensions), math.nan)
    lists = column.arr.to_list() if column.dtype == pl.Array else column
    fits = (lists.list.len() == dimensions).fill_null(value=False)
    flat = lists.filter(fits).explode(empty_as_null=True).cast(pl.Float64).fill_null(math.nan)
    matrix[fits.to_numpy()] = flat.to_numpy().reshape(-1, dimensions)
    matrix[~np.isfinite(matrix).all(axis=1)] = math.nan
    return matrix


def dimensions_of(column: pl.Series) -> int:
    """The commonest length of the vectors; 0 where there is none."""
    lists = column.arr.to_list() if column.dtype == pl.Array else column
    lengths = lists.list.len().drop_nulls().mode().sort()
    return int(lengths[-1]) if len(lengths) else 0


def as_vectors(embed: Embed, values: list[Any]) -> Floats:
    """Vectors of values by a user's callable.

    Raises:
        DataError: they are not one vector of numbers for each value.
    """
    try:
        made = np.asarray(embed(values), dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"embed must return numbers of shape ({len(values)}, dimensions): {error}.") from error
    if made.ndim != 2 or len(made) != len(values):
        raise DataError(f"embed must return numbers of shape ({len(values)}, dimensions), not {made.shape}.")
    return made
