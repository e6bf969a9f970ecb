"""Codes of a key over one batch: small integers, and the value that each stands for."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.facts.among import places
from steelyard.facts.grids import ABOVE, MISSING, Floats, Ints, indices, width
from steelyard.facts.levels import Level, normal
from steelyard.facts.table import encode
from steelyard.facts.vocabulary import Among, Binned, Bucket, Category, Key, RowHash, Window

SPAN = 1 << 16
"""Widest range of whole numbers that are told apart by an array instead of a search."""
FIRST_LOOK = 1 << 12
"""Rows that are looked at first for an example of each value."""
FEW_LEVELS = 8
"""Distinct numbers up to which comparing with each is cheaper than a search."""


@dataclass(frozen=True)
class Codes:
    """A key over one batch: `codes` index `values`; the values are bins, buckets or categories."""

    codes: NDArray[Any]
    values: Sequence[Any] | Ints

    def encoded(self, key: Key) -> tuple[Ints, tuple[Level, ...]]:
        """What a table holds for each of `values`, and its levels."""
        return encode(key, self.values)


def code_type(size: int) -> np.dtype[Any]:
    """The smallest type that holds `size` and the codes below it: arithmetic is the quicker the smaller it is."""
    return np.dtype(np.uint16 if size < 1 << 16 else np.uint32 if size < 1 << 32 else np.int64)


def fixed_width(key: Key) -> int | None:
    """Number of codes of a key that has the same ones whatever the data holds; None for any other key."""
    match key:
        case Binned(_, grid):
            return width(grid)
        case Among(_, values):
            return len(values) + 2
        case Bucket(_, groups):
            return groups
    return None


def fixed_values(key: Key) -> Ints:
    """What each code of a key of fixed width stands for, ascending."""
    match key:
        case Binned(_, grid):
            return indices(grid)
        case Among(_, values):
            return np.array([MISSING, *range(len(values)), ABOVE], dtype=np.int64)
        case Bucket(_, groups):
            return np.arange(groups)
    raise TypeError(f"{key} has no fixed width.")


def code(key: Key, column: pl.Series) -> Codes:
    """Code a key, in the smallest type that holds its codes."""
    found = _coded(key, column)
    return Codes(found.codes.astype(code_type(len(found.values)), copy=False), found.values)


def floats(column: pl.Series) -> Floats:
    """A numeric column as float64, missing as NaN."""
    numbers = column.cast(pl.Float64)
    return numbers.fill_null(math.nan).to_numpy() if numbers.null_count() else numbers.to_numpy()


def _coded(key: Key, column: pl.Series) -> Codes:
    match key:
        case Binned(_, grid):
            return Codes(grid.positions(floats(column)), fixed_values(key))
        case Bucket():
            return Codes(_buckets(key, column), fixed_values(key))
        case Among():
            return Codes(_among(key, column), fixed_values(key))
        case Window():
            return _windows(column)
        case Category():
            return categories(column)
        case RowHash():
            raise TypeError("Row hashes are kept by a counter of their own, never coded.")


def _buckets(key: Bucket, column: pl.Series) -> NDArray[Any]:
    if column.dtype.is_integer():
        return column.to_numpy()
    distinct = categories(column)
    buckets = [0 if v is None else _digest(str(normal(v))) % key.groups for v in distinct.values]
    return np.array(buckets, dtype=np.int64).take(distinct.codes)


def _digest(text: str) -> int:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16)


def _among(key: Among, column: pl.Series) -> NDArray[Any]:
    """Codes 0 missing, 1 … the given values, last any other, whatever the batch holds."""
    there = places(key, nw.Schema.from_polars(pl.Schema({"it": column.dtype}))["it"])
    other = len(key.values) + 1
    if column.dtype in (pl.String, pl.Categorical, pl.Enum):
        found = (
            column.cast(pl.Enum([str(value) for value in there]), strict=False).to_physical().fill_null(len(there))
        )
        codes = np.array([*(place + 1 for place in there.values()), other]).take(found.to_numpy())
    elif there:
        codes = _matched(column, there, other)
    else:
        codes = np.full(len(column), other)
    if column.null_count():
        codes[column.is_null().to_numpy()] = 0
    return codes


def _matched(column: pl.Series, there: Mapping[Any, int], other: int) -> NDArray[Any]:
    is_whole = column.dtype.is_integer() or column.dtype == pl.Boolean
    numbers = column.fill_null(strategy="zero").to_numpy() if is_whole else floats(column)
    codes = _compared(numbers, {value: place + 1 for value, place in there.items()})
    codes[codes == 0] = other
    codes[numbers != numbers] = 0
    return codes


def _compared(numbers: NDArray[Any], marks: Mapping[Any, int]) -> NDArray[Any]:
    """The mark of each number, 0 where it has none. Comparing with all of a few is quicker than a search."""
    codes = np.zeros(len(numbers), dtype=np.uint8 if max(marks.values()) < 1 << 7 else np.int64)
    for value, mark in marks.items():
        np.add(codes, (numbers == value) * codes.dtype.type(mark), out=codes)
    return codes


def _windows(column: pl.Series) -> Codes:
    distinct = categories(column)
    return Codes(distinct.codes, np.array([MISSING if v is None else v for v in distinct.values], dtype=np.int64))


def categories(column: pl.Series) -> Codes:
    """A column's distinct values; the codes of those that occur have no gaps."""
    if column.dtype == pl.String:
        column = column.cast(pl.Categorical)
    numbers = _small_numbers(column)
    if numbers is not None:
        used, values, _ = _occurring(column, numbers)
        if len(used) and used[-1] - used[0] == len(used) - 1:
            return Codes(numbers - used[0], values)
        place = np.zeros(used[-1] + 1 if len(used) else 0, dtype=np.int64)
        place[used] = np.arange(len(used))
        return Codes(place[numbers], values)
    if column.dtype.is_numeric() or column.dtype.is_temporal():
        return _few_numbers(column) or _searched(column)
    ranks = column.rank("dense").cast(pl.Int64) - 1
    values = column.unique().sort().drop_nulls().to_list()
    return Codes(ranks.fill_null(len(values)).to_numpy(), [*values, None])


