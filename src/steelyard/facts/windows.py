"""Windows of time: how a time becomes the number of a window, and what a number stands for."""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.table import Kind
from steelyard.facts.expression import finite
from steelyard.facts.grids import MISSING
from steelyard.facts.levels import MISSING_TEXT
from steelyard.facts.vocabulary import Window
from steelyard.records import ConfigError

_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_ALSO = {"sec": "s", "second": "s", "m": "min", "minute": "min", "hour": "h", "day": "d", "week": "w"} | {
    "month": "mo",
    "quarter": "q",
    "year": "y",
}
_SHORTEST_PLURAL = 4  # secs, mins, days: "ms" is not several m
_MONDAY = 4 * 86_400  # 1970-01-05
_EPOCH = dt.datetime(1970, 1, 1)
_CYCLE = 146_097 * 86_400  # seconds in 400 years, after which the calendar repeats
_DAYS_TO_1970 = 719_163  # days from 0000-12-31 to 1970-01-01
_FARTHEST = 2.0**53
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*")
UTC = ("UTC", "Etc/UTC", "Z")
"""Names of the zone that windows are told in."""


@dataclass(frozen=True)
class Every:
    """The width of windows: a fixed number of seconds, of months, or of a numeric column's own units."""

    seconds: int = 0
    months: int = 0
    width: float = 0.0

    @property
    def of(self) -> Kind:
        """The kind of column that has such windows."""
        return Kind.NUMBER if self.width else Kind.TIME


def every(text: str) -> Every:
    """Read "1d", "6 hours", "2w", "1mo", or "5" for windows of a numeric column.

    Raises:
        ConfigError: it is none of these.
    """
    found = _WRITTEN.fullmatch(text)
    number, unit = (float(found[1]), _unit(found[2])) if found else (0.0, "")
    if 0 < number < math.inf and not unit:
        return Every(width=number)
    if number > 0 and number.is_integer() and unit in _SECONDS:
        return Every(seconds=int(number) * _SECONDS[unit])
    if number > 0 and number.is_integer() and unit in _MONTHS:
        return Every(months=int(number) * _MONTHS[unit])
    raise ConfigError(
        f"{text!r} is no window. Write a whole number and a unit: 30min, 6h, 1d, 1w, 1mo, 1q, 1y; for a numeric time "
        "column the number alone."
    )


def _unit(written: str) -> str:
    if written == "M":  # minutes to some, months to others
        return written
    word = written.casefold()
    word = word.removesuffix("s") if len(word) >= _SHORTEST_PLURAL else word
    return _ALSO.get(word, word)


def window_steps(key: Window, dtype: nw.dtypes.DType, name: str) -> list[nw.Expr]:
    """Steps that make the window number `name` of a column of this type, on any engine.

    The calendar's own numbers (year, day of the year, hour …) are all that engines agree on.
    """
    width = every(key.every)
    column, made = nw.col(key.column), nw.col(name)
    if width.width:
        number = finite(column.cast(nw.Float64()) / width.width)
    elif width.months:
        number = _months(_in_utc(column, dtype)) / float(width.months)
    else:
        number = (_seconds(_in_utc(column, dtype)) - float(_start(width))) / float(width.seconds)
    near = nw.when(made.abs() < _FARTHEST).then(made.floor().cast(nw.Float64())).otherwise(nw.lit(float(MISSING)))
    known = nw.when(made.is_null()).then(nw.lit(float(MISSING))).otherwise(near)
    return [number.alias(name), known.cast(nw.Int64()).alias(name)]


def window_number(key: Window, dtype: pl.DataType) -> pl.Expr:
    """The window number of a Polars column, missing where it has none: the same numbers, found more quickly."""
    width = every(key.every)
    column = pl.col(key.column)
    if width.width:
        number = column.cast(pl.Float64) / width.width
        return pl.when(number.abs() < _FARTHEST).then(number.floor()).cast(pl.Int64)
    if width.months:
        time = column.dt.convert_time_zone("UTC") if getattr(dtype, "time_zone", None) else column
        return (time.dt.year().cast(pl.Int64) * 12 + time.dt.month() - (1970 * 12 + 1)) // width.months
    time = column.cast(pl.Datetime("us")) if dtype == pl.Date else column
    return (time.dt.timestamp("us") - _start(width) * 1_000_000) // (width.seconds * 1_000_000)


def _start(width: Every) -> int:
    return _MONDAY if width.seconds % _SECONDS["w"] == 0 else 0


def _in_utc(column: nw.Expr, dtype: nw.dtypes.DType) -> nw.Expr:
    if dtype == nw.Date:
        return column.cast(nw.Datetime("us"))
    zone = getattr(dtype, "time_zone", None)
    if zone is None or zone in UTC:
        return column
    return column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _months(time: nw.Expr) -> nw.Expr:
    """Months since the start of 1970."""
    return time.dt.year().cast(nw.Float64()) * 12.0 + time.dt.month().cast(nw.Float64()) - (1970.0 * 12.0 + 1.0)


def _seconds(time: nw.Expr) -> nw.Expr:
    """Whole seconds since the start of 1970, leap years counted by the Gregorian rule."""
    before = time.dt.year().cast(nw.Float64()) - 1.0
    leap = sum(
        (_floor(before / years) * sign for years, sign in ((4.0, 1.0), (100.0, -1.0), (400.0, 1.0))), before * 365.0
    )
    days = leap + time.dt.ordinal_day().cast(nw.Float64()) - float(_DAYS_TO_1970)
    clock = ((time.dt.hour(), 3_600.0), (time.dt.minute(), 60.0), (time.dt.second(), 1.0))
    return sum((part.cast(nw.Float64()) * seconds for part, seconds in clock), days * 86_400.0)


def _floor(value: nw.Expr) -> nw.Expr:
    # Spark's floor is a whole number.
    return value.floor().cast(nw.Float64())


def start_of(key: Window, code: int) -> str:
    """The start of a window: an ISO time in UTC, a date where windows are whole days, or a number."""
    width = every(key.every)
    if code == MISSING:
        return MISSING_TEXT
    if width.width:
        return f"{code * width.width:.15g}"
    if width.months:
        year, month = divmod(code * width.months, 12)
        return f"{1970 + year:04d}-{month + 1:02d}-01"
    cycles, seconds = divmod(code * width.seconds + _start(width), _CYCLE)
    at = _EPOCH + dt.timedelta(seconds=seconds)
    clock = "" if width.seconds % _SECONDS["d"] == 0 else f"T{at.time().isoformat()}"
    return f"{at.year + 400 * cycles:04d}-{at.month:02d}-{at.day:02d}{clock}"


def end_of(key: Window, code: int) -> str:
    """The end of a window, which is the start of the next."""
    return MISSING_TEXT if code == MISSING else start_of(key, code + 1)
