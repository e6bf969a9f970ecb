"""Two arrays of counts by bin, checked."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Pair(NamedTuple):
    """Counts of both data sets in the bins that hold something: `a` current, `r` reference; `n`, `m` their sums."""

    a: Floats
    r: Floats
    n: float
    m: float

    @property
    def shares(self) -> tuple[Floats, Floats]:
        """Shares of the current and of the reference data."""
        return self.a / self.n, self.r / self.m

    @property
    def unit(self) -> float:
        """1/n + 1/m, the scale of every squared distance between two samples of one distribution."""
        return 1.0 / self.n + 1.0 / self.m


def pair(current: npt.ArrayLike, reference: npt.ArrayLike) -> Pair:
    """The two as arrays, without the bins that are empty in both.

    Raises:
        ValueError: unless both are arrays of equal length of numbers of at least 0, each with a positive sum.
    """
    a, r = np.asarray(current, dtype=float), np.asarray(reference, dtype=float)
    if a.ndim != 1 or a.shape != r.shape:
        raise ValueError(f"needs two arrays of equal length, got shapes {a.shape} and {r.shape}")
    n, m = float(a.sum()), float(r.sum())
    if not (np.all(a >= 0.0) and np.all(r >= 0.0) and 0.0 < n < np.inf and 0.0 < m < np.inf):
        raise ValueError("needs finite counts of at least 0 with some rows on both sides")
    held = (a > 0.0) | (r > 0.0)
    return Pair(a[held], r[held], n, m)


def without_zeros(two: Pair) -> Pair:
    """Half a row more in every bin of both where any bin of either is empty, so that logarithms are finite."""
    if np.all(two.a > 0.0) and np.all(two.r > 0.0):
        return two
    a, r = two.a + 0.5, two.r + 0.5
    return Pair(a, r, float(a.sum()), float(r.sum()))
