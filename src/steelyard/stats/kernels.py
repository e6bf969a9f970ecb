"""How far two clouds of points are apart: the maximum mean discrepancy, by random Fourier features.

Points are rows of numbers, of shape (rows, dimensions), scaled so that dimensions compare.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.clouds import Floats, cloud, covariance
from steelyard.stats.critical import tail
from steelyard.stats.products import product

Flags = npt.NDArray[np.bool_]

_HALVINGS = 60
_MOST_SUBSETS = 2_000


class Discrepancy(NamedTuple):
    """Squared maximum mean discrepancy: without its bias, with its interval, and p of two equal distributions."""

    squared: float
    low: float
    high: float
    p: float


def median_distance(points: npt.ArrayLike, seed: int, most: int = 1_000) -> float:
    """Median distance between different points, of at most `most` rows: the usual bandwidth of a Gaussian kernel.

    1 where all points are equal.

    Raises:
        ValueError: if there is no row.

    Source: Gretton et al. 2012.
    """
    points = cloud(points)
    if len(points) > most:
        points = points[np.random.default_rng(seed).choice(len(points), most, replace=False)]
    squares = (points**2).sum(axis=1)
    squared = np.maximum(squares[:, None] + squares - 2.0 * product(points, points.T), 0.0)
    apart = squared[np.triu_indices(len(points), 1)]
    apart = apart[apart > 1e-12 * max(float(squares.max()), 1e-300)]
    return math.sqrt(float(np.median(apart))) if apart.size else 1.0


def fourier_features(points: npt.ArrayLike, bandwidth: float, frequencies: int, seed: int) -> Floats:
    """Random features whose inner products are about exp(−|x − y|²/(2·bandwidth²)); shape (rows, 2·frequencies).

    Cosine and sine of the same random projections, so that every row has length 1.

    Raises:
        ValueError: if there is no row, or bandwidth or frequencies are not positive.

    Source: Rahimi & Recht 2007; Sutherland & Schneider 2015 for the pairing.
    """
    points = cloud(points)
    if not (bandwidth > 0.0 and frequencies > 0):
        raise ValueError(f"bandwidth and frequencies must be positive, got {bandwidth!r} and {frequencies!r}")
    waves = np.random.default_rng(seed).standard_normal((points.shape[1], frequencies)) / bandwidth
    phase = product(points, waves)
    return np.concatenate([np.cos(phase), np.sin(phase)], axis=1) / math.sqrt(frequencies)


def mean_discrepancy(a: npt.ArrayLike, b: npt.ArrayLike, level: float) -> Discrepancy:
    """Squared distance of the mean features of two samples, less what chance adds.

    Under no difference the squared distance of the means is a weighted sum of chi-squares, whose first three moments
    give p (Hall 1983; Buckley & Eagleson 1988). The interval holds every distance that the observed one does not
    refuse, by a gamma law of the right mean and variance; its lower end is never below 0.

    Raises:
        ValueError: if a sample has fewer than two rows, or the shapes differ.
    """
    a, b = cloud(a), cloud(b)
    if min(len(a), len(b)) < 2 or a.shape[1] != b.shape[1]:
        raise ValueError(f"needs two samples of at least two rows and equal width, got {a.shape} and {b.shape}")
    alpha = tail(level)
    gap = a.mean(axis=0) - b.mean(axis=0)
    noise = covariance(a) / len(a) + covariance(b) / len(b)
    seen, chance = float(gap @ gap), float(np.trace(noise))
    if chance <= 1e-15:
        return Discrepancy(seen, seen, seen, 1.0 if seen <= 1e-15 else 0.0)
    along = float(product(noise, gap[:, None])[:, 0] @ gap) / seen if seen > 0.0 else 0.0
    spread = 2.0 * float(np.sum(noise**2))

    def below(true: float) -> float:
        mean, variance = true + chance, 4.0 * true * along + spread
        return float(special.gammainc(mean**2 / variance, seen * mean / variance))

    low = _where(below, 1.0 - alpha, seen)
    high = max(_where(below, alpha, seen), low)
    return Discrepancy(max(seen - chance, 0.0), low, high, _null_p(a, b, seen))


def windows_p(means: npt.ArrayLike, second: Flags, seed: int, draws: int = 999) -> float:
    """p of no difference between the windows of two samples: how often other windows in their place differ as much.

    `means` holds the mean features of each window, of shape (windows, features). Valid where windows are
    exchangeable without a change, however much they differ among themselves. All choices are tried while they are
    few, else `draws` random ones.

    Raises:
        ValueError: if a sample has no window.
    """
    means, second = cloud(means), np.asarray(second, dtype=bool)
    windows, taken = second.size, int(second.sum())
    if not 0 < taken < windows:
        raise ValueError("each sample needs at least one window")
    chosen = _subsets(windows, taken, seed, draws)
    total = means.sum(axis=0)
    held = product(chosen, means)
    gaps = held / taken - (total - held) / (windows - taken)
    squared = (gaps**2).sum(axis=1)
    own = means[second].mean(axis=0) - means[~second].mean(axis=0)
    reached = int(np.sum(squared >= float(own @ own) * (1.0 - 1e-9)))
    complete = math.comb(windows, taken) <= _MOST_SUBSETS
    return reached / len(chosen) if complete else (1.0 + reached) / (1.0 + len(chosen))


def _null_p(a: Floats, b: Floats, seen: float) -> float:
    n, m = len(a), len(b)
    pooled = ((n - 1) * covariance(a) + (m - 1) * covariance(b)) / (n + m - 2) * (1.0 / n + 1.0 / m)
    square = product(pooled, pooled)
    first, second, third = float(np.trace(pooled)), float(np.trace(square)), float(np.sum(square * pooled))
    if third <= 0.0:
        return 1.0
    df = second**3 / third**2
    return float(special.chdtrc(df, max(df + (seen - first) * math.sqrt(df / second), 0.0)))


def _where(below: Callable[[float], float], share: float, seen: float) -> float:
    """The true squared distance at which the observed one is below itself with this probability; 0 if none is."""
    if below(0.0) <= share:
        return 0.0
    low, high = 0.0, max(seen, 1e-12)
    while below(high) > share:
        high *= 2.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if below(middle) > share else (low, middle)
    return (low + high) / 2.0


def _choices(windows: int, taken: int) -> list[list[int]]:
    if taken in (0, windows):
        return [list(range(taken))]
    return _choices(windows - 1, taken) + [[*held, windows - 1] for held in _choices(windows - 1, taken - 1)]


def _subsets(windows: int, taken: int, seed: int, draws: int) -> Floats:
    if math.comb(windows, taken) <= _MOST_SUBSETS:
        places = np.array(_choices(windows, taken))
    else:
        places = np.argsort(np.random.default_rng(seed).random((draws, windows)), axis=1)[:, :taken]
    chosen = np.zeros((len(places), windows))
    np.put_along_axis(chosen, places, 1.0, axis=1)
    return chosen
