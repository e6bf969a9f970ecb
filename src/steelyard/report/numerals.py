"""Numbers as a reader wants them: three telling digits, a minus that is a minus, thousands apart."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steelyard.records import Estimate

NBSP = "\u00a0"
MINUS = "−"
_FIGURE_SPACE = "\u2007"
_POINT_SPACE = "\u2008"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_MOST_PLACES = 6
_EXACT = 1e-12


def places(value: float, half: float = 0.0, most: int = 2) -> int:
    """Return how many decimals show three digits of `value`, and one to `most` of its uncertainty `half`."""
    wanted = 2 - _magnitude(value) if value and math.isfinite(value) else 2
    if half > 0 and math.isfinite(half):
        first = -_magnitude(half)
        wanted = min(max(wanted, first), first + most - 1)
    return min(max(wanted, 0), _MOST_PLACES)


def number(value: float | None, decimals: int | None = None, sign: bool = False) -> str:
    """Write a number, with `decimals` or so many that three digits tell."""
    if value is None or math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if (
        value
        and not 1e-4 <= abs(value) < 1e9
        and (decimals is None or round(value, decimals) == 0 or abs(value) >= 1e9)
    ):
        return _scientific(value, sign)
    decimals = places(value) if decimals is None else decimals
    text = f"{value:+,.{decimals}f}" if sign else f"{value:,.{decimals}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return text.replace("-", MINUS)


def _scientific(value: float, sign: bool = False) -> str:
    mantissa, exponent = f"{value:+.2e}".split("e") if sign else f"{value:.2e}".split("e")
    return f"{mantissa.replace('-', MINUS)}{NBSP}×{NBSP}10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)))


def count(value: float | None) -> str:
    """Write a number of rows; weights may make it fractional."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else number(value)


def percent(share: float | None) -> str:
    """Write a share as a percentage of two or three digits."""
    if share is None or not math.isfinite(share):
        return "–"
    at = 100 * share
    if 0 < at < 0.01:
        return f"< 0.01{NBSP}%"
    decimals = 0 if at == 0 or abs(at) >= 9.95 else 1 if abs(at) >= 0.95 else 2
    text = f"{at:.{decimals}f}".replace("-", MINUS)
    if text == "100" and at < 100:
        text = "> 99.9" if at > 99.9 else f"{at:.1f}"
    return f"{text}{NBSP}%"


def p_value(p: float) -> str:
    """Write a p-value; tiny ones as a bound."""
    return "< 0.0001" if p < 1e-4 else number(p)


def estimate_places(estimate: Estimate, sign: bool = False) -> int:
    """Return the decimals that fit an estimate and its interval; an end beside zero keeps its side of it."""
    ends = [e for e in (estimate.low, estimate.high) if math.isfinite(e)]
    reach = [abs(e - estimate.value) for e in ends]
    half = max((r for r in reach if math.isfinite(r)), default=0.0)
    half = half if half > _EXACT * abs(estimate.value) else 0.0
    one_digit_tells = sign and half > 0 and half >= 2 * 10.0 ** _magnitude(half)
    decimals = places(estimate.value, half, 1 if one_digit_tells else 2)
    rounds_to_zero = any(e and round(e, decimals) == 0 for e in ends)
    return min(decimals + rounds_to_zero, _MOST_PLACES)


def value(estimate: Estimate, sign: bool = False) -> str:
    """Write the value of an estimate; one that its interval leaves no digit of is zero."""
    decimals = estimate_places(estimate, sign)
    told = estimate.high - estimate.low >= 2 * 10.0**-decimals
    return number(0.0 if told and round(estimate.value, decimals) == 0 else estimate.value, decimals, sign)


def interval(estimate: Estimate, sign: bool = False) -> str:
    """Write the interval of an estimate, with as many decimals as its value."""
    decimals = estimate_places(estimate, sign)
    return f"{number(estimate.low, decimals, sign)} to {number(estimate.high, decimals, sign)}"


def aligned(texts: Sequence[str]) -> list[str]:
    """Pad numbers on the right so that their decimal points stand below each other when flush right."""
    tails = [_tail(t) for t in texts]
    widest = max((t for t in tails if t is not None), default=0)
    return [t if n is None else t + _pad(n, widest) for t, n in zip(texts, tails, strict=True)]


def _tail(text: str) -> int | None:
    if not text or not text[-1].isdigit() or "×" in text or "/" in text:
        return None
    return len(text.rpartition(".")[2]) if "." in text else 0


def _pad(decimals: int, widest: int) -> str:
    point = _POINT_SPACE if widest and not decimals else ""
    return point + _FIGURE_SPACE * (widest - decimals)
