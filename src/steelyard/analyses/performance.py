"""How well does the model do, overall and by slice?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from steelyard.analyses.slicing import ALL_ROWS, MOST_SLICES, SliceBy, slices_of, without_each_bucket
from steelyard.analyses.study import Study
from steelyard.facts import Fact, FactTable, Profile
from steelyard.metrics import Metric, estimate
from steelyard.records import Outcome, Reading, Slice, Undefined


def facts(study: Study) -> Iterator[Fact]:
    """The facts its metrics need, overall and by every slice."""
    for metric in study.metrics:
        needs = metric.needs(study.problem)
        if isinstance(needs, str):
            continue
        for by in study.slices if metric.sliced else (ALL_ROWS,):
            yield from (_by(fact, by, study) for fact in needs)


def readings(study: Study) -> tuple[list[Reading], list[str]]:
    """Every metric on every slice of every data set; and what was left out, in words."""
    found: list[Reading] = []
    left_out: list[str] = []
    for data, profile in study.profiles.items():
        for by in study.slices:
            reader = _Reader(study, profile, by)
            found += [
                Reading(metric.name, outcome, where, data)
                for metric in study.metrics
                if metric.sliced or by is ALL_ROWS
                for where, outcome in reader.read(metric)
            ]
            if reader.left_out:
                left_out.append(
                    f"{' × '.join(by.columns)} has {reader.left_out + MOST_SLICES:,} values in the {data} data; "
                    f"only the {MOST_SLICES} with most rows are read."
                )
    return found, left_out


class _Reader:
    """Reads metrics on the slices of one data set; tables and views are cut once."""

    def __init__(self, study: Study, profile: Profile, by: SliceBy) -> None:
        self.study, self.profile, self.by = study, profile, by
        self.left_out = 0
        self._tables: dict[Fact, dict[Slice, FactTable]] = {}
        self._views: dict[tuple[Any, ...], tuple[Any, list[Any] | None] | Undefined] = {}

    def read(self, metric: Metric) -> list[tuple[Slice, Outcome]]:
        """Outcomes of one metric by slice."""
        needs = metric.needs(self.study.problem)
        if isinstance(needs, str):
            return [(Slice(), Undefined(needs))] if not self.by.keys else []
        facts_by = tuple(_by(fact, self.by, self.study) for fact in needs)
        cut = [self._cut(fact) for fact in facts_by]
        return [(where, self._outcome(metric, facts_by, where)) for where in cut[0]]

    def _outcome(self, metric: Metric, facts_by: tuple[Fact, ...], where: Slice) -> Outcome:
        key = (metric.read, facts_by, where)
        if key not in self._views:
            tables = [self._cut(fact).get(where) for fact in facts_by]
            known = [t for t in tables if t is not None]
            self._views[key] = (
                self._view(metric, facts_by, known)
                if len(known) == len(tables)
                else Undefined("these rows lack a column it needs")
            )
        view = self._views[key]
        if isinstance(view, Undefined):
            return view
        return estimate(metric, view[0], self.study.level, view[1])

    def _view(
        self, metric: Metric, facts_by: tuple[Fact, ...], tables: Sequence[FactTable]
    ) -> tuple[Any, list[Any] | None]:
        problem = self.study.problem
        whole = metric.read(facts_by, tables, problem)
        if self.study.bucket is None:
            return whole, None
        parts = [without_each_bucket(fact, table) for fact, table in zip(facts_by, tables, strict=True)]
        return whole, [metric.read(facts_by, part, problem) for part in zip(*parts, strict=False)]

    def _cut(self, fact: Fact) -> dict[Slice, FactTable]:
        if fact not in self._tables:
            table = self.profile[fact]
            named, left_out = slices_of(self.by, fact, table)
            self.left_out = max(self.left_out, left_out)
            self._tables[fact] = {where: table.where(cells) for where, cells in named}
        return self._tables[fact]


def _by(fact: Fact, by: SliceBy, study: Study) -> Fact:
    return msgspec.structs.replace(fact, by=by.within(study.bucket))
