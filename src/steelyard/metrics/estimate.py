"""The one engine that turns a metric and its view into an estimate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics.metric import Measured, Metric, rows_of
from steelyard.records import Estimate, Outcome, Undefined, UndefinedMetricError
from steelyard.stats import influence, resampling

FEW_CLUSTERS = 5


def estimate(metric: Metric, view: Any, level: float = 0.95, parts: Sequence[Any] | None = None) -> Outcome:
    """Estimate a metric from its view.

    Args:
        metric: what to estimate.
        view: what the metric reads.
        level: nominal coverage of the interval.
        parts: the view with each cluster bucket left out in turn; makes the standard error cluster-robust
            by the delete-a-group jackknife (t with G − 1 degrees of freedom).

    Returns:
        An `Estimate`, or `Undefined` with the reason. A metric's own failure is its result, never the caller's.
    """
    try:
        return _estimate(metric, view, level, parts)
    except UndefinedMetricError as error:
        return Undefined(str(error))
    except Exception as error:  # noqa: BLE001 - the one place where a metric's failure becomes its result
        return Undefined(f"{metric.name} failed: {type(error).__name__}: {error}")


def value_of(metric: Metric, view: Any) -> float:
    """The metric's value.

    Raises:
        UndefinedMetricError: it has none, or it is not a finite number.
    """
    if view.rows == 0:
        raise UndefinedMetricError("there is no row it could be computed from")
    with np.errstate(divide="ignore", invalid="ignore"):
        try:
            value = float(metric.value(view))
        except ZeroDivisionError:
            value = math.nan
    if not math.isfinite(value):
        raise UndefinedMetricError("its denominator is zero on these rows")
    return value


def gradient_of(metric: Metric, view: Any) -> NDArray[np.float64]:
    """∂value/∂weights: the metric's own, else by complex step, else by differences."""
    if metric.gradient is not None:
        return metric.gradient(view)
    return influence.gradient(lambda w: metric.value(view.replaced(w)), np.asarray(view.weights, dtype=float))


def standard_error(metric: Metric, view: Any) -> float:
    """Standard error of the value for independent rows."""
    variance = metric.variance(view) if metric.variance is not None else view.variance(gradient_of(metric, view))
    return math.sqrt(max(variance, 0.0))


def _estimate(metric: Metric, view: Any, level: float, parts: Sequence[Any] | None) -> Outcome:
    value = value_of(metric, view)
    note = metric.note(view) if metric.note is not None else ""
    df = math.inf
    if parts is None:
        se = standard_error(metric, view)
    else:
        values = _values(metric, parts)
        if len(values) < FEW_CLUSTERS:
            return Undefined(f"only {len(values)} groups of clusters; {FEW_CLUSTERS} are needed for an interval")
        se, df = resampling.jackknife(values)

    def replicates(draws: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.array([_or_nan(metric, view.replaced(w)) for w in draws])

    measured = Measured(value, se, df, level, view, parts is not None, replicates)
    low, high, method = metric.interval(measured)
    if math.isnan(low) or math.isnan(high):
        return Undefined(f"its value is {value:.6g}, but there are too few rows for an interval")
    return Estimate(
        value=value,
        low=float(min(low, value)),
        high=float(max(high, value)),
        level=level,
        n=rows_of(metric, view),
        method=method,
        effective_n=float(view.effective_rows),
        se=se if math.isfinite(se) else None,
        discretisation=metric.discretisation(view) if metric.discretisation is not None else 0.0,
        note=note,
    )


def _values(metric: Metric, parts: Sequence[Any]) -> list[float]:
    values = []
    for part in parts:
        try:
            values.append(value_of(metric, part))
        except UndefinedMetricError:
            continue
    return values


def _or_nan(metric: Metric, view: Any) -> float:
    try:
        return float(metric.value(view))
    except (UndefinedMetricError, ZeroDivisionError):
        return math.nan
