"""Metrics of predicted quantiles, and of the interval between the outermost two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from steelyard.metrics.averages import NUMBERS, of, of_numbers
from steelyard.metrics.means import share_of_rows
from steelyard.metrics.metric import Metric
from steelyard.metrics.problem import LABEL, Problem
from steelyard.metrics.rows import QUANTILE
from steelyard.metrics.views import Means


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
        of_numbers(
            "mean_pinball_loss",
            "Mean pinball loss, all quantiles",
            mean_pinball_loss,
            of(f"({losses}) / {len(shares)}"),
        )
    ]
    for i, q in enumerate(shares):
        made += [
            of_numbers(
                f"mean_pinball_loss_{q:g}",
                f"Pinball loss of the {q:g} quantile",
                mean_pinball_loss,
                of(pinball(i, q)),
            ),
            of_numbers(
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
        of_numbers(
            "interval_coverage", f"Coverage {of_what}", interval_coverage, of(inside), share_of_rows, "target"
        ),
        of_numbers("interval_width", f"Width {of_what}", interval_width, of(width)),
        of_numbers("interval_score", f"Interval score {of_what}", interval_score, of(f"{width} + {fines}")),
    ]
