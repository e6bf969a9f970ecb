"""Do scores keep their promise?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.calibration import Group, groups
from steelyard.analyses.curves.cells import Scored, all_scored
from steelyard.analyses.findings import severity
from steelyard.analyses.findings.recalibration import Gain, best_recalibration, logits
from steelyard.analyses.findings.words import number, p_text, percent
from steelyard.analyses.study import Study
from steelyard.records import Estimate, Finding, Recommendation
from steelyard.stats import calibration as stats
from steelyard.stats.critical import quantile

Floats = NDArray[np.float64]
FALSE_ALARMS = 0.01
FEW_ROWS = 50
GROUPS = 10


@dataclass(frozen=True)
class Promise:
    """How scores and outcomes agree.

    Attributes:
        p: of perfect calibration, by the range of the cumulative gap.
        reach: that range.
        error: debiased calibration error over groups of equal weight.
        rate, mean: share of positives and mean score.
        slope, slope_se, intercept: of the logistic recalibration; None where it cannot be fitted.
        groups: scores and outcomes by group.
    """

    p: float
    reach: float
    error: float
    rate: float
    mean: float
    slope: float | None
    slope_se: float
    intercept: float
    groups: list[Group]

    @property
    def factor(self) -> float:
        """How many times the mean score is the rate, or the other way round."""
        small, large = sorted([self.rate, self.mean])
        return large / small if small > 0 else math.inf

    def bent(self, level: float) -> str:
        """Whether scores are too extreme ("over"), too timid ("under"), or neither ("")."""
        if self.slope is None or abs(self.slope - 1) <= quantile(level) * self.slope_se:
            return ""
        return "over" if self.slope < 1 else "under"


def calibrations(study: Study) -> list[Finding]:
    """A finding for each score that does not keep its promise; a false one at most once in a hundred."""
    found = []
    made = [one for one in all_scored(study, "current") if one.view.probability and one.view.rows >= FEW_ROWS]
    for one in made:
        promise = read_promise(one)
        if promise.p < FALSE_ALARMS / len(made):
            found.append(_finding(one, promise))
    return found


def read_promise(one: Scored) -> Promise:
    """Test and describe the calibration of one score."""
    view = one.view
    n, s, y = view.p + view.q, view.score_p + view.score_q, view.p
    full = n > 0
    inside = np.maximum(s - view.score2_p - view.score2_q, 0.0)
    spread = np.where(full, inside * (view.p_squares + view.q_squares) / np.where(full, n, 1.0), 0.0)
    reach, _, p = stats.ecce(n, s, y, spread * _design_effect(one, float(spread.sum())))
    index = stats.equal_mass_groups(n, GROUPS)
    group_n, group_s, group_y = (np.bincount(index, weights=column) for column in (n, s, y))
    error, _ = stats.debiased_ece(group_n, group_s, group_y, one.study.seed)
    slope, slope_se, intercept = None, 0.0, 0.0
    try:
        intercept, slope, covariance = stats.logistic_recalibration(
            logits(view), n, y, view.p_squares + view.q_squares
        )
        slope_se = math.sqrt(max(float(covariance[1, 1]), 0.0))
    except ValueError:
        pass
    total = float(n.sum())
    return Promise(
        p,
        reach,
        error,
        float(y.sum()) / total,
        float(s.sum()) / total,
        slope,
        slope_se,
        intercept,
        groups(one, GROUPS),
    )


def _design_effect(one: Scored, variance: float) -> float:
    """How much more the total gap varies between clusters than between independent rows; at least 1."""
    gaps = np.array([float((b.p - b.score_p - b.score_q).sum()) for b in one.buckets])
    if len(gaps) < 2 or variance <= 0:
        return 1.0
    return max(float(np.var(gaps, ddof=1)) * len(gaps) / variance, 1.0)


def _finding(one: Scored, promise: Promise) -> Finding:
    level, total = one.study.level, one.view
    bent = promise.bent(level)
    off = promise.mean - promise.rate
    worst = max(promise.groups, key=lambda g: abs(g.predicted - g.observed) * (not g.low <= g.predicted <= g.high))
    name = f"scores of {one.subject}" if one.subject else "scores"
    story = {
        "over": f"The {name} are too sure of themselves (over-confident)",
        "under": f"The {name} are too timid (under-confident)",
        "": f"The {name} promise too {'much' if off > 0 else 'little'}",
    }[bent]
    example = f"where the model says {_pc(worst.predicted)}, {_pc(worst.observed)} happen ({_pc(worst.low)} to {_pc(worst.high)})"
    level_words = (
        f" On average it says {_pc(promise.mean)} and {_pc(promise.rate)} happen." if promise.factor >= 1.05 else ""
    )
    gain = best_recalibration(one, one.study.seed)
    slope = (
        ""
        if promise.slope is None
        else (
            f" Logistic recalibration: slope {number(promise.slope, promise.slope_se)} (1 is right; below: over-confident), "
            f"intercept {number(promise.intercept, 0.01)}."
        )
    )
    kind = {
        "over": "overconfident",
        "under": "underconfident",
        "": "over-predicting" if off > 0 else "under-predicting",
    }[bent]
    before = gain.before if gain is not None else 1.0
    return Finding(
        "calibration" + (f":{one.subject}" if one.subject else ""), "calibration",
        severity.of_calibration(promise.error, promise.factor), one.subject or "score",
        f"{story}: {example}.{level_words}",
        _advice(gain),
        f"{kind.capitalize()}. Kuiper range of the cumulative gap (ECCE) {promise.reach:.4f}, {p_text(promise.p)}; debiased "
        f"calibration error {promise.error:.4f} over {len(promise.groups)} groups of equal size.{slope}",
        estimate=Estimate(worst.observed, worst.low, worst.high, level, worst.rows, "wilson"),
        impact=max(gain.value, 0.0) / before if gain is not None and before > 0 else promise.error * total.rows / max(total.rows, 1),
    )  # fmt: skip


def _pc(share: float) -> str:
    return percent(share, 0.01 if share >= 0.095 else 0.001)


def _advice(gain: Gain | None) -> Recommendation:
    if gain is None:
        return Recommendation(
            "Recalibrate the scores (Platt scaling or isotonic regression) on rows that the model was not trained on.",
            "Not yet verified on held-out data.",
        )
    written = f"{number(gain.before, 0.001)} to {number(gain.after, 0.001)}"
    if gain.low > 0:
        saved = f"{number(gain.low, gain.value / 10)} to {number(gain.high, gain.value / 10)} less"
        return Recommendation(
            f"Recalibrate the scores by {gain.name}, and choose the threshold again afterwards.",
            f"Brier score from {written} ({saved}), cross-fitted: on rows that the fit had not seen.",
            True,
        )
    return Recommendation(
        f"Recalibrate the scores by {gain.name} once there are more labels.",
        f"On held-out rows the Brier score went from {written}: no clear gain yet.",
    )
