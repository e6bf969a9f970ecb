"""What metrics of a table of labels × decisions share, whatever the number of classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics import intervals
from steelyard.metrics.intervals import SMALL_CELL
from steelyard.metrics.metric import Interval, Measured
from steelyard.metrics.views import Confusion, kish
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds

Floats = NDArray[np.float64]
FEW_ROWS = 10
"""A class or a denominator with fewer rows than this is pointed out."""


def ratio(top: Any, bottom: Any, nothing: str) -> Any:
    """A ratio.

    Raises:
        UndefinedMetricError: the denominator is zero; `nothing` says what is absent.
    """
    if np.real(bottom) <= 0:
        raise UndefinedMetricError(nothing)
    return top / bottom


def ratio_gradient(top: Floats, bottom: Floats) -> Callable[[Confusion], Floats]:
    """Gradient of Σ top·W / Σ bottom·W, for coefficients per cell."""

    def gradient(c: Confusion) -> Floats:
        below = float((bottom * c.table).sum())
        value = float((top * c.table).sum()) / below
        return np.asarray((top - value * bottom).ravel() / below, dtype=float)

    return gradient


def few(rows: float) -> str:
    """A caution where a share rests on few rows."""
    return f"rests on {rows:.0f} row{'s' if rows != 1 else ''}" if rows < FEW_ROWS else ""


def small_cells(c: Confusion) -> bool:
    """Whether any cell holds fewer than 5 rows, too few for a normal approximation."""
    return bool(c.counts.min() < SMALL_CELL)


def accuracy(c: Confusion) -> Any:
    """Share of rows decided rightly.

    Formula: rows where decision and label agree / n; for two classes (TP + TN) / n
    Range: 0 to 1; 1 is best. The share of the largest class is what a constant answer reaches.
    Misleads: with rare classes: a model that never says yes has high accuracy. Compare with the constant answer.
    Next: read recall and precision; look at balanced accuracy or MCC where classes are uneven.
    Source: scikit-learn `accuracy_score`; interval by Wilson 1927.
    """
    return ratio(np.trace(c.table), c.total, "there are no rows with a label and a prediction")


def accuracy_gradient(c: Confusion) -> Floats:
    """(1{right} − accuracy)/n."""
    return ratio_gradient(np.eye(len(c.classes)), np.ones_like(c.table))(c)


def recalls(c: Confusion) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Share of each class that was found, and which classes have rows at all.

    Raises:
        UndefinedMetricError: fewer than two classes have rows.
    """
    actual = c.table.sum(axis=1)
    there = np.real(actual) > 0
    if there.sum() < 2:
        raise UndefinedMetricError("the labels are of one class only")
    return np.divide(np.diagonal(c.table), actual, out=np.zeros_like(actual), where=there), there


def balanced_accuracy(c: Confusion) -> Any:
    """Mean over the classes of the share of each that was decided rightly.

    Formula: mean of the classes' recall; for two classes (recall + specificity) / 2
    Range: 0 to 1; 1 is best. 0.5 for two classes, 1/K for K, is what guessing or a constant answer reaches.
    Misleads: it weighs a class with ten rows like one with a million, so it moves with the smallest class.
    Next: look at the recall of each class; the lowest is where more data or another threshold helps most.
    Source: scikit-learn `balanced_accuracy_score`; interval by MOVER on Wilson's (Zou & Donner 2008).
    """
    each, there = recalls(c)
    return each[there].mean()


def balanced_accuracy_gradient(c: Confusion) -> Floats:
    """(1{i = j} − recall_i) / n_i / K in the cell of class i decided as j."""
    each, there = recalls(c)
    actual = np.where(there, c.table.sum(axis=1), 1.0)
    slope = (np.eye(len(each)) - each[:, None]) / actual[:, None] / there.sum()
    return np.asarray(np.where(there[:, None], slope, 0.0).ravel(), dtype=float)


def recalls_interval(weight: float | None = None, shift: float = 0.0) -> Interval:
    """MOVER on Wilson's intervals of the classes' recalls, for shift + weight·Σ recall (weight None: 1/K)."""

    def interval(m: Measured) -> tuple[float, float, str]:
        each, there = recalls(m.view)
        k = int(there.sum())
        coefficient = 1 / k if weight is None else weight
        if m.clustered:
            return intervals.logit(shift, shift + coefficient * k)(m)
        rows = [kish(w, u) for w, u in zip(m.view.table[there], m.view.squares[there], strict=True)]
        parts = np.array([bounds.wilson(float(p), n, m.level) for p, n in zip(each[there], rows, strict=True)])
        low, high = bounds.mover_sum(each[there], parts[:, 0], parts[:, 1], np.full(k, coefficient))
        return low + shift, high + shift, "mover on wilson"

    return interval


