"""Intervals of differences, sums and ratios, made from the intervals of their parts."""

import math

import numpy as np
import numpy.typing as npt

from steelyard.stats.critical import quantile
from steelyard.stats.intervals.proportions import wilson


def mover_difference(
    a: float, a_low: float, a_high: float, b: float, b_low: float, b_high: float
) -> tuple[float, float]:
    """Interval of a − b for independent a and b with their own intervals (MOVER).

    Keeps the lopsidedness of the parts, which a difference of standard errors would lose.

    Raises:
        ValueError: unless each value lies in its interval.

    Source: Zou & Donner 2008.
    """
    return mover_sum([a, b], [a_low, b_low], [a_high, b_high], [1.0, -1.0])


def mover_sum(
    values: npt.ArrayLike, lows: npt.ArrayLike, highs: npt.ArrayLike, coefficients: npt.ArrayLike
) -> tuple[float, float]:
    """Interval of Σ c_i·θ_i for independent θ_i with their own intervals (general MOVER).

    The four arrays have one shape, (k,). Each part gives its distance to the bound it is nearest to when the
    sum is at its own bound: low side (θ_i − l_i) if c_i > 0, (u_i − θ_i) if c_i < 0; the distances add in
    quadrature.

    Raises:
        ValueError: if the shapes differ or a value lies outside its interval.

    Source: Zou & Donner 2008, "Construction of confidence limits about effect measures".
    """
    theta, low, high, c = (np.asarray(x, dtype=float) for x in (values, lows, highs, coefficients))
    if theta.ndim != 1 or not theta.shape == low.shape == high.shape == c.shape:
        shapes = [theta.shape, low.shape, high.shape, c.shape]
        raise ValueError(f"values, lows, highs and coefficients must have one shape (k,), got {shapes}")
    slack = 1e-9 * (1.0 + np.abs(theta))
    if not bool(np.all((low <= theta + slack) & (theta <= high + slack))):
        raise ValueError(f"each value must lie in its own interval, got {theta}, lows {low}, highs {high}")
    used = c != 0.0
    theta, low, high, c = theta[used], low[used], high[used], c[used]
    down = c * np.where(c > 0.0, theta - low, theta - high)
    up = c * np.where(c > 0.0, high - theta, low - theta)
    total = float(c @ theta)
    return total - math.hypot(*down), total + math.hypot(*up)


def newcombe(k1: float, n1: float, k2: float, n2: float, level: float) -> tuple[float, float]:
    """Interval of p1 − p2 for independent proportions k1/n1 and k2/n2: MOVER on Wilson's intervals.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, n > 0 for both, and 0 < level < 1.

    Source: Newcombe 1998, method 10.
    """
    p1, p2 = _share(k1, n1), _share(k2, n2)
    return mover_difference(p1, *wilson(p1, n1, level), p2, *wilson(p2, n2, level))


def katz_log_ratio(k1: float, n1: float, k2: float, n2: float, level: float) -> tuple[float, float]:
    """Interval of p1/p2 on the log scale: (p1/p2) · exp(± q·sqrt(1/k1 − 1/n1 + 1/k2 − 1/n2)).

    Where that breaks (no successes on a side, or no failures on both) half a success and half a failure are
    added to each side; no successes above then give a low bound of 0, none below a high bound of infinity.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, n > 0 for both, and 0 < level < 1.

    Source: Katz et al. 1978; the added halves after Gart & Nam 1988.
    """
    _share(k1, n1), _share(k2, n2)
    q = quantile(level)
    none_above, none_below = k1 == 0.0, k2 == 0.0
    if none_above or none_below or (k1 == n1 and k2 == n2):
        k1, n1, k2, n2 = k1 + 0.5, n1 + 1.0, k2 + 0.5, n2 + 1.0
    centre = math.log(k1 / n1) - math.log(k2 / n2)
    half = q * math.sqrt(1.0 / k1 - 1.0 / n1 + 1.0 / k2 - 1.0 / n2)
    low = 0.0 if none_above else math.exp(centre - half)
    high = math.inf if none_below else math.exp(centre + half)
    return low, high


def _share(k: float, n: float) -> float:
    if not (n > 0.0 and 0.0 <= k <= n):
        raise ValueError(f"a proportion needs 0 ≤ k ≤ n and n > 0, got k = {k!r}, n = {n!r}")
    return k / n
