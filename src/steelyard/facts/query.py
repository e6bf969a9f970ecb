"""The portable engine: each group of facts as one lazy Narwhals query, in the subset all engines agree on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.facts.expression import compile_expression
from steelyard.facts.profile import Profile
from steelyard.facts.table import FactTable, settle, table_from_records
from steelyard.facts.vocabulary import Binned, Bucket, Category, Count, Fact, Key, Measure

LARGE_PRIME = 2**31 - 1
MULTIPLIER = 48271


def run_query(frame: nw.LazyFrame[Any], columns: Collection[str], facts: Iterable[Fact]) -> Profile:
    """Answer facts from any lazy frame, one grouped query each."""
    tables = {fact: settle(fact, _answer(frame, columns, fact)) for fact in dict.fromkeys(facts)}
    return Profile(tables, _answer(frame, columns, Count()).rows)


def bucket_expression(key: Bucket) -> nw.Expr:
    """Bucket of an integer cluster: a multiplicative congruential hash that fits 64 bits on every engine."""
    whole = nw.col(key.column).cast(nw.Int64()).abs()
    mixed = ((whole % LARGE_PRIME) * MULTIPLIER) % LARGE_PRIME
    bucket = ((mixed * MULTIPLIER) % LARGE_PRIME) % key.groups
    return nw.when(bucket.is_null()).then(nw.lit(0)).otherwise(bucket).cast(nw.Int64())


def key_expression(key: Key, as_float: str) -> nw.Expr:
    """A key as a column; `as_float` names the Float64 copy of a binned column."""
    match key:
        case Category(column):
            return nw.col(column)
        case Binned(_, grid):
            return grid.index(as_float)
        case Bucket():
            return bucket_expression(key)


def _answer(frame: nw.LazyFrame[Any], columns: Collection[str], fact: Fact) -> FactTable:
    names = [f"sy_key_{i}" for i in range(len(fact.keys))]
    floats = [f"sy_num_{i}" for i in range(len(fact.keys))]
    values = [f"sy_val_{i}" for i in range(len(fact.values))]
    derived = [
        nw.col(key.column).cast(nw.Float64()).alias(f)
        for key, f in zip(fact.keys, floats, strict=True)
        if isinstance(key, Binned)
    ]
    derived += [_finite(compile_expression(v, columns)).alias(a) for v, a in zip(fact.values, values, strict=True)]
    if fact.weight is not None:
        derived.append(nw.col(fact.weight).cast(nw.Float64()).alias("sy_weight"))
    if derived:
        frame = frame.with_columns(*derived)
    if fact.values:
        frame = frame.filter(*(~nw.col(a).is_null() for a in values))
    keyed = [key_expression(k, f).alias(n) for k, f, n in zip(fact.keys, floats, names, strict=True)]
    if keyed:
        frame = frame.with_columns(*keyed)
    measures = fact.measures
    products = [
        _product(m, values).alias(f"sy_sum_{i}") for i, m in enumerate(measures) if m.weight_power or m.factors
    ]
    frame = frame.with_columns(sy_one=nw.lit(1).cast(nw.Int64()), *products)
    sums = [
        (nw.col(f"sy_sum_{i}") if m.weight_power or m.factors else nw.col("sy_one")).sum().alias(f"sy_out_{i}")
        for i, m in enumerate(measures)
    ]
    if fact.extremes:
        sums += [nw.col(a).min().alias(f"sy_low_{i}") for i, a in enumerate(values)]
        sums += [nw.col(a).max().alias(f"sy_high_{i}") for i, a in enumerate(values)]
    if names:
        grouped = frame.group_by(*names).agg(*sums)
    else:
        grouped = frame.group_by("sy_one").agg(*(s for s in _shifted(sums)))
        grouped = grouped.select(*(c for c in grouped.collect_schema().names() if c != "sy_one"))
    return table_from_records(fact, _rows(grouped))


def _finite(value: nw.Expr) -> nw.Expr:
    return nw.when(value.is_finite()).then(value).otherwise(nw.lit(None, dtype=nw.Float64()))


def _shifted(sums: Sequence[nw.Expr]) -> Sequence[nw.Expr]:
    # The row counter is the group key here, so count through a copy of it.
    return [nw.len().alias("sy_out_0"), *sums[1:]]


def _product(measure: Measure, values: Sequence[str]) -> nw.Expr:
    parts = [nw.col("sy_weight")] * measure.weight_power + [nw.col(values[i]) for i in measure.factors]
    product = parts[0]
    for part in parts[1:]:
        product = product * part
    return product


def _rows(frame: nw.LazyFrame[Any]) -> list[tuple[Any, ...]]:
    native = frame.to_native()
    if hasattr(native, "collect") and type(native).__module__.startswith("pyspark"):
        return [tuple(row) for row in native.collect()]
    if hasattr(native, "fetchall"):
        return list(native.fetchall())
    return frame.collect().rows()
