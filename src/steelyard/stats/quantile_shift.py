"""How far a quantile (the median, the 95th percentile of latency) lies apart in two arms, from counts by bin."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile
from steelyard.stats.intervals.differences import mover_difference
from steelyard.stats.intervals.order_statistics import quantile_ranks
from steelyard.stats.lift import Lift

Floats = npt.NDArray[np.float64]


class Bins(NamedTuple):
    """Bins by ascending value: their edges (equal for an atom) and units, shape (B,) each; effective units in all."""

    left: Floats
    right: Floats
    units: Floats
    n: float


class QuantileValue(NamedTuple):
    """A quantile and its interval between two order statistics; infinite where the units are too few for an end."""

    value: float
    low: float
    high: float


def bins(left: npt.ArrayLike, right: npt.ArrayLike, units: npt.ArrayLike, n: float | None = None) -> Bins:
    """Bins, checked and without the empty ones; `n` are the effective units, by default all.

    Raises:
        ValueError: unless the three are arrays of one shape, ascending, with units of at least 0, not all 0.
    """
    lows, highs, held = (np.asarray(x, dtype=float) for x in (left, right, units))
    if lows.ndim != 1 or not lows.shape == highs.shape == held.shape:
        raise ValueError(f"bins need arrays of one shape, got {lows.shape}, {highs.shape} and {held.shape}")
    if not (np.all(held >= 0.0) and held.sum() > 0.0):
        raise ValueError("units per bin must be at least 0, and not all 0")
    if not (np.all(lows <= highs) and np.all(highs[:-1] <= lows[1:])):
        raise ValueError("bins must ascend and not overlap")
    full = held > 0.0
    return Bins(lows[full], highs[full], held[full], float(held.sum()) if n is None else float(n))


def quantile_value(arm: Bins, share: float, level: float) -> QuantileValue:
    """The `share`-quantile of an arm with its interval; values are spread evenly over a bin.

    Raises:
        ValueError: unless 0 < share < 1 and 0 < level < 1.

    Source: Woodruff 1952.
    """
    first, last = quantile_ranks(arm.n, share, level)
    low = -np.inf if first < 1.0 else _at(arm, first / arm.n)
    high = np.inf if last > arm.n else _at(arm, last / arm.n)
    middle = _at(arm, share)
    return QuantileValue(middle, min(low, middle), max(high, middle))


def quantile_shift(treatment: Bins, control: Bins, share: float, level: float) -> Lift:
    """The treatment's quantile minus the control's: MOVER on both intervals.

    `p` is that of the smallest shift the interval, seen as if of a normal variable, would exclude.

    Raises:
        ValueError: unless 0 < share < 1 and 0 < level < 1, or if an arm has too few units for an interval.

    Source: Zou & Donner 2008; Price & Bonett 2002.
    """
    a, b = (quantile_value(arm, share, level) for arm in (treatment, control))
    if not np.all(np.isfinite([*a, *b])):
        raise ValueError(f"an arm has too few units for an interval of its {share:g}-quantile at level {level:g}")
    value = a.value - b.value
    low, high = mover_difference(*a, *b)
    q = quantile(level)
    # The half that faces no shift decides whether there is one.
    facing = value - low if value > 0.0 else high - value
    se = (high - low) / (2.0 * q)
    z = 0.0 if value == 0.0 else value / (facing / q) if facing > 0.0 else float(np.copysign(np.inf, value))
    return Lift(value, low, high, se, float("inf"), z, two_sided_p(z), "mover of order statistics")


def _at(arm: Bins, share: float) -> float:
    """The value below which a share of the units lies."""
    reached = np.cumsum(arm.units)
    wanted = share * reached[-1]
    i = min(int(np.searchsorted(reached, wanted)), reached.size - 1)
    before = reached[i] - arm.units[i]
    inside = min(max((wanted - before) / arm.units[i], 0.0), 1.0)
    return float(arm.left[i] + inside * (arm.right[i] - arm.left[i]))
