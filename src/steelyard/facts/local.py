"""The engine for one machine: Polars streams batches, NumPy counts them. Memory does not grow with rows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.facts.expression import compile_expression
from steelyard.facts.grids import Floats, Ints, RootGrid, indices, width
from steelyard.facts.profile import Profile
from steelyard.facts.query import bucket_expression
from steelyard.facts.table import (
    FactTable,
    Level,
    empty_table,
    encode,
    normal,
    overflowed,
    reduce_cells,
    table_from_records,
)
from steelyard.facts.vocabulary import (
    ROWS,
    Binned,
    Bucket,
    Category,
    Fact,
    Histogram,
    Key,
    Measure,
    Moments,
    Values,
    shape,
)

BLOCK = 1 << 15
"""Numbers worked on at a time: temporaries stay in the processor's cache."""
DENSE = 1 << 22
"""Largest number of cells that is counted in one flat array."""


def run_local(frame: pl.LazyFrame, columns: Collection[str], facts: Iterable[Fact]) -> Profile:
    """Answer facts from a Polars lazy frame in one streaming pass."""
    wanted = list(dict.fromkeys(facts))
    plan = _Plan(frame.collect_schema(), columns)
    counters = _counters(plan, wanted)
    rows = 0
    for frame_of_batch in plan.select(frame).collect_batches(maintain_order=False, engine="streaming"):
        rows += frame_of_batch.height
        batch = _Batch(frame_of_batch)
        for counter in counters:
            counter.add(batch)
    tables = {fact: table for counter in counters for fact, table in counter.tables().items()}
    return Profile({fact: tables[fact] for fact in wanted}, rows)


