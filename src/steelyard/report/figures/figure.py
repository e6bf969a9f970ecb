"""A figure: a Vega-Lite specification with the table of its points beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.records import Curve
from steelyard.report import numerals
from steelyard.report.text import visible

MOST_TABLE_ROWS = 25
DATA_NAMES = {"current": "current data", "reference": "reference"}


@dataclass(frozen=True)
class Table:
    """A header and rows of text; `total` counts the points there are."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


@dataclass(frozen=True)
class Figure:
    """What a chart shows, how it is drawn (`spec`, empty where only the table is shown), its points and method."""

    kind: str
    title: str
    caption: str
    table: Table
    spec: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def points_table(curves: Sequence[Curve], names: Mapping[str, str], shares: Sequence[str] = ()) -> Table:
    """Return the points of curves as a table of at most `MOST_TABLE_ROWS` rows a curve, evenly chosen.

    `names` maps a column to its header; a column that no curve has is left out; `shares` are percentages.
    """
    present = {c: title for c, title in names.items() if any(c in curve.columns for curve in curves)}
    several_data = len({c.data for c in curves}) > 1
    several_subjects = len({c.subject for c in curves}) > 1
    lead = (*(["Class"] if several_subjects else []), *(["Data"] if several_data else []))
    each = MOST_TABLE_ROWS if len(curves) <= 4 else 8
    rows = []
    for curve in curves:
        points = curve.rows()
        before = (
            *([visible(curve.subject)] if several_subjects else []),
            *([DATA_NAMES.get(curve.data, curve.data)] if several_data else []),
        )
        rows += [
            (*before, *(_text(points[i].get(c), c in shares) for c in present)) for i in spread(len(points), each)
        ]
    return Table((*lead, *present.values()), tuple(rows), sum(len(c.rows()) for c in curves))


def spread(size: int, wanted: int) -> list[int]:
    """Return at most `wanted` indices from 0 to size − 1, evenly spread, both ends included."""
    if size <= wanted:
        return list(range(size))
    return sorted({round(i * (size - 1) / (wanted - 1)) for i in range(wanted)})


def _text(value: float | str | None, share: bool) -> str:
    if value is None or isinstance(value, str):
        return visible(value) if value is not None else "–"
    if share:
        return numerals.percent(value)
    return numerals.count(value) if float(value).is_integer() and abs(value) >= 2 else numerals.number(value)
