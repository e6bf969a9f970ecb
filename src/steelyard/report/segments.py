"""Where the model fails most: segments that a search found, each against all other rows."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Segment
from steelyard.report import numerals
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import sentence, visible

RULE_LIMIT = 300


@dataclass(frozen=True)
class SegmentLine:
    """One segment."""

    where: str
    rule: str
    rows: str
    share: str
    loss: Cell
    rest: Cell
    then: Cell | None
    of_errors: str
    avoidable: str


@dataclass(frozen=True)
class Segments:
    """All segments, the one with most avoidable loss first."""

    lines: tuple[SegmentLine, ...] = ()
    what: str = "loss"
    scale: Scale | None = None

    @property
    def compared(self) -> bool:
        """Whether the reference is known."""
        return any(line.then for line in self.lines)


def segments(evaluation: Evaluation) -> Segments:
    """Return the segments that a search found."""
    ends = [e for s in evaluation.segments for x in (s.loss, s.rest) for e in (x.low, x.value, x.high)]
    counted = evaluation.task in ("binary", "multiclass", "multilabel")
    return Segments(
        tuple(_line(s) for s in evaluation.segments), "error rate" if counted else "mean error", Scale.around(ends)
    )


def _line(segment: Segment) -> SegmentLine:
    return SegmentLine(
        sentence(segment.where),
        visible(segment.rule, RULE_LIMIT),
        numerals.count(segment.rows),
        numerals.percent(segment.share),
        cell(segment.loss),
        cell(segment.rest),
        cell(segment.then) if segment.then else None,
        numerals.percent(segment.of_errors),
        numerals.percent(segment.avoidable),
    )
