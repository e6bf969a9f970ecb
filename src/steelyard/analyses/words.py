"""Numbers in sentences: as many digits as tell, percentages for shares."""

from __future__ import annotations

import math

from steelyard.records import Estimate

NBSP = "\u00a0"
MINUS = "−"


def number(value: float, half: float = 0.0, sign: bool = False) -> str:
    """A number with as many decimals as its uncertainty `half` (or three digits) calls for."""
    if not math.isfinite(value):
        return "∞" if value > 0 else f"{MINUS}∞" if value < 0 else "–"
    if half > 0 and math.isfinite(half):
        decimals = -math.floor(math.log10(half / 2))
    else:
        decimals = 2 - math.floor(math.log10(abs(value))) if value else 2
    decimals = min(max(decimals, 0), 6)
    return _written(value, decimals, sign)


def percent(share: float, half: float = 0.0, sign: bool = False) -> str:
    """A share as a percentage."""
    at = 100 * share
    small = 100 * half if half > 0 else abs(at)
    decimals = 0 if small >= 1 or at == 0 else 1 if small >= 0.1 else 2
    return f"{_written(at, decimals, sign)}{NBSP}%"


def points(difference: float, half: float = 0.0, sign: bool = False) -> str:
    """A difference of two shares, in percentage points: "−2.1 points"."""
    return percent(difference, half, sign).replace(f"{NBSP}%", f"{NBSP}points")


def p_text(p: float, name: str = "p") -> str:
    """A p-value: "p = 0.03", "p < 0.0001"."""
    return f"{name} < 0.0001" if p < 1e-4 else f"{name} = {p:.2g}"


def is_share(estimate: Estimate) -> bool:
    """Whether an estimate is a share of rows, which reads best as a percentage."""
    return estimate.method.startswith("wilson") and "jaccard" not in estimate.method


def half_width(estimate: Estimate) -> float:
    """Half the width of the interval."""
    return (estimate.high - estimate.low) / 2


def shown(estimate: Estimate, share: bool | None = None) -> str:
    """An estimate with its interval: "71 % (68 % to 74 %)" or "0.812 (0.806 to 0.818)"."""
    half = half_width(estimate)
    if is_share(estimate) if share is None else share:
        return f"{percent(estimate.value, half)} ({percent(estimate.low, half)} to {percent(estimate.high, half)})"
    low, high = number(estimate.low, half), number(estimate.high, half)
    return f"{number(estimate.value, half)} ({low} to {high})"


def rows(count: float, thing: str = "row") -> str:
    """A count with its noun: "1 row", "12,300 rows"."""
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,.0f} {thing if round(count) == 1 else plural}"


def listed(items: list[str], most: int = 4) -> str:
    """Items as a list in a sentence."""
    if len(items) > most:
        items = [*items[: most - 1], f"{len(items) - most + 1} more"]
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def _written(value: float, decimals: int, sign: bool) -> str:
    written = f"{value:+,.{decimals}f}" if sign else f"{value:,.{decimals}f}"
    if not written.strip("+-0.,"):
        written = written.lstrip("+-")
    return written.replace("-", MINUS)
