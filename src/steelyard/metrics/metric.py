"""The contract of a metric: what it needs, its value, its gradient, its interval. Built-in ones use the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics.doc import MetricDoc, sections
from steelyard.metrics.problem import Problem
from steelyard.metrics.views import View

Direction = Literal["higher", "lower", "target"]
Interval = Callable[["Measured"], tuple[float, float, str]]
Needs = Callable[[Problem], "tuple[Fact, ...] | str"]
Reader = Callable[[Sequence[Any], Sequence[FactTable], Problem], Any]


@dataclass(frozen=True)
class Measured:
    """What an interval is made from.

    Attributes:
        value: the metric's value.
        se: its standard error.
        df: degrees of freedom of `se` (infinite but for clusters).
        level: nominal coverage.
        view: what the metric was read from.
        clustered: whether `se` comes from clusters.
        replicates: value of the metric on resampled weights, for intervals that need draws.
    """

    value: float
    se: float
    df: float
    level: float
    view: Any
    clustered: bool
    replicates: Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Metric:
    """A function of facts with a gradient.

    Attributes:
        name: unique in a task; scikit-learn's where it has one.
        title: for people.
        tasks: tasks it is defined for.
        direction: which side is better; "target" where neither is (bias, calibration slope).
        needs: the facts it is read from (without slices), or a reason (str) why this problem has none.
        read: makes the view from those facts and their cells, in the same order.
        value: the view's value; raises `UndefinedMetricError` where there is none.
        interval: turns value and standard error into an interval.
        gradient: ∂value/∂weights; None lets the engine differentiate, or, with a `variance`, says that there is none.
        variance: overrides the delta method's sampling variance, e.g. with small-sample terms.
        discretisation: bound on the error made by binning; None means the value is exact.
        n: the rows (or units) the value rests on; None takes the view's rows.
        note: a caution about the value on this view, or "".
        sliced: whether it is read on slices too.
        docstring: meaning, then the sections of `metrics.doc`.
        parameters: what tells this metric from others made by the same code.
    """

    name: str
    title: str
    tasks: frozenset[str]
    direction: Direction
    needs: Needs
    read: Reader
    value: Callable[[Any], Any]
    interval: Interval
    gradient: Callable[[Any], NDArray[np.float64]] | None = None
    variance: Callable[[Any], float] | None = None
    discretisation: Callable[[Any], float] | None = None
    n: Callable[[Any], int] | None = None
    note: Callable[[Any], str] | None = None
    sliced: bool = True
    docstring: str = ""
    parameters: tuple[tuple[str, Any], ...] = ()

    @property
    def doc(self) -> MetricDoc:
        """What the metric means."""
        parts = sections(self.docstring)
        return MetricDoc(
            name=self.name,
            title=self.title,
            meaning=parts[""],
            formula=parts.get("Formula", ""),
            range=parts.get("Range", ""),
            misleads=parts.get("Misleads", ""),
            next=parts.get("Next", ""),
            source=parts.get("Source", ""),
            direction=self.direction,
            tasks=tuple(sorted(self.tasks)),
        )


def rows_of(metric: Metric, view: View) -> int:
    """Rows (or units) a value rests on."""
    return metric.n(view) if metric.n is not None else view.rows


Family = Callable[[Problem], Sequence[Metric]]
"""Metrics that depend on the problem: one per class, per quantile, per cutoff."""
