"""How well a score keeps its promise: tests and measures of calibration from the table."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from steelyard.analyses.curves.calibration import Group, groups
from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.findings.recalibration import logits
from steelyard.stats import calibration as stats
from steelyard.stats.critical import quantile

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

    @cached_property
    def story(self) -> str:
        """What is wrong: "high" or "low" on average; where that is not most of it, "over" or "under" confident."""
        off = self.mean - self.rate
        bent = self.slope is not None and abs(self.slope - 1) > quantile(0.95) * self.slope_se
        if self.slope is None or not bent or abs(off) >= self.error / 2:
            return "high" if off > 0 else "low"
        return "over" if self.slope < 1 else "under"

    @cached_property
    def example(self) -> Group:
        """The group that shows it best: the widest clear gap in the direction of the story."""

        def shows(g: Group) -> float:
            away = abs(g.predicted - self.rate) - abs(g.observed - self.rate)
            gap = {"high": g.predicted - g.observed, "low": g.observed - g.predicted, "over": away, "under": -away}
            return gap[self.story] * (1.0 if not g.low <= g.predicted <= g.high else 1e-3)

        return max(self.groups, key=shows)


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
