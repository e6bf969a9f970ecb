"""What each model shows on its own, slice by slice: its view and its outcome, as evaluations read them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from steelyard.analyses.paired.entrants import Entrant
from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.facts import Bucket, Fact, FactTable, Profile
from steelyard.metrics import Metric, estimate
from steelyard.metrics.estimate import value_of
from steelyard.records import Outcome, Slice, Undefined, UndefinedMetricError

Views = Mapping[int, Any]


@dataclass(frozen=True)
class Side:
    """One model on one metric and slice.

    Attributes:
        entrant: the model.
        view: what the metric was read from; None where there is nothing to read.
        outcome: its estimate.
        facts: what the view was read from, without slices.
        without: the view with each bucket of rows left out, by bucket; empty where rows are independent and the
            metric has a gradient to pair.
    """

    entrant: Entrant
    view: Any
    outcome: Outcome
    facts: tuple[Fact, ...] = ()
    without: Views = field(default_factory=dict)


class Sides:
    """Reads the models' own metrics from the joint profile; tables and views are made once."""

    def __init__(self, joint: Profile, level: float, clusters: Bucket | None) -> None:
        self.joint, self.level, self.clusters = joint, level, clusters
        self._tables: dict[tuple[Fact, SliceBy], dict[Slice, FactTable]] = {}
        self._views: dict[tuple[Any, ...], tuple[Any, Views]] = {}
        self._sides: dict[tuple[str, str, SliceBy, Bucket | None], dict[Slice, Side]] = {}
        self._left_out: dict[tuple[str, str, int], dict[int, float]] = {}

    def parts(self, fact: Fact, by: SliceBy) -> dict[Slice, FactTable]:
        """Cells of a fact of the joint table, slice by slice."""
        key = (fact, by)
        if key not in self._tables:
            table = self.joint[fact]
            self._tables[key] = {where: table.where(cells) for where, cells in slices_of(by, fact, table)[0]}
        return self._tables[key]

    def read(self, entrant: Entrant, metric: Metric, by: SliceBy, bucket: Bucket | None) -> dict[Slice, Side]:
        """One model's metric on every slice; `bucket` where rows are to be left out in turn."""
        key = (entrant.name, metric.name, by, bucket)
        if key not in self._sides:
            self._sides[key] = self._read(entrant, metric, by, bucket)
        return self._sides[key]

    def left_out(self, metric: Metric, side: Side) -> dict[int, float]:
        """One model's value without each bucket of rows, by bucket; none where it has no value then."""
        key = (side.entrant.name, metric.name, id(side.view))
        if key not in self._left_out:
            found = {}
            for bucket, view in side.without.items():
                with contextlib.suppress(UndefinedMetricError):
                    found[bucket] = value_of(metric, view)
            self._left_out[key] = found
        return self._left_out[key]

    def _read(self, entrant: Entrant, metric: Metric, by: SliceBy, bucket: Bucket | None) -> dict[Slice, Side]:
        wanted = facts_of(entrant, metric, by, bucket)
        if isinstance(wanted, str):
            return {Slice(): Side(entrant, None, Undefined(wanted))} if not by.keys else {}
        asked = [entrant.asks(fact) for fact in wanted]
        absent = [fact for fact in asked if fact not in self.joint]
        if absent:
            why = "its engine cannot count what this metric needs"
            return {Slice(): Side(entrant, None, Undefined(why))} if not by.keys else {}
        tables = [self.parts(fact, by) for fact in asked]
        return {
            where: self._side(entrant, metric, where, wanted, [t[where] for t in tables], bucket)
            for where in tables[0]
            if all(where in t for t in tables)
        }

    def _side(
        self,
        entrant: Entrant,
        metric: Metric,
        where: Slice,
        wanted: tuple[Fact, ...],
        tables: Sequence[FactTable],
        bucket: Bucket | None,
    ) -> Side:
        key = (entrant.name, metric.read, wanted, where)
        if key not in self._views:
            without = {} if bucket is None else _without(metric, wanted, tables, entrant)
            self._views[key] = metric.read(wanted, tables, entrant.problem), without
        view, without = self._views[key]
        parts = list(without.values()) if self.clusters is not None else None
        outcome = estimate(metric, view, self.level, parts)
        plain = tuple(msgspec.structs.replace(fact, by=()) for fact in wanted)
        return Side(entrant, view, outcome, plain, without)


def facts_of(entrant: Entrant, metric: Metric, by: SliceBy, bucket: Bucket | None) -> tuple[Fact, ...] | str:
    """The facts a metric of a model needs, by slice and bucket; or why there are none."""
    needs = metric.needs(entrant.problem)
    if isinstance(needs, str):
        return needs
    return tuple(msgspec.structs.replace(fact, by=by.within(bucket)) for fact in needs)


def _without(metric: Metric, wanted: Sequence[Fact], tables: Sequence[FactTable], entrant: Entrant) -> Views:
    """The view with each bucket left out, by bucket; buckets are the first key of every table."""
    buckets = sorted(set().union(*(np.unique(table.codes[:, 0]).tolist() for table in tables)))
    return {
        b: metric.read(wanted, [table.where(table.codes[:, 0] != b) for table in tables], entrant.problem)
        for b in buckets
    }
