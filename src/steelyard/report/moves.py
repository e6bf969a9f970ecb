"""What moved since the reference, column by column: how far, whether it is certain, and whether it matters."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Drift
from steelyard.report import numerals
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import sentence, visible

MOST_ROWS = 40
_ORDER = {"drifted": 0, "inconclusive": 1, "stable": 2}
_WORDS = {"drifted": ("✕", "drifted"), "inconclusive": ("?", "can't tell"), "stable": ("✓", "stable")}


@dataclass(frozen=True)
class MoveLine:
    """One column."""

    column: str
    what: str
    verdict: str
    sign: str
    word: str
    distance: Cell
    reliance: str
    effect: Cell | None
    sentence: str
    test: str


@dataclass(frozen=True)
class Moves:
    """All columns, those that moved first."""

    lines: tuple[MoveLine, ...] = ()
    total: int = 0
    drifted: int = 0
    tolerance: float | None = None
    scale: Scale | None = None

    @property
    def weighed(self) -> bool:
        """Whether any line says how much the model relies on its column."""
        return any(line.reliance or line.effect for line in self.lines)


def moves(evaluation: Evaluation) -> Moves:
    """Return the drifts of all columns."""
    ordered = sorted(
        evaluation.drifts, key=lambda d: (_ORDER[d.verdict], -(d.reliance or 0.0), -d.distance.value, d.column)
    )
    shown = ordered[:MOST_ROWS]
    tolerances = {d.tolerance for d in shown if d.what != "joint"}
    scaled = [d for d in shown if d.what != "joint"]
    ends = [0.0, *tolerances, *(e for d in scaled for e in (d.distance.low, d.distance.value, d.distance.high))]
    return Moves(
        tuple(_line(d) for d in shown),
        len(ordered),
        sum(d.verdict == "drifted" for d in ordered),
        tolerances.pop() if len(tolerances) == 1 else None,
        Scale.around(ends) if scaled else None,
    )


def _line(drift: Drift) -> MoveLine:
    sign, word = _WORDS[drift.verdict]
    return MoveLine(
        visible(drift.column) if drift.column else "all columns together",
        drift.what,
        drift.verdict,
        sign,
        word,
        cell(drift.distance),
        numerals.percent(drift.reliance) if drift.reliance is not None else "",
        cell(drift.effect, sign=True) if drift.effect else None,
        sentence(drift.sentence),
        sentence(drift.test),
    )
