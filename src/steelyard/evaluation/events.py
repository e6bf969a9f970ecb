"""What is known to have happened: a file of events, or events as they are."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Sequence
from pathlib import Path

from steelyard.records import ConfigError, Event, SourceError

Events = str | os.PathLike[str] | Sequence[Event]
COLUMNS = ("time", "kind", "title")


def read_events(events: Events) -> tuple[Event, ...]:
    """Return events in the order of their times.

    Args:
        events: a CSV file with the columns time (ISO), kind and title, or events.

    Raises:
        SourceError: the file cannot be read.
        ConfigError: it lacks a column, or a time is not one.
    """
    found = _of_file(Path(events)) if isinstance(events, (str, os.PathLike)) else list(events)
    return tuple(sorted(found, key=lambda event: _moment(event.time)))


def _of_file(path: Path) -> list[Event]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
            names = rows[0].keys() if rows else COLUMNS
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"The events {str(path)!r} cannot be read: {error}.") from error
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ConfigError(
            f"{path} has no column {missing[0]!r}. A file of events has the columns time, kind and title."
        )
    return [Event(row["time"] or "", row["kind"] or "", row["title"] or "") for row in rows]


def _moment(time: str) -> dt.datetime:
    try:
        at = dt.datetime.fromisoformat(time.strip())
    except ValueError as error:
        raise ConfigError(f"{time!r} is not the time of an event. Write 2026-03-01 or 2026-03-01T14:30.") from error
    return at if at.tzinfo else at.replace(tzinfo=dt.UTC)
