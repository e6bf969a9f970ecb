"""Levels of a series of estimates: when one level gave way to the next, how sure that is and between which windows.

The gain of a change is how much it lowers Σ (value − level)²/variance. Levels are chosen to make that sum plus a
penalty for each change as small as can be (optimal partitioning). Without any change, a first one nearly always
comes in alone, so the penalty is the quantile of the largest gain of a single change: a stable series then has a
stated chance of any change at all.

Source: Jackson et al. 2005 (optimal partitioning); Csörgő & Horváth 1997 (the largest gain of one change).
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
LEAST = 3
"""Windows that a level lasts at least; a shorter departure is no level but an incident."""


class ChangePoint(NamedTuple):
    """A change of level.

    Attributes:
        at: the first place of the new level.
        low, high: first and last place where the new level may have begun, with the level of confidence asked for.
        before, after: the levels.
        p: of a gain as large as this anywhere in a stable series of this length.
    """

    at: int
    low: int
    high: int
    before: float
    after: float
    p: float


def levels(
    values: npt.ArrayLike,
    variances: npt.ArrayLike,
    chance: float,
    df: float = math.inf,
    confidence: float = 0.95,
    least: int = LEAST,
) -> list[ChangePoint]:
    """The changes of level of a series.

    Args:
        values: one for each window, independent, about normal. Shape (n,).
        variances: of each value about its level. Shape (n,).
        chance: of any change in a stable series.
        df: degrees of freedom of the variances' scale; infinite where it is known.
        confidence: of the interval of each change's place.
        least: windows that a level lasts at least.

    Raises:
        ValueError: unless the arrays have one length, variances are positive and chances lie in (0, 1).
    """
    x, v = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    if x.ndim != 1 or x.shape != v.shape or not np.all(v > 0.0):
        raise ValueError("needs one array of values and one of positive variances, of the same length")
    if not (0.0 < chance < 1.0 and 0.0 < confidence < 1.0):
        raise ValueError(f"chance and confidence must lie in (0, 1), got {chance!r} and {confidence!r}")
    n = x.size
    if n < 2 * least:
        return []
    w = 1.0 / v
    weight, total = np.concatenate([[0.0], np.cumsum(w)]), np.concatenate([[0.0], np.cumsum(w * (x - x.mean()))])
    ends = _partition(weight, total, largest_gain(chance, n, df, least), least)
    found = []
    for start, at, stop in zip(ends, ends[1:], ends[2:], strict=False):
        places = np.arange(start + 1, stop)
        gains = _gain(weight, total, start, places, stop)
        near = places[gains >= gains[at - start - 1] - _reach(confidence)]
        before, after = (_mean(weight, total, a, b) + float(x.mean()) for a, b in ((start, at), (at, stop)))
        p = gain_p(float(gains[at - start - 1]), n, df, least)
        found.append(ChangePoint(int(at), int(near.min()), int(near.max()), before, after, p))
    return found


def gain_p(gain: float, n: int, df: float = math.inf, least: int = LEAST) -> float:
    """Chance that the best single change of a stable series of n windows gains as much.

    For z² = gain: z·φ(z)·(T − T/z² + 4/z²) with T = 2·ln((n − least)/least), which is a little too large; Student's t
    is first turned into the normal z of equal tail.

    Raises:
        ValueError: with n below 2·least.

    Source: Csörgő & Horváth 1997, eq. 1.3.26.
    """
    if n < 2 * least:
        raise ValueError(f"a change between levels of {least} windows needs {2 * least} of them, got {n}")
    root = math.sqrt(max(gain, 0.0))
    if math.isfinite(df):
        root = -float(special.ndtri(special.stdtr(df, -root)))
    return _scan(min(root, 38.0), n, least)


def largest_gain(chance: float, n: int, df: float = math.inf, least: int = LEAST) -> float:
    """The gain that the best single change of a stable series passes with a given chance.

    Raises:
        ValueError: unless 0 < chance < 1 and n is at least 2·least.
    """
    if not 0.0 < chance < 1.0:
        raise ValueError(f"the chance must lie strictly between 0 and 1, got {chance!r}")
    if n < 2 * least:
        raise ValueError(f"a change between levels of {least} windows needs {2 * least} of them, got {n}")
    low, high = 1.0, 38.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _scan(middle, n, least) > chance else (low, middle)
    if math.isfinite(df):
        high = -float(special.stdtrit(df, max(special.ndtr(-high), 1e-300)))
    return high * high


def difference_variance(values: npt.ArrayLike, variances: npt.ArrayLike, correlation: float = 0.0) -> float:
    """Variance between windows beyond `variances`, from steps between neighbours, which few changes of level touch.

    Steps have mean square 2·(σ²(1 − correlation) + mean variance). At least 0. Has about 2n/3 degrees of freedom.

    Raises:
        ValueError: with fewer than two values.

    Source: Rice 1984.
    """
    x, v = np.asarray(values, dtype=float), np.asarray(variances, dtype=float)
    if x.size < 2:
        raise ValueError(f"needs at least two values, got {x.size}")
    step = float(np.mean(np.diff(x) ** 2)) / 2.0
    return max(step / (1.0 - correlation) - float(v.mean()), 0.0)


def despiked(values: npt.ArrayLike, sd: npt.ArrayLike, most: float = 3.0) -> Floats:
    """Values drawn to within `most`·sd of the median of the five around them, so that a spike makes no level."""
    x = np.asarray(values, dtype=float)
    if x.size < 5:
        return x
    around = np.lib.stride_tricks.sliding_window_view(np.pad(x, 2, mode="edge"), 5)
    middle = np.median(around, axis=1)
    reach = most * np.asarray(sd, dtype=float)
    return np.asarray(np.clip(x, middle - reach, middle + reach), dtype=np.float64)


def _scan(z: float, n: int, least: int) -> float:
    if z <= 1.5:
        return 1.0
    spread = 2.0 * math.log((n - least) / least) if n > 2 * least else 0.0
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    single = 2.0 * float(special.ndtr(-z))
    return min(max(z * density * (spread * (1.0 - 1.0 / (z * z)) + 4.0 / (z * z)), single), 1.0)


def _reach(confidence: float) -> float:
    """By how much less the gain elsewhere may be: −2·ln(1 − sqrt(confidence)), for P = (1 − e^(−x/2))² (Yao 1987)."""
    return -2.0 * math.log(1.0 - math.sqrt(confidence))


def _partition(weight: Floats, total: Floats, penalty: float, least: int) -> list[int]:
    """Ends of the best levels, 0 and n included: the best last level for every prefix, one after the other."""
    n = weight.size - 1
    best = np.full(n + 1, -np.inf)
    best[0], last = penalty, np.zeros(n + 1, dtype=np.int64)
    for stop in range(least, n + 1):
        starts = np.arange(0, stop - least + 1)
        gained = (total[stop] - total[starts]) ** 2 / (weight[stop] - weight[starts])
        value = best[starts] + gained - penalty
        last[stop] = int(np.argmax(value))
        best[stop] = value[last[stop]]
    ends = [n]
    while ends[-1] > 0:
        ends.append(int(last[ends[-1]]))
    return ends[::-1]


def _gain(weight: Floats, total: Floats, start: int, places: npt.NDArray[np.int64], stop: int) -> Floats:
    left, right = weight[places] - weight[start], weight[stop] - weight[places]
    apart = (total[places] - total[start]) / left - (total[stop] - total[places]) / right
    return np.asarray(apart**2 * left * right / (left + right), dtype=np.float64)


def _mean(weight: Floats, total: Floats, start: int, stop: int) -> float:
    return float((total[stop] - total[start]) / (weight[stop] - weight[start]))
