"""How long labels take to come."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Curve
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import CURRENT, axis, chart, hover, level_line, line, points, tips
from steelyard.report.text import visible

NAMES = {"age": "age of the row", "share": "share of labels", "low": "low", "high": "high", "at_risk": "rows as old"}
SHARES = ("share", "low", "high")


def maturity(curves: Sequence[Curve]) -> Figure:
    """Draw the share of labels that has come by the age of the row."""
    notes = curves[0].notes
    unit = visible(notes.get("unit", "days"))
    rows = points(curves, NAMES)
    x, y = axis("age", f"age of the row, {unit}"), axis("share", "labels that have come", unit=True)
    style = {"color": {"value": CURRENT}}
    band = {
        "mark": {"type": "area", "color": CURRENT, "opacity": 0.15},
        "encoding": {"x": x, "y": axis("low", "labels that have come", unit=True), "y2": {"field": "high"}},
    }
    layers = [
        *level_line(0.95, label="95 %"),
        band,
        line(x, y, style, interpolate="step-after"),
        hover(x, y, style, tips(NAMES, rows, SHARES)),
    ]
    grown = visible(notes.get("mature", ""))
    after = f"after {grown} {unit}" if grown else "after longer than has been seen"
    return Figure(
        "maturity",
        "How long labels take to come",
        f"19 of 20 labels come {after}. Rows that still wait are counted as long as they have waited (Kaplan–Meier).",
        points_table(curves, NAMES, SHARES),
        chart(rows, layers, "Share of labels that have come by the age of the row"),
    )
