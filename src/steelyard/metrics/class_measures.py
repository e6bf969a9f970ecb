"""Precision, recall, F1 and Jaccard of each of several classes or labels, and their averages."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.records import UndefinedMetricError

Floats = NDArray[np.float64]


class Measure(NamedTuple):
    """top·TP / (actual·(TP + FN) + decided·(TP + FP) + hit·TP) of one class.

    `needs_actual`: a class without rows has no value; else a class that is neither there nor decided has none.
    """

    title: str
    meaning: str
    formula: str
    top: float
    actual: float
    decided: float
    hit: float
    needs_actual: bool = False


class Totals(NamedTuple):
    """TP, TP + FN and TP + FP of each class."""

    hits: NDArray[Any]
    actual: NDArray[Any]
    decided: NDArray[Any]


class Slopes(NamedTuple):
    """Derivatives of an average of a measure in the totals of each class."""

    hits: Floats
    actual: Floats
    decided: Floats


PRECISION = Measure(
    "Precision", "of the rows decided as the class, the share that belongs to it", "TP / (TP + FP)", 1, 0, 1, 0
)
RECALL = Measure(
    "Recall", "of the rows of the class, the share that was found", "TP / (TP + FN)", 1, 1, 0, 0, needs_actual=True
)
F1 = Measure("F1", "the harmonic mean of the class's precision and recall", "2·TP / (2·TP + FP + FN)", 2, 1, 1, 0)
JACCARD = Measure(
    "Jaccard index",
    "of the rows that are or were decided as the class, the share that is both",
    "TP / (TP + FP + FN)",
    1,
    1,
    1,
    -1,
)


def each(measure: Measure, t: Totals) -> tuple[NDArray[Any], NDArray[Any], NDArray[np.bool_]]:
    """The measure of each class, its denominators, and which classes have a value.

    A class that occurs but is never decided has precision 0, as in scikit-learn.

    Raises:
        UndefinedMetricError: no class has a value.
    """
    bottom = measure.actual * t.actual + measure.decided * t.decided + measure.hit * t.hits
    counted = np.real(t.actual if measure.needs_actual else t.actual + t.decided) > 0
    if not counted.any():
        raise UndefinedMetricError("no class occurs")
    safe = np.where(np.real(bottom) > 0, bottom, 1.0)
    return measure.top * t.hits / safe, safe, counted


def macro(measure: Measure, t: Totals) -> Any:
    """Plain mean over the classes that have a value."""
    values, _, counted = each(measure, t)
    return values[counted].mean()


def macro_slopes(measure: Measure, t: Totals) -> Slopes:
    """Derivatives of `macro`."""
    _, _, counted = each(measure, t)
    return _slopes(measure, t, counted / counted.sum())


def weighted(measure: Measure, t: Totals) -> Any:
    """Mean over the classes by their rows."""
    values, _, _ = each(measure, t)
    return (values * t.actual).sum() / t.actual.sum()


def weighted_slopes(measure: Measure, t: Totals) -> Slopes:
    """Derivatives of `weighted`."""
    values, _, _ = each(measure, t)
    total = t.actual.sum()
    made = _slopes(measure, t, np.asarray(t.actual / total, dtype=float))
    return made._replace(actual=made.actual + (values - weighted(measure, t)) / total)


def _slopes(measure: Measure, t: Totals, share: Floats) -> Slopes:
    values, bottom, _ = each(measure, t)
    scale = np.asarray(share / bottom, dtype=float)
    return Slopes(
        scale * (measure.top - measure.hit * values),
        -scale * measure.actual * values,
        -scale * measure.decided * values,
    )
