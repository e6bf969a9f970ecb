"""How an evaluation is shown: faces are registered by entry point, so evaluations need not know the report room."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from steelyard.records import UnknownNameError, nearest

GROUP = "steelyard.faces"


@cache
def face(name: str) -> Callable[..., Any]:
    """The function that shows an evaluation as "html", "markdown", "json", "notebook", "terminal" or "file".

    Raises:
        UnknownNameError: no face of that name is registered.
    """
    found = {entry.name: entry for entry in entry_points(group=GROUP)}
    if name not in found:
        raise UnknownNameError(f"There is no face {name!r} to show an evaluation. {nearest(name, found)}")
    loaded: Callable[..., Any] = found[name].load()
    return loaded
