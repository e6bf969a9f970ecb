"""What does the data look like? One summary per column, from its histogram, moments and value counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from steelyard.data import Kind
from steelyard.facts import (
    Fact,
    Histogram,
    IntegerGrid,
    Moments,
    Profile,
    RootGrid,
    Values,
    measure_index,
    shape,
    text,
)
from steelyard.facts.grids import MISSING
from steelyard.facts.table import OVERFLOW
from steelyard.metrics.read import distribution
from steelyard.records import ColumnSummary, UndefinedMetricError

SHOWN_VALUES = 20
SHOWN_BARS = 40
SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_VALUES = 10_000


@dataclass(frozen=True)
class ColumnPlan:
    """How a column is summarised; `grid` is set for numbers."""

    name: str
    kind: Kind
    role: str
    grid: RootGrid | IntegerGrid | None = None

    def facts(self) -> Iterator[Fact]:
        """The facts its summary is made from."""
        if isinstance(self.grid, RootGrid):
            yield Histogram(self.name, self.grid)
            yield shape(self.name, self.grid.centre, self.grid.scale)
        elif self.grid is not None:
            yield Histogram(self.name, self.grid)
            yield shape(self.name, 0.0, 1.0)
        elif self.kind in (Kind.TEXT, Kind.BOOLEAN):
            yield Values(self.name, limit=MOST_VALUES)


def summaries(
    plans: list[ColumnPlan],
    profile: Profile,
    data: str,
    extremes: Mapping[str, tuple[str | None, str | None, int]],
) -> list[ColumnSummary]:
    """Summarise the columns; `extremes` gives times' earliest, latest and missing."""
    return [
        _bare(plan, profile, data)
        if any(fact not in profile for fact in plan.facts())
        else _number(plan, profile, data)
        if plan.grid is not None
        else _time(plan, profile.rows, data, extremes[plan.name])
        if plan.name in extremes
        else _values(plan, profile, data)
        for plan in plans
    ]


def _bare(plan: ColumnPlan, profile: Profile, data: str) -> ColumnSummary:
    """A column that is of another kind here than where its plan was made."""
    return ColumnSummary(plan.name, plan.kind, plan.role, profile.rows, 0, data=data)


def _number(plan: ColumnPlan, profile: Profile, data: str) -> ColumnSummary:
    histogram, moments = plan.facts()
    bins = profile[histogram]
    counts = bins.sums[:, 0]
    index = bins.codes[:, -1]
    missing = int(counts[index == MISSING].sum())
    view = distribution(histogram, bins) if isinstance(histogram, Histogram) else None
    table = profile[moments]
    if not len(table) or view is None or not isinstance(moments, Moments):
        return ColumnSummary(
            plan.name, plan.kind, plan.role, profile.rows, missing, profile.rows - missing, data=data
        )
    centre, scale = (plan.grid.centre, plan.grid.scale) if isinstance(plan.grid, RootGrid) else (0.0, 1.0)
    n, first, second = (table.sums[0, measure_index(moments, 0, f)] for f in ((), (0,), (0, 0)))
    mean = first / n
    sd = math.sqrt(max(second / n - mean * mean, 0.0) * n / (n - 1)) if n > 1 else None
    low, high = float(table.lows[0, 0]), float(table.highs[0, 0])
    quantiles = {}
    for share in SHARES:
        try:
            value = view.quantile(share)
        except UndefinedMetricError:
            continue
        quantiles[share] = min(max(value, centre + scale * low), centre + scale * high)
    whole = isinstance(plan.grid, IntegerGrid)
    return ColumnSummary(
        plan.name,
        plan.kind,
        plan.role,
        profile.rows,
        missing,
        infinite=profile.rows - missing - int(n),
        distinct=int(np.sum((index != MISSING) & (counts > 0))) if whole else None,
        mean=centre + scale * mean,
        sd=None if sd is None else scale * sd,
        low=centre + scale * low,
        high=centre + scale * high,
        quantiles=quantiles,
        histogram=_bars(
            view.left,
            view.right,
            np.asarray(view.mass),
            quantiles,
            centre + scale * low,
            centre + scale * high,
        ),
        data=data,
    )


def _bars(
    left: np.ndarray,
    right: np.ndarray,
    mass: np.ndarray,
    quantiles: Mapping[float, float],
    low: float,
    high: float,
) -> tuple[tuple[float, float, float], ...]:
    """At most 40 equal bars over the bulk of the numbers; what lies outside goes into the outermost bars."""
    start, stop = max(low, quantiles.get(0.01, low)), min(high, quantiles.get(0.99, high))
    if not (math.isfinite(start) and math.isfinite(stop)):
        return ()
    if stop <= start:
        return ((start, stop, float(mass.sum())),)
    bars = int(min(SHOWN_BARS, max(len(mass), 1)))
    edges = np.linspace(start, stop, bars + 1)
    middle = np.clip((np.clip(left, low, high) + np.clip(right, low, high)) / 2, start, stop)
    place = np.clip(np.searchsorted(edges, middle, side="right") - 1, 0, bars - 1)
    heights = np.bincount(place, weights=mass, minlength=bars)
    return tuple((float(edges[i]), float(edges[i + 1]), float(heights[i])) for i in range(bars))


def _values(plan: ColumnPlan, profile: Profile, data: str) -> ColumnSummary:
    fact = next(plan.facts(), None)
    if fact is None:
        return ColumnSummary(plan.name, plan.kind, plan.role, profile.rows, 0, data=data)
    table = profile[fact]
    counted = sorted(zip(table.values(0), table.sums[:, 0].tolist(), strict=True), key=lambda c: -c[1])
    known = [(text(v), n) for v, n in counted if v is not None and v != OVERFLOW]
    overflowed = any(v == OVERFLOW for v, _ in counted)
    return ColumnSummary(
        plan.name,
        plan.kind,
        plan.role,
        profile.rows,
        missing=int(sum(n for v, n in counted if v is None)),
        distinct=None if overflowed else len(known),
        top=() if overflowed else tuple(known[:SHOWN_VALUES]),
        data=data,
    )


def _time(plan: ColumnPlan, rows: int, data: str, extremes: tuple[str | None, str | None, int]) -> ColumnSummary:
    low, high, missing = extremes
    return ColumnSummary(plan.name, plan.kind, plan.role, rows, missing, low=low, high=high, data=data)
