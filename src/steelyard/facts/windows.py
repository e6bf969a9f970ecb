"""Windows of time: how a time becomes the number of a window, and what a number stands for."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import narwhals.stable.v2 as nw

from steelyard.facts.grids import MISSING
from steelyard.facts.levels import MISSING_TEXT
from steelyard.facts.vocabulary import Window
from steelyard.records import ConfigError

_SECONDS = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_MONDAY = 4 * 86_400  # 1970-01-05
_EPOCH = dt.datetime(1970, 1, 1)
_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_UNITS = {"m": "min", "minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "quarter": "q"} | {
    "sec": "s",
    "second": "s",
    "year": "y",
}


@dataclass(frozen=True)
class Every:
    """The width of windows: a fixed number of seconds, of months, or of a numeric column's own units."""

    seconds: int = 0
    months: int = 0
    width: float = 0.0


def every(text: str) -> Every:
    """Read "1d", "6 hours", "2w", "1mo", or "5" for windows of a numeric column.

    Raises:
        ConfigError: it is none of these.
    """
    found = _WRITTEN.fullmatch(text.casefold())
    number, unit = (float(found[1]), found[2]) if found else (0.0, "")
    unit = _UNITS.get(unit, unit)
    unit = _UNITS.get(unit.removesuffix("s"), unit) if len(unit) > 1 else unit
    if number > 0 and not unit:
        return Every(width=number)
    if number > 0 and number.is_integer() and unit in _SECONDS:
        return Every(seconds=int(number) * _SECONDS[unit])
    if number > 0 and number.is_integer() and unit in _MONTHS:
        return Every(months=int(number) * _MONTHS[unit])
    raise ConfigError(
        f"{text!r} is no window. Write a whole number and a unit: 30min, 6h, 1d, 1w, 1mo, 1q, 1y; for a numeric time "
        "column the number alone."
    )


def window_steps(key: Window, dtype: nw.dtypes.DType, name: str) -> list[nw.Expr]:
    """Steps that make the window number `name` of a column of this type."""
    width = every(key.every)
    column, made = nw.col(key.column), nw.col(name)
    if width.width:
        units = (column.cast(nw.Float64()).fill_nan(None) / width.width).alias(name)
    elif width.months:
        units = (((column.dt.year() - 1970) * 12 + (column.dt.month() - 1)).cast(nw.Float64()) / width.months).alias(
            name
        )
    else:
        time = column if dtype == nw.Datetime else column.cast(nw.Datetime("us"))
        start = _MONDAY if width.seconds % _SECONDS["w"] == 0 else 0
        micro = time.dt.timestamp("us").cast(nw.Float64()) - start * 1e6
        units = (micro / (width.seconds * 1e6)).alias(name)
    known = nw.when(made.is_null()).then(nw.lit(float(MISSING))).otherwise(made.floor().cast(nw.Float64()))
    return [units, known.cast(nw.Int64()).alias(name)]


def start_of(key: Window, code: int) -> str:
    """The start of a window: an ISO time in UTC, a date where windows are whole days, or a number."""
    width = every(key.every)
    if code == MISSING:
        return MISSING_TEXT
    if width.width:
        return f"{code * width.width:.15g}"
    if width.months:
        year, month = divmod(code * width.months, 12)
        return dt.date(1970 + year, month + 1, 1).isoformat()
    start = _MONDAY if width.seconds % _SECONDS["w"] == 0 else 0
    at = _EPOCH + dt.timedelta(seconds=code * width.seconds + start)
    return at.date().isoformat() if width.seconds % _SECONDS["d"] == 0 else at.isoformat()


def end_of(key: Window, code: int) -> str:
    """The end of a window, which is the start of the next."""
    return MISSING_TEXT if code == MISSING else start_of(key, code + 1)