class _Batch:
    """A batch whose columns are turned into arrays once."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._floats: dict[str, Floats] = {}
        self._codes: dict[Key, _Codes] = {}

    def floats(self, name: str) -> Floats:
        """A numeric column as float64, missing as NaN."""
        if name not in self._floats:
            self._floats[name] = self.frame[name].cast(pl.Float64).to_numpy()
        return self._floats[name]

    def codes(self, key: Key, name: str) -> _Codes:
        """A key as small integers."""
        if key not in self._codes:
            self._codes[key] = _codes(key, self.frame[name])
        return self._codes[key]


@dataclass(frozen=True)
class _Codes:
    """A key over one batch: `codes` index `values`; the values are bins, buckets or categories."""

    codes: Ints
    values: Sequence[Any] | Ints


def _codes(key: Key, column: pl.Series) -> _Codes:
    match key:
        case Binned(_, grid):
            return _Codes(grid.positions(column.cast(pl.Float64).to_numpy()), indices(grid))
        case Bucket(_, groups):
            if column.dtype.is_integer():
                return _Codes(column.to_numpy().astype(np.int64), np.arange(groups))
            return _hashed(column, groups)
        case Category():
            return _categories(column)


def _hashed(column: pl.Series, groups: int) -> _Codes:
    distinct = _categories(column)
    digests = [0 if v is None else int(hashlib.md5(str(normal(v)).encode(), usedforsecurity=False).hexdigest()[:8], 16)
               for v in distinct.values]
    return _Codes(np.array([d % groups for d in digests], dtype=np.int64)[distinct.codes], np.arange(groups))


def _categories(column: pl.Series) -> _Codes:
    if column.dtype == pl.String:
        column = column.cast(pl.Categorical)
    if column.dtype in (pl.Categorical, pl.Enum, pl.Boolean):
        physical = column.to_physical().cast(pl.Int64)
    elif column.dtype.is_integer() and _span(column) <= 1 << 16:
        physical = column.cast(pl.Int64) - (column.min() or 0)  # type: ignore[operator]
    else:
        return _sorted_unique(column)
    positions = physical.fill_null((physical.max() or 0) + 1).to_numpy()  # type: ignore[operator]
    row_of = np.full(int(positions.max(initial=0)) + 1, -1)
    row_of[positions] = np.arange(len(positions))
    used = row_of >= 0
    return _Codes((np.cumsum(used) - 1)[positions], column.gather(row_of[used]).to_list())


def _span(integers: pl.Series) -> int:
    low, high = integers.min(), integers.max()
    return 0 if low is None else int(high) - int(low)  # type: ignore[arg-type, call-overload]


def _sorted_unique(column: pl.Series) -> _Codes:
    ranks = column.rank("dense").cast(pl.Int64) - 1
    values = column.unique().sort().drop_nulls().to_list()
    return _Codes(ranks.fill_null(len(values)).to_numpy(), [*values, None])


class _Plan:
    """Which columns and expressions the pass has to bring."""

    def __init__(self, schema: pl.Schema, columns: Collection[str]) -> None:
        self.schema = schema
        self.columns = columns
        self._selected: dict[str, pl.Expr] = {}
        self._derived: dict[str, nw.Expr] = {}

    def column(self, name: str) -> str:
        """Bring a column as it is."""
        self._selected.setdefault(name, pl.col(name))
        return name

    def expression(self, text: str) -> str:
        """Bring an expression's value, non-finite ones as missing."""
        alias = f"sy_val:{text}"
        if alias not in self._derived:
            value = compile_expression(text, self.columns)
            finite = nw.when(value.is_finite()).then(value).otherwise(nw.lit(None, dtype=nw.Float64()))
            self._derived[alias] = finite.alias(alias)
        return alias

    def key(self, key: Key) -> str:
        """Bring what a key is made of."""
        if isinstance(key, Bucket) and self.schema[key.column].is_integer():
            alias = f"sy_bucket:{key.column}:{key.groups}"
            self._derived.setdefault(alias, bucket_expression(key).alias(alias))
            return alias
        return self.column(key.column)

    def select(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """Only what was asked for."""
        if self._derived:
            frame = nw.from_native(frame).with_columns(*self._derived.values()).to_native()
        names = [*self._selected, *self._derived]
        return frame.select(names or [next(iter(self.schema))])


class _Counter(Protocol):
    def add(self, batch: _Batch) -> None:
        """Count one batch."""

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""


def _counters(plan: _Plan, facts: Sequence[Fact]) -> list[_Counter]:
    """Share the facts out: a column's histogram and shape in one fused loop, plain value counts, the rest as cells."""
    counters: list[_Counter] = []
    taken: set[Fact] = set()
    for fact in facts:
        if isinstance(fact, Histogram) and isinstance(fact.grid, RootGrid) and not fact.by and fact.weight is None:
            moments = shape(fact.column, fact.grid.centre, fact.grid.scale)
            if moments in facts:
                counters.append(_ShapeCounter(plan.column(fact.column), fact, moments, fact.grid))
                taken |= {fact, moments}
    for fact in facts:
        if isinstance(fact, Values) and not fact.by:
            counters.append(_ValueCounter(plan.column(fact.column), fact))
        elif fact not in taken:
            counters.append(_CellCounter(plan, fact))
    return counters


class _ShapeCounter:
    """Histogram and moments of one column together: each block of numbers is loaded once."""

    def __init__(self, name: str, histogram: Histogram, moments: Moments, grid: RootGrid) -> None:
        self.name, self.histogram, self.moments, self.grid = name, histogram, moments, grid
        self.bins = np.zeros(width(grid), dtype=np.int64)
        self.powers = np.zeros(4)
        self.low, self.high = np.inf, -np.inf

    def add(self, batch: _Batch) -> None:
        column = batch.frame[self.name]
        self.bins[0] += column.null_count()
        numbers = column.drop_nulls().cast(pl.Float64).to_numpy()
        for start in range(0, len(numbers), BLOCK):
            z = numbers[start : start + BLOCK] - self.grid.centre
            z /= self.grid.scale
            low, high = float(z.min()), float(z.max())
            self.bins += np.bincount(self.grid.standard_positions(z), minlength=len(self.bins))
            if low == -np.inf or high == np.inf:
                z = z[np.isfinite(z)]
                if not len(z):
                    continue
                low, high = float(z.min()), float(z.max())
            square = z * z
            self.powers += (len(z), z.sum(), square.sum(), np.dot(square, z))
            self.low, self.high = min(self.low, low), max(self.high, high)

    def tables(self) -> dict[Fact, FactTable]:
        used = np.flatnonzero(self.bins)
        blank = np.empty((len(used), 0))
        bins = FactTable(
            indices(self.grid)[used][:, None], ((),), self.bins[used].astype(float)[:, None], blank, blank
        )
        if self.powers[0] == 0:
            return {self.histogram: bins, self.moments: empty_table(self.moments)}
        n, first, second, third = self.powers
        place = {ROWS: n, Measure(0, (0,)): first, Measure(0, (0, 0)): second, Measure(0, (0, 0, 0)): third}
        moments = FactTable(
            np.empty((1, 0), dtype=np.int64),
            (),
            np.array([[place[m] for m in self.moments.measures]]),
            np.array([[self.low]]),
            np.array([[self.high]]),
        )
        return {self.histogram: bins, self.moments: moments}


class _ValueCounter:
    """Rows by value of one column, given up past the fact's limit."""

    def __init__(self, name: str, fact: Values) -> None:
        self.name, self.fact = name, fact
        self.counts: dict[Level, int] = {}
        self.rows = 0
        self.overflow = False

    def add(self, batch: _Batch) -> None:
        column = batch.frame[self.name]
        self.rows += len(column)
        if self.overflow:
            return
        if column.dtype in (pl.Categorical, pl.Enum, pl.Boolean):
            found = _categories(column)
            counted = zip(found.values, np.bincount(found.codes, minlength=len(found.values)).tolist(), strict=True)
        else:
            counts = column.value_counts(name="sy_count")
            counted = zip(counts[self.name].to_list(), counts["sy_count"].to_list(), strict=True)
        for value, n in counted:
            if n:
                level = normal(value)
                self.counts[level] = self.counts.get(level, 0) + n
        self.overflow = len(self.counts) > self.fact.limit

    def tables(self) -> dict[Fact, FactTable]:
        if self.overflow:
            return {self.fact: overflowed(self.rows)}
        return {self.fact: table_from_records(self.fact, list(self.counts.items()))}


class _CellCounter:
    """Any fact: rows and sums per combination of keys."""

    def __init__(self, plan: _Plan, fact: Fact) -> None:
        self.fact = fact
        self.keys = [(key, plan.key(key)) for key in fact.keys]
        self.values = [plan.expression(v) for v in fact.values]
        self.weight = plan.column(fact.weight) if fact.weight is not None else None
        self.total = empty_table(fact)

    def add(self, batch: _Batch) -> None:
        height = batch.frame.height
        values = [batch.floats(name) for name in self.values]
        found = [batch.codes(key, name) for key, name in self.keys]
        codes = [f.codes for f in found]
        weight = batch.floats(self.weight) if self.weight is not None else None
        known = ~np.isnan(np.sum(values, axis=0)) if values else None
        if known is not None and not known.all():
            values, codes = [v[known] for v in values], [c[known] for c in codes]
            weight = weight[known] if weight is not None else None
            height = int(known.sum())
        if not height:
            return
        widths = tuple(len(f.values) for f in found)
        flat, cells = _flatten(codes, widths, height)
        sums = np.column_stack([_sum(flat, len(cells), m, weight, values) for m in self.fact.measures])
        lows, highs = _extremes(flat, len(cells), values if self.fact.extremes else [])
        levels: list[tuple[Level, ...]] = []
        columns = np.empty((len(cells), len(found)), dtype=np.int64)
        for k, ((key, _), part) in enumerate(zip(self.keys, found, strict=True)):
            of_value, level = encode(key, part.values)
            columns[:, k] = of_value[cells[:, k]]
            levels.append(level)
        self.total = self.total + reduce_cells(columns, tuple(levels), sums, lows, highs)

    def tables(self) -> dict[Fact, FactTable]:
        return {self.fact: self.total}


def _flatten(codes: Sequence[Ints], widths: tuple[int, ...], height: int) -> tuple[Ints, Ints]:
    """One code per row for a combination of keys, and the keys' codes of each combination that occurs."""
    if not codes:
        return np.zeros(height, dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
    flat = codes[0]
    for code, size in zip(codes[1:], widths[1:], strict=True):
        flat = flat * size + code
    if math.prod(widths) <= DENSE:
        used = np.bincount(flat, minlength=math.prod(widths)) > 0
        present = np.flatnonzero(used)
        dense = (np.cumsum(used) - 1)[flat]
    else:
        present, dense = np.unique(flat, return_inverse=True)
    return dense, np.column_stack(np.unravel_index(present, widths)).astype(np.int64)


def _sum(flat: Ints, cells: int, measure: Measure, weight: Floats | None, values: Sequence[Floats]) -> Floats:
    parts = [weight] * measure.weight_power if weight is not None else []
    parts += [values[i] for i in measure.factors]
    if not parts:
        return np.bincount(flat, minlength=cells).astype(float)
    product = parts[0]
    for part in parts[1:]:
        product = product * part  # type: ignore[operator]
    return np.bincount(flat, weights=product, minlength=cells)


def _extremes(flat: Ints, cells: int, values: Sequence[Floats]) -> tuple[Floats, Floats]:
    lows, highs = np.full((cells, len(values)), np.inf), np.full((cells, len(values)), -np.inf)
    for i, value in enumerate(values):
        np.minimum.at(lows[:, i], flat, value)
        np.maximum.at(highs[:, i], flat, value)
    return lows, highs
