"""How many rows a question needs, when standard errors shrink as 1/sqrt(n)."""

import math

from steelyard.stats.critical import quantile


def rows_to_settle(value: float, se: float, n: float, bound: float, level: float) -> float:
    """Rows in all, so that the interval would no longer hold `bound` if the value stayed where it is.

    n·(q·se/(value − bound))², rounded up, for a value with standard error `se` from `n` rows. Infinite when
    value = bound; at most n when it is settled already. A plan, not a promise: the value will move, and with
    just this many rows it is settled about every second time.

    Raises:
        ValueError: if n ≤ 0, se < 0, a value is NaN or level is outside (0, 1).
    """
    _check(se, n)
    distance = abs(value - bound)
    if math.isnan(distance):
        raise ValueError(f"needs a value and a bound, got {value!r} and {bound!r}")
    return math.inf if distance == 0.0 else _rows(se, n, distance, level)


def rows_for_half_width(se: float, n: float, half_width: float, level: float) -> float:
    """Rows in all, so that the interval is value ± `half_width`: n·(q·se/half_width)², rounded up.

    `se` is the standard error seen with `n` rows.

    Raises:
        ValueError: if n ≤ 0, se < 0, half_width ≤ 0 or level is outside (0, 1).
    """
    _check(se, n)
    if not half_width > 0.0:
        raise ValueError(f"half_width must be positive, got {half_width!r}")
    return _rows(se, n, half_width, level)


def _rows(se: float, n: float, distance: float, level: float) -> float:
    ratio = quantile(level) * se / distance
    rows = n * ratio * ratio  # unlike **, this overflows to infinity
    return float(max(math.ceil(rows), 1)) if math.isfinite(rows) else math.inf


def _check(se: float, n: float) -> None:
    if not n > 0.0:
        raise ValueError(f"needs n > 0 rows, got n = {n!r}")
    if not se >= 0.0:
        raise ValueError(f"a standard error must be at least 0, got {se!r}")
