"""The confusion matrix as a table, and the commonest mistakes as a list."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records import Curve
from steelyard.report import numerals
from steelyard.report.text import visible

MOST_CLASSES = 20
MOST_MISTAKES = 10
HEAT_LEVELS = 9


@dataclass(frozen=True)
class ConfusionCell:
    """How many rows of a class were predicted as a class, and their share of the class."""

    n: str
    share: str
    heat: int
    right: bool


@dataclass(frozen=True)
class ConfusionRow:
    """One actual class."""

    actual: str
    cells: tuple[ConfusionCell, ...]
    total: str


@dataclass(frozen=True)
class Mistake:
    """One kind of confusion."""

    actual: str
    predicted: str
    n: str
    share_of_class: str
    share_of_errors: str


@dataclass(frozen=True)
class Confusion:
    """A matrix of the commonest classes; `classes` counts them all."""

    subject: str
    data: str
    labels: tuple[str, ...]
    rows: tuple[ConfusionRow, ...]
    mistakes: tuple[Mistake, ...]
    classes: int
    threshold: str


def confusion(curve: Curve) -> Confusion | None:
    """Return the matrix of a "confusion" curve; None where it counts nothing."""
    counts = _counts(curve)
    totals: dict[str, float] = {}
    for (actual, _), n in counts.items():
        totals[actual] = totals.get(actual, 0.0) + n
    everyone = list(dict.fromkeys([name for pair in counts for name in pair]))
    if not sum(totals.values()) > 0:
        return None
    shown = everyone
    if len(everyone) > MOST_CLASSES:
        commonest = set(sorted(everyone, key=lambda c: -totals.get(c, 0.0))[:MOST_CLASSES])
        shown = [c for c in everyone if c in commonest]
    rows = tuple(_row(actual, shown, counts, totals.get(actual, 0.0)) for actual in shown)
    threshold = visible(curve.notes.get("threshold", ""))
    mistakes = _mistakes(counts, totals)
    return Confusion(
        visible(curve.subject),
        curve.data,
        tuple(visible(c) for c in shown),
        rows,
        mistakes,
        len(everyone),
        threshold,
    )


def _counts(curve: Curve) -> dict[tuple[str, str], float]:
    counts: dict[tuple[str, str], float] = {}
    for row in curve.rows():
        pair = (str(row["actual"]), str(row["predicted"]))
        counts[pair] = counts.get(pair, 0.0) + float(row["n"] or 0.0)
    return counts


def _row(actual: str, shown: list[str], counts: dict[tuple[str, str], float], total: float) -> ConfusionRow:
    cells = []
    for predicted in shown:
        n = counts.get((actual, predicted), 0.0)
        share = n / total if total > 0 else 0.0
        heat = max(1, round(share * HEAT_LEVELS)) if n > 0 else 0
        cells.append(ConfusionCell(numerals.count(n), numerals.percent(share), heat, actual == predicted))
    return ConfusionRow(visible(actual), tuple(cells), numerals.count(total))


def _mistakes(counts: dict[tuple[str, str], float], totals: dict[str, float]) -> tuple[Mistake, ...]:
    wrong = sorted(((n, pair) for pair, n in counts.items() if pair[0] != pair[1] and n > 0), key=lambda w: -w[0])
    errors = sum(n for n, _ in wrong)
    return tuple(
        Mistake(
            visible(actual),
            visible(predicted),
            numerals.count(n),
            numerals.percent(n / totals[actual]),
            numerals.percent(n / errors),
        )
        for n, (actual, predicted) in wrong[:MOST_MISTAKES]
    )
