"""What a source is, and the list of those there are; a plug-in's come before ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from steelyard.data.table import Table

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
        register(point.load())
