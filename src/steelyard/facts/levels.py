"""The values of a column as keys: one spelling for each, whatever engine or type it came from."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np

Level = str | int | float | None
MISSING_TEXT = "(missing)"
OTHER_TEXT = "(other)"
_MISSING_TYPES = ("NAType", "NaTType")


def normal(value: Any) -> Level:
    """One spelling for a value whatever engine or type it came from: 1, 1.0 and Decimal(1) are 1."""
    match value:
        case None:
            return None
        case bool() | np.bool_():
            return str(bool(value))
        case int() | np.integer():
            return int(value)
        case float() | np.floating() | decimal.Decimal():
            number = float(value)
            if number != number:
                return None
            return int(number) if number.is_integer() and abs(number) < 2**53 else number
        case _ if type(value).__name__ in _MISSING_TYPES:
            return None
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def text(value: Level) -> str:
    """A level as a reader sees it."""
    return MISSING_TEXT if value is None else f"{value:g}" if isinstance(value, float) else str(value)
