"""A batch of rows whose columns are turned into arrays once: numbers as floats, keys as small integers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.facts.grids import ABOVE, MISSING, Floats, Ints, indices
from steelyard.facts.levels import Level, normal
from steelyard.facts.table import encode
from steelyard.facts.vocabulary import Among, Binned, Bucket, Category, Key, RowHash, Window

DENSE = 1 << 22
"""Largest number of cells that is counted in one flat array."""
SPAN = 1 << 16
"""Widest range of whole numbers that are told apart by an array instead of a search."""
FIRST_LOOK = 1 << 12
"""Rows that are looked at first for an example of each value."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Codes:
    """A key over one batch: `codes` index `values`; the values are bins, buckets or categories."""

    codes: Ints
    values: Sequence[Any] | Ints

    def encoded(self, key: Key) -> tuple[Ints, tuple[Level, ...]]:
        """What a table holds for each of `values`, and its levels."""
        return encode(key, self.values)


class Batch:
    """Columns of one batch, each made into an array when first asked for."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._floats: dict[str, Floats] = {}
        self._codes: dict[tuple[Key, str], Codes] = {}
        self._cells: dict[tuple[tuple[Key, str], ...], tuple[Ints, int]] = {}

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.frame.height

    def floats(self, name: str) -> Floats:
        """A numeric column as float64, missing as NaN."""
        if name not in self._floats:
            self._floats[name] = _floats(self.frame[name])
        return self._floats[name]

    def known(self, name: str) -> Mask | None:
        """Where a column is not missing; None for everywhere."""
        column = self.frame[name]
        return column.is_not_null().to_numpy() if column.null_count() else None

    def positive(self, name: str) -> Mask | None:
        """Where a weight counts: a finite number above 0; None for everywhere."""
        weight = self.floats(name)
        fine = (weight > 0) & (weight < np.inf)
        return None if fine.all() else fine

    def codes(self, key: Key, name: str) -> Codes:
        """A key as small integers."""
        if (key, name) not in self._codes:
            self._codes[key, name] = _codes(key, self.frame[name])
        return self._codes[key, name]

    def cells(self, keys: tuple[tuple[Key, str], ...]) -> tuple[Ints, int]:
        """One code per row for a combination of keys, and how many combinations there could be."""
        if keys not in self._cells:
            found = [self.codes(key, name) for key, name in keys]
            flat = found[0].codes
            for part in found[1:]:
                flat = flat * len(part.values)
                flat += part.codes
            self._cells[keys] = flat, math.prod(len(part.values) for part in found)
        return self._cells[keys]


def _floats(column: pl.Series) -> Floats:
    numbers = column.cast(pl.Float64)
    return numbers.fill_null(math.nan).to_numpy() if numbers.null_count() else numbers.to_numpy()


def _codes(key: Key, column: pl.Series) -> Codes:
    match key:
        case Binned(_, grid):
            return Codes(grid.positions(_floats(column)), indices(grid))
        case Bucket(_, groups):
            if column.dtype.is_integer():
                return Codes(column.to_numpy().astype(np.int64), np.arange(groups))
            return _hashed(column, groups)
        case Among():
            return _among(column, key)
        case Window() | RowHash():
            return _numbered(column)
        case Category():
            return categories(column)


def _hashed(column: pl.Series, groups: int) -> Codes:
    distinct = categories(column)
    buckets = [0 if v is None else _digest(str(normal(v))) % groups for v in distinct.values]
    return Codes(np.array(buckets, dtype=np.int64)[distinct.codes], np.arange(groups))


def _among(column: pl.Series, key: Among) -> Codes:
    """Codes 0 missing, 1 … the given values, last any other, whatever the batch holds."""
    distinct = categories(column)
    place = {value: i + 1 for i, value in enumerate(key.values)}
    other = len(key.values) + 1
    found = [0 if v is None else place.get(n, other) if (n := normal(v)) is not None else 0 for v in distinct.values]
    return Codes(np.array(found, dtype=np.int64)[distinct.codes], among_codes(key))


def among_codes(key: Among) -> Ints:
    """The code at every position of an `Among` key."""
    return np.array([MISSING, *range(len(key.values)), ABOVE], dtype=np.int64)


def _numbered(column: pl.Series) -> Codes:
    values, codes = np.unique(column.to_numpy(), return_inverse=True)
    return Codes(codes, values.astype(np.int64))


def _digest(text: str) -> int:
    return int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:8], 16)


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
        return _searched(column)
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
        low, high = _whole(column.min()), _whole(column.max())
        if high - low > SPAN:
            return None
        physical = (column - low).cast(pl.UInt32)
    else:
        return None
    if physical.null_count():
        physical = physical.cast(pl.UInt32).fill_null(_whole(physical.max()) + 1)
    return physical.to_numpy().astype(np.int64)


def _occurring(column: pl.Series, numbers: Ints) -> tuple[Ints, list[Any], list[int]]:
    """Those numbers that occur, in order, with the value each stands for and its rows."""
    counts = np.bincount(numbers)
    used = np.flatnonzero(counts)
    row = np.full(len(counts), -1)
    for some in (numbers[:FIRST_LOOK], numbers):
        row[some] = np.arange(len(some))
        if (row[used] >= 0).all():
            break
    return used, column.gather(row[used]).to_list(), counts[used].tolist()


def _whole(number: object) -> int:
    return number if isinstance(number, int) else 0


def _searched(column: pl.Series) -> Codes:
    values = column.drop_nulls().unique().sort()
    known, numbers = values.to_physical().to_numpy(), column.to_physical()
    if not column.null_count():
        return Codes(np.searchsorted(known, numbers.to_numpy()), values.to_list())
    codes = np.searchsorted(known, numbers.fill_null(0).to_numpy())
    codes[column.is_null().to_numpy()] = len(values)
    return Codes(codes, [*values.to_list(), None])
