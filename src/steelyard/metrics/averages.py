"""Metrics that are smooth functions of means of row values: what regression, forecasting and ranking share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable, Moments, names_in
from steelyard.metrics import intervals
from steelyard.metrics.means import mean_gradient, read_means
from steelyard.metrics.metric import Direction, Interval, Measured, Metric, Needs, Reader
from steelyard.metrics.problem import DECISION, ERROR, LABEL, Problem
from steelyard.metrics.read import means
from steelyard.metrics.rows import ABS_ERROR, NAIVE
from steelyard.metrics.views import Means
from steelyard.records import UndefinedMetricError
from steelyard.stats import influence
from steelyard.stats import intervals as bounds

NUMBERS = frozenset({"regression", "forecasting"})
WORDS = {
    LABEL: "label",
    DECISION: "prediction",
    ERROR: "prediction with its label",
    ABS_ERROR: "prediction with its label",
    NAIVE: "earlier value to compare with",
}


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


def lacking(problem: Problem, *columns: str) -> str:
    """Which of these row columns the problem does not have, as a reason; "" where it has all."""
    if not problem.columns:
        return ""
    missing = dict.fromkeys(WORDS.get(c, c.removeprefix("sy_")) for c in columns if c not in problem.columns)
    return f"there is no {' and no '.join(missing)}" if missing else ""


def of(*values: str, cubes: bool = True) -> Needs:
    """Needs the means of fixed row expressions."""

    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        columns = dict.fromkeys(name for value in values for name in names_in(value))
        return lacking(problem, *columns) or (moments(problem, *values, cubes=cubes),)

    return needs


def of_part(value: str, offered: str) -> Needs:
    """Needs the mean of a row expression, and the number of rows that have another one, `offered`."""

    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        columns = dict.fromkeys((*names_in(value), *names_in(offered)))
        return lacking(problem, *columns) or (moments(problem, value), moments(problem, offered))

    return needs


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


Bounds = Callable[[float, float, float, float], tuple[float, float]]
"""Value, standard error, level and degrees of freedom → interval."""


def small_sample(ends: Bounds, name: str, rows: int = 2) -> Interval:
    """An interval with n − 1 degrees of freedom and the standard error to go with them; none below `rows` rows.

    The delta method divides by n where the variance of a sample divides by n − 1.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        n = m.view.effective_rows
        if n <= rows - 1:
            return math.nan, math.nan, name
        se, df = (m.se, m.df) if m.clustered else (m.se * math.sqrt(n / (n - 1.0)), n - 1.0)
        return *ends(m.value, se, m.level, df), f"{name}, clustered" if m.clustered else name

    return interval


def t_interval(low: float = -math.inf, high: float = math.inf) -> Interval:
    """Value ± t·se, cut at the metric's own bounds."""
    return intervals.within(small_sample(bounds.wald, "delta method"), low, high)


positive = small_sample(bounds.log, "log")
"""Symmetric on the log scale: for ratios of positive sums."""
correlation = small_sample(bounds.fisher, "fisher z", rows=4)
"""Two rows always correlate perfectly, and three say hardly more."""


def of_numbers(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    needs: Needs,
    interval: Interval = intervals.mean,
    direction: Direction = "lower",
    read: Reader = read_means,
    note: Callable[[Any], str] | None = None,
    gradient: Callable[[Any], NDArray[np.float64]] | None = None,
) -> Metric:
    """A metric of predicted numbers, from means of row values; its documentation is the docstring of `value`."""
    return Metric(
        name,
        title,
        NUMBERS,
        direction,
        needs,
        read,
        value,
        interval,
        gradient=gradient,
        note=note,
        docstring=documented(value),
    )


def mean_value(m: Means) -> Any:
    """The mean of the first value."""
    return m.mean(0)


def exact_gradient(value: Callable[[Any], Any]) -> Callable[[Means], NDArray[np.float64]]:
    """Gradient of an analytic function by the complex step alone.

    The engine's check by differences would leave the domain where a variance is small beside the squared mean.
    """

    def gradient(m: Means) -> NDArray[np.float64]:
        return influence.complex_step(lambda w: value(m.replaced(w)), m.weights)

    return gradient


def root_gradient(m: Means) -> NDArray[np.float64]:
    """Gradient of √mean; 0 where the mean is 0, which no value then exceeds."""
    root = float(np.sqrt(m.mean(0)))
    return mean_gradient(m) / (2.0 * root) if root > 0 else np.zeros(len(m.sums))


def root_interval(m: Measured) -> tuple[float, float, str]:
    """The root of the mean's own interval (Hall's where it is skewed), so that both say the same."""
    squared = replace(m, value=m.value**2, se=2.0 * m.value * m.se)
    low, high, method = intervals.mean(squared)
    return math.sqrt(max(low, 0.0)), math.sqrt(max(high, 0.0)), f"root of {method}"


def documented(function: Callable[[Any], Any]) -> str:
    """A function's docstring."""
    return function.__doc__ or ""
