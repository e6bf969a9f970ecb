"""Cells of one fact: keys, sums that add, extremes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts.grids import Floats, Ints
from steelyard.facts.levels import Level, normal
from steelyard.facts.vocabulary import Category, Distinct, Fact, Key, Measure, Sample, Values

OVERFLOW = "\0too many values"
"""The only level of a `Values` table that was given up."""


@dataclass(frozen=True, eq=False)
class FactTable:
    """The cells of a fact.

    Attributes:
        codes: cells × keys. For a `Category` key an index into its levels; else the bin or bucket itself.
        levels: per key, the sorted values of a `Category`, else ().
        sums: cells × measures, in the order of `fact.measures`.
        lows, highs: cells × values, where the fact keeps extremes; else cells × 0.
    """

    codes: Ints
    levels: tuple[tuple[Level, ...], ...]
    sums: Floats
    lows: Floats
    highs: Floats

    def __len__(self) -> int:
        return len(self.codes)

    def __add__(self, other: FactTable) -> FactTable:
        """Cells of both, summed where their keys are equal."""
        return merge([self, other])

    def equals(self, other: FactTable, rtol: float = 0.0) -> bool:
        """Whether both hold the same cells; sums equal to `rtol` (bit-equal by default)."""
        return (
            self.levels == other.levels
            and np.array_equal(self.codes, other.codes)
            and all(
                a.shape == b.shape and np.allclose(a, b, rtol=rtol, atol=rtol, equal_nan=True)
                for a, b in ((self.sums, other.sums), (self.lows, other.lows), (self.highs, other.highs))
            )
        )

    def values(self, key: int) -> list[Level]:
        """Values of one key, cell by cell (a bin or bucket as an integer)."""
        column = self.codes[:, key].tolist()
        levels = self.levels[key]
        return [levels[c] for c in column] if levels else column

    def where(self, rows: NDArray[np.bool_]) -> FactTable:
        """Only some of the cells."""
        return FactTable(self.codes[rows], self.levels, self.sums[rows], self.lows[rows], self.highs[rows])

    @cached_property
    def rows(self) -> int:
        """Rows in all cells (the first measure counts them)."""
        return int(self.sums[:, 0].sum())


def empty_table(fact: Fact) -> FactTable:
    """The zero of a fact: no cells."""
    keys, extremes = len(fact.keys), len(fact.values) if fact.extremes else 0
    return FactTable(
        np.empty((0, keys), dtype=np.int64),
        tuple(() for _ in range(keys)),
        np.empty((0, len(fact.measures))),
        np.empty((0, extremes)),
        np.empty((0, extremes)),
    )


def merge(tables: Sequence[FactTable]) -> FactTable:
    """Cells of several tables of one fact, summed where their keys are equal."""
    levels = tuple(_union(held) for held in zip(*(t.levels for t in tables), strict=True))
    return reduce_cells(
        np.concatenate([_recode(t.codes, t.levels, levels) for t in tables]),
        levels,
        np.concatenate([t.sums for t in tables]),
        np.concatenate([t.lows for t in tables]),
        np.concatenate([t.highs for t in tables]),
    )


def overflowed(fact: Values, rows: int) -> FactTable:
    """A `Values` table that was given up: it knows its rows only."""
    blank = np.empty((1, 0))
    levels: tuple[tuple[Level, ...], ...] = tuple((OVERFLOW,) if isinstance(k, Category) else () for k in fact.keys)
    return FactTable(np.zeros((1, len(levels)), dtype=np.int64), levels, np.array([[float(rows)]]), blank, blank)


def settle(fact: Fact, table: FactTable) -> FactTable:
    """Give up a `Values` table that holds too many values, and keep of a sketch what it may hold."""
    if isinstance(fact, Values) and (OVERFLOW in table.levels[-1] or len(table.levels[-1]) > fact.limit):
        return overflowed(fact, table.rows)
    if isinstance(fact, Distinct | Sample) and len(table) > fact.size:
        # Contents are told apart by their hash, which is the first key; the smallest are kept.
        kept = table.where(table.codes[:, 0] <= np.partition(table.codes[:, 0], fact.size - 1)[fact.size - 1])
        return FactTable(*_pruned(kept.codes, kept.levels), kept.sums, kept.lows, kept.highs)
    return table


def table_from_records(fact: Fact, records: Sequence[Sequence[Any]]) -> FactTable:
    """Make a table from rows of (key values…, sums…, lows…, highs…), as engines return them."""
    if not records:
        return empty_table(fact)
    columns = list(zip(*records, strict=True))
    keys, measures = len(fact.keys), len(fact.measures)
    codes = np.empty((len(records), keys), dtype=np.int64)
    levels: list[tuple[Level, ...]] = []
    for i, key in enumerate(fact.keys):
        codes[:, i], found = encode(key, columns[i])
        levels.append(found)
    numbers = [np.array([math.nan if (n := normal(v)) is None else float(n) for v in c]) for c in columns[keys:]]
    sums = np.column_stack(numbers[:measures])
    extremes = (len(numbers) - measures) // 2
    blank = np.empty((len(records), 0))
    lows = np.column_stack(numbers[measures : measures + extremes]) if extremes else blank
    highs = np.column_stack(numbers[measures + extremes :]) if extremes else blank
    return reduce_cells(codes, tuple(levels), sums, lows, highs)


def encode(key: Key, values: Sequence[Any] | Ints) -> tuple[Ints, tuple[Level, ...]]:
    """Codes and sorted levels of one key's values."""
    if not isinstance(key, Category):
        return np.array(values, dtype=np.int64), ()
    plain = [normal(v) for v in values]
    levels = tuple(sorted(set(plain), key=_order))
    place = {v: i for i, v in enumerate(levels)}
    return np.array([place[v] for v in plain], dtype=np.int64), levels


