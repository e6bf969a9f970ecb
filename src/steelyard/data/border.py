"""The border: every column that crosses it obeys the same few rules, in whatever engine it lives.

NaN is missing. Decimals and 128-bit integers become Float64, other numbers Float64 or Int64, so that
nothing overflows later; ±infinity stays, and is counted as invalid by the facts. Dates become
timestamps; in Polars a timestamp with a zone becomes one in UTC without, so that data from several
zones compare. Text stays as it is (categorical too, in Polars). Nested and binary columns are carried,
not measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.data.table import Kind, Table
from steelyard.records import ColumnError, SteelyardError


def as_table(
    native: Any,
    description: str,
    *,
    rows: int | None = None,
    digest: str | None = None,
    warnings: Iterable[str] = (),
    diagnose: Callable[[Exception], SteelyardError | None] | None = None,
) -> Table:
    """Make a table of any frame Narwhals knows; lazily, so nothing is read but the schema."""
    frame = nw.from_native(native).lazy()
    engine = frame.implementation.name.lower()
    rules = {
        name: rule
        for name, dtype in frame.collect_schema().items()
        if (rule := _rule(name, dtype, engine)) is not None
    }
    if rules:
        frame = frame.with_columns(**rules)
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    return Table(frame, engine, kinds, description, rows, digest, tuple(warnings), diagnose)


def kind_of(dtype: Any) -> Kind:
    """What sort of values a Narwhals data type holds."""
    if dtype.is_numeric():
        return Kind.NUMBER
    if dtype == nw.Boolean:
        return Kind.BOOLEAN
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return Kind.TEXT
    return Kind.TIME if dtype in (nw.Datetime, nw.Date) else Kind.OTHER


def unique_names(names: Iterable[object], where: str) -> list[str]:
    """Return column names as text; raise when a name comes twice."""
    texts = [str(name) for name in names]
    twice = [name for name, n in Counter(texts).items() if n > 1]
    if twice:
        shown = ", ".join(repr(name) for name in twice[:5])
        raise ColumnError(
            f"{where} has more than one column named {shown}. Column names must differ: rename or drop one."
        )
    return texts


def _rule(name: str, dtype: Any, engine: str) -> nw.Expr | None:
    column = nw.col(name)
    if dtype.is_float():
        wide = column if dtype == nw.Float64 else column.cast(nw.Float64)
        return wide.fill_nan(None)
    if dtype.is_decimal() or dtype in (nw.Int128, nw.UInt128):
        return column.cast(nw.Float64)
    if dtype.is_integer() and dtype not in (nw.Int64, nw.UInt64):
        return column.cast(nw.Int64)
    if dtype == nw.Date:
        return column.cast(nw.Datetime("us"))
    if engine == "polars":
        return _polars_time(column, dtype)
    return column.cast(nw.String) if dtype in (nw.Enum, nw.Categorical) else None


def _polars_time(column: nw.Expr, dtype: Any) -> nw.Expr | None:
    if dtype != nw.Datetime or (dtype.time_zone is None and dtype.time_unit == "us"):
        return None
    if dtype.time_zone is not None:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(nw.Datetime("us"))
