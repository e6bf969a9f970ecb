"""Precision, recall, F1 … of each class or label, the weakest first."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard.records import Curve
from steelyard.report import numerals
from steelyard.report.metric_words import metric_doc
from steelyard.report.scale import Scale
from steelyard.report.text import visible

MOST_CLASSES = 60


@dataclass(frozen=True)
class Measure:
    """One measure of one class; `low` and `high` are None where it has no interval."""

    text: str
    interval: str
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class ClassTable:
    """A row for each class."""

    what: str
    subject: str
    data: str
    measures: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Measure, ...]], ...]
    total: int
    scale: Scale | None


def class_table(curve: Curve, task: str = "") -> ClassTable | None:
    """Return the table of a "per_class" or "per_label" curve; None where it has no rows."""
    key = next((name for name in ("class", "label") if name in curve.columns), None)
    if key is None or not curve.columns[key]:
        return None
    names = [c for c in curve.columns if c not in (key, "n") and not c.endswith(("_low", "_high"))]
    sort_by = "f1" if "f1" in names else names[0] if names else "n"
    rows = sorted(curve.rows(), key=lambda r: _order(r.get(sort_by)))
    lines = tuple(
        (
            visible(row[key]),
            numerals.count(_finite(row.get("n"))),
            tuple(_measure(row, name) for name in names),
        )
        for row in rows[:MOST_CLASSES]
    )
    ends = [end for _, _, measures in lines for m in measures for end in (m.low, m.high)]
    titles = tuple(visible(metric_doc(name, task).title) for name in names)
    what = "label" if curve.kind == "per_label" else "class"
    return ClassTable(what, visible(curve.subject), curve.data, titles, lines, len(rows), Scale.around(ends))


def _order(value: float | str | None) -> tuple[bool, float]:
    at = _finite(value)
    return at is None, at or 0.0


def _measure(row: dict[str, float | str | None], name: str) -> Measure:
    value, low, high = (_finite(row.get(f"{name}{end}")) for end in ("", "_low", "_high"))
    if value is None:
        return Measure("–", "", None, None, None)
    ends = [abs(end - value) for end in (low, high) if end is not None]
    decimals = numerals.places(value, max(ends, default=0.0))
    between = f"{numerals.number(low, decimals)} to {numerals.number(high, decimals)}" if ends else ""
    return Measure(numerals.number(value, decimals), between, value, low, high)


def _finite(value: float | str | None) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
