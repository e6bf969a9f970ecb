"""The largest difference between any two of many groups, with an interval that accounts for having looked for it."""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.ranges import check_groups, pair_quantile, range_p

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]

MOST_PAIRS = 1_000_000


class WorstGap(NamedTuple):
    """The largest difference between two groups.

    Attributes:
        value: largest value minus smallest. It exceeds the true largest difference on average: the two groups were
            chosen for it.
        low, high: an interval of the true largest difference, whichever groups it lies between; low is at least 0.
        p: of the hypothesis that all groups are alike; below 1 − level exactly where low is above 0.
        high_at: place of the group with the largest value.
        low_at: place of the group with the smallest.
    """

    value: float
    low: float
    high: float
    p: float
    high_at: int
    low_at: int


def worst_gap(values: npt.ArrayLike, errors: npt.ArrayLike, level: float) -> WorstGap:
    """The largest difference between independent groups, from simultaneous intervals of all pairs (Tukey–Kramer).

    Each pair's interval is wide enough for all pairs to be covered at once; the true largest difference then lies
    between the largest of their lower and the largest of their upper ends. Time grows with k·log k.

    Args:
        values: one per group, shape (k,), k ≥ 2.
        errors: standard errors, shape (k,); or those below and above each value, shape (k, 2), e.g. the two sides
            of a Wilson interval over `quantile(pair_level(k, level))`, which MOVER puts together.
        level: chance that the interval holds the true largest difference; at least that where sizes are unequal.

    Raises:
        ValueError: for fewer than two groups, unequal shapes, numbers that are not finite, or negative errors.

    Source: Tukey 1953, Kramer 1956, conservative by Hayter 1984; Zou & Donner 2008 for lopsided errors.
    """
    x, below, above = _checked(values, errors)
    q = pair_quantile(len(x), level)
    low, high, apart = 0.0, 0.0, 0.0
    for upper, lower in _pairs(_fronts(x, -below), _fronts(-x, -above)):
        gap, error = x[upper] - x[lower], np.hypot(below[upper], above[lower])
        low = max(low, float((gap - q * error).max()))
        certain = np.divide(gap, error, out=np.where(gap > 0.0, math.inf, 0.0), where=error > 0.0)
        apart = max(apart, float(certain.max()))
    for upper, lower in _pairs(_fronts(x, above), _fronts(-x, below)):
        gap, error = x[upper] - x[lower], np.hypot(above[upper], below[lower])
        high = max(high, float((gap + q * error).max()))
    top, bottom = int(x.argmax()), int(x.argmin())
    return WorstGap(float(x[top] - x[bottom]), low, high, range_p(math.sqrt(2.0) * apart, len(x)), top, bottom)


def spread_beyond_chance(values: npt.ArrayLike, errors: npt.ArrayLike) -> float:
    """Standard deviation of the groups' true values: their variance less what their standard errors make of it.

    0 where chance alone explains the differences. Each group counts alike. Both of shape (k,).

    Raises:
        ValueError: for fewer than two groups, or unequal shapes.

    Source: Lum, Zhang & Bower 2022, "De-biasing bias measurement".
    """
    x, e = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    if x.ndim != 1 or x.shape != e.shape:
        raise ValueError(f"values and errors must have one shape (k,), got {x.shape} and {e.shape}")
    check_groups(len(x))
    return math.sqrt(max(float(x.var(ddof=1) - np.mean(e * e)), 0.0))


def gaps_to(
    values: npt.ArrayLike, lows: npt.ArrayLike, highs: npt.ArrayLike, at: int
) -> tuple[Floats, Floats, Floats]:
    """Every group minus the group `at`, with MOVER intervals from the groups' own; three arrays of shape (k,).

    Raises:
        ValueError: if the shapes differ.

    Source: Zou & Donner 2008; with Wilson's intervals Newcombe 1998, method 10.
    """
    x, low, high = (np.asarray(v, dtype=float) for v in (values, lows, highs))
    if x.ndim != 1 or not x.shape == low.shape == high.shape:
        raise ValueError(f"values, lows and highs must have one shape (k,), got {x.shape}, {low.shape}, {high.shape}")
    gap = x - x[at]
    return gap, gap - np.hypot(x - low, high[at] - x[at]), gap + np.hypot(high - x, x[at] - low[at])


def _pairs(uppers: Places, lowers: Places) -> Iterator[tuple[Places, Places]]:
    """Pairs of two different groups, so many at a time that they fit into memory."""
    for part in np.array_split(uppers, math.ceil(len(uppers) * len(lowers) / MOST_PAIRS)):
        upper, lower = (grid.ravel() for grid in np.meshgrid(part, lowers, indexing="ij"))
        different = upper != lower
        if different.any():
            yield upper[different], lower[different]


def _fronts(values: Floats, merit: Floats) -> Places:
    """The groups that at most one other beats in both numbers.

    A bound that rises with both is largest, over all pairs of different groups, for one of them: only the other
    group of its pair may stand before it.
    """
    first = _front(values, merit)
    others = np.setdiff1d(np.arange(len(values)), first)
    return np.concatenate([first, others[_front(values[others], merit[others])]])


def _front(values: Floats, merit: Floats) -> Places:
    """The groups that no other beats in both numbers, one of those that are equal."""
    order = np.lexsort((-merit, -values))
    best = np.maximum.accumulate(merit[order])
    return order[np.flatnonzero(np.concatenate([[True], merit[order][1:] > best[:-1]])[: len(order)])]


def _checked(values: npt.ArrayLike, errors: npt.ArrayLike) -> tuple[Floats, Floats, Floats]:
    x, e = np.asarray(values, dtype=float), np.asarray(errors, dtype=float)
    if x.ndim != 1 or e.shape not in ((len(x),), (len(x), 2)):
        raise ValueError(f"errors must be of shape (k,) or (k, 2) for values of shape (k,), got {e.shape}, {x.shape}")
    check_groups(len(x))
    if not (np.isfinite(x).all() and np.isfinite(e).all() and bool((e >= 0.0).all())):
        raise ValueError("values must be finite, and errors finite and at least 0")
    below, above = (e, e) if e.ndim == 1 else (e[:, 0], e[:, 1])
    return x, below, above
