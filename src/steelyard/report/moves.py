"""What moved since the reference, column by column: how far, whether it is certain, and whether it matters."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import TypeVar

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Drift
from steelyard.report import numerals
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import sentence, visible

T = TypeVar("T")
MOST_ROWS = 40
_ORDER = {"drifted": 0, "inconclusive": 1, "stable": 2}
_WORDS = {"drifted": ("✕", "drifted"), "inconclusive": ("?", "can't tell"), "stable": ("✓", "stable")}


@dataclass(frozen=True)
class MoveLine:
    """One column; `bound` says from where on a distance of another kind counts."""

    column: str
    what: str
    verdict: str
    sign: str
    word: str
    distance: Cell
    bound: str
    reliance: str
    effect: Cell | None
    sentence: str


@dataclass(frozen=True)
class Moves:
    """The columns, those that moved first.

    `tolerance` (drawn at `middle`) and `test` where they are the same for all; `effect` says what an effect is on.
    """

    lines: tuple[MoveLine, ...] = ()
    total: int = 0
    drifted: int = 0
    tolerance: str = ""
    middle: float | None = None
    test: str = ""
    effect: str = ""
    scale: Scale | None = None

    @property
    def weighed(self) -> bool:
        """Whether any line says how much the model relies on its column."""
        return any(line.reliance or line.effect for line in self.lines)

    @property
    def told(self) -> bool:
        """Whether any line says what moved."""
        return any(line.sentence for line in self.lines)


def moves(evaluation: Evaluation) -> Moves:
    """Return the drifts of all columns."""
    ordered = sorted(
        evaluation.drifts, key=lambda d: (_ORDER[d.verdict], -(d.reliance or 0.0), -d.distance.value, d.column)
    )
    shown = ordered[:MOST_ROWS]
    scaled = [d for d in shown if d.what != "joint"]
    tolerance = _only({d.tolerance for d in scaled})
    ends = [0.0, tolerance, *(e for d in scaled for e in (d.distance.low, d.distance.value, d.distance.high))]
    return Moves(
        tuple(_line(d) for d in shown),
        len(ordered),
        sum(d.verdict == "drifted" for d in ordered),
        numerals.number(tolerance) if tolerance is not None else "",
        tolerance,
        sentence(_only({d.test for d in shown if d.what != "joint"}) or ""),
        sentence(_only({d.effect.note for d in shown if d.effect}) or ""),
        Scale.around(ends, wanted=2) if scaled else None,
    )


def _only(values: Set[T]) -> T | None:
    """Return what all have in common, None where they differ."""
    return next(iter(values)) if len(values) == 1 else None


def _line(drift: Drift) -> MoveLine:
    sign, word = _WORDS[drift.verdict]
    return MoveLine(
        visible(drift.column) if drift.column else "all columns together",
        drift.what,
        drift.verdict,
        sign,
        word,
        cell(drift.distance),
        f"counts from {numerals.number(drift.tolerance)}" if drift.what == "joint" else "",
        numerals.percent(drift.reliance) if drift.reliance is not None else "",
        replace(cell(drift.effect, sign=True), note="") if drift.effect else None,
        sentence(drift.sentence),
    )
