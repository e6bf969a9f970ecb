"""Metrics of predicted numbers: errors, shares of variation, quantiles and intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from steelyard.facts import Fact
from steelyard.metrics import intervals
from steelyard.metrics.metric import Direction, Family, Interval, Measured, Metric, Needs, Reader
from steelyard.metrics.problem import DECISION, ERROR, LABEL, Problem
from steelyard.metrics.quantiles import histogram, order_statistics, read_histogram, resolution, woodruff
from steelyard.metrics.row_means import (
    PartialMeans,
    documented,
    lacking,
    moments,
    of,
    of_part,
    ratio,
    read_means,
    read_part,
    several_rows,
    spread,
)
from steelyard.metrics.rows import ABS_ERROR, QUANTILE
from steelyard.metrics.views import Distribution, Means
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds

NUMBERS = frozenset({"regression", "forecasting"})
SQUARE = f"{ERROR} * {ERROR}"


def of_means(
    name: str,
    title: str,
    value: Callable[[Any], Any],
    needs: Needs,
    interval: Interval = intervals.mean,
    direction: Direction = "lower",
    read: Reader = read_means,
    note: Callable[[Any], str] | None = None,
) -> Metric:
    """A metric of means of row values; its documentation is the docstring of `value`."""
    return Metric(
        name, title, NUMBERS, direction, needs, read, value, interval, note=note, docstring=documented(value)
    )


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
    Source: scikit-learn `root_mean_squared_error`; interval symmetric on the log scale.
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
    if np.real(predicted) <= 1e-12 * np.real(label + error):
        raise UndefinedMetricError("every prediction is the same, so it cannot correlate with the label")
    return (label + with_error) / np.sqrt(label * predicted)


def root_mean_squared_log_error(m: PartialMeans) -> Any:
    """The typical factor between prediction and label, on the log scale: 0.1 is about 10 %.

    Formula: √ mean (log(1 + prediction) − log(1 + label))²
    Range: 0 and up; 0 is best.
    Misleads: it punishes predicting too little more than predicting too much, and forgives large errors on large labels.
    Next: use it where growth factors matter; else read RMSE.
    Source: scikit-learn `root_mean_squared_log_error`.
    """
    if m.left_out:
        raise UndefinedMetricError(
            f"{m.left_out:,} labels or predictions are −1 or less, so they have no logarithm"
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


def unexplained(high: float = 1.0) -> Interval:
    """Symmetric for log(1 − value): for shares of variation, which reach from −∞ to 1."""

    def interval(m: Measured) -> tuple[float, float, str]:
        low, top = bounds.log(max(1.0 - m.value, 0.0), m.se, m.level, m.df)
        return 1.0 - top, min(1.0 - low, high), "log, clustered" if m.clustered else "log"

    return several_rows(interval)


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


positive = several_rows(intervals.log)

POINT = [
    of_means("mae", "Mean absolute error", mean_absolute_error, of(ABS_ERROR)),
    of_means("rmse", "Root mean squared error", root_mean_squared_error, of(SQUARE), positive),
    of_means("mse", "Mean squared error", mean_squared_error, of(SQUARE), positive),
    of_means("r2", "R²", r_squared, joint, unexplained(), "higher"),
    of_means("bias", "Bias (mean error)", bias, of(ERROR), direction="target"),
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
    of_means(
        "mape",
        "Mean absolute percentage error",
        mean_absolute_percentage_error,
        of_part(f"abs({ERROR} / {LABEL})", ABS_ERROR),
        read=read_part,
        note=left_out_note,
    ),
    of_means(
        "smape",
        "Symmetric percentage error",
        symmetric_percentage_error,
        of(f"where({ABS_ERROR} > 0, 2 * {ABS_ERROR} / (abs({LABEL}) + abs({DECISION})), {ABS_ERROR})"),
        intervals.within(intervals.mean, 0.0, 2.0),
    ),
    of_means(
        "wape",
        "Weighted absolute percentage error",
        weighted_percentage_error,
        of(ABS_ERROR, f"abs({LABEL})", cubes=False),
        positive,
    ),
    of_means(
        "rmsle",
        "Root mean squared log error",
        root_mean_squared_log_error,
        of_part(f"(log(1 + {DECISION}) - log(1 + {LABEL})) ** 2", ABS_ERROR),
        positive,
        read=read_part,
    ),
    of_means("explained_variance", "Explained variance", explained_variance, joint, unexplained(), "higher"),
    of_means("pearson_r", "Correlation (Pearson)", pearson, joint, several_rows(intervals.fisher), "higher"),
]


def pinball(i: int, share: float) -> str:
    """The pinball loss of one predicted quantile, as a row expression."""
    error = f"({LABEL} - {QUANTILE}_{i})"
    return f"max({share!r} * {error}, {share - 1.0!r} * {error})"


def mean_pinball_loss(m: Means) -> Any:
    """How good predicted quantiles are: the cost of being above or below, in the proportion that the quantile says.

    Formula: mean of q·(label − quantile) where the label is above, else (1 − q)·(quantile − label)
    Range: 0 and up; 0 is best. At q = 0.5 it is half the MAE.
    Misleads: values for different q do not compare.
    Next: if it is worse than that of a constant quantile, the spread is not learned; look at the coverage.
    Source: scikit-learn `mean_pinball_loss`; averaged over many quantiles it is half the CRPS.
    """
    return m.mean(0)


def quantile_coverage(m: Means) -> Any:
    """Share of labels at or below the predicted quantile: a good 0.9 quantile has 0.9.

    Formula: rows with label ≤ predicted quantile / rows
    Range: 0 to 1; best at the quantile's own share.
    Misleads: a quantile that ignores the inputs can have the right coverage; look at it by slice.
    Next: where the interval leaves out the quantile's share, recalibrate (conformal prediction).
    Source: calibration of quantiles; interval by Wilson 1927.
    """
    return m.mean(0)


def interval_coverage(m: Means) -> Any:
    """Share of labels inside the predicted interval, its ends included.

    Formula: rows with low ≤ label ≤ high / rows
    Range: 0 to 1; best at the interval's own share, e.g. 0.8 for the 0.1 and 0.9 quantiles.
    Misleads: a wide interval covers easily; read it with the width.
    Next: below its share: widen it by conformal prediction; above: it can be narrowed.
    Source: Gneiting & Raftery 2007; interval by Wilson 1927.
    """
    return m.mean(0)


def interval_width(m: Means) -> Any:
    """How wide the predicted interval is, on average, in units of the label.

    Formula: mean (high − low)
    Range: 0 and up; narrower is better at the same coverage. Below 0 the quantiles cross.
    Misleads: alone it says nothing: a width of 0 covers nothing.
    Next: compare models of equal coverage by it, or use the interval score.
    Source: Gneiting & Raftery 2007.
    """
    return m.mean(0)


def interval_score(m: Means) -> Any:
    """Width of the predicted interval plus a fine for each label outside it.

    Formula: mean (high − low) + (low − label)₊ / q_low + (label − high)₊ / (1 − q_high)
    Range: 0 and up; 0 is best. In units of the label.
    Misleads: values for intervals of different shares do not compare.
    Next: if width makes most of it, sharpen the model; if fines do, recalibrate.
    Source: Winkler 1972; Gneiting & Raftery 2007.
    """
    return m.mean(0)


def quantile_metrics(problem: Problem) -> Sequence[Metric]:
    """Metrics of each predicted quantile, and of the interval between the outermost two."""
    if problem.task not in NUMBERS or not problem.quantiles:
        return ()
    shares = problem.quantiles
    losses = " + ".join(pinball(i, q) for i, q in enumerate(shares))
    made = [
        of_means(
            "mean_pinball_loss",
            "Mean pinball loss, all quantiles",
            mean_pinball_loss,
            of(f"({losses}) / {len(shares)}"),
        )
    ]
    for i, q in enumerate(shares):
        made += [
            of_means(
                f"mean_pinball_loss_{q:g}",
                f"Pinball loss of the {q:g} quantile",
                mean_pinball_loss,
                of(pinball(i, q)),
            ),
            of_means(
                f"quantile_coverage_{q:g}",
                f"Labels up to the {q:g} quantile",
                quantile_coverage,
                of(f"{LABEL} <= {QUANTILE}_{i}"),
                share_of_rows,
                "target",
            ),
        ]
    if shares[0] < 0.5 < shares[-1]:
        made += _outermost(shares)
    return [replace(m, parameters=(("quantiles", shares),)) for m in made]


def _outermost(shares: tuple[float, ...]) -> list[Metric]:
    low, high = f"{QUANTILE}_0", f"{QUANTILE}_{len(shares) - 1}"
    width = f"{high} - {low}"
    # A comparison with a missing end can be false, and max(missing, 0) is 0: such rows are made missing as a whole.
    inside = f"where(is_missing({width}), {width}, {low} <= {LABEL} and {LABEL} <= {high})"
    fines = f"0 * {LABEL} + max({low} - {LABEL}, 0) / {shares[0]!r} + max({LABEL} - {high}, 0) / {1.0 - shares[-1]!r}"
    of_what = f"of the {shares[-1] - shares[0]:.0%} interval"
    return [
        of_means(
            "interval_coverage", f"Coverage {of_what}", interval_coverage, of(inside), share_of_rows, "target"
        ),
        of_means("interval_width", f"Width {of_what}", interval_width, of(width)),
        of_means("interval_score", f"Interval score {of_what}", interval_score, of(f"{width} + {fines}")),
    ]


share_of_rows = intervals.proportion(lambda m: m.effective_rows)

METRICS: list[Metric | Family] = [*POINT, quantile_metrics]
