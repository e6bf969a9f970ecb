"""Distances in the unit of the numbers themselves, from bins whose edges are known.

Rows are taken as evenly spread within their bin; a bin of no width is a point. Bins are in order and do not overlap.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.divergences.pairs import Floats


class Transport(NamedTuple):
    """A distance, and how far at most it is from that of the rows."""

    value: float
    bound: float


def wasserstein(
    current: npt.ArrayLike, reference: npt.ArrayLike, left: npt.ArrayLike, right: npt.ArrayLike
) -> Transport:
    """Wasserstein-1 distance ∫ |F − G|: how far a row must move on average to make one data set of the other.

    Divide by a scale of the reference for a number without unit. Arrays of shape (B,): counts, left and right edges.
    A row is at most half a bin, on average over its bin, from where it is taken to be: the bound is the sum of that.

    Raises:
        ValueError: if the arrays are malformed, edges are not finite and in order, or a side has no rows.
    """
    p, q, low, high = _laid_out(current, reference, left, right)
    width, gaps = high - low, low[1:] - high[:-1]
    after = np.cumsum(p - q)
    before = after - (p - q)
    # Within a bin the gap is linear; where it changes sign its area is that of two triangles.
    one, other = np.abs(before), np.abs(after)
    crossing = before * after < 0.0
    both = np.where(one + other > 0.0, one + other, 1.0)
    area = np.where(crossing, (one**2 + other**2) / (2.0 * both), (one + other) / 2.0)
    value = float(np.sum(area * width) + np.sum(other[:-1] * gaps))
    return Transport(value, float(np.sum((p + q) * width)) / 2.0)


def energy_distance(
    current: npt.ArrayLike, reference: npt.ArrayLike, left: npt.ArrayLike, right: npt.ArrayLike
) -> float:
    """Energy distance sqrt(2 ∫ (F − G)²), in the square root of the numbers' unit.

    Raises:
        ValueError: if the arrays are malformed, edges are not finite and in order, or a side has no rows.

    Source: Székely & Rizzo 2013.
    """
    p, q, low, high = _laid_out(current, reference, left, right)
    after = np.cumsum(p - q)
    before = after - (p - q)
    inside = np.sum((before**2 + before * after + after**2) / 3.0 * (high - low))
    between = np.sum(after[:-1] ** 2 * (low[1:] - high[:-1]))
    return float(np.sqrt(2.0 * max(inside + between, 0.0)))


def _laid_out(
    current: npt.ArrayLike, reference: npt.ArrayLike, left: npt.ArrayLike, right: npt.ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    a, r, low, high = (np.asarray(x, dtype=float) for x in (current, reference, left, right))
    if a.ndim != 1 or not a.shape == r.shape == low.shape == high.shape:
        raise ValueError("needs four arrays of equal length: counts of both sides, left and right edges")
    if not (np.all(a >= 0.0) and np.all(r >= 0.0) and 0.0 < a.sum() < np.inf and 0.0 < r.sum() < np.inf):
        raise ValueError("needs finite counts of at least 0 with some rows on both sides")
    if not (
        np.all(np.isfinite(low)) and np.all(low <= high) and np.all(high[:-1] <= low[1:]) and np.isfinite(high[-1])
    ):
        raise ValueError("bins must have finite edges, be in order and not overlap")
    return a / a.sum(), r / r.sum(), low, high
