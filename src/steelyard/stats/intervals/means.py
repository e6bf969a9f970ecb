"""Intervals of a mean of row values, from its moments."""

import math

from steelyard.stats.critical import quantile
from steelyard.stats.intervals.transforms import wald

# Kohavi's rule asks for n > 355·skew²; beyond |skew|/sqrt(n) = .05 (n < 400·skew²) Student's t is lopsided.
SKEW_LIMIT = 0.05


def hall(
    mean: float,
    se: float,
    skew: float,
    n: float,
    level: float,
    df: float | None = None,
) -> tuple[float, float]:
    """Interval of the mean of a skewed variable, corrected by Hall's monotone cubic transformation.

    [mean − g(q)·se, mean − g(−q)·se] with a = skew/sqrt(n) and g(t) = (3/a)·[(1 + a(t − a/6))^⅓ − 1];
    Student's interval when the skewness is 0. `skew` is the rows' skewness m3 / m2^1.5, `n` the (effective)
    number of rows, `se` the standard error of the mean; q has `df` = n − 1 degrees of freedom by default.

    Raises:
        ValueError: if n ≤ 0; if df is not given and n ≤ 1; if mean, skew or se is NaN; if se < 0.

    Source: Hall 1992, "On the removal of skewness by transformation".
    """
    df = _default_df(n, df)
    if math.isnan(skew):
        raise ValueError("Hall's interval needs a skewness, got NaN")
    wald(mean, se, level, df)
    q = quantile(level, df)
    a = skew / math.sqrt(n)
    if se == 0.0:
        return mean, mean
    return mean - _untransform(q, a) * se, mean - _untransform(-q, a) * se


def mean_interval(
    mean: float,
    se: float,
    skew: float,
    n: float,
    level: float,
    df: float | None = None,
) -> tuple[float, float, str]:
    """Interval of a mean as (low, high, method): Student's t, or `hall` where |skew|/sqrt(n) > .05.

    Raises:
        ValueError: as `hall`.
    """
    df = _default_df(n, df)
    if abs(skew) > SKEW_LIMIT * math.sqrt(n):
        return *hall(mean, se, skew, n, level, df), "hall"
    return *wald(mean, se, level, df), "student-t"


def _untransform(t: float, a: float) -> float:
    if abs(a) < 1e-100:
        return t
    x = a * (t - a / 6.0)
    if abs(x) < 0.5:
        # expm1 and log1p keep the digits that (1 + x)^⅓ − 1 would lose.
        return 3.0 * math.expm1(math.log1p(x) / 3.0) / a
    return 3.0 * (math.cbrt(1.0 + x) - 1.0) / a


def _default_df(n: float, df: float | None) -> float:
    if not n > 0.0:
        raise ValueError(f"a mean needs n > 0 rows, got n = {n!r}")
    if df is not None:
        return df
    if not n > 1.0:
        raise ValueError(f"the spread of a mean needs more than one row, got n = {n!r}; or give df")
    return n - 1.0
