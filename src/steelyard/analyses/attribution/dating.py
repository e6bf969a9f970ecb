"""Since when, and what happened about then: correlation, not proof."""

from __future__ import annotations

import datetime as dt

from steelyard.analyses.study import Study
from steelyard.analyses.windows.departures import departures
from steelyard.records import Event, Series

BEFORE = 2
"""Windows before the onset in which an event may have brought it about."""


def since(study: Study, metric: str, change: float) -> str:
    """Start of the window in which a metric's change began; "" where that is not known.

    It is the departure from the usual level in the direction of the change: the one that lasts, else the largest.
    """
    series = _series(study, metric)
    found = [d for d in departures(series) if d.difference.value * change > 0] if series is not None else []
    if not found:
        return ""
    return max(found, key=lambda d: (d.ongoing, d.sustained, abs(d.difference.value))).since


def events_near(study: Study, metric: str, onset: str) -> tuple[Event, ...]:
    """Events up to two windows before the onset, or in its own window; the nearest first."""
    start, width = _moment(onset), _width(_series(study, metric))
    if start is None or width is None:
        return ()
    near = [
        (abs(at - start), event)
        for event in study.events
        if (at := _moment(event.time)) is not None and start - BEFORE * width <= at < start + width
    ]
    return tuple(event for _, event in sorted(near, key=lambda pair: pair[0]))


def told(event: Event, onset: str) -> str:
    """An event and how far it is from the onset: "deployment 'v2.3' 6 hours before"."""
    name = f"{event.kind or 'event'} {event.title!r}" if event.title else event.kind or "event"
    at, start = _moment(event.time), _moment(onset)
    if at is None or start is None or at == start:
        return f"{name} at that time"
    return f"{name} {_span(abs(at - start))} {'before' if at < start else 'later'}"


def _series(study: Study, metric: str) -> Series | None:
    return next((s for s in study.series if s.kind == "metric" and s.subject == metric), None)


def _width(series: Series | None) -> dt.timedelta | None:
    for point in series.points if series is not None else ():
        start, end = _moment(point.start), _moment(point.end)
        if start is not None and end is not None and end > start:
            return end - start
    return None


def _moment(time: str) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(time.strip())
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)


def _span(span: dt.timedelta) -> str:
    for unit, seconds, least in (("day", 86_400, 172_800), ("hour", 3_600, 3_600), ("minute", 60, 60)):
        if span.total_seconds() >= least:
            count = round(span.total_seconds() / seconds)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "moments"
