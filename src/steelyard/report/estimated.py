"""How good the model probably is where labels are late, and what such estimates were worth where they are not."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Outcome
from steelyard.report.metric_words import metric_doc
from steelyard.report.performance import Cell, cell

ESTIMATED, BACKTEST = "estimated", "backtest"


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
    """Estimates of the current data, or their back-test."""

    lines: tuple[EstimatedLine, ...] = ()
    backtest: bool = False


def estimated(evaluation: Evaluation) -> Estimated:
    """Return the estimates without labels; the back-test where the labels are there."""
    known = {(r.metric, r.data): r.outcome for r in evaluation.readings if not r.slice}
    data = ESTIMATED if any(d == ESTIMATED for _, d in known) else BACKTEST
    names = [metric for metric, d in known if d == data]
    return Estimated(tuple(_line(name, data, known, evaluation.task) for name in names), data == BACKTEST)


def _line(name: str, data: str, known: dict[tuple[str, str], Outcome], task: str) -> EstimatedLine:
    outcome, realised, reference = (known.get((name, d)) for d in (data, "current", "reference"))
    inside = None
    if data == BACKTEST and isinstance(outcome, Estimate) and isinstance(realised, Estimate):
        inside = outcome.low <= realised.value <= outcome.high
    return EstimatedLine(
        metric_doc(name, task).title,
        cell(known[name, data]),
        cell(reference) if isinstance(reference, Estimate) else None,
        cell(realised) if isinstance(realised, Estimate) else None,
        inside,
    )
