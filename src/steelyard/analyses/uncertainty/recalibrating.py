"""Would other probabilities be better on rows that did not make them? Fitted on four folds, judged on the fifth.

Temperature, Platt's line, a beta map and isotonic steps are held against the scores as they are. Taken is the
simplest whose log loss is within a standard error of the best; its gain counts where the interval of the paired
difference leaves zero out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import Fold, folds
from steelyard.analyses.curves.cells import Scored, all_scored
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.calibration_error import calibration_effect
from steelyard.analyses.uncertainty.confidence import confident
from steelyard.metrics import ScoreCells
from steelyard.records import Effect, Estimate, Recalibration
from steelyard.stats import intervals
from steelyard.stats.recalibrators import METHODS, Recalibrator

Floats = NDArray[np.float64]
SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 in the log loss, as of the metric."""
FEW = 20
"""Rows of either class below which nothing is fitted."""


@dataclass(frozen=True)
class Candidate:
    """One method: its map fitted on all rows, and the map of each fold's other rows, on the bins.

    Attributes:
        method: its name.
        fitted: the map of all rows.
        mapped: what the map of each fold makes of each bin; shape (folds, bins).
    """

    method: str
    fitted: Recalibrator
    mapped: Floats


def scored_by(study: Study) -> list[Scored]:
    """The scores to recalibrate: the binary one, those of labels, or the confidence of the chosen class."""
    if not study.problem.probability:
        return []
    if study.problem.task == "multiclass":
        one = confident(study, "current")
        return [] if one is None else [one]
    return [one for one in all_scored(study, "current") if one.view.probability]


def recalibrations(one: Scored) -> list[Recalibration]:
    """Every method that can be fitted, the one to take first; none where rows of either class are too few."""
    view = one.view
    parts = folds(one, one.study.seed) if min(view.positives, view.negatives) >= FEW else []
    if not parts:
        return []
    found = [c for method in METHODS if (c := _candidate(view, parts, method)) is not None]
    if not found:
        return []
    chosen = _chosen(one, parts, found)
    told = [_told(one, parts, candidate, candidate is chosen) for candidate in found]
    return sorted(told, key=lambda r: not r.chosen)


def mean_scores(view: ScoreCells) -> Floats:
    """Mean score of each bin, its middle where it is empty."""
    weight = view.p + view.q
    empty = weight <= 0
    mean = (view.score_p + view.score_q) / np.where(empty, 1.0, weight)
    return np.clip(np.where(empty, (view.left + view.right) / 2, mean), 0.0, 1.0)


def log_losses(rate: Floats) -> tuple[Floats, Floats]:
    """Log loss of a positive and of a negative row for each probability."""
    inside = np.clip(rate, SMALLEST, 1.0 - SMALLEST)
    return -np.log(inside), -np.log1p(-inside)


def brier_losses(rate: Floats) -> tuple[Floats, Floats]:
    """Squared error of a positive and of a negative row for each probability."""
    return (1.0 - rate) ** 2, rate**2


LOSSES = {"log_loss": log_losses, "brier": brier_losses}


def _candidate(view: ScoreCells, parts: list[Fold], method: str) -> Candidate | None:
    scores, fit = mean_scores(view), METHODS[method]
    try:
        mapped = [fit(scores, part.train_p + part.train_q, part.train_p)(scores) for part in parts]
        return Candidate(method, fit(scores, view.p + view.q, view.p), np.array(mapped))
    except ValueError:
        return None


def _chosen(one: Scored, parts: list[Fold], found: list[Candidate]) -> Candidate:
    """The simplest that is within a standard error of the best in log loss (Breiman et al. 1984)."""
    losses = {c.method: log_losses(c.mapped) for c in found}
    sums = {c.method: _total(parts, losses[c.method]) for c in found}
    best = min(found, key=lambda c: sums[c.method])
    for candidate in found:
        pair = [a - b for a, b in zip(losses[candidate.method], losses[best.method], strict=True)]
        change = _mean(one, parts, (pair[0], pair[1]))
        if change.value <= (change.se or 0.0):
            return candidate
    return best


def _told(one: Scored, parts: list[Fold], candidate: Candidate, chosen: bool) -> Recalibration:
    now = np.tile(mean_scores(one.view), (len(parts), 1))
    effects = [
        Effect(
            name,
            _mean(one, parts, loss(now)),
            _mean(one, parts, loss(candidate.mapped)),
            _mean(one, parts, _difference(loss(candidate.mapped), loss(now))),
        )
        for name, loss in LOSSES.items()
    ]
    gain = effects[0].change
    if chosen:
        effects.append(calibration_effect(one, parts, now, candidate.mapped))
    return Recalibration(
        subject=one.subject,
        method=candidate.method,
        effects=tuple(effects),
        chosen=chosen,
        verified=chosen and isinstance(gain, Estimate) and gain.high < 0.0,
        policy=candidate.fitted.policy(),
    )


def _difference(after: tuple[Floats, Floats], before: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    return after[0] - before[0], after[1] - before[1]


def _total(parts: list[Fold], losses: tuple[Floats, Floats]) -> float:
    return sum(
        float(part.test_p @ of_p + part.test_q @ of_q) for part, of_p, of_q in zip(parts, *losses, strict=True)
    )


def _mean(one: Scored, parts: list[Fold], losses: tuple[Floats, Floats]) -> Estimate:
    """Mean over held-out rows of a loss by fold, bin and class; its spread from weights and clusters."""
    view = one.view
    total = float(view.weights.sum())
    value = _total(parts, losses) / total
    squares = _total(parts, (losses[0] ** 2, losses[1] ** 2)) / total
    variance = max(squares - value**2, 0.0) / max(view.effective_rows - 1.0, 1.0)
    if one.buckets:
        variance = max(variance, _between(one, (losses[0].mean(axis=0), losses[1].mean(axis=0)), value))
    se = math.sqrt(variance)
    df = len(one.buckets) - 1.0 if len(one.buckets) > 1 else math.inf
    low, high = intervals.wald(value, se, one.study.level, df)
    method = "cross-fitted, clustered" if one.buckets else "cross-fitted"
    return Estimate(value, low, high, one.study.level, view.rows, method, view.effective_rows, se)


def _between(one: Scored, losses: tuple[Floats, Floats], value: float) -> float:
    """Variance of the mean by how much cluster buckets differ (CR1)."""
    sums = np.array([float(b.p @ losses[0] + b.q @ losses[1]) for b in one.buckets])
    weight = np.array([float(b.weights.sum()) for b in one.buckets])
    scatter = float(np.sum((sums - value * weight) ** 2))
    groups = len(one.buckets)
    return scatter / float(weight.sum()) ** 2 * groups / max(groups - 1, 1)
