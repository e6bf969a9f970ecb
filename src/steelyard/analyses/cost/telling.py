"""Money in words."""

from __future__ import annotations

import math

from steelyard.analyses.words import NBSP, half_width, number
from steelyard.records import Estimate

LARGE, MILLION = 100.0, 1e6


def money(value: Estimate | float, currency: str, sign: bool = False) -> str:
    """An amount with its currency, an estimate with its interval: "1.8 EUR (1.2 to 2.4)"."""
    if not isinstance(value, Estimate):
        return f"{_amount(value, 0.0, sign)}{NBSP}{currency}"
    half = half_width(value)
    half = half if math.isfinite(half) else abs(value.value) / 10
    low, high = _amount(value.low, half, sign), _amount(value.high, half, sign)
    return f"{_amount(value.value, half, sign)}{NBSP}{currency} ({low} to {high})"


def a_row(value: Estimate, currency: str, unit: str, volume: float | None, than: str = "") -> str:
    """A value a row, and a year where that is known: "1.8 EUR (1.2 to 2.4) more a decision, 1.2 million EUR a year".

    `than` says what kind of difference it is ("more", "less"), "" of a value.
    """
    told = f"{money(value, currency)} {f'{than} ' if than else ''}a {unit}"
    if volume is None:
        return told
    half = half_width(value) * volume
    return f"{told}, {_amount(value.value * volume, half)}{NBSP}{currency} a year"


def span(years: float) -> str:
    """A time in the unit that fits: "3 months", "1.8 years"."""
    for unit, size in (("year", 1.0), ("month", 1 / 12), ("day", 1 / 365)):
        if years >= size * (2.0 if unit == "year" else 1.0) or unit == "day":
            amount = years / size
            if unit == "day" and amount < 1:
                return "a day"
            shown = number(amount, 1.0) if amount >= 10 else number(amount, 0.1)
            return f"{shown}{NBSP}{unit}{'' if shown in ('1', '1.0') else 's'}"
    raise AssertionError("a day or less is told in days")


def at(threshold: float) -> str:
    """What a threshold does, in words: "0.31", or that everyone or no one is flagged."""
    if threshold == math.inf:
        return "none (flag no one)"
    if threshold == -math.inf:
        return "any (flag everyone)"
    return number(threshold, 0.002 if abs(threshold) < 0.1 else 0.02)


def _amount(value: float, half: float, sign: bool = False) -> str:
    if math.isinf(value):
        return number(value)
    if half >= LARGE:
        size = 10.0 ** (math.floor(math.log10(half)) - 1)
        value = round(value / size) * size
    # Beyond a million single units tell nothing that the interval has not taken back.
    if abs(value) >= MILLION and half < abs(value):
        return f"{number(value / MILLION, half / MILLION if half else 0.0, sign)} million"
    if not half and float(value).is_integer():
        return number(value, 2.0, sign)
    return number(value, half, sign)