def reduce_cells(
    codes: Ints, levels: tuple[tuple[Level, ...], ...], sums: Floats, lows: Floats, highs: Floats
) -> FactTable:
    """Sum cells of equal keys, in sorted order of keys; levels without a cell are dropped."""
    codes, levels = _pruned(codes, levels)
    if len(codes) == 0 or codes.shape[1] == 0:
        if len(codes) == 0:
            return FactTable(codes, levels, sums, lows, highs)
        return FactTable(
            codes[:1],
            levels,
            sums.sum(axis=0, keepdims=True),
            np.fmin.reduce(lows, axis=0, keepdims=True),
            np.fmax.reduce(highs, axis=0, keepdims=True),
        )
    order = np.lexsort(codes.T[::-1])
    sorted_codes = codes[order]
    starts = np.flatnonzero(np.concatenate([[True], np.any(sorted_codes[1:] != sorted_codes[:-1], axis=1)]))
    return FactTable(
        sorted_codes[starts],
        levels,
        np.add.reduceat(sums[order], starts, axis=0),
        np.fmin.reduceat(lows[order], starts, axis=0),
        np.fmax.reduceat(highs[order], starts, axis=0),
    )


def _pruned(codes: Ints, levels: tuple[tuple[Level, ...], ...]) -> tuple[Ints, tuple[tuple[Level, ...], ...]]:
    kept = list(levels)
    for k, level in enumerate(levels):
        if not level:
            continue
        used = np.bincount(codes[:, k], minlength=len(level)) > 0
        if not used.all():
            codes = codes.copy()
            codes[:, k] = (np.cumsum(used) - 1)[codes[:, k]]
            kept[k] = tuple(v for v, there in zip(level, used.tolist(), strict=True) if there)
    return codes, tuple(kept)


def measure_index(fact: Fact, weight_power: int, factors: tuple[int, ...] = ()) -> int:
    """Column of a measure in `sums`; without weights every weight power is the plain sum."""
    power = 0 if fact.weight is None else weight_power
    return fact.measures.index(Measure(power, factors))


def _order(value: Level) -> tuple[int, float, str]:
    match value:
        case None:
            return 2, 0, ""
        case str():
            return 1, 0, value
        case _:
            # Not made a float: whole numbers beyond 2^53 would lose their order.
            return 0, value, ""


def _union(held: Sequence[tuple[Level, ...]]) -> tuple[Level, ...]:
    first = held[0]
    return first if all(h == first for h in held) else tuple(sorted(set().union(*held), key=_order))


def _recode(codes: Ints, old: tuple[tuple[Level, ...], ...], new: tuple[tuple[Level, ...], ...]) -> Ints:
    out = codes.copy()
    for k, (before, after) in enumerate(zip(old, new, strict=True)):
        if before and before != after:
            place = {v: i for i, v in enumerate(after)}
            out[:, k] = np.array([place[v] for v in before], dtype=np.int64)[codes[:, k]]
    return out
