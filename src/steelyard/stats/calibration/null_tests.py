"""Tests of perfect calibration that need no choice of bin width."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.calibration.sums import filled


def ecce(n: npt.ArrayLike, s: npt.ArrayLike, y: npt.ArrayLike, v: npt.ArrayLike) -> tuple[float, float, float]:
    """Kuiper's range of the cumulative miscalibration: (R, σ, p-value).

    C_k = Σ_{j ≤ k}(y_j − s_j)/W over bins by ascending score, C_0 = 0; R = max C − min C, in [0, 1];
    σ = sqrt(Σ v)/W with v = Σ w²·s·(1 − s) per bin and W = Σ n. When the predictions are right, R/σ has the
    law of the range of Brownian motion on [0, 1]. Where σ = 0 (certain predictions only) p is 1 if R = 0,
    else 0.

    Raises:
        ValueError: if no bin holds a row or the arrays are malformed.

    Source: Arrieta-Ibarra et al., JMLR 2022; Feller 1951 for the law.
    """
    n, s, y, v = filled(n, s, y, v)
    total = float(n.sum())
    walk = np.concatenate(([0.0], np.cumsum(y - s))) / total
    reach = float(walk.max() - walk.min())
    sigma = math.sqrt(max(float(v.sum()), 0.0)) / total
    if sigma == 0.0:
        return reach, sigma, 1.0 if reach == 0.0 else 0.0
    return reach, sigma, brownian_range_tail(reach / sigma)


def brownian_range_tail(x: float) -> float:
    """P(range of standard Brownian motion on [0, 1] > x).

    For x ≥ 2 from Σ_{k≥1} 8·(−1)^(k−1)·k·Φ(−k·x), exact in the far tail; below from
    1 − Σ_{k≥0} (8/x² + 2/((k+½)²π²))·exp(−2(k+½)²π²/x²).

    Raises:
        ValueError: if x is NaN.

    Source: Feller 1951.
    """
    if math.isnan(x):
        raise ValueError("the range must be a number, got NaN")
    if x <= 0.0:
        return 1.0
    if x >= 2.0:
        k = np.arange(1.0, 25.0)
        return float((8.0 * np.where(k % 2 == 1, k, -k)) @ special.ndtr(-k * x))
    half = (np.arange(20.0) + 0.5) ** 2 * math.pi**2
    below = float(((8.0 / x**2 + 2.0 / half) * np.exp(-2.0 * half / x**2)).sum()) if x > 0.1 else 0.0
    return 1.0 - below


def spiegelhalter(numerator: float, variance: float) -> tuple[float, float]:
    """Spiegelhalter's test of calibration from two sums: (z, two-sided p-value).

    `numerator` = Σ w·(y − s)(1 − 2s), `variance` = Σ w²·(1 − 2s)²·s·(1 − s); z = numerator/sqrt(variance).
    Where the variance is 0 p is 1 if the numerator is 0, else 0.

    Raises:
        ValueError: if variance < 0 or either is NaN.

    Source: Spiegelhalter 1986.
    """
    if math.isnan(numerator) or not variance >= 0.0:
        raise ValueError(f"needs a numerator and a variance of at least 0, got {numerator!r} and {variance!r}")
    if variance == 0.0:
        return (0.0, 1.0) if numerator == 0.0 else (math.copysign(math.inf, numerator), 0.0)
    z = numerator / math.sqrt(variance)
    return z, 2.0 * float(special.ndtr(-abs(z)))
