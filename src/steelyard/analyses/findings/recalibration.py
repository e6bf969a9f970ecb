"""What would recalibrating the scores be worth on rows it has not seen?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.analyses.crossfit import folds
from steelyard.analyses.curves.cells import Scored
from steelyard.metrics import ScoreCells
from steelyard.stats import calibration as stats
from steelyard.stats import intervals

Floats = NDArray[np.float64]
EDGE = 1e-6
NEARLY = 0.8
"""A line is preferred to steps that gain little more."""


@dataclass(frozen=True)
class Gain:
    """A way to recalibrate and how much lower the Brier score was on held-out rows."""

    name: str
    before: float
    after: float
    low: float
    high: float

    @property
    def value(self) -> float:
        """Brier score saved."""
        return self.before - self.after


def mean_scores(view: ScoreCells) -> Floats:
    """Mean score of each bin, its middle where it is empty."""
    weight = view.p + view.q
    empty = weight <= 0
    mean = (view.score_p + view.score_q) / np.where(empty, 1.0, weight)
    return np.where(empty, (view.left + view.right) / 2, mean)


def logits(view: ScoreCells) -> Floats:
    """Logit of each bin's mean score, kept finite."""
    found: Floats = special.logit(np.clip(mean_scores(view), EDGE, 1 - EDGE))
    return found


def best_recalibration(one: Scored, seed: int) -> Gain | None:
    """The better of a logistic line and isotonic steps, cross-fitted; None where neither can be fitted."""
    made = [gain for name, fit in WAYS.items() if (gain := _held_out(one, seed, name, fit)) is not None]
    if not made:
        return None
    best = max(made, key=lambda g: g.value)
    return made[0] if made[0].value >= NEARLY * best.value else best


def _logistic(view: ScoreCells, p: Floats, q: Floats) -> Floats:
    x = logits(view)
    intercept, slope, _ = stats.logistic_recalibration(x, p + q, p)
    fitted: Floats = special.expit(intercept + slope * x)
    return fitted


def _isotonic(view: ScoreCells, p: Floats, q: Floats) -> Floats:
    return stats.isotonic(p + q, p)


WAYS: dict[str, Callable[[ScoreCells, Floats, Floats], Floats]] = {
    "a logistic fit (Platt scaling)": _logistic,
    "isotonic regression": _isotonic,
}


def _held_out(one: Scored, seed: int, name: str, fit: Callable[[ScoreCells, Floats, Floats], Floats]) -> Gain | None:
    view, now = one.view, mean_scores(one.view)
    saved_p, saved_q = np.zeros_like(now), np.zeros_like(now)
    total, squares, before = float((view.p + view.q).sum()), 0.0, 0.0
    made = folds(one, seed)
    if not made:
        return None
    for fold in made:
        try:
            mapped = fit(view, fold.train_p, fold.train_q)
        except ValueError:
            return None
        d_p, d_q = (1 - now) ** 2 - (1 - mapped) ** 2, now**2 - mapped**2
        saved_p, saved_q = saved_p + fold.test_p * d_p, saved_q + fold.test_q * d_q
        squares += float(fold.test_p @ d_p**2 + fold.test_q @ d_q**2)
        before += float(fold.test_p @ (1 - now) ** 2 + fold.test_q @ now**2)
    value = float(saved_p.sum() + saved_q.sum()) / total
    variance = max(squares / total - value**2, 0.0) / view.effective_rows
    low, high = intervals.wald(value, math.sqrt(variance), one.study.level)
    return Gain(name, before / total, before / total - value, low, high)
