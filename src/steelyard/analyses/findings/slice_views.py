"""The views of a slice and of all other rows; those of the other rows by subtraction where views allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slicing import ALL_ROWS, SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.facts import Fact, FactTable
from steelyard.metrics import Confusion, Metric, ScoreCells
from steelyard.records import Slice

_ALIGNED = ("p", "q", "p_squares", "q_squares", "p_counts", "q_counts", "score_p", "score_q", "score2_p", "score2_q")


@dataclass(frozen=True)
class Viewed:
    """A view, and the same with each cluster bucket left out (None for independent rows)."""

    view: Any
    without: Mapping[int, Any] | None = None

    @property
    def parts(self) -> list[Any] | None:
        """The views without a bucket, as estimates want them."""
        return None if self.without is None else list(self.without.values())

    def minus(self, part: Viewed) -> Viewed | None:
        """The rows that are not in `part`; None where views of this kind do not subtract."""
        kind = type(self.view)
        if kind is not type(part.view) or kind not in (ScoreCells, Confusion):
            return None
        view = _minus(self.view, part.view)
        if self.without is None or part.without is None:
            return Viewed(view)
        return Viewed(view, {b: _minus(v, part.without.get(b, part.view)) for b, v in self.without.items()})


@dataclass(frozen=True)
class Cut:
    """The cells of one slice in the tables that a metric reads."""

    where: Slice
    facts: tuple[Fact, ...]
    tables: tuple[FactTable, ...]
    cells: tuple[NDArray[np.bool_], ...]

    @property
    def share(self) -> float:
        """Share of the rows."""
        return float(self.tables[0].sums[self.cells[0], 0].sum() / self.tables[0].rows)


class SliceViews:
    """Reads slices of one data set; what metrics have in common is read once."""

    def __init__(self, study: Study, data: str) -> None:
        self.study, self.profile = study, study.profiles[data]
        self._views: dict[tuple[Any, ...], Viewed] = {}
        self._masks: dict[Fact, dict[Slice, NDArray[np.bool_]]] = {}

    def cuts(self, metric: Metric) -> Iterator[Cut]:
        """Every slice that all of the metric's facts know."""
        for by in self.study.slices:
            facts = self._facts(metric, by)
            if not by.keys or not facts or any(fact not in self.profile for fact in facts):
                continue
            tables = tuple(self.profile[fact] for fact in facts)
            masks = [self._masks_of(by, fact) for fact in facts]
            for where in masks[0]:
                if all(where in m for m in masks):
                    yield Cut(where, facts, tables, tuple(m[where] for m in masks))

    def inside(self, metric: Metric, cut: Cut) -> Viewed:
        """The slice."""
        kept = [_compact(t.where(c)) for t, c in zip(cut.tables, cut.cells, strict=True)]
        return self._read(metric, cut.facts, kept, (cut.where, True))

    def rest(self, metric: Metric, cut: Cut) -> Viewed:
        """All rows that are not in the slice."""
        key = (metric.read, cut.facts, cut.where, False)
        if key not in self._views:
            subtracted = None
            facts = self._facts(metric, ALL_ROWS)
            if facts and all(fact in self.profile for fact in facts):
                whole = self._read(metric, facts, [self.profile[fact] for fact in facts], "whole")
                subtracted = whole.minus(self.inside(metric, cut))
            if subtracted is not None:
                self._views[key] = subtracted
            else:
                kept = [t.where(~c) for t, c in zip(cut.tables, cut.cells, strict=True)]
                return self._read(metric, cut.facts, kept, (cut.where, False))
        return self._views[key]

    def _facts(self, metric: Metric, by: SliceBy) -> tuple[Fact, ...]:
        needs = metric.needs(self.study.problem)
        if isinstance(needs, str):
            return ()
        return tuple(msgspec.structs.replace(fact, by=by.within(self.study.bucket)) for fact in needs)

    def _masks_of(self, by: SliceBy, fact: Fact) -> dict[Slice, NDArray[np.bool_]]:
        if fact not in self._masks:
            self._masks[fact] = dict(slices_of(by, fact, self.profile[fact])[0])
        return self._masks[fact]

    def _read(self, metric: Metric, facts: tuple[Fact, ...], tables: list[FactTable], what: object) -> Viewed:
        key = (metric.read, facts, *(what if isinstance(what, tuple) else (what,)))
        if key not in self._views:
            problem = self.study.problem
            view = metric.read(facts, tables, problem)
            without = None
            if self.study.bucket is not None:
                buckets = np.unique(tables[0].codes[:, 0]).tolist()
                kept = {b: [t.where(t.codes[:, 0] != b) for t in tables] for b in buckets}
                without = {b: metric.read(facts, part, problem) for b, part in kept.items()}
            self._views[key] = Viewed(view, without)
        return self._views[key]


def _compact(table: FactTable) -> FactTable:
    """The same cells without the levels that none of them has: a slice holds few of many scores."""
    codes, levels = table.codes.copy(), list(table.levels)
    for k, known in enumerate(levels):
        if len(known) > 2 * len(codes):
            used, codes[:, k] = np.unique(codes[:, k], return_inverse=True)
            levels[k] = tuple(known[i] for i in used.tolist())
    return replace(table, codes=codes, levels=tuple(levels))


def _minus(whole: Any, part: Any) -> Any:
    if isinstance(whole, Confusion):
        left = {name: getattr(whole, name) - getattr(part, name) for name in ("table", "squares", "counts")}
        return replace(whole, **{name: np.maximum(values, 0.0) for name, values in left.items()})
    place = np.searchsorted(whole.left + whole.right, part.left + part.right)
    made = {}
    for name in _ALIGNED:
        values = np.array(getattr(whole, name), dtype=float)
        values[place] -= getattr(part, name)
        made[name] = values
    full = made["p_counts"] + made["q_counts"] > 0
    columns = {name: values[full] for name, values in made.items()}
    for name in ("p", "q", "p_squares", "q_squares"):
        columns[name] = np.maximum(columns[name], 0.0)
    return replace(whole, **columns, left=whole.left[full], right=whole.right[full])
