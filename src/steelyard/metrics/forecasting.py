"""Metrics of forecasts beside those of regression: errors measured against the naive forecast.

Errors of neighbouring times move together, so intervals for independent rows are too narrow: name the series (or
the week) as `cluster`.
"""

from __future__ import annotations

from typing import Any

from steelyard.facts import Fact
from steelyard.metrics.averages import documented, lacking, moments, of, positive, ratio, t_interval
from steelyard.metrics.means import read_means
from steelyard.metrics.metric import Family, Metric
from steelyard.metrics.problem import ERROR, Problem
from steelyard.metrics.rows import ABS_ERROR, NAIVE
from steelyard.metrics.views import Means

FORECASTING = frozenset({"forecasting"})


def mean_absolute_scaled_error(m: Means) -> Any:
    """The forecasts' errors as a share of those of the naive forecast, which says the last value again.

    Formula: Σ|prediction − label| / Σ|label − label before it in its series|, over the same rows
    Range: 0 and up; 0 is best, 1 is as good as saying the last value again, above 1 is worse.
    Misleads: for horizons beyond one step the naive forecast would err more, so 1 is a hard mark there. Neighbouring
    errors move together: without clusters the interval is too narrow.
    Next: if the interval reaches 1, the model adds nothing to the last value: use that, or find out which series.
    Source: Hyndman & Koehler 2006, scaled on the evaluated rows and not on the training series.
    """
    return ratio(m.sums[1], m.sums[2], "no series ever changes, so the naive forecast makes no error to compare with")


def bias_share(m: Means) -> Any:
    """How one-sided the errors are: the share of the error that bias makes.

    Formula: Σ(prediction − label) / Σ|prediction − label|
    Range: −1 to 1; 0 is best, 1 is always too high, −1 always too low.
    Misleads: many small errors one way and a few large ones the other way cancel.
    Next: beyond ±0.2 or so, with an interval that leaves out 0, correct the level; look at it by series and horizon.
    Source: the tracking signal divided by the number of forecasts.
    """
    return ratio(m.sums[1], m.sums[2], "every forecast is exact, so no side can prevail")


def scaled_errors(problem: Problem) -> tuple[Fact, ...] | str:
    """Errors beside the naive forecast's, or why there is none."""
    if not problem.naive:
        return "there is no time to tell which value came before (or this engine cannot look back)"
    reason = lacking(problem, ABS_ERROR, NAIVE)
    return reason or (moments(problem, ABS_ERROR, NAIVE, cubes=False),)


METRICS: list[Metric | Family] = [
    Metric(
        "mase",
        "Mean absolute scaled error",
        FORECASTING,
        "lower",
        scaled_errors,
        read_means,
        mean_absolute_scaled_error,
        positive,
        docstring=documented(mean_absolute_scaled_error),
    ),
    Metric(
        "bias_share",
        "Bias as a share of the error",
        FORECASTING,
        "target",
        of(ERROR, ABS_ERROR, cubes=False),
        read_means,
        bias_share,
        t_interval(-1.0, 1.0),
        docstring=documented(bias_share),
    ),
]
