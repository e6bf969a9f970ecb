"""Tests of a difference between two numbers."""

import math
from typing import NamedTuple

from scipy import special


class Difference(NamedTuple):
    """a − b, its standard error, their quotient and the two-sided p-value."""

    difference: float
    se: float
    z: float
    p: float


class Welch(NamedTuple):
    """a − b, its standard error, Welch's t with its degrees of freedom, and the two-sided p-value."""

    difference: float
    se: float
    t: float
    df: float
    p: float


def two_sided_p(z: float, df: float = math.inf) -> float:
    """P(|T| ≥ |z|), T standard normal, or Student's t with `df` degrees of freedom.

    Raises:
        ValueError: if z is NaN or df ≤ 0.
    """
    if math.isnan(z) or not df > 0.0:
        raise ValueError(f"needs a number z and positive degrees of freedom, got {z!r} and {df!r}")
    if math.isinf(df) or math.isinf(z):
        return 2.0 * float(special.ndtr(-abs(z)))
    return 2.0 * float(special.stdtr(df, -abs(z)))


def difference(
    value_a: float,
    se_a: float,
    value_b: float,
    se_b: float,
    covariance: float = 0.0,
    df: float = math.inf,
) -> Difference:
    """The difference a − b of two estimates: se² = se_a² + se_b² − 2·covariance, z = (a − b)/se.

    `covariance` is 0 for independent samples. Where se = 0, z is 0 for equal values and ±infinity otherwise.

    Raises:
        ValueError: if an argument is NaN or a standard error is negative.
    """
    if not (se_a >= 0.0 and se_b >= 0.0):
        raise ValueError(f"standard errors must be at least 0, got {se_a!r} and {se_b!r}")
    gap = value_a - value_b
    se = math.sqrt(max(se_a**2 + se_b**2 - 2.0 * covariance, 0.0))
    z = quotient(gap, se)
    return Difference(gap, se, z, two_sided_p(z, df))


def welch(mean_a: float, variance_a: float, n_a: float, mean_b: float, variance_b: float, n_b: float) -> Welch:
    """Welch's test of equal means from sample variances (divisor n − 1) and (effective) numbers of rows.

    Raises:
        ValueError: unless both n > 1 and both variances ≥ 0.

    Source: Welch 1947; Satterthwaite 1946.
    """
    if not (n_a > 1.0 and n_b > 1.0):
        raise ValueError(f"Welch's test needs more than one row on each side, got {n_a!r} and {n_b!r}")
    if not (variance_a >= 0.0 and variance_b >= 0.0):
        raise ValueError(f"variances must be at least 0, got {variance_a!r} and {variance_b!r}")
    share_a, share_b = variance_a / n_a, variance_b / n_b
    both = share_a + share_b
    if both == 0.0:
        df = n_a + n_b - 2.0
    else:
        df = 1.0 / ((share_a / both) ** 2 / (n_a - 1.0) + (share_b / both) ** 2 / (n_b - 1.0))
    gap, se = mean_a - mean_b, math.sqrt(both)
    t = quotient(gap, se)
    return Welch(gap, se, t, df, two_sided_p(t, df))


def two_proportions_p(k1: float, n1: float, k2: float, n2: float) -> float:
    """Two-sided p-value of equal proportions: score test with the pooled rate, not continuity-corrected.

    1 when all rows of both sides are successes, or none.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0 on both sides.

    Source: Pearson 1900 (the 2 × 2 chi-square).
    """
    if not (n1 > 0.0 and n2 > 0.0 and 0.0 <= k1 <= n1 and 0.0 <= k2 <= n2):
        raise ValueError(f"needs 0 ≤ k ≤ n and n > 0, got {k1!r} of {n1!r} and {k2!r} of {n2!r}")
    pooled = (k1 + k2) / (n1 + n2)
    se = math.sqrt(max(pooled * (1.0 - pooled), 0.0) * (1.0 / n1 + 1.0 / n2))
    return two_sided_p(quotient(k1 / n1 - k2 / n2, se)) if se > 0.0 else 1.0


def quotient(gap: float, se: float) -> float:
    """A difference in standard errors: 0 for no difference, ±infinity for one that was measured without error."""
    if se > 0.0:
        return gap / se
    return 0.0 if gap == 0.0 else math.copysign(math.inf, gap)
