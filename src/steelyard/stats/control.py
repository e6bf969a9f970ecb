"""Control charts: the paths of CUSUM and EWMA over standardised residuals, and what the residuals are divided by."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


class CusumPath(NamedTuple):
    """The upper and lower sums (both at least 0) at every window, and where either passed the limit."""

    upper: Floats
    lower: Floats
    alarms: Mask


class EwmaPath(NamedTuple):
    """The moving average at every window, where it or a single residual passed its limit, and where each rise began.

    `onset` of an alarm is the window after the last one at which the average lay on the other side of 0.
    """

    average: Floats
    alarms: Mask
    onset: npt.NDArray[np.int64]


def cusum(z: npt.ArrayLike, k: float = 0.5, h: float = 5.0) -> CusumPath:
    """Two-sided CUSUM: C⁺ = max(0, C⁺ + z − k), C⁻ = max(0, C⁻ − z − k); alarm above h, both start anew after it.

    Args:
        z: standardised residuals by window; NaN leaves the sums as they are. Shape (T,).
        k: allowance in standard deviations, half the shift to be found.
        h: limit in standard deviations; see `run_lengths.cusum_limit`.

    Source: Page 1954; Montgomery, Introduction to Statistical Quality Control, ch. 9.
    """
    residuals = np.asarray(z, dtype=float)
    upper, lower = np.zeros(residuals.size), np.zeros(residuals.size)
    alarms = np.zeros(residuals.size, dtype=bool)
    up = down = 0.0
    for t, value in enumerate(residuals.tolist()):
        if value == value:
            up, down = max(0.0, up + value - k), max(0.0, down - value - k)
        upper[t], lower[t] = up, down
        if up > h or down > h:
            alarms[t], up, down = True, 0.0, 0.0
    return CusumPath(upper, lower, alarms)


def ewma(
    z: npt.ArrayLike, limit: float, smoothing: float = 0.2, single: float = np.inf, upper_only: bool = False
) -> EwmaPath:
    """EWMA E = λz + (1 − λ)E; alarm where |E| > limit or |z| > single (Shewhart), E starts at 0 anew after it.

    Args:
        z: standardised residuals by window; NaN leaves the average as it is. Shape (T,).
        limit: of the average, in its own units (`width`·sqrt(λ/(2 − λ)) for a width in standard deviations).
        smoothing: λ, the weight of the latest window.
        single: limit of a single residual.
        upper_only: whether only what is too large is an alarm.

    Source: Roberts 1959; Lucas & Saccucci 1990 (combined with Shewhart limits).
    """
    residuals = np.asarray(z, dtype=float)
    average = np.zeros(residuals.size)
    alarms, onset = np.zeros(residuals.size, dtype=bool), np.arange(residuals.size)
    now, began = 0.0, 0
    for t, value in enumerate(residuals.tolist()):
        if value == value:
            after = smoothing * value + (1.0 - smoothing) * now
            began = t if after * now <= 0.0 else began
            now = after
            out = now if abs(now) > limit else value if abs(value) > single else 0.0
            if out > 0.0 or (out < 0.0 and not upper_only):
                alarms[t] = True
        average[t], onset[t] = now, began if alarms[t] and abs(now) > limit else t
        if alarms[t]:
            now = 0.0
    return EwmaPath(average, alarms, onset)


def asymptotic_limit(width: float, smoothing: float = 0.2) -> float:
    """Limit of an EWMA from its width in the standard deviations it settles to: width·sqrt(λ/(2 − λ)).

    Raises:
        ValueError: unless 0 < smoothing ≤ 1.
    """
    if not 0.0 < smoothing <= 1.0:
        raise ValueError(f"smoothing must lie in (0, 1], got {smoothing!r}")
    return float(width * np.sqrt(smoothing / (2.0 - smoothing)))


def between_variance(values: npt.ArrayLike, variances: npt.ArrayLike) -> float:
    """Variance between windows beyond sampling error, by moments: max(0, Var(M) − mean of SE²).

    Raises:
        ValueError: with fewer than two windows.
    """
    m, v = _pair(values, variances)
    return max(float(np.var(m, ddof=1) - v.mean()), 0.0)


def dersimonian_laird(values: npt.ArrayLike, variances: npt.ArrayLike) -> float:
    """Variance between windows by DerSimonian and Laird: (Q − (K − 1)) / (Σw − Σw²/Σw), w = 1/SE², at least 0.

    Gives windows with many rows more say than `between_variance` does; the better one when sampling error dominates.

    Raises:
        ValueError: with fewer than two windows, or a variance that is not positive.

    Source: DerSimonian & Laird 1986.
    """
    m, v = _pair(values, variances)
    if not np.all(v > 0.0):
        raise ValueError("needs variances above 0, as weights are 1/variance")
    w = 1.0 / v
    total = w.sum()
    q = float(np.sum(w * (m - np.sum(w * m) / total) ** 2))
    return max((q - (m.size - 1)) / float(total - np.sum(w * w) / total), 0.0)


def laney(z: npt.ArrayLike) -> float:
    """Laney's sigma_z: how much more windows vary than sampling says, mean |z_t − z_{t−1}| / 1.128.

    Raises:
        ValueError: with fewer than two windows.

    Source: Laney 2002.
    """
    residuals = np.asarray(z, dtype=float)
    if residuals.size < 2:
        raise ValueError(f"needs at least two windows, got {residuals.size}")
    return float(np.mean(np.abs(np.diff(residuals))) / 1.128)


class Correlation(NamedTuple):
    """Lag-one autocorrelation, corrected for its small-sample bias, and the one-sided p of none."""

    value: float
    p: float


def lag_one(residuals: npt.ArrayLike, fitted: int = 1) -> Correlation:
    """Lag-one autocorrelation r of residuals from `fitted` means, with its bias taken off.

    Under independence r has mean about −fitted/n and variance about 1/n; under correlation φ the bias is
    −(1 + 4φ)/n for one mean. Correlation that cannot be told of (fewer than four windows, no variance) is 0 with p 1.

    Source: Marriott & Pope 1954; Kendall 1954.
    """
    x = np.asarray(residuals, dtype=float)
    scale = float(np.sum(x * x))
    if x.size < 4 or scale <= 0.0:
        return Correlation(0.0, 1.0)
    r = float(np.sum(x[1:] * x[:-1])) / scale
    corrected = (r + fitted / x.size) / (1.0 - min(4.0 / x.size, 0.5))
    p = float(special.ndtr(-(r + fitted / x.size) * np.sqrt(x.size)))
    return Correlation(float(np.clip(corrected, -0.95, 0.95)), p)


def _pair(values: npt.ArrayLike, variances: npt.ArrayLike) -> tuple[Floats, Floats]:
    m, v = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    if m.size < 2 or m.shape != v.shape:
        raise ValueError(f"needs at least two windows, each with its variance, got {m.size} and {v.size}")
    return m, v
