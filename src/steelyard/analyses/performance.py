"""How well does the model do, overall and by slice?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from steelyard.analyses.slicing import ALL_ROWS, MOST_SLICES, SliceBy, slices_of, without_each_bucket
from steelyard.analyses.study import Study
from steelyard.facts import Fact, FactTable, Profile
from steelyard.metrics import Metric, estimate
from steelyard.records import Outcome, Reading, Slice, Undefined

Part = TypeVar("Part", bound=Hashable)


def facts(study: Study) -> Iterator[Fact]:
    """The facts its metrics need, overall and by every slice."""
    for metric in study.metrics:
        for by in study.slices if metric.sliced else (ALL_ROWS,):
            yield from facts_by(study, metric, by)


def facts_by(study: Study, metric: Metric, by: SliceBy) -> tuple[Fact, ...]:
    """The facts a metric needs, by slice and cluster bucket; none where the problem has no such metric."""
    needs = metric.needs(study.problem)
    if isinstance(needs, str):
        return ()
    return tuple(msgspec.structs.replace(fact, by=by.within(study.bucket)) for fact in needs)


def readings(study: Study) -> tuple[list[Reading], list[str]]:
    """Every metric on every slice of every data set; and what was left out, in words."""
    found: list[Reading] = []
    left_out: list[str] = []
    for data, profile in study.profiles.items():
        for by in study.slices:
            cut = _Slices(profile, by)
            reader = Reader(study, by, cut)
            for metric in study.metrics:
                if metric.sliced or by is ALL_ROWS:
                    outcomes = _on_slices(study, metric, reader, by)
                    found += [Reading(metric.name, outcome, where, data) for where, outcome in outcomes]
            if cut.left_out:
                left_out.append(
                    f"{' × '.join(by.columns)} has {cut.left_out + MOST_SLICES:,} values in the {data} data; "
                    f"only the {MOST_SLICES} with most rows are read."
                )
    return found, left_out


def _on_slices(study: Study, metric: Metric, reader: Reader[Slice], by: SliceBy) -> Sequence[tuple[Slice, Outcome]]:
    needs = metric.needs(study.problem)
    if isinstance(needs, str):
        return [(Slice(), Undefined(needs))] if not by.keys else []
    return list(reader.read(metric).items())


class _Slices:
    """The cells of facts by slice, of one data set."""

    def __init__(self, profile: Profile, by: SliceBy) -> None:
        self.profile, self.by = profile, by
        self.left_out = 0

    def __call__(self, fact: Fact) -> dict[Slice, FactTable]:
        table = self.profile[fact]
        named, left_out = slices_of(self.by, fact, table)
        self.left_out = max(self.left_out, left_out)
        return {where: table.where(cells) for where, cells in named}


class Reader(Generic[Part]):
    """Reads metrics on the parts of one data set (its slices, its windows); tables and views are made once.

    Args:
        study: the study.
        by: the keys that tell the parts.
        cut: cuts the cells of a fact by `by` into those of each part.
    """

    def __init__(self, study: Study, by: SliceBy, cut: Callable[[Fact], Mapping[Part, FactTable]]) -> None:
        self.study, self.by, self._cut = study, by, cut
        self._tables: dict[Fact, Mapping[Part, FactTable]] = {}
        self._views: dict[tuple[Any, ...], tuple[Any, list[Any] | None] | Undefined] = {}

    def read(self, metric: Metric) -> dict[Part, Outcome]:
        """Outcomes of one metric by part; none where the problem has no such metric."""
        wanted = facts_by(self.study, metric, self.by)
        return {part: self._outcome(metric, wanted, part) for part in self._parts(wanted[0])} if wanted else {}

    def _outcome(self, metric: Metric, wanted: tuple[Fact, ...], part: Part) -> Outcome:
        key = (metric.read, wanted, part)
        if key not in self._views:
            tables = [self._parts(fact).get(part) for fact in wanted]
            known = [t for t in tables if t is not None]
            self._views[key] = (
                self._view(metric, wanted, known)
                if len(known) == len(tables)
                else Undefined("these rows lack a column it needs")
            )
        view = self._views[key]
        if isinstance(view, Undefined):
            return view
        return estimate(metric, view[0], self.study.level, view[1])

    def _view(
        self, metric: Metric, wanted: tuple[Fact, ...], tables: Sequence[FactTable]
    ) -> tuple[Any, list[Any] | None]:
        problem = self.study.problem
        whole = metric.read(wanted, tables, problem)
        if self.study.bucket is None:
            return whole, None
        parts = [without_each_bucket(fact, table) for fact, table in zip(wanted, tables, strict=True)]
        return whole, [metric.read(wanted, part, problem) for part in zip(*parts, strict=False)]

    def _parts(self, fact: Fact) -> Mapping[Part, FactTable]:
        if fact not in self._tables:
            self._tables[fact] = self._cut(fact)
        return self._tables[fact]
