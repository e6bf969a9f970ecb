"""The forest of a metric: its slices, worst first, on one scale with all rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.metrics import MetricDoc
from steelyard.records import EVERYTHING, Estimate, Outcome, Reading, Slice
from steelyard.report.metric_words import metric_doc
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import visible

MOST_ROWS = 40
MOST_PANELS = 8


@dataclass(frozen=True)
class SliceLine:
    """One slice of one metric; `apart` where its interval does not reach the value of all rows."""

    label: str
    cell: Cell
    reference: Cell | None
    apart: bool


@dataclass(frozen=True)
class SlicePanel:
    """One metric over the slices."""

    name: str
    title: str
    direction: str
    overall: Cell | None
    before: Cell | None
    lines: tuple[SliceLine, ...]
    total: int
    scale: Scale | None

    @property
    def compared(self) -> bool:
        """Whether any slice has a value on the reference."""
        return any(line.reference for line in self.lines)

    @property
    def order(self) -> str:
        """How the slices are sorted, for the caption."""
        best = {"higher": "lowest", "lower": "highest"}.get(self.direction)
        return f"worst ({best}) first" if best else "lowest first"


def slice_panels(evaluation: Evaluation) -> tuple[SlicePanel, ...]:
    """Return a panel for each metric read on slices, headline metrics first."""
    by_metric: dict[str, list[Reading]] = {}
    whole: dict[str, Outcome] = {}
    reference: dict[tuple[str, Slice], Outcome] = {}
    for reading in evaluation.readings:
        if reading.data == "reference":
            reference[reading.metric, reading.slice] = reading.outcome
        elif reading.data == "current" and reading.slice:
            by_metric.setdefault(reading.metric, []).append(reading)
        elif reading.data == "current":
            whole[reading.metric] = reading.outcome
    names = [m for m in evaluation.headline if m in by_metric]
    return tuple(
        _panel(metric_doc(m, evaluation.task), by_metric[m], whole.get(m), reference)
        for m in dict.fromkeys([*names, *by_metric])
    )


def _panel(
    doc: MetricDoc,
    readings: Sequence[Reading],
    whole: Outcome | None,
    reference: dict[tuple[str, Slice], Outcome],
) -> SlicePanel:
    overall = cell(whole) if whole else None
    middle = overall.estimate if overall else None
    lines = []
    for reading in sorted(readings, key=lambda r: _badness(r.outcome, doc.direction))[:MOST_ROWS]:
        then = reference.get((reading.metric, reading.slice))
        shown = cell(reading.outcome)
        label = visible(reading.slice, 160)
        lines.append(SliceLine(label, shown, cell(then) if then else None, _apart(shown.estimate, middle)))
    drawn = [line.cell.estimate for line in lines if line.cell.estimate]
    ends = [end for e in (*drawn, *([middle] if middle else [])) for end in (e.low, e.value, e.high)]
    was = reference.get((doc.name, EVERYTHING))
    return SlicePanel(
        doc.name,
        visible(doc.title),
        doc.direction,
        overall,
        cell(was) if was else None,
        tuple(lines),
        len(readings),
        Scale.around(ends),
    )


def _badness(outcome: Outcome, direction: str) -> tuple[bool, float]:
    """Sort key: the worst first, the undefined last."""
    if not isinstance(outcome, Estimate) or outcome.value != outcome.value:
        return True, 0.0
    return False, -outcome.value if direction == "lower" else outcome.value


def _apart(estimate: Estimate | None, middle: Estimate | None) -> bool:
    if estimate is None or middle is None:
        return False
    return not estimate.low <= middle.value <= estimate.high
