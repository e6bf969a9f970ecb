"""What derived columns are called: "review (words)", "photo (brightness)", "review (embedding direction 1)"."""

from __future__ import annotations

import re
from collections.abc import Iterable

EMBEDDING = " (embedding)"
_DIRECTION = re.compile(
    r"(?P<plain>.*) \(direction (?P<a>\d+)\)|(?P<made>.* \(embedding) direction (?P<b>\d+)\)", re.DOTALL
)


def derived_name(column: str, what: str) -> str:
    """The name of what is told of a column."""
    return f"{column[:-1]} {what})" if column.endswith(EMBEDDING) else f"{column} ({what})"


def directions(columns: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each column of vectors with the columns that hold its place along the main directions, in their order."""
    found: dict[str, list[tuple[int, str]]] = {}
    for name in columns:
        if match := _DIRECTION.fullmatch(name):
            base = match["plain"] if match["plain"] is not None else f"{match['made']})"
            found.setdefault(base, []).append((int(match["a"] or match["b"]), name))
    return {base: tuple(name for _, name in sorted(held)) for base, held in found.items()}


def is_direction(column: str) -> bool:
    """Whether a column holds the place of vectors along a direction, which says nothing to a reader by itself."""
    return _DIRECTION.fullmatch(column) is not None
