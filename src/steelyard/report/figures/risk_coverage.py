"""Risk and coverage: how many of the answers are wrong if only the surest ones are given."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Curve
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.spec import Spec, axis, by_data, chart, hover, line, points, tips

NAMES = {
    "coverage": "Share of rows answered",
    "risk": "Share of errors among them",
    "low": "from",
    "high": "to",
    "confidence": "Confidence from",
}
SHARES = ("coverage", "risk", "low", "high")


def risk_coverage(curves: Sequence[Curve]) -> Figure:
    """Draw the risk–coverage curve of each data set, with a band for the current data."""
    rows = points(curves, NAMES)
    x = axis("coverage", NAMES["coverage"], unit=True, axis={"format": ".0%"})
    y = axis("risk", NAMES["risk"], axis={"format": ".0%"}, scale={"zero": True})
    style = by_data(rows)
    band: Spec = {
        "mark": {"type": "area", "opacity": 0.15},
        "encoding": {
            "x": x,
            "y": {**axis("low", NAMES["risk"]), "scale": {"zero": True}},
            "y2": {"field": "high"},
            "color": style["color"],
        },
    }
    caption = (
        "Where the curve rises to the right, the surest answers are the best ones: leaving the others out helps."
    )
    drawn = [band, line(x, y, style), hover(x, y, style, tips(NAMES, rows, SHARES))]
    spec = chart(rows, drawn, f"Risk and coverage. {caption}")
    return Figure("risk_coverage", "Risk and coverage", caption, points_table(curves, NAMES, SHARES), spec)
