"""Tests of two distributions over bins in order; rows of one bin count as tied."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.pairs import Floats, pair

LIMIT_SD = math.sqrt(2.0 * (math.pi**2 / 3.0 - 3.0))
"""Standard deviation of the limit law of the Anderson–Darling statistic; its mean is 1."""
MANY_ROWS = 100_000.0
"""Beyond so many rows the variance of the Anderson–Darling statistic is taken at its limit."""
FAR = 3.5
"""From here on the tail of the Anderson–Darling law is its two leading terms, to within one part in a thousand."""


class Test(NamedTuple):
    """A statistic and its p-value."""

    value: float
    p: float


def kolmogorov_smirnov(current: npt.ArrayLike, reference: npt.ArrayLike) -> Test:
    """The largest gap between the two distribution functions at bin edges, with its asymptotic p-value.

    On bins the gap is at most that of the rows, so p is too large rather than too small.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Kolmogorov 1933; Smirnov 1939.
    """
    two = pair(current, reference)
    gap = min(float(np.max(np.abs(np.cumsum(two.a) / two.n - np.cumsum(two.r) / two.m))), 1.0)
    return Test(gap, float(special.kolmogorov(gap / math.sqrt(two.unit))))


def anderson_darling(current: npt.ArrayLike, reference: npt.ArrayLike) -> Test:
    """The two-sample Anderson–Darling statistic with midranks, in standard deviations from its mean, and its p-value.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Scholz & Stephens 1987, equations 4, 6 and 7.
    """
    two = pair(current, reference)
    total = two.n + two.m
    if len(two.a) < 2 or total < 4.0:
        return Test(0.0, 1.0)
    ties = two.a + two.r
    rank = np.cumsum(ties) - ties / 2.0
    spread = rank * (total - rank) - total * ties / 4.0
    statistic = sum(_part(f, rank, ties, spread, total) for f in (two.a, two.r)) * (total - 1.0) / total
    standard = (statistic - 1.0) / math.sqrt(_variance(two.n, two.m))
    return Test(standard, anderson_darling_tail(1.0 + standard * LIMIT_SD))


def anderson_darling_tail(x: float) -> float:
    """P(Σ χ²ⱼ / (j(j+1)) > x), the limit law of the Anderson–Darling statistic.

    Far out √3·erfc(√x)·(1 + 11/(36x)), from the singularity of the characteristic function that lies nearest.

    Raises:
        ValueError: if x is NaN.

    Source: Marsaglia & Marsaglia 2004 near the centre; Zolotarev 1961 for the leading term.
    """
    if math.isnan(x):
        raise ValueError("the statistic must be a number, got NaN")
    if x <= 0.0:
        return 1.0
    if x >= FAR:
        return math.sqrt(3.0) * float(special.erfc(math.sqrt(x))) * (1.0 + 11.0 / (36.0 * x))
    if x < 2.0:
        near = np.polyval([0.00168691, -0.011672, 0.0347962, -0.0649821, 0.247105, 2.00012], x)
        return 1.0 - min(math.exp(-1.2337141 / x) / math.sqrt(x) * float(near), 1.0)
    middle = np.polyval([-0.0003146, 0.008056, -0.082433, 0.43424, -2.30695, 1.0776], x)
    return 1.0 - math.exp(-math.exp(float(middle)))


def _part(counts: Floats, rank: Floats, ties: Floats, spread: Floats, total: float) -> float:
    n = float(counts.sum())
    own = np.cumsum(counts) - counts / 2.0
    held = spread > 0.0
    terms = ties[held] / total * (total * own[held] - n * rank[held]) ** 2 / spread[held]
    return float(np.sum(terms)) / n


def _variance(n: float, m: float) -> float:
    """Variance of the statistic for two samples of these sizes."""
    total = n + m
    inverse = 1.0 / n + 1.0 / m
    h = special.digamma(total) + np.euler_gamma
    g = _double_sum(total)
    a = (4.0 * g - 6.0) + (10.0 - 6.0 * g) * inverse
    b = (2.0 * g - 4.0) * 4.0 + 16.0 * h + (2.0 * g - 14.0 * h - 4.0) * inverse - 8.0 * h + 4.0 * g - 6.0
    c = (6.0 * h + 2.0 * g - 2.0) * 4.0 + (4.0 * h - 4.0 * g + 6.0) * 2.0 + (2.0 * h - 6.0) * inverse + 4.0 * h
    d = (2.0 * h + 6.0) * 4.0 - 8.0 * h
    top = a * total**3 + b * total**2 + c * total + d
    return float(top / ((total - 1.0) * (total - 2.0) * (total - 3.0)))


def _double_sum(total: float) -> float:
    """Σ_{i<j<N} 1/((N − i)·j), which tends to π²/6."""
    if total > MANY_ROWS:
        return math.pi**2 / 6.0
    j = np.arange(2.0, math.floor(total))
    return float(np.sum(np.cumsum(1.0 / j[::-1]) / j))