def matthews(table: NDArray[Any]) -> NDArray[Any]:
    """Matthews' correlation of tables (…, K, K); NaN where labels or decisions are of one class."""
    total, right, actual, decided = _sums(table)
    spread = (total**2 - (decided**2).sum(axis=-1)) * (total**2 - (actual**2).sum(axis=-1))
    spread = np.where(np.real(spread) > 0, spread, np.nan)
    return np.asarray((total * right - (actual * decided).sum(axis=-1)) / np.sqrt(spread))


def matthews_corrcoef(c: Confusion) -> Any:
    """Correlation of decisions and labels: how much better than chance, counting every kind of error.

    Formula: (TP·TN − FP·FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN)); for K classes Gorodkin's R_K
    Range: −1 to 1; 1 is best, 0 is chance, below 0 is worse than guessing.
    Misleads: one number for both kinds of error: it cannot say whether false alarms or misses are the trouble.
    Next: read precision and recall to see which error dominates, then move the threshold.
    Source: scikit-learn `matthews_corrcoef`; interval by Fisher's z (Itaya et al. 2024), Dirichlet in small cells.
    """
    value = matthews(c.table)
    if np.isnan(np.real(value)):
        raise UndefinedMetricError("the labels or the predictions are of one class only")
    return value


def matthews_gradient(c: Confusion) -> Floats:
    """Gradient of R_K in every cell, in closed form."""
    total, right, actual, decided = _sums(c.table)
    top = total * right - actual @ decided
    b, d = total**2 - decided @ decided, total**2 - actual @ actual
    ahead = right + total * np.eye(len(actual)) - decided[:, None] - actual[None, :]
    shrink = (total - decided)[None, :] / b + (total - actual)[:, None] / d
    return np.asarray((ahead - top * shrink).ravel() / math.sqrt(b * d), dtype=float)


def kappa(table: NDArray[Any]) -> NDArray[Any]:
    """Cohen's kappa of tables (…, K, K); NaN where chance alone would agree always."""
    total, right, actual, decided = _sums(table)
    chance = (actual * decided).sum(axis=-1)
    room = total**2 - chance
    room = np.where(np.real(room) > 0, room, np.nan)
    return np.asarray((total * right - chance) / room)


def cohen_kappa(c: Confusion) -> Any:
    """Agreement of decisions and labels beyond what their frequencies alone would give.

    Formula: (p_o − p_e) / (1 − p_e), p_o the accuracy, p_e = Σ share of the class in labels · in decisions
    Range: −1 to 1; 1 is best, 0 is chance. Words such as "substantial" for 0.6 to 0.8 are only a custom.
    Misleads: with rare classes: kappa falls when prevalence does, at the same recall and specificity.
    Next: compare kappas only at like prevalence; else read recall and specificity, or MCC.
    Source: scikit-learn `cohen_kappa_score`; standard error by Fleiss, Cohen & Everitt 1969.
    """
    value = kappa(c.table)
    if np.isnan(np.real(value)):
        raise UndefinedMetricError("labels and predictions are all of one class")
    return value


def kappa_gradient(c: Confusion) -> Floats:
    """Gradient of kappa in every cell, in closed form."""
    total, right, actual, decided = _sums(c.table)
    chance = actual @ decided
    top, room = total * right - chance, total**2 - chance
    by_chance = decided[:, None] + actual[None, :]
    ahead = right + total * np.eye(len(actual)) - by_chance
    return np.asarray((ahead - top / room * (2 * total - by_chance)).ravel() / room, dtype=float)


def agreement_interval(tables: intervals.Tables) -> Interval:
    """Fisher's z; for two classes a Dirichlet posterior in small cells; without any error Wilson's accuracy."""
    of_two = intervals.or_dirichlet(intervals.fisher, small_cells, tables)

    def interval(m: Measured) -> tuple[float, float, str]:
        c = m.view
        if len(c.classes) == 2:
            return of_two(m)
        if m.value < 1.0:
            return intervals.fisher(m)
        shares = c.table.sum(axis=1) / c.total
        chance = float(shares @ shares)
        right, _ = bounds.wilson(1.0, c.effective_rows, m.level, m.df)
        return max((right - chance) / (1 - chance), -1.0), 1.0, "wilson of the accuracy"

    return interval


def two_by_two(of: Callable[[NDArray[Any]], NDArray[Any]]) -> intervals.Tables:
    """The same function on draws of the four cells."""
    return lambda draws: of(draws.reshape(-1, 2, 2))


def _sums(table: NDArray[Any]) -> tuple[Any, Any, NDArray[Any], NDArray[Any]]:
    """Total, diagonal, weight by label and weight by decision."""
    return (
        table.sum(axis=(-2, -1)),
        np.trace(table, axis1=-2, axis2=-1),
        table.sum(axis=-1),
        table.sum(axis=-2),
    )
