"""How good the model probably is where labels are late, and what such estimates were worth where they are not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Outcome
from steelyard.report.metric_words import metric_doc
from steelyard.report.performance import Cell, cell
from steelyard.report.text import visible

ESTIMATED, POWERED, BACKTEST, REALISED = "estimated", "ppi", "backtest", "realised"


@dataclass(frozen=True)
class EstimatedLine:
    """One metric: what is estimated, on the reference, and what it turned out to be where labels are there."""

    title: str
    cell: Cell
    reference: Cell | None
    realised: Cell | None
    inside: bool | None


@dataclass(frozen=True)
class Estimated:
    """Estimates of the current data, or their back-test; `note` where the same caution goes for all of them."""

    lines: tuple[EstimatedLine, ...]
    backtest: bool
    note: str


def estimated(evaluation: Evaluation) -> tuple[Estimated, ...]:
    """Return the estimates without labels, and what such estimates would have been where the labels are there."""
    known = {(r.metric, r.data): r.outcome for r in evaluation.readings if not r.slice}
    found = (_table(known, data, evaluation.task) for data in (ESTIMATED, BACKTEST))
    return tuple(table for table in found if table.lines)


def _table(known: Mapping[tuple[str, str], Outcome], data: str, task: str) -> Estimated:
    lines = _lines(known, data, task)
    helped = _lines(known, POWERED, task) if data == ESTIMATED else ()
    notes = {line.cell.note for line in lines if line.cell.estimate}
    if len(notes) != 1:
        return Estimated(lines + helped, data == BACKTEST, "")
    plain = tuple(replace(line, cell=replace(line.cell, note="")) for line in lines)
    return Estimated(plain + helped, data == BACKTEST, notes.pop())


def _lines(known: Mapping[tuple[str, str], Outcome], data: str, task: str) -> tuple[EstimatedLine, ...]:
    return tuple(_line(name, data, known, task) for name, of in known if of == data)


def _line(name: str, data: str, known: Mapping[tuple[str, str], Outcome], task: str) -> EstimatedLine:
    outcome, reference = known[name, data], known.get((name, "reference"))
    realised = known.get((name, REALISED), known.get((name, "current"))) if data == BACKTEST else None
    inside = None
    if isinstance(outcome, Estimate) and isinstance(realised, Estimate):
        inside = outcome.low <= realised.value <= outcome.high
    return EstimatedLine(
        visible(metric_doc(name, task).title) + (", by labels and scores" if data == POWERED else ""),
        cell(outcome),
        cell(reference) if isinstance(reference, Estimate) else None,
        cell(realised) if isinstance(realised, Estimate) else None,
        inside,
    )
