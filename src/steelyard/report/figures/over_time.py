"""A number over windows of time: estimates with intervals, the limits it should keep, alarms, level shifts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from steelyard.records import Change, Estimate, Point, Series
from steelyard.report import numerals
from steelyard.report.figures.figure import DATA_NAMES, Figure, Table, spread
from steelyard.report.figures.spec import FAINT, Spec, by_data, chart, level_line, rounded
from steelyard.report.metric_words import metric_doc
from steelyard.report.text import sentence, visible

MOST_WINDOWS = 400
MOST_MARKS = 100
MOST_TABLE_ROWS = 40
MANY_WINDOWS = 60
"""From so many windows on intervals are a band, not a line each."""
HEIGHT = 200
_MEANS = ("label", "score", "prediction")
_SERIES = ["start", "at", "value", "low", "high"]


def title(series: Series, task: str) -> str:
    """Return what a series follows, in words."""
    subject = visible(series.subject)
    if series.kind == "metric":
        return visible(metric_doc(series.subject, task).title)
    if series.kind == "volume":
        return "Rows"
    if series.kind == "missing":
        return f"Missing values of {subject}"
    return f"Mean {subject}" if _is_mean(series) else f"Distance of {subject}"


def drawable(series: Series) -> bool:
    """Whether there is a point to draw."""
    return any(isinstance(p.outcome, Estimate) and math.isfinite(p.outcome.value) for p in series.points)


def over_time(series: Series, task: str) -> Figure:
    """Draw one series."""
    name = title(series, task)
    note = " ".join(_stop(part) for part in (_budget(series), series.method) if part)
    return Figure(
        f"series_{series.kind}", name, _caption(series), _table(series), _spec(series, name), sentence(note)
    )


def _is_mean(series: Series) -> bool:
    made = {p.outcome.method.partition(",")[0] for p in series.points if isinstance(p.outcome, Estimate)}
    return series.subject in _MEANS and "jensen_shannon" not in made


def _spec(series: Series, name: str) -> Spec:
    points = [series.points[i] for i in _chosen(series.points)]
    time = _Time.of(series.points)
    x = time.axis
    y: Spec = {"type": "quantitative", "title": None, "scale": {"zero": False}}
    rows = _columns(points, time)
    style = _style(rows)
    value = {"x": x, "y": {**y, "field": "value"}, "tooltip": _tips()}
    ends = {"x": x, "y": {**y, "field": "low"}, "y2": {"field": "high"}, **_colour(style)}
    many = len(points) > MANY_WINDOWS
    interval: Spec = {"type": "area", "opacity": 0.18} if many else {"type": "rule", "opacity": 0.4, "strokeWidth": 2}
    layers = [
        *_band(series, y),
        *(level_line(float(rounded(series.centre) or 0.0)) if _finite(series.centre) else []),
        *_shifts(series.changes, time),
        {"mark": interval, "encoding": ends},
        {
            "mark": {"type": "line", "strokeWidth": 1.2 if many else 1.6},
            "encoding": {"x": x, "y": {**y, "field": "value"}, **style},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 10 if many else 28, "opacity": 1},
            "encoding": {**value, **_colour(style)},
        },
        *_alarms(points, value, time),
        *_without(points, time),
    ]
    return chart(rows, layers, f"{name} over time", height=HEIGHT, transform=[{"flatten": _SERIES}])


def _chosen(points: Sequence[Point]) -> list[int]:
    """Return the places of the points to draw: evenly spread, and those with an alarm."""
    alarms = [i for i, point in enumerate(points) if point.alarm]
    kept = {alarms[i] for i in spread(len(alarms), MOST_MARKS)} if len(points) > MOST_WINDOWS else set()
    return sorted(kept | set(spread(len(points), MOST_WINDOWS - len(kept))))


def _columns(points: Sequence[Point], time: _Time) -> list[dict[str, Any]]:
    """Return one row a data set whose fields are lists: a quarter of the size of one row a point."""
    made = []
    names = list(dict.fromkeys(point.data for point in points))
    for name in names:
        told = [_row(point, time) for point in points if point.data == name]
        row: dict[str, Any] = {field: [one[field] for one in told] for field in _SERIES}
        made.append(row | ({"data": DATA_NAMES.get(name, visible(name))} if len(names) > 1 else {}))
    return made


def _row(point: Point, time: _Time) -> dict[str, Any]:
    found = point.outcome if isinstance(point.outcome, Estimate) else None
    return {
        "start": visible(point.start),
        "at": time.at(point.start),
        "value": rounded(found.value) if found else None,
        "low": rounded(found.low) if found else None,
        "high": rounded(found.high) if found else None,
    }


@dataclass(frozen=True)
class _Time:
    """Where windows lie: dates in UTC whatever the reader's zone, numbers, or else their places in the order."""

    kind: Literal["date", "number", "order"]
    order: Mapping[str, int]

    @classmethod
    def of(cls, points: Sequence[Point]) -> _Time:
        order = {point.start: i for i, point in enumerate(points)}
        if all(_number(start) is not None for start in order):
            return cls("number", order)
        return cls("date" if all(_moment(start) is not None for start in order) else "order", order)

    def at(self, start: str) -> float | None:
        if self.kind == "number":
            return _number(start)
        return _moment(start) if self.kind == "date" else self.order.get(start)

    @property
    def axis(self) -> Spec:
        if self.kind == "date":
            utc = {"scale": {"type": "utc"}, "axis": {"labelOverlap": True, "tickCount": 6}}
            return {"field": "at", "type": "temporal", "title": None, **utc}
        title = "window" if self.kind == "order" else None
        return {"field": "at", "type": "quantitative", "title": title, "scale": {"zero": False}}


