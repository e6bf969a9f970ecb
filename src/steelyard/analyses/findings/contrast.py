"""A slice against all other rows, for any metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from steelyard.analyses.findings.slice_views import Cut, SliceViews
from steelyard.analyses.losses import Loss
from steelyard.analyses.study import Study
from steelyard.analyses.testing import difference, p_value
from steelyard.metrics import Metric, ScoreCells, estimate
from steelyard.records import Estimate, Slice, UndefinedMetricError
from steelyard.stats.critical import quantile

FEW_ROWS, FEW_OF_A_CLASS = 30, 10
"""Slices with less are not tested: their intervals are approximations that need more."""
STRICT = 0.999
CLEARLY_NOT = 0.25
"""One-sided p-values above this can never be significant, so they need not be exact."""


@dataclass(frozen=True)
class Contrast:
    """One metric on a slice and on the rest.

    Attributes:
        metric, where: what and where.
        share: of the rows.
        inside, rest, overall: the metric there, elsewhere, everywhere.
        p: one-sided p-value of "not worse than the rest".
    """

    metric: Metric
    where: Slice
    share: float
    inside: Estimate
    rest: Estimate
    overall: Estimate
    p: float

    @property
    def gap(self) -> float:
        """How much worse than the rest."""
        return Loss(self.metric).worse(self.inside.value - self.rest.value)

    @property
    def reach(self) -> float:
        """Standard error of the gap on the side of no gap."""
        d = difference(self.inside, self.rest)
        return (d.high - d.low) / 2 / quantile(d.level)

    @property
    def impact(self) -> float:
        """Share of all the loss that would go if the slice were as good as the rest."""
        loss = Loss(self.metric)
        total = loss.of(self.overall.value)
        return max((total - loss.of(self.rest.value)) / total, 0.0) if total > 0 else 0.0


class Contrasts:
    """Slices against the rest."""

    def __init__(self, study: Study, data: str = "current") -> None:
        self.study, self.data, self.views = study, data, SliceViews(study, data)

    def of(self, metric: Metric) -> Iterator[Contrast]:
        """Every slice that has enough rows; the clearly harmless ones are held against all rows only."""
        overall = self.study.estimate(metric.name, data=self.data)
        if overall is None:
            return
        for cut in self.views.cuts(metric):
            inside = self.study.estimate(metric.name, cut.where, self.data)
            if inside is None or inside.n < FEW_ROWS:
                continue
            crude = _crude(metric, inside, overall, cut.share)
            if crude > CLEARLY_NOT:
                yield Contrast(metric, cut.where, cut.share, inside, overall, overall, crude)
            elif (contrast := self._worse(metric, cut, inside, overall)) is not None:
                yield contrast

    def _worse(self, metric: Metric, cut: Cut, inside: Estimate, overall: Estimate) -> Contrast | None:
        here, there = self.views.inside(metric, cut), self.views.rest(metric, cut)
        if isinstance(here.view, ScoreCells) and min(here.view.positives, here.view.negatives) < FEW_OF_A_CLASS:
            return None
        rest = estimate(metric, there.view, self.study.level, there.parts)
        if not isinstance(rest, Estimate) or rest.n < FEW_ROWS:
            return None
        p = _one_sided(metric, inside, rest)
        if p < 0.05:
            # Far out, a stricter pair of intervals tells the tail better than the usual one stretched.
            strict = [estimate(metric, v.view, STRICT, v.parts) for v in (here, there)]
            if isinstance(strict[0], Estimate) and isinstance(strict[1], Estimate):
                p = max(p, _one_sided(metric, strict[0], strict[1]))
        return Contrast(metric, cut.where, cut.share, inside, rest, overall, p)


def _crude(metric: Metric, inside: Estimate, overall: Estimate, share: float) -> float:
    """About the one-sided p of "not worse than the rest", without looking at the rest.

    Slice and all rows have a covariance, so that the gap to all rows has variance (1 − share)·se².
    """
    shrink = math.sqrt(max(1 - share, 0.0))
    low, high = (inside.value + shrink * (end - inside.value) for end in (inside.low, inside.high))
    p = p_value(replace(inside, low=low, high=high), overall.value)
    return p / 2 if Loss(metric).worse(inside.value - overall.value) > 0 else 1 - p / 2


def _one_sided(metric: Metric, inside: Estimate, rest: Estimate) -> float:
    try:
        found = difference(inside, rest)
    except (ValueError, UndefinedMetricError):
        return 1.0
    worse = Loss(metric).worse(found.value) > 0
    p = p_value(found)
    return p / 2 if worse else 1 - p / 2
