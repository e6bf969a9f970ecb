"""The portable engine: facts with the same keys as one lazy Narwhals query, in the subset all engines agree on.

Columns are derived first, step by step; inside `agg` there are only sums, minima and maxima of plain columns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import reduce
from itertools import zip_longest
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.facts.among import among_steps
from steelyard.facts.buckets import bucket_steps
from steelyard.facts.expression import finite, finite_steps
from steelyard.facts.profile import Profile
from steelyard.facts.table import FactTable, overflowed, settle, table_from_records
from steelyard.facts.vocabulary import (
    Among,
    Binned,
    Bucket,
    Category,
    Count,
    Fact,
    Key,
    Measure,
    RowHash,
    Values,
    Window,
)
from steelyard.facts.windows import window_steps
from steelyard.records import DataError

Frame = nw.LazyFrame[Any]
_ROWS = Count()


def run_query(frame: Frame, columns: Collection[str], facts: Iterable[Fact]) -> Profile:
    """Answer facts from any lazy frame, in one grouped query for each combination of keys."""
    wanted = list(dict.fromkeys(facts))
    together: dict[tuple[Key, ...], list[Fact]] = {(): [_ROWS]}
    for fact in wanted:
        if not isinstance(fact, Values) and fact != _ROWS:
            together.setdefault(fact.keys, []).append(fact)
    tables: dict[Fact, FactTable] = {}
    for keys, group in together.items():
        tables |= _answer(frame, columns, keys, group)
    rows = tables[_ROWS].rows
    for fact in wanted:
        if isinstance(fact, Values):
            tables[fact] = _values(frame, fact, rows)
    return Profile({fact: tables[fact] for fact in wanted}, rows)


def _values(frame: Frame, fact: Values, rows: int) -> FactTable:
    names = _names("key", fact.keys)
    frame = _stepwise(frame, [_key_steps(frame, k, n) for k, n in zip(fact.keys, names, strict=True)])
    counted = _with_one(frame).group_by(*names).agg(nw.col("sy_one").sum())
    if fact.by:
        return settle(fact, table_from_records(fact, _rows(counted)))
    # Never more than the limit is brought over; one more tells that there are.
    records = _rows(counted.head(fact.limit + 1))
    return overflowed(fact, rows) if len(records) > fact.limit else table_from_records(fact, records)


def _answer(
    frame: Frame, columns: Collection[str], keys: tuple[Key, ...], facts: Sequence[Fact]
) -> dict[Fact, FactTable]:
    names = _names("key", keys)
    values = {text: f"sy_val_{i}" for i, text in enumerate(dict.fromkeys(v for f in facts for v in f.values))}
    weights = {w: f"sy_weight_{i}" for i, w in enumerate({f.weight: None for f in facts if f.weight is not None})}
    frame = _stepwise(
        frame,
        [
            *(_key_steps(frame, key, name) for key, name in zip(keys, names, strict=True)),
            *(finite_steps(text, columns, name) for text, name in values.items()),
            *(_weight_steps(column, name) for column, name in weights.items()),
        ],
    )
    asked = [_Asked(fact, f"sy_{i}", values, weights) for i, fact in enumerate(facts)]
    frame = _with_one(frame)
    known = [a.known for a in asked if a.known is not None]
    frame = frame.with_columns(*known) if known else frame
    summed = [column for a in asked for column in a.columns()]
    frame = frame.with_columns(*summed) if summed else frame
    results = [result for a in asked for result in a.results()]
    records = _rows(frame.group_by(*names).agg(*results) if names else frame.select(*results))
    found: dict[Fact, FactTable] = {}
    at = len(names)
    for a in asked:
        width = len(a.results())
        mine = [(*r[: len(names)], *r[at : at + width]) for r in records if r[at]]
        found[a.fact] = table_from_records(a.fact, mine)
        at += width
    return found


class _Asked:
    """What one fact needs of a query it shares with others."""

    def __init__(self, fact: Fact, prefix: str, values: dict[str, str], weights: dict[str, str]) -> None:
        self.fact, self.prefix = fact, prefix
        self.values = [values[v] for v in fact.values]
        self.weight = weights[fact.weight] if fact.weight is not None else None
        needed = [*self.values, *([self.weight] if self.weight is not None else [])]
        there = [~nw.col(n).is_null() for n in needed]
        self.known = reduce(lambda a, b: a & b, there).alias(f"{prefix}_known") if there else None

    def columns(self) -> list[nw.Expr]:
        """Products to be summed and values to be compared, where the fact counts the row at all."""
        if self.known is None:
            return []
        known, one = nw.col(f"{self.prefix}_known"), nw.lit(1).cast(nw.Int64())
        made = [nw.when(known).then(one).otherwise(nw.lit(0).cast(nw.Int64())).alias(f"{self.prefix}_rows")]
        for i, measure in enumerate(self.fact.measures):
            if measure.weight_power or measure.factors:
                product = nw.when(known).then(self._product(measure)).otherwise(nw.lit(0.0))
                made.append(product.alias(f"{self.prefix}_sum_{i}"))
        if self.fact.extremes:
            for i, value in enumerate(self.values):
                there = nw.when(known).then(nw.col(value)).otherwise(nw.lit(None, dtype=nw.Float64()))
                made.append(there.alias(f"{self.prefix}_val_{i}"))
        return made

    def results(self) -> list[nw.Expr]:
        """Sums in the order of the fact's measures (the first counts rows), then minima, then maxima."""
        plain = "sy_one" if self.known is None else f"{self.prefix}_rows"
        made = [
            nw.col(f"{self.prefix}_sum_{i}" if m.weight_power or m.factors else plain).sum()
            for i, m in enumerate(self.fact.measures)
        ]
        if self.fact.extremes:
            values = [nw.col(f"{self.prefix}_val_{i}") for i in range(len(self.values))]
            made += [*(v.min() for v in values), *(v.max() for v in values)]
        return [expression.alias(f"{self.prefix}_out_{i}") for i, expression in enumerate(made)]

    def _product(self, measure: Measure) -> nw.Expr:
        factors = [self.weight] * measure.weight_power + [self.values[i] for i in measure.factors]
        return reduce(lambda a, b: a * b, (nw.col(name) for name in factors if name is not None))


