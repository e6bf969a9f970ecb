"""The line that would put a binary probability right: slope and intercept on the scale of log-odds."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special

from steelyard.metrics import intervals
from steelyard.metrics.score_cells import of_scores, probable_cells
from steelyard.metrics.views import ScoreCells
from steelyard.records import UndefinedMetricError
from steelyard.stats import calibration

Floats = NDArray[np.float64]
NEAREST = 1e-7
"""Scores are kept this far from 0 and 1 before their logit is taken."""


class Points(NamedTuple):
    """One point per cell with weight.

    Its place in `weights`, its mean logit, label, weight and mean score, and the variance of the logits in it.
    """

    place: NDArray[np.intp]
    logit: Floats
    label: Floats
    weight: Floats
    score: Floats
    spread: Floats


def points(view: ScoreCells) -> Points:
    """The cells as points of a logistic regression of the label on the logit of the score.

    Raises:
        UndefinedMetricError: a class is absent.
    """
    view.need_both_classes()
    weight = view.weights
    place = np.flatnonzero(weight > 0)
    w = weight[place]
    score = np.concatenate([view.score_p, view.score_q])[place] / w
    square = np.concatenate([view.score2_p, view.score2_q])[place] / w
    atom = np.concatenate([view.atom, view.atom])[place]
    inside = np.clip(score, NEAREST, 1 - NEAREST)
    spread = np.where(atom | (score != inside), 0.0, np.maximum(square - score**2, 0.0))
    label = (place < len(view.p)).astype(float)
    return Points(place, special.logit(inside), label, w, inside, spread / (inside * (1 - inside)) ** 2)


def calibration_slope(view: ScoreCells) -> Any:
    """How far the scores are too bold or too shy: the slope of the outcome on the predicted log-odds.

    Formula: b in P(y = 1) = expit(a + b·logit(score)), by maximum likelihood
    Range: any number; 1 is right. Below 1 the scores are too extreme (overfitting), above 1 too cautious.
    Misleads: a slope of 1 does not mean that the level is right; read the calibration intercept with it.
    Next: below 1 shrink the log-odds by it (logistic recalibration on other data), or regularise the model.
    Source: Cox 1958; Van Calster et al. 2019; robust (sandwich) standard error. Scores are kept 1e-7 from 0 and 1.
    """
    return _line(points(view))[1]


def _line(at: Points) -> tuple[float, float]:
    try:
        a, b, _ = calibration.logistic_recalibration(at.logit, at.weight, at.weight * at.label)
    except ValueError as error:
        raise UndefinedMetricError(str(error)) from error
    return a, b


def _information(at: Points, rate: Floats) -> Floats:
    design = np.stack([np.ones_like(at.logit), at.logit])
    return np.asarray((design * at.weight * rate * (1 - rate)) @ design.T, dtype=float)


def slope_gradient(view: ScoreCells) -> Floats:
    """Information⁻¹ · (1, logit)·(y − rate), its second part."""
    at = points(view)
    a, b = _line(at)
    rate = special.expit(a + b * at.logit)
    row = np.linalg.inv(_information(at, rate))[1]
    gradient = np.zeros(len(view.weights))
    gradient[at.place] = (row[0] + row[1] * at.logit) * (at.label - rate)
    return gradient


def slope_discretisation(view: ScoreCells) -> float:
    """What the scores' spread inside their bins can change, to second order."""
    at = points(view)
    a, b = _line(at)
    rate = special.expit(a + b * at.logit)
    shift, level = _second_order(at, rate, b)
    tilt = np.abs(at.label - rate) * shift + np.abs(at.logit) * level + rate * (1 - rate) * abs(b) * at.spread
    row = np.abs(np.linalg.inv(_information(at, rate))[1])
    return float(row[0] * (at.weight @ level) + row[1] * (at.weight @ tilt))


def _second_order(at: Points, rate: Floats, slope: float) -> tuple[Floats, Floats]:
    """How far a cell's mean logit may lie from the logit of its mean, and its mean residual from the one used."""
    shift = np.abs(2 * at.score - 1) * at.spread / 2
    steep = rate * (1 - rate)
    return shift, steep * abs(slope) * shift + steep * np.abs(1 - 2 * rate) * slope**2 * at.spread / 2


def calibration_intercept(view: ScoreCells) -> Any:
    """How far the scores are too low or too high overall, in log-odds (calibration in the large).

    Formula: a in P(y = 1) = expit(a + logit(score)), by maximum likelihood
    Range: any number; 0 is right, above 0 the scores are too low, below 0 too high.
    Misleads: 0 on the whole can hide scores that are too high in one slice and too low in another.
    Next: add it to the log-odds of every score; if it differs between slices, recalibrate by slice.
    Source: Cox 1958; Van Calster et al. 2019; robust (sandwich) standard error. Scores are kept 1e-7 from 0 and 1.
    """
    return _offset(points(view))


def _offset(at: Points) -> float:
    positives = float(at.weight @ at.label)

    def excess(a: float) -> float:
        return float(at.weight @ special.expit(a + at.logit)) - positives

    return float(optimize.brentq(excess, -80.0, 80.0, xtol=1e-13))


def intercept_gradient(view: ScoreCells) -> Floats:
    """(y − rate)/Σ w·rate·(1 − rate)."""
    at = points(view)
    rate = special.expit(_offset(at) + at.logit)
    gradient = np.zeros(len(view.weights))
    gradient[at.place] = (at.label - rate) / float(at.weight @ (rate * (1 - rate)))
    return gradient


def intercept_discretisation(view: ScoreCells) -> float:
    """What the scores' spread inside their bins can change, to second order."""
    at = points(view)
    rate = special.expit(_offset(at) + at.logit)
    _, level = _second_order(at, rate, 1.0)
    return float(at.weight @ level / (at.weight @ (rate * (1 - rate))))


METRICS = [
    of_scores(
        "calibration_slope",
        "Calibration slope",
        calibration_slope,
        intervals.plain(),
        slope_gradient,
        discretisation=slope_discretisation,
        direction="target",
        needs=probable_cells,
    ),
    of_scores(
        "calibration_intercept",
        "Calibration intercept",
        calibration_intercept,
        intervals.plain(),
        intercept_gradient,
        discretisation=intercept_discretisation,
        direction="target",
        needs=probable_cells,
    ),
]
