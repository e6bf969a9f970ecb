"""Facts about two models at once: what tells how their estimates go together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steelyard.analyses.paired.entrants import Entrant
from steelyard.analyses.slicing import SliceBy
from steelyard.facts import Binned, Category, Cells, Fact, Moments
from steelyard.metrics import Metric
from steelyard.metrics.problem import DECISION, LABEL, SCORE


@dataclass(frozen=True)
class Pair:
    """Two models, and the facts that both are read from together."""

    a: Entrant
    b: Entrant

    def decided(self, by: SliceBy) -> Cells | None:
        """Label × decision × decision."""
        labels = LABEL in self.a.columns and LABEL in self.b.columns
        if not labels or not all(DECISION in e.columns for e in (self.a, self.b)) or not self._of_classes:
            return None
        names = (self.a.columns[LABEL], self.a.columns[DECISION], self.b.columns[DECISION])
        return Cells(tuple(Category(name) for name in names), by=by.keys, weight=self._weight)

    def scored(self, by: SliceBy) -> Moments | None:
        """Label × coarse score × coarse score, with first and second sums of both scores within."""
        if self.a.problem.task != "binary" or not all(SCORE in e.columns for e in (self.a, self.b)):
            return None
        keys = tuple(Binned(e.columns[SCORE], e.cuts) for e in (self.a, self.b))
        if LABEL not in self.a.columns:
            return None
        values = tuple(_scaled(e) for e in (self.a, self.b))
        by_cell = (*by.keys, Category(self.a.columns[LABEL]), *keys)
        return Moments(values, by=by_cell, weight=self._weight, cubes=False)

    def means(self, metric: Metric, by: SliceBy) -> Moments | None:
        """The values of both models, jointly."""
        a, b = self._values(metric)
        return Moments((*a, *b), by=by.keys, weight=self._weight, cubes=False) if a and b else None

    def row_gaps(self, metric: Metric, by: SliceBy) -> Moments | None:
        """The difference, row by row, of the first value of both models."""
        a, b = self._values(metric)
        return Moments((f"({a[0]}) - ({b[0]})",), by=by.keys, weight=self._weight) if a and b else None

    def facts(self, metric: Metric, by: SliceBy) -> Iterator[Fact]:
        """All that a metric's paired difference may be read from."""
        for fact in (self.means(metric, by), self.row_gaps(metric, by)):
            if fact is not None:
                yield fact
        if any(isinstance(fact, Cells) for fact in _needs(metric, self.a)):
            for cells in (self.decided(by), self.scored(by)):
                if cells is not None:
                    yield cells

    @property
    def _weight(self) -> str | None:
        weight = self.a.problem.weight
        return None if weight is None else self.a.columns[weight]

    @property
    def _of_classes(self) -> bool:
        return self.a.problem.task in ("binary", "multiclass")

    def _values(self, metric: Metric) -> tuple[tuple[str, ...], tuple[str, ...]]:
        needs = [_needs(metric, e) for e in (self.a, self.b)]
        if not all(found and isinstance(found[0], Moments) for found in needs):
            return (), ()
        first, second = (e.asks(found[0]).values for e, found in zip((self.a, self.b), needs, strict=True))
        return tuple(first), tuple(second)


def pairs_by_gradient(metric: Metric, entrant: Entrant) -> bool:
    """Whether a metric's difference is read from joint facts; else rows are left out group by group."""
    needs = _needs(metric, entrant)
    if not needs or (metric.gradient is None and metric.variance is not None):
        return False
    first, problem = needs[0], entrant.problem
    if isinstance(first, Moments):
        return True
    if not isinstance(first, Cells) or len(needs) > 1:
        return False
    return problem.task == "binary" or (problem.task == "multiclass" and first.cells == problem.confusion().cells)


def _needs(metric: Metric, entrant: Entrant) -> tuple[Fact, ...]:
    needs = metric.needs(entrant.problem)
    return () if isinstance(needs, str) else needs


def _scaled(entrant: Entrant) -> str:
    centre, scale = entrant.scale
    return f"({entrant.columns[SCORE]} - {centre!r}) / {scale!r}"
