"""Metrics that are the mean of a value of each row, written as an expression over the row columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable, Moments
from steelyard.metrics import intervals
from steelyard.metrics.metric import Direction, Interval, Measured, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import means
from steelyard.metrics.views import Means

Expressions = Callable[[Problem], "tuple[str, ...] | str"]


def of_means(
    name: str,
    title: str,
    task: str,
    expressions: Expressions,
    value: Callable[[Means], Any],
    interval: Interval,
    direction: Direction = "higher",
    gradient: Callable[[Means], NDArray[np.float64]] | None = None,
    note: Callable[[Means], str] | None = None,
    cubes: bool = True,
    extremes: bool = False,
) -> Metric:
    """A function of the means of row values; `expressions` names them, or says why there are none."""

    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        values = expressions(problem)
        if isinstance(values, str):
            return values
        return (Moments(values, weight=problem.weight, cubes=cubes, extremes=extremes),)

    return Metric(
        name,
        title,
        frozenset({task}),
        direction,
        needs,
        read_means,
        value,
        interval,
        gradient=gradient,
        note=note,
        docstring=value.__doc__ or "",
    )


def read_means(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Means:
    """Read the sums of the only fact."""
    return means(facts[0], tables[0])


def mean_gradient(view: Means) -> NDArray[np.float64]:
    """Gradient of the mean of the first value: (−mean, 1, 0 …)/Σw."""
    gradient = np.zeros(len(view.sums))
    gradient[0], gradient[1] = -float(np.real(view.mean())), 1.0
    return gradient / float(np.real(view.sums[0]))


def ratio_of_means(top: int, bottom: int) -> Callable[[Means], NDArray[np.float64]]:
    """Gradient of sums[top]/sums[bottom]."""

    def gradient(view: Means) -> NDArray[np.float64]:
        made = np.zeros(len(view.sums))
        made[top] += 1.0
        made[bottom] -= view.sums[top] / view.sums[bottom]
        return np.asarray(made / view.sums[bottom], dtype=float)

    return gradient


def unit_mean(m: Measured) -> tuple[float, float, str]:
    """Interval of the mean of values in [0, 1]; Wilson's where all of them are 0, or all 1."""
    if m.se == 0 and m.value in (0.0, 1.0):
        return share_of_rows(m)
    return _cut(m)


_cut = intervals.within(intervals.mean, 0.0, 1.0)
share_of_rows = intervals.proportion(lambda view: view.effective_rows)
"""Wilson's interval of a share whose denominator are all rows."""
