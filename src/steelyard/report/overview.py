"""The data overview: one line a column, with a small picture of its values."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import ColumnSummary
from steelyard.report import numerals
from steelyard.report.text import visible

MOST_COLUMNS = 100
MOST_VALUES = 5
_ROLE_ORDER = ("label", "prediction", "score", "slice", "time", "id", "weight", "cluster", "query")


@dataclass(frozen=True)
class ColumnLine:
    """A column in words; `bars` are (left edge, right edge, height) as shares of the picture."""

    name: str
    role: str
    kind: str
    missing: str
    missing_before: str
    distinct: str
    summary: str
    bars: tuple[tuple[float, float, float], ...]
    bars_before: tuple[tuple[float, float, float], ...]
    top: tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Overview:
    """The first columns, those with a role before the others, and how many there are in all."""

    lines: tuple[ColumnLine, ...]
    total: int
    compared: bool


def overview(evaluation: Evaluation) -> Overview:
    """Return the lines of the current data, with the reference beside it where it was summarised."""
    current = [c for c in evaluation.columns if c.data == "current"]
    before = {c.name: c for c in evaluation.columns if c.data == "reference"}
    ranked = sorted(current, key=_rank)
    lines = tuple(_line(c, before.get(c.name)) for c in ranked[:MOST_COLUMNS])
    return Overview(lines, len(current), bool(before))


def _rank(column: ColumnSummary) -> int:
    if column.role in _ROLE_ORDER:
        return _ROLE_ORDER.index(column.role)
    return len(_ROLE_ORDER)


def _line(column: ColumnSummary, before: ColumnSummary | None) -> ColumnLine:
    return ColumnLine(
        visible(column.name),
        visible(column.role),
        visible(column.kind),
        _missing(column),
        _missing(before) if before else "",
        numerals.count(column.distinct) if column.distinct is not None else "",
        _summary(column),
        bars(column),
        bars(before) if before else (),
        tuple((visible(v, 40), numerals.percent(n / column.rows), n / column.rows) for v, n in _top(column)),
    )


def _top(column: ColumnSummary) -> list[tuple[str, float]]:
    return list(column.top)[:MOST_VALUES] if column.rows else []


def _missing(column: ColumnSummary) -> str:
    if not column.rows or not column.missing:
        return "0"
    return numerals.percent(column.missing / column.rows)


def _summary(column: ColumnSummary) -> str:
    parts = []
    if isinstance(column.low, str) or isinstance(column.high, str):
        return f"{_moment(column.low)} to {_moment(column.high)}"
    if column.mean is not None and math.isfinite(column.mean):
        spread = f" ± {numerals.number(column.sd)}" if column.sd is not None else ""
        parts.append(f"{numerals.number(column.mean)}{spread}")
    if column.low is not None and column.high is not None:
        parts.append(f"{_end(column.low)} to {_end(column.high)}")
    if column.infinite:
        parts.append(f"{numerals.count(column.infinite)} infinite")
    return "; ".join(parts)


def _end(value: float | str) -> str:
    """Write a lowest or highest value; a whole number whole, and a year without a comma."""
    if isinstance(value, str) or not math.isfinite(value) or not float(value).is_integer() or abs(value) >= 1e9:
        return visible(value) if isinstance(value, str) else numerals.number(value)
    return numerals.number(value, 0) if abs(value) >= 10_000 else f"{value:.0f}".replace("-", numerals.MINUS)


def _moment(value: float | str | None) -> str:
    """Write an ISO time without the parts that are zero."""
    return visible(value or "–").replace("T", " ", 1).removesuffix(" 00:00:00").removesuffix(":00")


def bars(column: ColumnSummary) -> tuple[tuple[float, float, float], ...]:
    """Return the histogram as shares of its own width and of its highest density."""
    finite = [(a, b, n) for a, b, n in column.histogram if all(map(math.isfinite, (a, b, n)))]
    if not finite:
        return ()
    low, high = min(a for a, _, _ in finite), max(b for _, b, _ in finite)
    width = high - low
    if not 0 < width < math.inf:
        return ((0.4, 0.6, 1.0),)
    density = [n / max(b - a, width * 1e-6) for a, b, n in finite]
    top = max(density)
    if top <= 0:
        return ()
    return tuple(
        ((a - low) / width, (b - low) / width, d / top) for (a, b, _), d in zip(finite, density, strict=True)
    )