def count_values(column: pl.Series) -> list[tuple[object, int]]:
    """A column's distinct values, and in how many rows each is."""
    numbers = _small_numbers(column)
    if numbers is not None:
        _, values, counts = _occurring(column, numbers)
        return list(zip(values, counts, strict=True))
    counted = column.value_counts(name="sy_count" if column.name != "sy_count" else "sy_counted")
    return list(zip(counted.to_series(0).to_list(), counted.to_series(1).to_list(), strict=True))


def _small_numbers(column: pl.Series) -> Ints | None:
    """Numbers from 0 that stand for a column's values; None where they would spread too far."""
    if column.dtype in (pl.Categorical, pl.Enum):
        physical = column.to_physical()
    elif column.dtype == pl.Boolean:
        physical = column.cast(pl.UInt8)
    elif column.dtype.is_integer():
        low, high = whole(column.min()), whole(column.max())
        if high - low > SPAN:
            return None
        physical = (column - low).cast(pl.UInt32)
    else:
        return None
    if physical.null_count():
        physical = physical.cast(pl.UInt32).fill_null(whole(physical.max()) + 1)
    return physical.to_numpy().astype(np.int64)


def _occurring(column: pl.Series, numbers: Ints) -> tuple[Ints, list[Any], list[int]]:
    """Those numbers that occur, in order, with the value each stands for and its rows."""
    used, rows, counts = examples(numbers)
    return used, column.gather(rows).to_list(), counts.tolist()


def examples(numbers: NDArray[Any]) -> tuple[Ints, Ints, Ints]:
    """Those of many small numbers that occur, in order: a row that has each, and in how many rows it is."""
    counts = np.bincount(numbers)
    used = np.flatnonzero(counts)
    row = np.full(len(counts), -1)
    for some in (numbers[:FIRST_LOOK], numbers):
        row[some] = np.arange(len(some))
        if (row[used] >= 0).all():
            break
    return used, row[used], counts[used]


def whole(number: object) -> int:
    """A whole number as such, anything else (there was none) as 0."""
    return number if isinstance(number, int) else 0


def _few_numbers(column: pl.Series) -> Codes | None:
    """Codes of fractional numbers where the first rows show all there are, e.g. indicators; else None."""
    if not column.dtype.is_float():
        return None
    numbers = floats(column)
    missing = np.isnan(numbers)
    levels = np.unique(numbers[:FIRST_LOOK][~missing[:FIRST_LOOK]]).tolist()
    if not 0 < len(levels) <= FEW_LEVELS:
        return None
    marked = _compared(numbers, {level: i + 1 for i, level in enumerate(levels)})
    marked[missing] = len(levels) + 1
    if not marked.all():
        return None
    return Codes(marked - 1, [*levels, None])


def _searched(column: pl.Series) -> Codes:
    values = column.drop_nulls().unique().sort()
    known, numbers = values.to_physical().to_numpy(), column.to_physical()
    if not column.null_count():
        return Codes(np.searchsorted(known, numbers.to_numpy()), values.to_list())
    codes = np.searchsorted(known, numbers.fill_null(0).to_numpy())
    codes[column.is_null().to_numpy()] = len(values)
    return Codes(codes, [*values.to_list(), None])
