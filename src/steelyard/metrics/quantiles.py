"""Quantiles of a number from its histogram, with intervals by order statistics."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from steelyard.facts import FactTable, Histogram, RootGrid
from steelyard.metrics.metric import Interval, Measured
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import distribution
from steelyard.metrics.views import Distribution
from steelyard.stats import intervals
from steelyard.stats.intervals import quantile_ranks

NORMAL_95 = 1.959963984540054


def histogram(problem: Problem, column: str, centre: float, scale: float) -> Histogram:
    """The fact that a column's quantiles are read from."""
    return Histogram(column, RootGrid(centre, scale), weight=problem.weight)


def read_histogram(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Distribution:
    """Read the bins."""
    return distribution(facts[0], tables[0])


def order_statistics(share: float, low: float = -math.inf, high: float = math.inf) -> Interval:
    """Between two order statistics; `low` and `high` are where the quantity itself ends.

    Where the rows are too few for one of them the interval ends there, or there is none. Clusters: value ± t·se.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered:
            a, b = intervals.wald(m.value, m.se, m.level, m.df)
            return max(a, low), min(b, high), "jackknife, clustered"
        a, b = _order_statistics(m.view, share, m.level, low, high)
        if math.isinf(a) or math.isinf(b):
            return math.nan, math.nan, "order statistics"
        return a, b, "order statistics"

    return interval


def woodruff(share: float, low: float = -math.inf, high: float = math.inf) -> Callable[[Distribution], float]:
    """Sampling variance of a quantile: its 95 % interval as if of a normal variable."""

    def variance(d: Distribution) -> float:
        a, b = _order_statistics(d, share, 0.95, low, high)
        return ((b - a) / (2.0 * NORMAL_95)) ** 2

    return variance


def resolution(share: float) -> Callable[[Distribution], float]:
    """Width of the bin that a quantile lies in: no closer is it known."""

    def width(d: Distribution) -> float:
        cumulative = np.cumsum(d.mass)
        at = min(int(np.searchsorted(cumulative, share * cumulative[-1])), len(cumulative) - 1)
        return float(d.right[at] - d.left[at])

    return width


def _order_statistics(d: Distribution, share: float, level: float, low: float, high: float) -> tuple[float, float]:
    n = d.effective_rows
    first, last = quantile_ranks(n, share, level)
    return low if first < 1 else d.quantile(first / n), high if last > n else d.quantile(last / n)