def _key_steps(frame: Frame, key: Key, name: str) -> list[nw.Expr]:
    match key:
        case Category(column):
            return [nw.col(column).alias(name)]
        case Binned(column, grid):
            number = f"{name}_number"
            return [nw.col(column).cast(nw.Float64()).fill_nan(None).alias(number), *grid.steps(number, name)]
        case Among(column):
            return among_steps(key, frame.collect_schema()[column], name)
        case Window(column):
            return window_steps(key, frame.collect_schema()[column], name)
        case RowHash():
            raise DataError("Row hashes are Polars' own.")  # refused before, see `GAPS`
        case Bucket(column):
            return bucket_steps(key, frame.collect_schema()[column].is_integer(), name)


def _weight_steps(column: str, name: str) -> list[nw.Expr]:
    weight = nw.col(name)
    positive = nw.when(weight > 0.0).then(weight).otherwise(nw.lit(None, dtype=nw.Float64()))
    return [finite(nw.col(column).cast(nw.Float64())).alias(name), positive.alias(name)]


def _names(what: str, items: Sequence[object]) -> list[str]:
    return [f"sy_{what}_{i}" for i in range(len(items))]


def _stepwise(frame: Frame, derived: Iterable[list[nw.Expr]]) -> Frame:
    """Apply each column's steps one after the other, all columns side by side."""
    for layer in zip_longest(*derived):
        frame = frame.with_columns(*(step for step in layer if step is not None))
    return frame


def _with_one(frame: Frame) -> Frame:
    return frame.with_columns(sy_one=nw.lit(1).cast(nw.Int64()))


def _rows(frame: Frame) -> list[tuple[Any, ...]]:
    native = frame.to_native()
    if hasattr(native, "collect") and type(native).__module__.startswith("pyspark"):
        return [tuple(row) for row in native.collect()]
    if hasattr(native, "fetchall"):
        return list(native.fetchall())
    return frame.collect().rows()
