"""Where the model fails most: segments that a search found, each against all other rows."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Segment
from steelyard.report import numerals
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import sentence

MOST_ROWS = 25
_COMPARED = ("<", ">", "≤", "≥")


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
    """The segments, the one with most avoidable loss first, and how many there are in all."""

    lines: tuple[SegmentLine, ...] = ()
    total: int = 0
    what: str = "loss"
    scale: Scale | None = None

    @property
    def compared(self) -> bool:
        """Whether the reference is known."""
        return any(line.then for line in self.lines)


def segments(evaluation: Evaluation) -> Segments:
    """Return the segments that a search found."""
    shown = evaluation.segments[:MOST_ROWS]
    ends = [e for s in shown for x in (s.loss, s.rest) for e in (x.low, x.value, x.high)]
    counted = evaluation.task in ("binary", "multiclass", "multilabel")
    return Segments(
        tuple(_line(s) for s in shown),
        len(evaluation.segments),
        "error rate" if counted else "mean error",
        Scale.around(ends, wanted=2),
    )


def _line(segment: Segment) -> SegmentLine:
    return SegmentLine(
        sentence(" & ".join(_item(column, value) for column, value in segment.where) or "all rows"),
        sentence(segment.rule),
        numerals.count(segment.rows),
        numerals.percent(segment.share),
        cell(segment.loss),
        cell(segment.rest),
        cell(segment.then) if segment.then else None,
        numerals.percent(segment.of_errors),
        numerals.percent(segment.avoidable),
    )


def _item(column: str, value: str) -> str:
    """Write "age < 63" and "sex = female"."""
    return f"{column} {value}" if value.startswith(_COMPARED) else f"{column} = {value}"
