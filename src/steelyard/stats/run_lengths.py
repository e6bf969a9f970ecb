"""How long a control chart runs until it alarms, and the limit that gives a wanted run length.

Run lengths are those of the Markov chain that the chart's statistic is when its range is cut into cells.

Source: Brook & Evans 1972; Lucas & Saccucci 1990.
"""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
CELLS = 101
LONGEST = 1e12
"""Run lengths beyond this are not told apart."""
PRECISE = 3e-3
"""Relative error of the run length that a limit is found with."""


def cusum_arl(k: float, h: float, mean: float = 0.0, two_sided: bool = True) -> float:
    """Average run length of a CUSUM of independent N(mean, 1) residuals, started at 0.

    The two sides combine as 1/ARL = 1/ARL⁺ + 1/ARL⁻.

    Raises:
        ValueError: unless h > 0.
    """
    if not h > 0.0:
        raise ValueError(f"the limit must be above 0, got {h!r}")
    upper = _cusum_arl(k, h, mean)
    return 1.0 / (1.0 / upper + 1.0 / _cusum_arl(k, h, -mean)) if two_sided else upper


def cusum_limit(arl0: float, k: float = 0.5, two_sided: bool = True) -> float:
    """The limit h whose average run length without a change is `arl0` windows.

    Raises:
        ValueError: unless arl0 > 1.
    """
    _require(arl0)
    return root(lambda h: math.log(cusum_arl(k, h, 0.0, two_sided) / arl0), 1.0)


def ewma_arl(
    smoothing: float, limit: float, mean: float = 0.0, single: float = math.inf, cells: int = CELLS
) -> float:
    """Average run length of an EWMA of independent N(mean, 1) residuals, started at 0.

    Args:
        smoothing: λ.
        limit: of the average, in its own units; see `control.asymptotic_limit`.
        mean: of the residuals.
        single: Shewhart limit of a single residual, beside that of the average.
        cells: cells the range of the average is cut into (odd).

    Raises:
        ValueError: unless limit > 0 and 0 < smoothing ≤ 1.
    """
    if not (limit > 0.0 and 0.0 < smoothing <= 1.0):
        raise ValueError(f"needs a limit above 0 and smoothing in (0, 1], got {limit!r} and {smoothing!r}")
    one = np.ones(1)
    return float(1.0 / ewma_rates(smoothing, limit, single, mean * one, one, cells)[0])


def ewma_limit(arl0: float, smoothing: float = 0.2, single: float = math.inf) -> float:
    """The limit of an EWMA whose average run length without a change is `arl0` windows.

    Raises:
        ValueError: unless arl0 > 1, or where single residuals alone would already alarm more often.
    """
    _require(arl0)
    if 2.0 * special.ndtr(-single) >= 1.0 / arl0:
        raise ValueError(f"single residuals beyond {single!r} alone are more frequent than one in {arl0!r}")
    return root(lambda limit: math.log(ewma_arl(smoothing, limit, 0.0, single) / arl0), 0.2)


def ewma_rates(smoothing: float, limit: float, single: float, means: Floats, scales: Floats, cells: int) -> Floats:
    """1/ARL of residuals scale·(N(0, 1) + mean), for each pair of mean and scale; see `ewma_arl`."""
    edges = np.linspace(-limit, limit, cells + 1)
    middle = (edges[1:] + edges[:-1]) / 2.0
    # The residual that carries the average from the middle of one cell to the edge of another.
    needed = np.clip((edges[None, :] - (1.0 - smoothing) * middle[:, None]) / smoothing, -single, single)
    standard = needed[None] / scales[:, None, None] - means[:, None, None]
    moves = np.diff(special.ndtr(standard), axis=2)
    lengths = np.linalg.solve(np.eye(cells) - moves, np.ones((len(means), cells, 1)))[:, cells // 2, 0]
    return np.asarray(1.0 / np.clip(lengths, 1.0, LONGEST), dtype=np.float64)


def _cusum_arl(k: float, h: float, mean: float) -> float:
    width = 2.0 * h / (2 * CELLS - 1)
    start = np.arange(CELLS)[:, None] * width
    upper = np.arange(CELLS)[None, :] * width + width / 2.0
    reached = special.ndtr(upper - start + k - mean)
    moves = np.diff(reached, axis=1, prepend=0.0)
    lengths = np.linalg.solve(np.eye(CELLS) - moves, np.ones(CELLS))
    return float(np.clip(lengths[0], 1.0, LONGEST))


def _require(arl0: float) -> None:
    if not arl0 > 1.0:
        raise ValueError(f"the run length must be above 1 window, got {arl0!r}")


def root(excess: Callable[[float], float], start: float, most: float = 100.0) -> float:
    """Where an increasing function from 0 on is 0, to about 1e-4; infinite where that is beyond `most`.

    The root is first bracketed from below, as run lengths at far too wide a limit are beyond all reckoning; then
    found by false position (Illinois).
    """
    low, high, at_low, at_high = 0.0, start, math.nan, excess(start)
    while at_high < 0.0:
        low, high, at_low = high, 1.3 * high, at_high
        if high > most:
            return math.inf
        at_high = excess(high)
    if low == 0.0:
        low, at_low = 1e-3, excess(1e-3)
    while high - low > 1e-4 and at_low < 0.0:
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        value = excess(middle)
        if abs(value) < PRECISE:
            return middle
        if value > 0.0:
            high, at_high, at_low = middle, value, at_low / 2.0
        else:
            low, at_low, at_high = middle, value, at_high / 2.0
    return high
