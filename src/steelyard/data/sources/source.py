"""What a source is, and the list of those there are; a plug-in's come before ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from steelyard.data.table import Table
from steelyard.records import ConfigError

GROUP = "steelyard.sources"


@dataclass(frozen=True)
class Source:
    """Something data can be read from.

    Attributes:
        name: for messages, e.g. "parquet files".
        accepts: says whether it can read this object; must be cheap and must not raise.
        read: `read(source, query)` gives the table; `query` is the SQL a user gave, or None.
        example: how one is written, for the message that lists what can be read.
    """

    name: str
    accepts: Callable[[Any], bool]
    read: Callable[[Any, str | None], Table]
    example: str = ""


_registered: list[Source] = []


def register(source: Source) -> Source:
    """Add a source. It is asked before those registered earlier, so it may take over from them."""
    _registered.insert(0, source)
    return source


def registered() -> tuple[Source, ...]:
    """Return every source, in the order they are asked."""
    _load_plugins()
    return tuple(_registered)


@cache
def _load_plugins() -> None:
    for point in entry_points(group=GROUP):
        register(_plugin(point))


def _plugin(point: EntryPoint) -> Source:
    where = f"The package {point.dist.name if point.dist else point.module!r} has a source {point.name!r}"
    try:
        found = point.load()
    except Exception as error:
        raise ConfigError(
            f"{where} that cannot be loaded from {point.value!r}: {type(error).__name__}: {error}. Mend, update or "
            "uninstall that package."
        ) from error
    if not isinstance(found, Source):
        raise ConfigError(f"{where}, but {point.value!r} is a {type(found).__name__}, not a steelyard.data.Source.")
    return found
