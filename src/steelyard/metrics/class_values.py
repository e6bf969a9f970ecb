"""Comparing a column with a class: as the column's own type, so that 1, 1.0, "1" and True can mean the same."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from steelyard.data.roles import Value
from steelyard.data.table import Kind

INTEGER = nw.Int64()
FLOAT = nw.Float64()
_TRUE, _FALSE = ("1", "1.0", "true", "yes", "t", "y"), ("0", "0.0", "false", "no", "f", "n")


def is_class(column: str, kind: Kind, value: Value) -> nw.Expr:
    """Whether a column holds a class, as a truth value that is missing where the column is."""
    wanted = _number(value)
    match kind:
        case Kind.BOOLEAN:
            return nw.col(column) if wanted != 0 else ~nw.col(column)
        case Kind.NUMBER:
            return nw.col(column) == (1 if wanted is None else wanted)
        case _ if isinstance(value, str):
            return nw.col(column) == value
        case _:
            spellings = _spellings(value)
            tests = [nw.col(column).str.to_lowercase() == spelling for spelling in spellings]
            return nw.any_horizontal(*tests, ignore_nulls=False)


def indicator(truth: nw.Expr) -> nw.Expr:
    """A truth value as 1, 0 or missing."""
    return truth.cast(INTEGER)


def as_text(column: str, dtype: object) -> nw.Expr:
    """A column's classes as the text a reader sees: 1 for 1 and 1.0, True for true."""
    values = nw.col(column)
    if dtype == nw.Boolean:
        named = nw.when(values).then(nw.lit("True")).otherwise(nw.lit("False"))
        return nw.when(~values.is_null()).then(named)
    if dtype in (nw.Float64, nw.Float32):
        whole = nw.when(values == values.floor()).then(values).otherwise(nw.lit(0.0)).cast(INTEGER).cast(nw.String())
        return nw.when(values == values.floor()).then(whole).otherwise(values.cast(nw.String()))
    return values.cast(nw.String())


def class_literal(name: str, kind: Kind) -> nw.Expr:
    """A class as a constant of a label column's type."""
    number = _number(name)
    if kind is Kind.BOOLEAN:
        return nw.lit(number != 0)
    return nw.lit(float(number)) if kind is Kind.NUMBER and number is not None else nw.lit(name)


def _number(value: Value) -> int | float | None:
    """The number a class stands for: itself, that of its text, 1 and 0 for yes and no; None where there is none."""
    if not isinstance(value, str):
        return int(value) if isinstance(value, bool) else value
    text = value.strip().casefold()
    if text in _TRUE:
        return 1
    if text in _FALSE:
        return 0
    try:
        number = float(text)
    except ValueError:
        return None
    return int(number) if number.is_integer() else number


def _spellings(value: int | float | bool) -> tuple[str, ...]:
    if value == 1:
        return _TRUE
    if value == 0:
        return _FALSE
    return (f"{value:g}", repr(float(value)))
