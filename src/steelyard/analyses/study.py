"""What analyses look at: one problem, its profiles, and what has been read from them so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from steelyard.analyses.costs import Costs
from steelyard.analyses.features import Feature
from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.slicing import ALL_ROWS, SliceBy
from steelyard.data import Peek, Roles
from steelyard.facts import Bucket, Fact, FactTable, Profile, Window
from steelyard.metrics import Metric, Problem
from steelyard.records import (
    EVERYTHING,
    Attribution,
    Drift,
    Estimate,
    Event,
    Fairness,
    Finding,
    Money,
    Outcome,
    Reading,
    Segment,
    Series,
    Slice,
    Uncertainty,
)


@dataclass(frozen=True)
class Study:
    """One evaluation in the making.

    Attributes:
        problem: task, classes, grids.
        roles: what columns mean.
        metrics: what is measured.
        slices: how rows are sliced, all rows first.
        bucket: the cluster key, None for independent rows.
        profiles: facts by data set, "current" first.
        level: nominal coverage.
        seed: of the folds and draws that verify findings; draws inside intervals have fixed seeds of their own.
        columns: how each column is counted, for the overview, data quality and drift.
        features: the columns that drift, segments and causes are told of.
        types: data type of every column as its engine calls it, by data set.
        looks: some rows of each data set, for what needs a look at values as they are written.
        population: shares that the groups of a column should have, by column.
        window: the windows of time; None where there are none.
        events: what is known to have happened.
        readings: what performance has read; "estimated" ones are of data whose labels are not there.
        drifts, segments, series, attributions: what the other analyses have read.
        sensitive: the attributes that fairness is audited by, one each.
        costs: what decisions cost and earn; None where nothing is said.
        fairness, money, uncertainty: what those analyses have read; None where they were not asked or cannot say.
        failures: what is told of analyses that failed.
    """

    problem: Problem
    roles: Roles
    metrics: tuple[Metric, ...]
    slices: tuple[SliceBy, ...] = (ALL_ROWS,)
    bucket: Bucket | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    level: float = 0.95
    seed: int = 0
    columns: tuple[ColumnPlan, ...] = ()
    features: tuple[Feature, ...] = ()
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    looks: Mapping[str, Peek] = field(default_factory=dict)
    population: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    window: Window | None = None
    events: tuple[Event, ...] = ()
    readings: tuple[Reading, ...] = ()
    drifts: tuple[Drift, ...] = ()
    segments: tuple[Segment, ...] = ()
    series: tuple[Series, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    sensitive: tuple[SliceBy, ...] = ()
    costs: Costs | None = None
    fairness: Fairness | None = None
    money: Money | None = None
    uncertainty: Uncertainty | None = None
    failures: tuple[Finding, ...] = ()

    def outcome(self, metric: str, where: Slice = EVERYTHING, data: str = "current") -> Outcome | None:
        """The outcome of a metric, None where it was not read."""
        return next(
            (r.outcome for r in self.readings if r.metric == metric and r.slice == where and r.data == data),
            None,
        )

    def estimate(self, metric: str, where: Slice = EVERYTHING, data: str = "current") -> Estimate | None:
        """The estimate of a metric, None where it has none."""
        outcome = self.outcome(metric, where, data)
        return outcome if isinstance(outcome, Estimate) else None

    def metric(self, name: str) -> Metric | None:
        """A metric of this study by its name."""
        return next((m for m in self.metrics if m.name == name), None)

    def overall(self, fact: Fact, data: str = "current") -> FactTable:
        """Cells of a fact over all rows."""
        return self.profiles[data][fact]

    def lacks(self, column: str, data: str) -> bool:
        """Whether a column came with another data set only: it was added here, without a value."""
        known, look = self.types.get(data), self.looks.get(data)
        if known is None or look is None or column in known:
            return False
        return column not in look.frame.columns or look.frame[column].null_count() == look.frame.height

    def sliced(self, metric: str, data: str = "current") -> Iterator[Reading]:
        """Readings of a metric on slices."""
        return (r for r in self.readings if r.metric == metric and r.data == data and r.slice)
