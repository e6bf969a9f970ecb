"""Tango's score interval of the difference of two shares of the same rows."""

import math
from collections.abc import Callable

from steelyard.stats.critical import quantile
from steelyard.stats.paired import check_paired

STEPS = 100
"""Halvings of the search; the end is then exact to rounding."""


def tango(b: float, c: float, n: float, level: float) -> tuple[float, float]:
    """Interval of (b − c)/n: all differences that the score test does not reject.

    `b` rows count for the first share only, `c` for the second only, of `n` rows in all. Holds its level where b and
    c are few, or none.

    Raises:
        ValueError: unless b, c ≥ 0, n > 0, b + c ≤ n and 0 < level < 1.

    Source: Tango 1998, doi 10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.
    """
    check_paired(b, c, n)
    critical, seen = quantile(level), (b - c) / n
    low = _edge(lambda d: tango_score(b, c, n, d) - critical, -1.0, seen)
    high = _edge(lambda d: -tango_score(b, c, n, d) - critical, 1.0, seen)
    return low, high


def tango_score(b: float, c: float, n: float, difference: float) -> float:
    """The score statistic of `difference`: (b − c − nδ)/√(n(2q + δ(1 − δ))), q the likeliest share of c at δ.

    Raises:
        ValueError: unless b, c ≥ 0, n > 0 and b + c ≤ n.
    """
    check_paired(b, c, n)
    gap = b - c - n * difference
    half = ((2.0 * n - b + c) * difference - b - c) / 2.0
    room = half * half + 2.0 * n * c * difference * (1.0 - difference)
    share = (math.sqrt(max(room, 0.0)) - half) / (2.0 * n)
    variance = n * (2.0 * share + difference * (1.0 - difference))
    if variance <= 0.0:
        return 0.0 if gap == 0.0 else math.copysign(math.inf, gap)
    return gap / math.sqrt(variance)


def _edge(beyond: Callable[[float], float], outside: float, inside: float) -> float:
    """Where `beyond` turns from positive, towards `outside`, to negative, at `inside`."""
    if beyond(outside) <= 0.0:
        return outside
    for _ in range(STEPS):
        middle = (outside + inside) / 2.0
        if beyond(middle) > 0.0:
            outside = middle
        else:
            inside = middle
    return inside
