"""Metrics of a binary decision: functions of TP, FP, FN and TN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics import intervals
from steelyard.metrics.metric import Direction, Interval, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import confusion
from steelyard.metrics.views import Confusion
from steelyard.records import UndefinedMetricError

BINARY = frozenset({"binary"})


def decided_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with decisions, or why there are none."""
    return (problem.cells(),) if problem.decided else "there are no predictions, and no threshold to make them from scores"


def read_confusion(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
    """Read the 2 × 2 table."""
    return confusion(facts[0], tables[0], ("0", "1"))


def ratio(top: Any, bottom: Any, nothing: str) -> Any:
    """A ratio.

    Raises:
        UndefinedMetricError: the denominator is zero; `nothing` says what is absent.
    """
    if np.real(bottom) <= 0:
        raise UndefinedMetricError(nothing)
    return top / bottom


def _cells(rows: str) -> NDArray[np.bool_]:
    return np.array([["tn" in rows, "fp" in rows], ["fn" in rows, "tp" in rows]])


def of_confusion(
    name: str, title: str, value: Callable[[Confusion], Any], interval: Interval, direction: Direction = "higher"
) -> Metric:
    """A metric of the 2 × 2 table; its documentation is the docstring of `value`."""
    return Metric(
        name, title, BINARY, direction, decided_cells, read_confusion, value, interval, docstring=value.__doc__ or ""
    )


def share_of(rows: str) -> Interval:
    """Wilson's interval for a share whose denominator are the named cells, e.g. "tp fp"."""
    mask = _cells(rows)
    return intervals.proportion(lambda view: view.support(mask))


def accuracy(c: Confusion) -> Any:
    """Share of rows decided rightly.

    Formula: (TP + TN) / n
    Range: 0 to 1; 1 is best. The share of the larger class is what a constant answer reaches.
    Misleads: with rare positives: a model that never says yes has high accuracy. Compare with the constant answer.
    Next: read recall and precision; look at balanced accuracy or MCC where classes are uneven.
    Source: scikit-learn `accuracy_score`; interval by Wilson 1927.
    """
    return ratio(c.tp + c.tn, c.total, "there are no rows with a label and a prediction")


METRICS = [
    of_confusion("accuracy", "Accuracy", accuracy, share_of("tp fp fn tn")),
]
