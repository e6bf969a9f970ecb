"""What would recalibrating the scores be worth on rows it has not seen?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.uncertainty.recalibrating import mean_scores, recalibrations
from steelyard.metrics import ScoreCells
from steelyard.records import Estimate

Floats = NDArray[np.float64]
EDGE = 1e-6
NAMES = {
    "temperature": "a temperature (one factor for all log-odds)",
    "platt": "a logistic fit (Platt scaling)",
    "beta": "beta calibration",
    "isotonic": "isotonic regression",
}
"""Methods as they are told."""


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


def logits(view: ScoreCells) -> Floats:
    """Logit of each bin's mean score, kept finite."""
    found: Floats = special.logit(np.clip(mean_scores(view), EDGE, 1 - EDGE))
    return found


def best_recalibration(one: Scored) -> Gain | None:
    """The simplest map that is about as good as the best, cross-fitted; None where none can be fitted."""
    chosen = next((r for r in recalibrations(one) if r.chosen), None)
    effect = None if chosen is None else chosen.effect("brier")
    if chosen is None or effect is None:
        return None
    before, after, change = effect.before, effect.after, effect.change
    if not (isinstance(before, Estimate) and isinstance(after, Estimate) and isinstance(change, Estimate)):
        return None
    return Gain(NAMES[chosen.method], before.value, after.value, -change.high, -change.low)
