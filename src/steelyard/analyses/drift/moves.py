"""What moved, in words: means and quantiles of a number, shares of values, new and vanished ones, missing."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.drift.counts import Counts, Floats, bins_of
from steelyard.analyses.words import number, percent
from steelyard.facts import Among, Binned, IntegerGrid
from steelyard.facts.grids import ABOVE, BELOW, MISSING
from steelyard.facts.levels import text
from steelyard.stats.comparison import two_proportions_p, two_sided_p

CERTAIN = 0.001
"""A share that is told of must have moved with at most this chance of a mere accident."""
TOLD_SHARE = 0.005
"""A move of a share of missing values below this is not worth words."""
TOLD_VALUES = 3
MEDIAN = 0.5
TAILS = (0.05, MEDIAN, 0.95)
"""Quantiles that are told of where the mean does not tell it all."""
WIDER = 1.2
"""A factor between standard deviations that is told of, by quantiles."""
TOLD_SD = 0.02
"""A move of a mean or quantile by less than this many standard deviations is not worth words."""


@dataclass(frozen=True)
class Numbers:
    """The known values of a number in both data sets.

    Attributes:
        left, right: finite edges of its bins, in order.
        now, then: rows by bin.
        means: now and then.
        sds: now and then.
    """

    left: Floats
    right: Floats
    now: Floats
    then: Floats
    means: tuple[float, float]
    sds: tuple[float, float]

    @property
    def scale(self) -> float:
        """Standard deviation of the reference by its quartile range, or plainly; 0 where it has none."""
        low, high = (self.quantile(self.then, share) for share in (0.25, 0.75))
        return (high - low) / 1.349 if high > low else self.sds[1]

    def quantile(self, rows: Floats, share: float) -> float:
        """A quantile of one side, rows spread evenly within their bin."""
        reached = np.cumsum(rows)
        k = min(int(np.searchsorted(reached, share * reached[-1])), len(rows) - 1)
        inside = (share * reached[-1] - (reached[k] - rows[k])) / rows[k] if rows[k] > 0 else 0.0
        return float(self.left[k] + min(max(inside, 0.0), 1.0) * (self.right[k] - self.left[k]))

    def p_below(self, value: float) -> float:
        """P-value of as many rows below a value now as then."""
        now, then = (float(rows[self.right <= value].sum()) for rows in (self.now, self.then))
        return two_proportions_p(now, float(self.now.sum()), then, float(self.then.sum()))


def sentence(column: Counts, numbers: Numbers | None, overdispersion: float = 1.0) -> str:
    """What has certainly moved, most telling first; "" where that is nothing.

    `overdispersion` is by how much shares vary more than those of independent rows: so many fewer rows speak.
    """
    column = replace(column, now=column.now / overdispersion, then=column.then / overdispersion, design=(1.0, 1.0))
    if numbers is not None:
        numbers = replace(numbers, now=numbers.now / overdispersion, then=numbers.then / overdispersion)
    return "; ".join([*_of_known(column, numbers), *_of_missing(column)])


def _of_known(column: Counts, numbers: Numbers | None) -> list[str]:
    if not isinstance(column.key, Binned) or (numbers is not None and _is_yes_or_no(column)):
        return _of_values(column)
    return _of_numbers(numbers, column) if numbers is not None else []


def _is_yes_or_no(column: Counts) -> bool:
    """Whether a number takes two values only, of which shares tell more than means."""
    known = [level for level, gone in zip(column.levels, column.missing, strict=True) if not gone]
    whole = isinstance(column.key, Binned) and isinstance(column.key.grid, IntegerGrid)
    return whole and len(known) <= 2 and not {BELOW, ABOVE}.intersection(known)


def _of_numbers(n: Numbers, column: Counts) -> list[str]:
    scale = n.scale
    if scale <= 0:
        return [f"{n.means[1]:.6g} throughout before, mean {n.means[0]:.6g} now"]
    told = []
    (now, then), (wide, narrow) = n.means, n.sds
    se = math.sqrt(wide**2 / n.now.sum() + narrow**2 / n.then.sum())
    if abs(now - then) >= scale * TOLD_SD and two_sided_p((now - then) / se if se > 0 else math.inf) <= CERTAIN:
        told.append(f"mean {_written(then, scale)} to {_written(now, scale)}")
    if not told or _wider(wide, narrow):
        told += [words for share in TAILS if (words := _of_quantile(n, share, scale))]
    return told or _of_range(column, scale)


def _of_quantile(n: Numbers, share: float, scale: float) -> str:
    then, now = n.quantile(n.then, share), n.quantile(n.now, share)
    if abs(now - then) < scale * TOLD_SD or n.p_below(then) > CERTAIN:
        return ""
    name = "median" if share == MEDIAN else f"{percent(share)} quantile"
    return f"{name} {_written(then, scale)} to {_written(now, scale)}"


def _of_range(column: Counts, scale: float) -> list[str]:
    """The bin that adds most to the distance, where it has certainly changed."""
    if not isinstance(column.key, Binned):
        return []
    bins, known, (n, m) = bins_of(column), ~column.missing, column.rows
    now, then = (np.bincount(bins[known], weights=side[known]) for side in (column.now, column.then))
    p, q = now / n, then / m
    apart = np.divide((p - q) ** 2, p + q, out=np.zeros(len(p)), where=p + q > 0)
    k = int(np.argmax(apart))
    if two_proportions_p(float(now[k]), n, float(then[k]), m) > CERTAIN:
        return []
    codes = np.array([c for c, b in zip(column.levels, bins, strict=True) if b == k and c != MISSING], dtype=np.int64)
    left, right = column.key.grid.edges(codes)
    low, high = float(left.min()), float(right.max())
    where = (
        f"below {_written(high, scale)}"
        if math.isinf(low)
        else f"from {_written(low, scale)} on"
        if math.isinf(high)
        else f"{_written(low, scale)} to {_written(high, scale)}"
        if high > low
        else _written(low, scale)
    )
    return [f"values {where}: {_from_to(float(q[k]), float(p[k]))}"]


def _wider(now: float, then: float) -> bool:
    """Whether one spread is clearly larger than the other."""
    return min(now, then) > 0 and abs(math.log(now / then)) >= math.log(WIDER)


def _written(value: float, scale: float) -> str:
    return number(value, scale / 10.0)


def _of_values(column: Counts) -> list[str]:
    n, m = column.rows
    known = np.flatnonzero(~column.missing)
    moved = [
        (abs(column.now[i] / n - column.then[i] / m), i)
        for i in known.tolist()
        if two_proportions_p(float(column.now[i]), n, float(column.then[i]), m) <= CERTAIN
    ]
    # Of two values one tells it all.
    most = TOLD_VALUES if len(known) > 2 else 1
    told = []
    for _, i in sorted(moved, key=lambda pair: (-round(pair[0], 12), -pair[1]))[:most]:
        now, then, name = column.now[i] / n, column.then[i] / m, _name(column, i)
        if not column.then[i]:
            told.append(f"{name} is new ({percent(now)})")
        elif not column.now[i]:
            told.append(f"{name} is gone ({percent(then)} before)")
        else:
            told.append(f"{name} {_from_to(then, now)}")
    return told


def _of_missing(column: Counts) -> list[str]:
    (n, m), missing = column.rows, column.missing
    now, then = float(column.now[missing].sum()), float(column.then[missing].sum())
    if abs(now / n - then / m) < TOLD_SHARE or two_proportions_p(now, n, then, m) > CERTAIN:
        return []
    return [f"missing {_from_to(then / m, now / n)}"]


def _from_to(then: float, now: float) -> str:
    half = abs(now - then) / 2.0
    return f"{percent(then, half)} to {percent(now, half)}"


def _name(column: Counts, i: int) -> str:
    level, key = column.levels[i], column.key
    if isinstance(key, Among) and isinstance(level, int):
        return f"“{key.name(level)}”"
    return str(level) if isinstance(key, Binned) else f"“{text(level)}”"
