"""A slice against all other rows, for any metric."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.findings.losses import Loss
from steelyard.analyses.findings.testing import difference, p_value
from steelyard.analyses.slicing import SliceBy, slices_of, without_each_bucket
from steelyard.analyses.study import Study
from steelyard.facts import Fact, FactTable
from steelyard.metrics import Metric, ScoreCells, estimate
from steelyard.records import Estimate, Slice, UndefinedMetricError

FEW_ROWS, FEW_OF_A_CLASS = 30, 10
"""Slices with less are not tested: their intervals are approximations that need more."""
STRICT = 0.999


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
        return (d.high - d.low) / 2 / 1.96

    @property
    def impact(self) -> float:
        """Share of all the loss that would go if the slice were as good as the rest."""
        loss = Loss(self.metric)
        total = loss.of(self.overall.value)
        return max((total - loss.of(self.rest.value)) / total, 0.0) if total > 0 else 0.0


class Contrasts:
    """Slices against the rest; views are cut once for metrics that read the same."""

    def __init__(self, study: Study, data: str = "current") -> None:
        self.study, self.data = study, data
        self._views: dict[tuple[Any, ...], Any] = {}
        self._cuts: dict[tuple[SliceBy, Fact], list[tuple[Slice, NDArray[np.bool_]]]] = {}

    def of(self, metric: Metric) -> Iterator[Contrast]:
        """Every slice that has enough rows; those that are not worse have p = 1."""
        overall = self.study.estimate(metric.name, data=self.data)
        needs = metric.needs(self.study.problem)
        if overall is None or isinstance(needs, str):
            return
        for by in self.study.slices:
            if by.keys:
                facts = tuple(msgspec.structs.replace(fact, by=by.within(self.study.bucket)) for fact in needs)
                if all(fact in self.study.profiles[self.data] for fact in facts):
                    yield from self._of(metric, by, facts, overall)

    def _of(self, metric: Metric, by: SliceBy, facts: tuple[Fact, ...], overall: Estimate) -> Iterator[Contrast]:
        tables = [self.study.profiles[self.data][fact] for fact in facts]
        masks = [dict(self._cut(by, fact, table)) for fact, table in zip(facts, tables, strict=True)]
        for where, mask in masks[0].items():
            inside = self.study.estimate(metric.name, where, self.data)
            if inside is None or inside.n < FEW_ROWS or not all(where in m for m in masks):
                continue
            share = float(tables[0].sums[mask, 0].sum() / tables[0].rows)
            if Loss(metric).worse(inside.value - overall.value) <= 0:
                yield Contrast(metric, where, share, inside, overall, overall, 1.0)
                continue
            cells = [m[where] for m in masks]
            contrast = self._worse(metric, where, share, inside, overall, facts, tables, cells)
            if contrast is not None:
                yield contrast

    def _worse(
        self,
        metric: Metric,
        where: Slice,
        share: float,
        inside: Estimate,
        overall: Estimate,
        facts: tuple[Fact, ...],
        tables: list[FactTable],
        cells: list[NDArray[np.bool_]],
    ) -> Contrast | None:
        view, parts = self._view(metric, facts, tables, cells, where, True)
        if isinstance(view, ScoreCells) and min(view.positives, view.negatives) < FEW_OF_A_CLASS:
            return None
        others = [~c for c in cells]
        view_rest, parts_rest = self._view(metric, facts, tables, others, where, False)
        rest = estimate(metric, view_rest, self.study.level, parts_rest)
        if not isinstance(rest, Estimate) or rest.n < FEW_ROWS:
            return None
        p = _one_sided(metric, inside, rest)
        if p < 0.05:
            # Far out, a stricter pair of intervals tells the tail better than the usual one stretched.
            strict = [estimate(metric, v, STRICT, ps) for v, ps in ((view, parts), (view_rest, parts_rest))]
            if isinstance(strict[0], Estimate) and isinstance(strict[1], Estimate):
                p = max(p, _one_sided(metric, strict[0], strict[1]))
        return Contrast(metric, where, share, inside, rest, overall, p)

    def _cut(self, by: SliceBy, fact: Fact, table: FactTable) -> list[tuple[Slice, NDArray[np.bool_]]]:
        if (by, fact) not in self._cuts:
            self._cuts[by, fact] = slices_of(by, fact, table)[0]
        return self._cuts[by, fact]

    def _view(
        self,
        metric: Metric,
        facts: tuple[Fact, ...],
        tables: list[FactTable],
        cells: list[NDArray[np.bool_]],
        where: Slice,
        inside: bool,
    ) -> tuple[Any, list[Any] | None]:
        key = (metric.read, facts, where, inside)
        if key not in self._views:
            kept = [t.where(c) for t, c in zip(tables, cells, strict=True)]
            self._views[key] = self._read(metric, facts, kept)
        found: tuple[Any, list[Any] | None] = self._views[key]
        return found

    def _read(self, metric: Metric, facts: tuple[Fact, ...], kept: list[FactTable]) -> tuple[Any, list[Any] | None]:
        problem = self.study.problem
        view = metric.read(facts, kept, problem)
        if self.study.bucket is None:
            return view, None
        parts = [without_each_bucket(fact, table) for fact, table in zip(facts, kept, strict=True)]
        return view, [metric.read(facts, part, problem) for part in zip(*parts, strict=False)]


def _one_sided(metric: Metric, inside: Estimate, rest: Estimate) -> float:
    try:
        found = difference(inside, rest)
    except (ValueError, UndefinedMetricError):
        return 1.0
    worse = Loss(metric).worse(found.value) > 0
    p = p_value(found)
    return p / 2 if worse else 1 - p / 2
