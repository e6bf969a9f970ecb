"""What speaks against an estimate: rows the reference hardly knows, and signs that labels themselves have shifted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.estimation import classified
from steelyard.analyses.estimation.chances import Chances, p_of
from steelyard.analyses.estimation.intervals import Terms
from steelyard.analyses.estimation.known import Known
from steelyard.metrics import Metric
from steelyard.records import Estimate
from steelyard.stats import label_free

Floats = NDArray[np.float64]
THIN = 10.0
"""Labelled rows of the reference below which a cell is thinly known."""
LEAST_EXPECTED = 5.0
UNLIKELY = 1e-3
"""p below which scores count as moved."""
EXPLAINED = 0.8
"""Share of the scores' move that a shift of the labels alone must account for."""
NOTABLE = 0.01
"""Difference of two shares of positives that is worth a word."""


@dataclass(frozen=True)
class LabelShift:
    """Scores have moved as they would if the share of positives had changed, and nothing else.

    Attributes:
        then: share of positives in the reference.
        assumed: share that the estimate expects.
        shifted: share if labels alone have shifted.
        explained: share of the scores' move that this accounts for.
    """

    then: float
    assumed: float
    shifted: float
    explained: float


def thin(found: Known) -> float:
    """Share of the rows without a label whose segment, decision and score the reference hardly has."""
    if found.reference is None:
        return 0.0
    waiting = found.rows.unknown[:, 0]
    if waiting.sum() <= 0:
        return 0.0
    model = found.reference.model
    if isinstance(model, Chances):
        support = model.support.ravel()[model.cell(found.rows)]
    else:
        support = model.support[found.rows.stratum, found.rows.group]
    return float(waiting[support < THIN].sum() / waiting.sum())


def label_shift(found: Known) -> LabelShift | None:
    """Whether a shift of the labels accounts for the move of the scores (binary, with a score); None where not.

    Under label shift the scores are a mixture of those of positives and negatives (Saerens' EM gives its share);
    the χ² against that mixture is held against the χ² against the reference itself.
    """
    model = found.reference.model if found.reference is not None else None
    if not isinstance(model, Chances) or found.study.problem.task != "binary" or not found.study.problem.scored:
        return None
    group, n = model.cell(found.rows) % model.calibration.support.shape[1], found.rows.unknown[:, 1]
    groups = model.calibration.support.shape[1]
    now = np.bincount(group, weights=n, minlength=groups).astype(float)
    m = model.calibration.support.sum(axis=0)
    rate = _rates(found, model)
    prior = float(m @ rate / m.sum())
    used = m > 0
    if not 0 < prior < 1 or now[used].sum() <= 0:
        return None
    shifted = label_free.shifted_prior(rate[used], now[used], prior)
    assumed = float(n @ model.of(found.rows) / n.sum())
    as_before = m / m.sum()
    mixture = shifted * m * rate / (m @ rate) + (1 - shifted) * m * (1 - rate) / (m @ (1 - rate))
    before, degrees = _chi2(now, as_before, float(m.sum()))
    after, _ = _chi2(now, mixture, float(m.sum()))
    if p_of(before, degrees) > UNLIKELY or abs(shifted - assumed) < NOTABLE:
        return None
    explained = 1 - max(after - degrees, 0.0) / max(before - degrees, 1e-9)
    return LabelShift(prior, assumed, shifted, explained) if explained >= EXPLAINED else None


def under_label_shift(found: Known, shift: LabelShift, metric: Metric, terms: Terms) -> Estimate | None:
    """The metric if labels alone have shifted."""
    if found.reference is None:
        return None
    expected = classified.expect(found.rows, found.reference.model, found.study.problem)
    moved = replace(expected, chance=label_free.reweighted(expected.chance, shift.then, shift.shifted))
    outcome = classified.outcome(metric, moved, terms)
    return outcome if isinstance(outcome, Estimate) else None


def _rates(found: Known, model: Chances) -> Floats:
    """Share of hits by group of scores and decision, over all segments of the current rows and the reference."""
    groups = model.calibration.support.shape[1]
    chance = model.of(found.rows)
    group, n = model.cell(found.rows) % groups, found.rows.every[:, 1]
    weight = np.bincount(group, weights=n, minlength=groups)
    total = np.bincount(group, weights=n * chance, minlength=groups)
    return np.asarray(np.divide(total, weight, out=np.full(groups, model.rate), where=weight > 0))


def _chi2(counts: Floats, shares: Floats, rows: float) -> tuple[float, int]:
    """χ² of counts against shares that were seen in `rows` rows, over groups with enough rows."""
    expected = counts.sum() * shares
    told = expected >= LEAST_EXPECTED
    if told.sum() < 2:
        return 0.0, 0
    spread = expected[told] * (1 + counts.sum() / rows)
    return float(np.sum((counts[told] - expected[told]) ** 2 / spread)), int(told.sum()) - 1
