"""How numeric predictions err: on one side, more for large values, through few rows."""

from __future__ import annotations

import math

import numpy as np

from steelyard.analyses.curves.error_by_prediction import by_prediction
from steelyard.analyses.curves.means import mean_intervals
from steelyard.analyses.curves.residuals import residuals
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, number, percent, shown
from steelyard.records import Estimate, Finding, Recommendation
from steelyard.stats.comparison import two_sided_p

FALSE_ALARMS = 0.01
FEW_ROWS = 30
GROWTH = 1.5
TOP = 0.01
HEAVY = 0.30


def bias(study: Study) -> list[Finding]:
    """Predictions that are too high or too low on average; a false alarm at most once in a hundred."""
    found = by_prediction(study, "current", 1)
    mae = study.estimate("mae")
    if found is None or found.whole.rows[0] < FEW_ROWS:
        return []
    level = 1 - FALSE_ALARMS
    mean, low, high = (float(v[0]) for v in mean_intervals(found.whole, 1, level, found.parts))
    if low <= 0 <= high or math.isnan(low):
        return []
    _, low, high = (float(v[0]) for v in mean_intervals(found.whole, 1, study.level, found.parts))
    squared = float(found.whole.second[0, 1] / found.whole.squares[0])
    share = mean * mean / squared if squared > 0 else 0.0
    estimate = Estimate(mean, low, high, study.level, int(found.whole.rows[0]), "student t")
    side = "high" if mean > 0 else "low"
    typical = f" The typical error is {number(mae.value, half_width(mae))}." if mae is not None else ""
    half = half_width(estimate)
    size = Estimate(abs(mean), abs(mean) - half, abs(mean) + half, study.level, estimate.n, estimate.method)
    return [
        Finding(
            "bias",
            "bias",
            severity.of_errors(share),
            "bias",
            f"Predictions are too {side} by {shown(size)} on average.{typical}",
            Recommendation(
                f"Correct by this constant ({number(-mean, half, sign=True)}) at once, then look for the cause: a "
                "shifted input, a loss that aims at the median, or training on other conditions.",
                f"Removes {percent(share)} of the squared error; not yet verified on held-out data.",
            ),
            f"Mean of predicted − actual {shown(estimate)}; its square is {percent(share)} of the mean squared "
            "error.",
            estimate=estimate,
            impact=share,
        )
    ]


def heteroscedastic(study: Study) -> list[Finding]:
    """The error grows with the predicted value."""
    found = by_prediction(study, "current", 3)
    if found is None or len(found.whole.rows) < 3 or found.whole.rows.min() < FEW_ROWS:
        return []
    mae, low, high = mean_intervals(found.whole, 2, study.level, found.parts)
    first, last = 0, len(mae) - 1
    se = math.hypot(*((high[i] - low[i]) / 2 / 1.96 for i in (first, last)))
    ratio = float(max(mae[first], mae[last]) / max(min(mae[first], mae[last]), 1e-300))
    if not se > 0 or two_sided_p(float(mae[last] - mae[first]) / se) > FALSE_ALARMS or ratio < GROWTH:
        return []
    grows = mae[last] > mae[first]
    predicted = found.whole.mean(0)
    halves = (high - low) / 2
    return [
        Finding(
            "heteroscedastic",
            "heteroscedastic",
            severity.by_bounds(0.0, None, None),
            "mae",
            f"The error {'grows' if grows else 'shrinks'} with the predicted value: off by "
            f"{number(mae[first], halves[first])} "
            f"around {number(predicted[first])} and by {number(mae[last], halves[last])} around "
            f"{number(predicted[last])}.",
            Recommendation(
                "One width of error for all rows would mislead: give intervals that depend on the prediction, or "
                "model the " + ("logarithm." if grows else "spread.")
            ),
            f"Mean absolute error of the lower and the upper third by prediction, a factor of {ratio:.1f}.",
            impact=0.01,
        )
    ]


def outliers(study: Study) -> list[Finding]:
    """A few rows make most of the squared error."""
    found = residuals(study, "current")
    if found is None or found.rows < 10 / TOP:
        return []
    inner = np.isfinite(found.left) & np.isfinite(found.right)
    middle, mass = ((found.left + found.right) / 2)[inner], np.asarray(found.mass, dtype=float)[inner]
    order = np.argsort(-np.abs(middle), kind="stable")
    squared, mass = middle[order] ** 2, mass[order]
    top = TOP * mass.sum()
    before = np.concatenate([[0.0], np.cumsum(mass)[:-1]])
    taken = np.clip(top - before, 0.0, mass)
    total = float(mass @ squared)
    share = float(taken @ squared) / total if total > 0 else 0.0
    if share < HEAVY:
        return []
    return [
        Finding(
            "outliers",
            "outliers",
            severity.of_tails(share),
            "rmse",
            f"The worst {percent(TOP)} of the rows make {percent(share)} of the squared error (about "
            f"8{percent(0)[1:]} where errors are normal).",
            Recommendation(
                "Look at these rows one by one: wrong labels and broken inputs come first. Report MAE or the median "
                "error beside RMSE, and train with a loss that outliers move less."
            ),
            f"Rows off by more than about {number(float(np.sqrt(squared[np.flatnonzero(taken > 0)[-1]])))}; from a "
            "histogram, to a few percent.",
            impact=share / 10,
        )
    ]
