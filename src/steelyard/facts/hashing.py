"""Hashes of whole rows: rows of equal values have equal hashes, whatever types and batches the values came in.

Numbers are hashed by their value as a 64-bit float (with what a whole number beyond 2^53 loses by that), times by
their microseconds, everything else by its text; missing is one value for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.facts.coding import examples, floats, whole
from steelyard.facts.grids import BLOCK, Floats, Ints

Words = NDArray[np.uint64]
Fill = Callable[[slice, Words], None]
SEED = 0
_TRUTH = pl.Enum(["False", "True"])
_MISSING = np.float64("nan").view(np.uint64)
_START, _FACTOR = np.uint64(0xE7037ED1A0B428DB), np.uint64(0x9E3779B97F4A7C15)
_LAST = (np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53))
_HALF = np.uint64(32)
EXACT = 2**53
"""Whole numbers below it are exact as floats."""


def row_hashes(columns: Sequence[pl.Series]) -> Ints:
    """A hash of each row from 0 to below 2^63, uniform over contents."""
    return hashes_of([words_of(column) for column in columns], len(columns[0]))


def hashes_of(fills: Sequence[Fill], rows: int) -> Ints:
    """The hash of each row, from what writes the words of each of its columns.

    Words of a row are taken in one after the other by multiplications and shifts, ended by those of MurmurHash3
    (Appleby 2011); equal hashes of unequal rows are as rare as by chance.
    """
    hashes = np.full(rows, _START, dtype=np.uint64)
    # Arrays of this size are new pages of memory each time they are made, which costs more than filling them.
    word, work = np.empty(BLOCK, dtype=np.uint64), np.empty(BLOCK, dtype=np.uint64)
    for start in range(0, rows, BLOCK):
        part = slice(start, min(start + BLOCK, rows))
        block, filled, shifted = hashes[part], word[: part.stop - start], work[: part.stop - start]
        for fill in fills:
            fill(part, filled)
            np.bitwise_xor(block, filled, out=block)
            _scramble(block, _FACTOR, shifted)
        for factor in _LAST:
            _scramble(block, factor, shifted)
        np.right_shift(block, np.uint64(1), out=block)
    return hashes.view(np.int64)


def _scramble(block: Words, factor: np.uint64, work: Words) -> None:
    np.multiply(block, factor, out=block)
    np.right_shift(block, _HALF, out=work)
    np.bitwise_xor(block, work, out=block)


def words_of(column: pl.Series) -> Fill:
    """What writes the words of some rows of a column."""
    if column.dtype.is_temporal():
        column = (column.dt.cast_time_unit("us") if column.dtype == pl.Datetime else column).to_physical()
    if column.dtype.is_integer() and _is_long(column):
        return _copied(_of_long(column))
    if column.dtype.is_numeric():
        some_nan = column.dtype.is_float() and column.is_nan().any()
        return _of_numbers(floats(column.fill_nan(None) if some_nan else column))
    if column.dtype == pl.Boolean:
        column = column.replace_strict({True: "True", False: "False"}, return_dtype=_TRUTH)
    if column.dtype in (pl.Categorical, pl.Enum):
        return _of_levels(column)
    return _copied(_filled(column.hash(SEED).to_numpy(), column))


def _copied(words: Words) -> Fill:
    def fill(rows: slice, out: Words) -> None:
        np.copyto(out, words[rows])

    return fill


def _of_numbers(numbers: Floats) -> Fill:
    def fill(rows: slice, out: Words) -> None:
        np.add(numbers[rows], 0.0, out=out.view(np.float64))  # −0 is 0

    return fill


def _of_levels(column: pl.Series) -> Fill:
    """Each distinct text is hashed once."""
    physical = column.to_physical().cast(pl.UInt32)
    numbers = (physical if not column.null_count() else physical.fill_null(whole(physical.max()) + 1)).to_numpy()
    used, rows, _ = examples(numbers)
    texts = column.gather(rows).cast(pl.String)
    by_number = np.zeros(int(used[-1]) + 1 if len(used) else 0, dtype=np.uint64)
    by_number[used] = _filled(texts.hash(SEED).to_numpy(), texts)

    def fill(rows: slice, out: Words) -> None:
        by_number.take(numbers[rows], out=out, mode="clip")

    return fill


def _is_long(column: pl.Series) -> bool:
    ends = column.min(), column.max()
    return any(isinstance(end, int) and abs(end) > EXACT for end in ends)


def _of_long(column: pl.Series) -> Words:
    numbers = column.fill_null(strategy="zero").to_numpy()
    near = numbers.astype(float)
    return _filled(near.view(np.uint64) ^ (_lost(numbers, near) * _FACTOR), column)


def _lost(numbers: NDArray[Any], near: Floats) -> Words:
    """What whole numbers lose as floats, modulo 2^64."""
    unsigned = numbers.dtype.kind == "u"
    top = 2.0**64 if unsigned else 2.0**63
    back = np.where(near < top, near, 0.0).astype(numbers.dtype).view(np.uint64)
    back[near >= top] = np.uint64(0 if unsigned else 1 << 63)
    return np.asarray(numbers.view(np.uint64) - back)


def _filled(words: Words, column: pl.Series) -> Words:
    if not column.null_count():
        return words
    return np.where(column.is_null().to_numpy(), _MISSING, words)
