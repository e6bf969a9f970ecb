"""The engine for one machine: Polars streams batches, NumPy counts them. Memory does not grow with rows."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.facts.batch import Batch
from steelyard.facts.buckets import bucket_steps
from steelyard.facts.counters import CellCounter, Counter, ShapeCounter, ValueCounter, WholeCounter
from steelyard.facts.dense import DenseCounter, families
from steelyard.facts.expression import finite_steps
from steelyard.facts.grids import IntegerGrid, RootGrid
from steelyard.facts.profile import Profile
from steelyard.facts.sketching import SketchCounter
from steelyard.facts.vocabulary import (
    Bucket,
    Category,
    Distinct,
    Fact,
    Histogram,
    Key,
    Sample,
    Values,
    Window,
    columns_of,
    shape,
)
from steelyard.facts.windows import window_number

NUMBERS_AHEAD = 1 << 24
"""Numbers, rows times columns, that are asked for at a time."""
MOST_PARTS = 32
"""Of very many rows larger parts are asked for, as each part starts the reading anew."""


def run_local(frame: pl.LazyFrame, columns: Collection[str], facts: Iterable[Fact]) -> Profile:
    """Answer facts from a Polars lazy frame in one streaming pass.

    Batches are added in the order of the rows, so that the same data gives the same sums to the last bit.
    """
    wanted = list(dict.fromkeys(facts))
    plan = _Plan(frame.collect_schema(), columns)
    counters = _counters(plan, wanted)
    rows = 0
    for part in batches(plan.select(frame)):
        rows += part.height
        batch = Batch(part)
        for counter in counters:
            counter.add(batch)
    tables = {fact: table for counter in counters for fact, table in counter.tables().items()}
    return Profile({fact: tables[fact] for fact in wanted}, rows)


def batches(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    """Stream a frame in the order of its rows.

    Polars reads about 1 GB ahead of whoever takes the batches more slowly than it makes them. Where a part of the
    rows is as cheap to ask for as all of them, it is asked for one part after the other, and cannot run ahead.
    """
    if not _is_sliced_while_read(frame):
        yield from _stream(frame)
        return
    start, columns = 0, max(len(frame.collect_schema()), 1)
    while True:
        length = max(NUMBERS_AHEAD // columns, start // MOST_PARTS)
        end = start
        for part in _stream(frame.slice(start, length)):
            end += part.height
            yield part
        if end < start + length:
            return
        start = end


def _stream(frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    yield from frame.collect_batches(maintain_order=True, engine="streaming")


def _is_sliced_while_read(frame: pl.LazyFrame) -> bool:
    # There is no other way to ask the optimiser. Should its words change, all is streamed at once, as elsewhere.
    plan = frame.slice(1, 2).explain(engine="streaming")
    elsewhere = re.search(r"SLICE\[|SLICED|UNION", plan)
    return plan.count("Parquet SCAN") == 1 and "SLICE: Positive" in plan and not elsewhere


class _Plan:
    """Which columns and expressions the pass has to bring."""

    def __init__(self, schema: Mapping[str, pl.DataType], columns: Collection[str]) -> None:
        self.schema = schema
        self.columns = columns
        self._selected: dict[str, pl.Expr] = {}
        self._derived: dict[str, list[nw.Expr]] = {}
        self._native: dict[str, pl.Expr] = {}

    def column(self, name: str) -> str:
        """Bring a column as it is."""
        self._selected.setdefault(name, pl.col(name))
        return name

    def expression(self, text: str) -> str:
        """Bring an expression's value, non-finite ones as missing."""
        alias = f"sy_val:{text}"
        if alias not in self._derived:
            self._derived[alias] = finite_steps(text, self.columns, alias)
        return alias

    def values(self, fact: Fact) -> list[str]:
        """Bring a fact's values."""
        return [self.expression(text) for text in fact.values]

    def weight(self, fact: Fact) -> str | None:
        """Bring a fact's weight."""
        return None if fact.weight is None else self.column(fact.weight)

    def key(self, key: Key) -> str:
        """Bring what a key is made of."""
        if isinstance(key, Bucket) and self.schema[key.column].is_numeric():
            alias = f"sy_bucket:{key.groups}:{key.column}"
            whole = self.schema[key.column].is_integer()
            self._derived.setdefault(alias, bucket_steps(key, whole, alias))
            return alias
        if isinstance(key, Window):
            alias = f"sy_window:{key.every}:{key.column}"
            self._native.setdefault(alias, window_number(key, self.schema[key.column]).alias(alias))
            return alias
        return self.column(*columns_of(key))

    def select(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Only what was asked for."""
        narrow = nw.from_native(frame.with_columns(*self._native.values()) if self._native else frame)
        deepest = max(map(len, self._derived.values()), default=0)
        for depth in range(deepest):
            narrow = narrow.with_columns(*(steps[depth] for steps in self._derived.values() if depth < len(steps)))
        names = [*self._selected, *self._derived, *self._native]
        return narrow.to_native().select(names or list(self.schema)[:1])


def _counters(plan: _Plan, facts: Sequence[Fact]) -> list[Counter]:
    """Share the facts out: histogram and shape of a column in one loop, plain value counts, the rest as cells."""
    counters: list[Counter] = []
    asked = frozenset(facts)
    taken: set[Fact] = set()
    for fact in facts:
        fused = _fused(plan, fact, asked)
        if fused is not None:
            counters.append(fused)
            taken |= {fact, fused.moments}
    for family in families(fact for fact in facts if fact not in taken):
        names = {key: plan.key(key) for fact in family for key in fact.keys}
        counters.append(DenseCounter(family, names, plan.values(family[0]), plan.weight(family[0])))
        taken |= set(family)
    sketches: dict[tuple[str, ...], list[Distinct | Sample]] = {}
    for fact in facts:
        if isinstance(fact, Distinct | Sample):
            sketches.setdefault(fact.columns, []).append(fact)
    counters += [SketchCounter(held, [plan.column(c) for c in columns]) for columns, held in sketches.items()]
    taken |= {fact for held in sketches.values() for fact in held}
    grouped = {key for fact in facts if fact not in taken and not isinstance(fact, Values) for key in fact.keys}
    for fact in facts:
        if isinstance(fact, Values) and not fact.by:
            counters.append(ValueCounter(plan.column(fact.column), fact, Category(fact.column) in grouped))
        elif fact not in taken:
            keys = [(key, plan.key(key)) for key in fact.keys]
            counters.append(CellCounter(fact, keys, plan.values(fact), plan.weight(fact)))
    return counters


def _fused(plan: _Plan, fact: Fact, facts: Collection[Fact]) -> ShapeCounter | WholeCounter | None:
    if not isinstance(fact, Histogram) or fact.by or fact.weight is not None:
        return None
    match fact.grid:
        case RootGrid(centre, scale) as grid:
            moments = shape(fact.column, centre, scale)
            return ShapeCounter(plan.column(fact.column), fact, moments, grid) if moments in facts else None
        case IntegerGrid() as grid if plan.schema[fact.column].is_integer():
            moments = shape(fact.column, 0.0, 1.0)
            return WholeCounter(plan.column(fact.column), fact, moments, grid) if moments in facts else None
    return None
