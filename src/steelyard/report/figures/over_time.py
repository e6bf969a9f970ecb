"""A number over windows of time: estimates with intervals, the limits it should keep, alarms, level shifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steelyard.records import Estimate, Point, Series
from steelyard.report import numerals
from steelyard.report.figures.figure import DATA_NAMES, Figure, Table, spread
from steelyard.report.figures.spec import (
    CURRENT,
    CURRENT_NAME,
    FAINT,
    REFERENCE,
    REFERENCE_NAME,
    Spec,
    chart,
    level_line,
    rounded,
)
from steelyard.report.text import sentence, visible

MOST_WINDOWS = 400
HEIGHT = 190
_WHAT = {"metric": "", "drift": "distance of ", "missing": "missing share of ", "volume": "rows of "}


def over_time(series: Series, title: str) -> Figure:
    """Draw one series."""
    points = [series.points[i] for i in spread(len(series.points), MOST_WINDOWS)]
    rows = [_row(point) for point in points if isinstance(point.outcome, Estimate)]
    name = f"{_WHAT[series.kind]}{title}".strip().capitalize() if series.kind != "metric" else title
    return Figure(f"series_{series.kind}", name, _caption(series), _table(series), _spec(rows, series, name))


def _row(point: Point) -> dict[str, Any]:
    outcome = point.outcome
    assert isinstance(outcome, Estimate)  # noqa: S101 - told by the caller
    return {
        "start": visible(point.start),
        "value": rounded(outcome.value),
        "low": rounded(outcome.low),
        "high": rounded(outcome.high),
        "data": DATA_NAMES.get(point.data, visible(point.data)),
        "alarm": point.alarm,
    }


def _spec(rows: Sequence[dict[str, Any]], series: Series, name: str) -> Spec:
    numeric = all(_is_number(row["start"]) for row in rows)
    x: Spec = {"field": "start", "type": "quantitative" if numeric else "temporal", "title": None}
    if not numeric:
        x["axis"] = {"labelOverlap": True, "tickCount": 6}
    y: Spec = {"type": "quantitative", "title": None, "scale": {"zero": False}}
    colour: Spec = {
        "field": "data",
        "type": "nominal",
        "scale": {"domain": [CURRENT_NAME, REFERENCE_NAME], "range": [CURRENT, REFERENCE]},
        "legend": {"title": None, "orient": "top"} if len({row["data"] for row in rows}) > 1 else None,
    }
    tooltip = [
        {"field": "start", "type": x["type"], "title": "from"},
        {"field": "value", "type": "quantitative", "title": "value", "format": ".4~g"},
        {"field": "low", "type": "quantitative", "title": "low", "format": ".4~g"},
        {"field": "high", "type": "quantitative", "title": "high", "format": ".4~g"},
    ]
    layers: list[Spec] = []
    if series.limits is not None:
        low, high = (rounded(end) for end in series.limits)
        layers.append(
            {
                "data": {"values": [{"low": low, "high": high}]},
                "mark": {"type": "rect", "color": FAINT, "opacity": 0.18},
                "encoding": {
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                    "x": {"value": 0},
                    "x2": {"value": "width"},
                },
            }
        )
    if series.centre is not None:
        layers += level_line(float(rounded(series.centre) or 0.0), label="baseline")
    layers += [
        {
            "mark": {"type": "rule", "opacity": 0.35, "strokeWidth": 2},
            "encoding": {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": colour},
        },
        {
            "mark": {"type": "line", "strokeWidth": 1.5},
            "encoding": {"x": x, "y": {**y, "field": "value"}, "color": colour},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 28},
            "encoding": {"x": x, "y": {**y, "field": "value"}, "color": colour, "tooltip": tooltip},
        },
        {
            "transform": [{"filter": "datum.alarm"}],
            "mark": {"type": "point", "filled": False, "size": 150, "strokeWidth": 2, "color": "var(--fail)"},
            "encoding": {"x": x, "y": {**y, "field": "value"}, "tooltip": tooltip},
        },
    ]
    return chart(rows, layers, f"{name} over time", height=HEIGHT)


def _is_number(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdigit() and "-" not in text[1:]


def _caption(series: Series) -> str:
    parts = []
    alarms = series.alarms
    if alarms:
        first = visible(alarms[0].start)
        parts.append(
            f"{len(alarms)} {'alarm' if len(alarms) == 1 else 'alarms'} (ringed), the first from {first} on."
        )
    elif series.limits is not None:
        parts.append("No alarm.")
    for change in series.changes:
        at = visible(change.at)
        parts.append(f"Level shift at {at}: {numerals.number(change.before)} to {numerals.number(change.after)}.")
    if series.limits is not None:
        parts.append(f"Band: what one window may reach. Allowed false alarms: {sentence(series.budget)}.")
    return " ".join(parts) or sentence(series.method)


def _table(series: Series) -> Table:
    rows = [
        (
            visible(point.start),
            DATA_NAMES.get(point.data, visible(point.data)),
            *_cells(point),
            "alarm" if point.alarm else "",
        )
        for point in (series.points[i] for i in spread(len(series.points), 60))
    ]
    return Table(("from", "data", "value", "interval", "alarm"), tuple(rows), len(series.points))


def _cells(point: Point) -> tuple[str, str]:
    if not isinstance(point.outcome, Estimate):
        return "–", sentence(point.outcome.reason)
    return numerals.value(point.outcome), numerals.interval(point.outcome)
