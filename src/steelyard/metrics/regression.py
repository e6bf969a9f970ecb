"""Metrics of predicted numbers: errors, shares of variation, quantiles and intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from steelyard.facts import Fact
from steelyard.metrics import intervals
from steelyard.metrics.averages import (
    NUMBERS,
    PartialMeans,
    correlation,
    documented,
    exact_gradient,
    lacking,
    moments,
    of,
    of_numbers,
    of_part,
    positive,
    ratio,
    read_part,
    root_gradient,
    root_interval,
    small_sample,
    spread,
)
from steelyard.metrics.metric import Family, Metric
from steelyard.metrics.predicted_quantiles import quantile_metrics
from steelyard.metrics.problem import DECISION, ERROR, LABEL, Problem
from steelyard.metrics.quantiles import histogram, order_statistics, read_histogram, resolution, woodruff
from steelyard.metrics.rows import ABS_ERROR
from steelyard.metrics.views import Distribution, Means
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds

SQUARE = f"{ERROR} * {ERROR}"


def mean_absolute_error(m: Means) -> Any:
    """How far a prediction is off, on average, in units of the label.

    Formula: mean |prediction − label|
    Range: 0 and up; 0 is best.
    Misleads: its size means nothing without the label's: compare with the MAE of always saying the median, or read
    the weighted percentage error.
    Next: look at the bias (is it one-sided?) and at the slices with the largest error.
    Source: scikit-learn `mean_absolute_error`; interval of a mean by Student's t, skewed ones by Hall 1992.
    """
    return m.mean(0)


def mean_squared_error(m: Means) -> Any:
    """The mean square of the errors: large errors count far more than small ones.

    Formula: mean (prediction − label)²
    Range: 0 and up; 0 is best. In squared units of the label.
    Misleads: a few rows can make most of it; compare with the median absolute error.
    Next: if it is much larger than MAE², list the largest errors and check their labels first.
    Source: scikit-learn `mean_squared_error`.
    """
    return m.mean(0)


def root_mean_squared_error(m: Means) -> Any:
    """The typical size of an error, large errors counting more, in units of the label.

    Formula: √ mean (prediction − label)²
    Range: 0 and up; 0 is best. Never below the MAE.
    Misleads: like MSE it follows the few largest errors.
    Next: compare with MAE: a ratio well above 1.25 says that a few large errors dominate; look at them.
    Source: scikit-learn `root_mean_squared_error`; interval: the root of that of the MSE.
    """
    return np.sqrt(m.mean(0))


def bias(m: Means) -> Any:
    """How much predictions lie above the labels on average.

    Formula: mean (prediction − label)
    Range: any number; 0 is best, above 0 predicts too much, below 0 too little.
    Misleads: errors of both signs cancel: a bias of 0 is no small error, and slices may be biased in opposite ways.
    Next: if the interval leaves out 0, subtract the bias or retrain; look at the bias by slice.
    Source: the mean error; interval of a mean by Student's t.
    """
    return m.mean(0)


def mean_absolute_percentage_error(m: Means) -> Any:
    """How far a prediction is off, as a share of the label, on average.

    Formula: mean |prediction − label| / |label|, over rows whose label is not 0
    Range: 0 and up; 0 is best, 0.1 is 10 %.
    Misleads: labels near 0 make it huge, and it punishes predicting too much more than predicting too little.
    Next: with small labels use the weighted percentage error (wape) instead.
    Source: scikit-learn `mean_absolute_percentage_error`, which divides by a tiny number where the label is 0.
    """
    return m.mean(0)


def symmetric_percentage_error(m: Means) -> Any:
    """The error as a share of the size of label and prediction together.

    Formula: mean 2·|prediction − label| / (|label| + |prediction|); 0 where both are 0
    Range: 0 to 2; 0 is best.
    Misleads: wherever the label is 0 it is 2, however near the prediction; it is not symmetric, despite its name.
    Next: prefer wape or mase unless a competition asks for this one.
    Source: Makridakis et al. 2020 (M4).
    """
    return m.mean(0)


def weighted_percentage_error(m: Means) -> Any:
    """All errors together, as a share of all labels together.

    Formula: Σ|prediction − label| / Σ|label|
    Range: 0 and up; 0 is best. 1 is reached by always predicting 0.
    Misleads: rows with large labels decide it; small series can be wrong throughout.
    Next: if it is too large, look at it by slice, and at the bias.
    Source: Kolassa & Schütz 2007; interval of a ratio by the delta method on the log scale.
    """
    return ratio(m.sums[1], m.sums[2], "every label is 0, so there is nothing to take a share of")


def r_squared(m: Means) -> Any:
    """Share of the labels' variation that the predictions explain.

    Formula: 1 − mean (prediction − label)² / variance of the labels
    Range: up to 1; 1 is best, 0 is what always predicting the mean reaches, below 0 is worse than that.
    Misleads: it depends on how much the labels vary: the same errors score low on a narrow slice.
    Next: beside it read RMSE; compare slices by RMSE and not by R².
    Source: scikit-learn `r2_score`; interval by the delta method, symmetric for log(1 − R²).
    """
    varies = spread(m.mean(0), m.mean(2), "every label is the same, so there is no variation to explain")
    return 1.0 - m.mean(3) / varies


def explained_variance(m: Means) -> Any:
    """Share of the labels' variation that the predictions explain, their bias forgiven.

    Formula: 1 − variance of the errors / variance of the labels
    Range: up to 1; 1 is best.
    Misleads: a constant bias does not lower it: R² is lower by exactly that.
    Next: if it is above R², correct the bias: a shift alone gains the difference.
    Source: scikit-learn `explained_variance_score`.
    """
    varies = spread(m.mean(0), m.mean(2), "every label is the same, so there is no variation to explain")
    return 1.0 - (m.mean(3) - m.mean(1) * m.mean(1)) / varies


def pearson(m: Means) -> Any:
    """How nearly predictions and labels lie on a straight line.

    Formula: covariance of labels and predictions / (sd of labels · sd of predictions)
    Range: −1 to 1; 1 is best.
    Misleads: a wrong scale or a bias does not lower it; one far-off row can raise it.
    Next: if it is high and R² is low, rescale the predictions (regress labels on them).
    Source: SciPy `pearsonr`; Fisher's z with a standard error that does not assume normal data.
    """
    label = spread(m.mean(0), m.mean(2), "every label is the same, so nothing can correlate with it")
    with_error = m.mean(4) - m.mean(0) * m.mean(1)
    error = m.mean(3) - m.mean(1) * m.mean(1)
    predicted = label + 2.0 * with_error + error
    if np.real(predicted) <= 1e-12 * np.real(m.mean(2) + m.mean(3)):
        raise UndefinedMetricError("every prediction is the same, so it cannot correlate with the label")
    return (label + with_error) / np.sqrt(label * predicted)


def root_mean_squared_log_error(m: PartialMeans) -> Any:
    """The typical factor between prediction and label, on the log scale: 0.1 is about 10 %.

    Formula: √ mean (log(1 + prediction) − log(1 + label))²
    Range: 0 and up; 0 is best.
    Misleads: it punishes predicting too little more than predicting too much, and forgives large errors on large
    labels.
    Next: use it where growth factors matter; else read RMSE.
    Source: scikit-learn `root_mean_squared_log_error`.
    """
    if m.left_out:
        raise UndefinedMetricError(
            f"labels or predictions of −1 or less have no logarithm; rows with one: {m.left_out:,}"
        )
    return np.sqrt(m.mean(0))


def median_absolute_error(d: Distribution) -> Any:
    """Half of the predictions are off by less than this.

    Formula: median |prediction − label|
    Range: 0 and up; 0 is best. In units of the label.
    Misleads: it says nothing about the worse half.
    Next: compare with MAE; where MAE is much larger, a few rows go badly wrong.
    Source: scikit-learn `median_absolute_error`; interval by order statistics (Woodruff 1952).
    """
    return d.quantile(0.5)


def joint(problem: Problem) -> tuple[Fact, ...] | str:
    """Labels and errors with their squares and product, labels shifted and both scaled by the frozen spread."""
    reason = lacking(problem, LABEL, ERROR)
    if reason:
        return reason
    centre, scale = (float(x) for x in problem.label_shift)
    d, e = f"(({LABEL} - {centre!r}) / {scale!r})", f"({ERROR} / {scale!r})"
    return (moments(problem, d, e, f"{d} * {d}", f"{e} * {e}", f"{d} * {e}", cubes=False),)


def absolute_errors(problem: Problem) -> tuple[Fact, ...] | str:
    """The histogram of absolute errors."""
    return lacking(problem, ABS_ERROR) or (histogram(problem, ABS_ERROR, 0.0, float(problem.error_scale)),)


def left_out_note(m: PartialMeans) -> str:
    """How many rows have no value."""
    return f"{m.left_out:,} of {m.offered:,} rows are left out: their label is 0" if m.left_out else ""


def _unexplained(value: float, se: float, level: float, df: float) -> tuple[float, float]:
    low, high = bounds.log(max(1.0 - value, 0.0), se, level, df)
    return 1.0 - high, 1.0 - low


unexplained = small_sample(_unexplained, "log")
"""Symmetric for log(1 − value): for shares of variation, which reach from −∞ to 1."""

POINT = [
    of_numbers("mae", "Mean absolute error", mean_absolute_error, of(ABS_ERROR)),
    of_numbers(
        "rmse", "Root mean squared error", root_mean_squared_error, of(SQUARE), root_interval, gradient=root_gradient
    ),
    of_numbers("mse", "Mean squared error", mean_squared_error, of(SQUARE)),
    of_numbers("r2", "R²", r_squared, joint, unexplained, "higher", gradient=exact_gradient(r_squared)),
    of_numbers("bias", "Bias (mean error)", bias, of(ERROR), direction="target"),
    Metric(
        "median_absolute_error",
        "Median absolute error",
        NUMBERS,
        "lower",
        absolute_errors,
        read_histogram,
        median_absolute_error,
        order_statistics(0.5, low=0.0),
        variance=woodruff(0.5, low=0.0),
        discretisation=resolution(0.5),
        docstring=documented(median_absolute_error),
    ),
    of_numbers(
        "mape",
        "Mean absolute percentage error",
        mean_absolute_percentage_error,
        of_part(f"abs({ERROR} / {LABEL})", ABS_ERROR),
        read=read_part,
        note=left_out_note,
    ),
    of_numbers(
        "smape",
        "Symmetric percentage error",
        symmetric_percentage_error,
        of(f"where({ABS_ERROR} > 0, 2 * {ABS_ERROR} / (abs({LABEL}) + abs({DECISION})), {ABS_ERROR})"),
        intervals.within(intervals.mean, 0.0, 2.0),
    ),
    of_numbers(
        "wape",
        "Weighted absolute percentage error",
        weighted_percentage_error,
        of(ABS_ERROR, f"abs({LABEL})", cubes=False),
        positive,
    ),
    of_numbers(
        "rmsle",
        "Root mean squared log error",
        root_mean_squared_log_error,
        of_part(f"(log(1 + {DECISION}) - log(1 + {LABEL})) ** 2", ABS_ERROR),
        root_interval,
        read=read_part,
        gradient=root_gradient,
    ),
    of_numbers(
        "explained_variance",
        "Explained variance",
        explained_variance,
        joint,
        unexplained,
        "higher",
        gradient=exact_gradient(explained_variance),
    ),
    of_numbers(
        "pearson_r", "Correlation (Pearson)", pearson, joint, correlation, "higher", gradient=exact_gradient(pearson)
    ),
]


METRICS: list[Metric | Family] = [*POINT, quantile_metrics]