def _number(start: str) -> float | None:
    try:
        value = float(start)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _moment(start: str) -> int | None:
    """Return milliseconds since 1970; a time without a zone is taken as UTC."""
    try:
        at = datetime.fromisoformat(start)
    except ValueError:
        return None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _tips() -> list[Spec]:
    numbers = [
        {"field": f, "type": "quantitative", "title": f, "format": ".4~g"}
        for f in _SERIES
        if f not in ("start", "at")
    ]
    return [{"field": "start", "type": "nominal", "title": "from"}, *numbers]


def _style(rows: Sequence[dict[str, Any]]) -> Spec:
    """Return colour and dash by data set; the legend is not as faint as the intervals."""
    style = by_data(rows)
    solid = {"symbolOpacity": 1}
    return {c: {**s, "legend": {**s["legend"], **solid}} if "legend" in s else s for c, s in style.items()}


def _colour(style: Spec) -> Spec:
    return {"color": style["color"]}


def _band(series: Series, y: Spec) -> Iterable[Spec]:
    if series.limits is None or not all(map(math.isfinite, series.limits)):
        return
    low, high = (rounded(end) for end in series.limits)
    yield {
        "data": {"values": [{"low": low, "high": high}]},
        "mark": {"type": "rect", "color": FAINT, "opacity": 0.2},
        "encoding": {
            "y": {**y, "field": "low"},
            "y2": {"field": "high"},
            "x": {"value": 0},
            "x2": {"value": "width"},
        },
    }


def _shifts(changes: Sequence[Change], time: _Time) -> Iterable[Spec]:
    rows = [
        {"at": at, "start": visible(c.at), "shift": _shift(c)}
        for c in changes[:MOST_MARKS]
        if (at := time.at(c.at)) is not None
    ]
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {"type": "rule", "color": "var(--muted)", "strokeDash": [4, 3], "strokeWidth": 1.4},
            "encoding": {"x": time.axis, "tooltip": _told("shift", "level")},
        }


def _alarms(points: Sequence[Point], value: Spec, time: _Time) -> Iterable[Spec]:
    rows = [row for point in points if point.alarm and (row := _row(point, time))["value"] is not None]
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {
                "type": "point",
                "filled": False,
                "size": 130,
                "opacity": 1,
                "strokeWidth": 2,
                "color": "var(--fail)",
            },
            "encoding": value,
        }


def _without(points: Sequence[Point], time: _Time) -> Iterable[Spec]:
    """Mark windows without a value at the foot of the chart."""
    missing = [point for point in points if not isinstance(point.outcome, Estimate)]
    rows = [
        {"at": time.at(p.start), "start": visible(p.start), "why": visible(p.outcome)}
        for p in (missing[i] for i in spread(len(missing), MOST_MARKS))
    ]
    if rows:
        yield {
            "data": {"values": rows},
            "mark": {"type": "text", "text": "×", "color": "var(--muted)", "fontSize": 13},
            "encoding": {"x": time.axis, "y": {"value": HEIGHT - 7}, "tooltip": _told("why", "no value")},
        }


def _told(field: str, name: str) -> list[Spec]:
    return [
        {"field": "start", "type": "nominal", "title": "from"},
        {"field": field, "type": "nominal", "title": name},
    ]


def _caption(series: Series) -> str:
    alarms, parts = series.alarms, []
    if alarms:
        first, last = visible(alarms[0].start), visible(alarms[-1].start)
        until = f" to {last}" if len(alarms) > 1 else ""
        parts.append(f"{len(alarms):,} {'alarm' if len(alarms) == 1 else 'alarms'}: {first}{until}.")
    elif series.limits is not None:
        parts.append("No alarm.")
    parts += [f"Level shift at {visible(c.at)}: {_shift(c)}." for c in series.changes[:3]]
    if len(series.changes) > 3:
        parts.append(f"{len(series.changes) - 3:,} more level shifts.")
    missing = sum(not isinstance(p.outcome, Estimate) for p in series.points)
    if missing:
        parts.append(f"{missing:,} of {len(series.points):,} windows without a value (×).")
    if series.limits is None:
        parts.append(_stop(sentence(series.method)))
    return " ".join(part for part in parts if part)


def _shift(change: Change) -> str:
    """Write both levels with the decimals of the larger."""
    decimals = numerals.places(max(abs(change.before), abs(change.after), key=lambda x: x if math.isfinite(x) else 0))
    before, after = (
        numerals.number(round(x, decimals) if math.isfinite(x) else x, decimals)
        for x in (change.before, change.after)
    )
    return f"{before} to {after}"


def _budget(series: Series) -> str:
    return f"Allowed: {sentence(series.budget)}" if series.budget else ""


def _stop(words: str) -> str:
    return words if not words or words.endswith(".") else f"{words}."


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _table(series: Series) -> Table:
    chosen = [series.points[i] for i in spread(len(series.points), MOST_TABLE_ROWS)]
    rows = [
        (
            visible(point.start),
            DATA_NAMES.get(point.data, visible(point.data)),
            *_cells(point),
            "alarm" if point.alarm else "",
        )
        for point in chosen
    ]
    return Table(("from", "data", "value", "interval", "alarm"), tuple(rows), len(series.points))


def _cells(point: Point) -> tuple[str, str]:
    if not isinstance(point.outcome, Estimate):
        return "–", sentence(point.outcome.reason)
    return numerals.value(point.outcome), numerals.interval(point.outcome)
