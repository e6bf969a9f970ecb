"""An experiment that is set up: what is compared, by which facts, and how it is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from steelyard.analyses.experiment.looks import Looks
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.slicing import SliceBy
from steelyard.facts import Bucket, Category, Count, Fact, Grid, Histogram, Key, Moments, Profile, Window

MOST_SLICED = 5
"""Arms, the largest, whose effect is told by slice and over time."""
MOST_TOLD = 50
"""Arms beside the control that a result lists: of more, those with the strongest evidence."""


@dataclass(frozen=True)
class Setup:
    """What is to be asked of the units, one row each.

    Attributes:
        arm: column of the arm.
        metrics: what is measured.
        slices: columns, or intersections of them, by which effects and ratios are told; the arms of other experiments
            on the same units are such columns too.
        window: windows of the time of assignment; None where it is not known.
        bucket: cluster key, where units of one cluster go together.
        weight: column of the units' weights.
        exposed: column that tells whether the unit could have noticed the difference.
        looks: how results are looked at.
        level: nominal coverage of intervals.
        shifts: a number near the mean of each value, taken off before its powers are summed.
        grids: how each plain column is binned for quantiles and ranks; None keeps every value.
        labels: what values are called by people, where that is not how they are written.
        profile: the facts, once they are measured.
    """

    arm: str
    metrics: tuple[Metric, ...]
    slices: tuple[SliceBy, ...] = ()
    window: Window | None = None
    bucket: Bucket | None = None
    weight: str | None = None
    exposed: str | None = None
    looks: Looks = field(default_factory=Looks)
    level: float = 0.95
    shifts: Mapping[str, float] = field(default_factory=dict)
    grids: Mapping[str, Grid | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    profile: Profile = field(default_factory=Profile)

    @property
    def primary(self) -> tuple[Metric, ...]:
        """The metrics that decide."""
        return tuple(m for m in self.metrics if m.role == "primary")

    @property
    def of_means(self) -> tuple[Metric, ...]:
        """The metrics whose effects are made from moments."""
        return tuple(m for m in self.metrics if m.kind != "quantile")

    def counted(self, *keys: Key) -> Count:
        """Units by arm."""
        return Count((*keys, Category(self.arm)))

    def summed(self, metric: Metric, *keys: Key) -> Moments:
        """Joint moments of what a metric is made from, by arm; by arm and bucket, where units come in clusters."""
        values = tuple(f"({text}) - {shift!r}" if (shift := self.shift(text)) else text for text in metric.values)
        buckets = () if self.bucket is None else (self.bucket,)
        return Moments(values, (*keys, Category(self.arm), *buckets), self.weight, cubes=False)

    def binned(self, column: str) -> Histogram | Count:
        """Units by arm (and bucket, where they come in clusters) and value of a plain column."""
        grid, by = self.grids[column], (Category(self.arm), *(() if self.bucket is None else (self.bucket,)))
        if grid is None:
            return Count((*by, Category(column)), self.weight)
        return Histogram(column, grid, by, self.weight)

    def shift(self, text: str) -> float:
        """What is taken off a value before it is summed."""
        return self.shifts.get(text, 0.0)

    def told(self, metric: Metric) -> str:
        """What the covariates of a metric are called."""
        return " / ".join(self.labels.get(text, text) for text in metric.covariates or ())

    def facts(self) -> Iterator[Fact]:
        """All facts, for one reading of the units."""
        windows: tuple[tuple[Key, ...], ...] = ((), *(() if self.window is None else ((self.window,),)))
        for keys in (*windows, *(by.keys for by in self.slices)):
            yield self.counted(*keys)
        if self.exposed is not None:
            yield self.counted(Category(self.exposed))
        for metric in self.of_means:
            for keys in (*windows, *(by.keys for by in self.slices)):
                yield self.summed(metric, *keys)
        yield from (self.binned(column) for column in self.grids)
