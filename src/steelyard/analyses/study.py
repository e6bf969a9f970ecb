"""What analyses look at: one problem, its profiles, and what has been read from them so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from steelyard.analyses.slicing import ALL_ROWS, SliceBy
from steelyard.data import Roles
from steelyard.facts import Bucket, Fact, FactTable, Profile
from steelyard.metrics import Metric, Problem
from steelyard.records import EVERYTHING, Estimate, Outcome, Reading, Slice


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
        readings: what performance has read.
    """

    problem: Problem
    roles: Roles
    metrics: tuple[Metric, ...]
    slices: tuple[SliceBy, ...] = (ALL_ROWS,)
    bucket: Bucket | None = None
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    level: float = 0.95
    seed: int = 0
    readings: tuple[Reading, ...] = ()

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

    def sliced(self, metric: str, data: str = "current") -> Iterator[Reading]:
        """Readings of a metric on slices."""
        return (r for r in self.readings if r.metric == metric and r.data == data and r.slice)
