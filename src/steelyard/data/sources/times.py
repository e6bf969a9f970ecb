"""Times written as text, in files that have no type for them.

ISO 8601, with or without an offset, mixed as they come, and day/month/year where the sample leaves no
doubt which is which. What is not a time after all becomes missing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

LOOKED_AT = 2_000
OFFSET = r"\s?(Z|[+-]\d{2}:?\d{2})$"
ISO = r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?(Z|[+-]\d{2}:?\d{2}))?)?$"
LOCAL = r"^(\d{1,2})[/.](\d{1,2})[/.](\d{4})( \d{1,2}:\d{2}(:\d{2})?)?$"
CLOCKS = {r":\d{2}:\d{2}": " %H:%M:%S%.f", r"[T ]\d{1,2}:\d{2}$": " %H:%M", r"^[^:]*$": ""}


def time_rules(sample: pl.DataFrame) -> dict[str, pl.Expr]:
    """Return an expression for each text column whose values are all times."""
    found = {}
    for name, dtype in sample.schema.items():
        if dtype == pl.String:
            values = sample[name].drop_nulls().head(LOOKED_AT)
            if len(values) and (rule := _rule(name, values)) is not None:
                found[name] = rule
    return found


def with_times(frame: pl.LazyFrame, rules: Mapping[str, pl.Expr]) -> pl.LazyFrame:
    """Return the frame with its times parsed."""
    return frame.with_columns(**rules) if rules else frame


def _rule(name: str, values: pl.Series) -> pl.Expr | None:
    if values.str.contains(ISO).all():
        return _parsed(name, values, "%Y-%m-%d")
    if values.str.contains(LOCAL).all():
        day_first = _day_first(values)
        return None if day_first is None else _parsed(name, values, "%d/%m/%Y" if day_first else "%m/%d/%Y")
    return None


def _day_first(values: pl.Series) -> bool | None:
    first = values.str.extract(LOCAL, 1).cast(pl.Int64).max()
    second = values.str.extract(LOCAL, 2).cast(pl.Int64).max()
    if (first > 12) == (second > 12):  # type: ignore[operator]
        return None
    return bool(first > 12)  # type: ignore[operator]


def _parsed(name: str, values: pl.Series, date: str) -> pl.Expr:
    bare = values.str.replace(OFFSET, "")
    formats = [date + clock for pattern, clock in CLOCKS.items() if bare.str.contains(pattern).any()]
    text = pl.col(name).str.strip_chars()
    has_offset = values.str.contains(r":.*" + OFFSET).any()
    local = text.str.replace(OFFSET, "") if has_offset else text
    local = local.str.replace("T", " ", literal=True)
    if "/" in date:
        local = local.str.replace_all(".", "/", literal=True)
    moment = pl.coalesce(local.str.to_datetime(f, time_unit="us", strict=False) for f in formats)
    return (moment - _offset(text)).alias(name) if has_offset else moment.alias(name)


def _offset(text: pl.Expr) -> pl.Expr:
    offset = text.str.extract(OFFSET, 1).str.replace(":", "", literal=True)
    hours = offset.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = offset.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(offset.str.starts_with("-")).then(-1).otherwise(1)
    return pl.duration(minutes=sign * (hours * 60 + minutes))
