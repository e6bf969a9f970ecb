"""Two samples of numbers held against each other, for what a look at values as written can tell."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MOST = 4_000
"""Numbers of a sample that are compared."""


def thinned(values: Floats, most: int = MOST) -> Floats:
    """Every k-th of the sorted numbers, about `most` of them: their shape, without chance."""
    ordered = np.sort(values)
    if len(ordered) <= most:
        return ordered
    return ordered[((np.arange(most) + 0.5) * len(ordered) / most).astype(np.int64)]


def distance(a: Floats, b: Floats) -> float:
    """The Kolmogorov–Smirnov distance of two sorted samples: the largest gap of their distribution functions."""
    if not len(a) or not len(b):
        return 1.0
    points = np.concatenate([a, b])
    gap = np.searchsorted(a, points, side="right") / len(a) - np.searchsorted(b, points, side="right") / len(b)
    return float(np.abs(gap).max())


def noise(n: float, m: float) -> float:
    """The distance that two samples of one distribution exceed once in a thousand times."""
    return 1.95 * math.sqrt(1 / n + 1 / m) if n > 0 and m > 0 else 1.0
