"""What people write of a planned experiment, as the numbers it means."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from steelyard.analyses.experiment.looks import looks_of
from steelyard.records import ConfigError

DAYS = {"hour": 1.0 / 24.0, "day": 1.0, "week": 7.0, "month": 365.25 / 12.0, "year": 365.25}
MOST_ARMS, MOST_LOOKS = 10_000, 50
POINTS = ("points", "point", "pp")
_TRAFFIC = re.compile(r"\s*([\d.,_eE+]+)\s*([kKmM]?)\s*(?:(?:/|a|per)\s*(\w+?)s?)?\s*")
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6}

Number = float | int | str


def number_of(given: Number, name: str, example: str) -> float:
    """A finite number.

    Raises:
        ConfigError: it is none.
    """
    try:
        number = float(str(given).replace(",", "").replace("_", ""))
    except ValueError:
        number = math.nan
    if isinstance(given, bool) or not math.isfinite(number):
        raise ConfigError(f"{name} must be a number, not {given!r}. Write {example}.")
    return number


def share_of(given: Number, name: str, example: str) -> float:
    """A number, or a percentage as a share."""
    text = str(given).strip()
    if text.endswith("%"):
        return number_of(text.removesuffix("%").strip(), name, example) / 100.0
    return number_of(given, name, example)


def amount_of(given: Number, baseline: float | None, name: str) -> float:
    """An effect: absolute ("0.006", "0.6 points" of a proportion) or as a share of the baseline ("5%").

    Raises:
        ConfigError: it is no number, or a share of a baseline that is not known or 0.
    """
    text = str(given).strip()
    for word in POINTS:
        if text.endswith(word):
            return number_of(text.removesuffix(word).strip(), name, '"0.6 points"') / 100.0
    if not text.endswith("%"):
        return number_of(given, name, '0.006, or "5%" of the baseline')
    if not baseline:
        said = "which is not known" if baseline is None else "which is 0"
        raise ConfigError(
            f"{name} of {text} is a share of the baseline, {said}. Give the baseline, or {name} itself."
        )
    return share_of(text, name, '"5%"') * abs(baseline)


def traffic_of(given: Number | None) -> float | None:
    """Units a day, from a number or "20000/day", "140k/week".

    Raises:
        ConfigError: it cannot be read, or is not positive.
    """
    if given is None:
        return None
    found = _TRAFFIC.fullmatch(str(given))
    unit = (found[3] or "day").lower() if found else ""
    if found is None or unit not in DAYS:
        raise ConfigError(
            f"traffic cannot be {given!r}. Give units a day as a positive number, or write 20000/day, 140k/week, "
            "1M/month."
        )
    amount = number_of(found[1], "traffic", "20000/day") * _THOUSANDS[found[2].lower()] / DAYS[unit]
    if not amount > 0.0:
        raise ConfigError(f"traffic must be positive, not {given!r}. Give the units that can be assigned a day.")
    return amount


def arm_shares(arms: int | None, allocation: str | Sequence[float] | None) -> tuple[float, ...]:
    """Share of each arm, the control first: equal ones, or what is given in any unit ("70,15,15", "80/20").

    Raises:
        ConfigError: there are fewer than two arms, a share is not positive, or the two contradict each other.
    """
    if arms is not None and not (isinstance(arms, int) and 2 <= arms <= MOST_ARMS):
        raise ConfigError(
            f"arms must be a whole number from 2 (a control and a treatment) to {MOST_ARMS:,}, not {arms!r}."
        )
    if allocation is None:
        count = arms or 2
        return (1.0 / count,) * count
    given = re.split(r"[,/:;]", allocation) if isinstance(allocation, str) else list(allocation)
    parts = [number_of(part, "allocation", '"80/20", the control first').real for part in given]
    if len(parts) < 2 or min(parts) <= 0.0:
        raise ConfigError(
            f'allocation needs a positive share for each of two arms or more, not {allocation!r}. Write "80/20".'
        )
    if arms is not None and arms != len(parts):
        raise ConfigError(f"allocation {allocation!r} is of {len(parts)} arms, and arms says {arms}. Leave arms out.")
    return tuple(part / sum(parts) for part in parts)


def look_shares(looks: str | int | Sequence[float] | None, always_valid: bool) -> tuple[tuple[float, ...], bool]:
    """Shares of the units at which results are looked at, the last 1, and whether that is all the time.

    Raises:
        ConfigError: they cannot be read, do not end at 1, or contradict `always_valid`.
    """
    read = looks_of(looks if looks != 1 else None, planned=1.0)
    if read.mode == "any" or always_valid:
        if read.mode == "planned":
            raise ConfigError(
                "Results are looked at either all the time or at planned looks. Give always_valid or looks."
            )
        return (1.0,), True
    shares = read.shares or (1.0,)
    if len(shares) > MOST_LOOKS:
        raise ConfigError(
            f"{len(shares)} looks are more than the {MOST_LOOKS} that can be planned one by one. Look all the time: "
            'looks="any".'
        )
    if shares[-1] < 1.0:
        raise ConfigError(f"The last look is at all planned units, so looks end at 1, not at {shares[-1]:g}. Add it.")
    return shares, False


def within(value: float, low: float, high: float, name: str, why: str) -> float:
    """A number strictly between two others.

    Raises:
        ConfigError: it is not.
    """
    if not low < value < high:
        raise ConfigError(f"{name} must lie between {low:g} and {high:g}, not at {value:g}. {why}")
    return value
