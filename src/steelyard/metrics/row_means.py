"""Metrics that are smooth functions of means of row values: what regression, forecasting and ranking share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.facts import Fact, FactTable, Moments
from steelyard.metrics.metric import Interval, Measured, Needs
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import means
from steelyard.metrics.views import Means
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals


@dataclass(frozen=True)
class PartialMeans(Means):
    """Means over the rows where they can be computed, which knows how many rows were offered."""

    offered: int = 0

    @property
    def left_out(self) -> int:
        """Rows that have no value."""
        return self.offered - self.rows


def moments(problem: Problem, *values: str, cubes: bool = True) -> Moments:
    """The fact that keeps the means of row expressions."""
    return Moments(values, weight=problem.weight, cubes=cubes)


def of(*values: str, cubes: bool = True) -> Needs:
    """Needs the means of fixed row expressions."""

    def needs(problem: Problem) -> tuple[Fact, ...]:
        return (moments(problem, *values, cubes=cubes),)

    return needs


def of_part(value: str, offered: str) -> Needs:
    """Needs the mean of a row expression, and the number of rows that have another one, `offered`."""

    def needs(problem: Problem) -> tuple[Fact, ...]:
        return moments(problem, value), moments(problem, offered)

    return needs


def read_means(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Means:
    """Read means."""
    return means(facts[0], tables[0])


def read_part(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> PartialMeans:
    """Read means, and how many rows were offered."""
    m = means(facts[0], tables[0])
    return PartialMeans(m.sums, m.products, m.cubes, m.counts, m.names, offered=tables[1].rows)


def ratio(top: Any, bottom: Any, nothing: str) -> Any:
    """A ratio.

    Raises:
        UndefinedMetricError: the denominator is not positive; `nothing` says why.
    """
    if np.real(bottom) <= 0:
        raise UndefinedMetricError(nothing)
    return top / bottom


def spread(mean: Any, mean_square: Any, nothing: str) -> Any:
    """A variance from its first two moments.

    Raises:
        UndefinedMetricError: it is zero to rounding; `nothing` says what does not vary.
    """
    variance = mean_square - mean * mean
    if np.real(variance) <= 1e-12 * np.real(mean_square):
        raise UndefinedMetricError(nothing)
    return variance


def several_rows(interval: Interval) -> Interval:
    """An interval that one row alone does not have: it shows no spread."""

    def checked(m: Measured) -> tuple[float, float, str]:
        return (math.nan, math.nan, "") if m.view.effective_rows <= 1 else interval(m)

    return checked


def t_interval(low: float = -math.inf, high: float = math.inf) -> Interval:
    """Value ± t·se with n − 1 degrees of freedom, cut at the metric's own bounds."""

    def interval(m: Measured) -> tuple[float, float, str]:
        n = m.view.effective_rows
        se, df = (m.se, m.df) if m.clustered else (m.se * math.sqrt(n / (n - 1.0)), n - 1.0)
        a, b = intervals.wald(m.value, se, m.level, df)
        return max(a, low), min(b, high), "delta method, clustered" if m.clustered else "delta method"

    return several_rows(interval)


def share_like(interval: Interval) -> Interval:
    """For means of values in [0, 1]: cut there, and Wilson's where all values are 0 or all are 1.

    A variable in [0, 1] varies at most as a yes-or-no of the same mean does, so Wilson's interval covers.
    """

    def bounded(m: Measured) -> tuple[float, float, str]:
        if m.se == 0 and m.value in (0.0, 1.0):
            return *intervals.wilson(m.value, m.view.effective_rows, m.level), "wilson"
        low, high, method = interval(m)
        return max(low, 0.0), min(high, 1.0), method

    return bounded


def mean_value(m: Means) -> Any:
    """The mean of the first value."""
    return m.mean(0)


def documented(function: Callable[[Any], Any]) -> str:
    """A function's docstring."""
    return function.__doc__ or ""
