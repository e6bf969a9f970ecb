"""The `[data]` section of a `steelyard.toml`: which data is judged, so that a check needs no further word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from steelyard.records import ConfigError, nearest

FILES = ("current", "reference", "labels")
TEXTS = ("sql", "reference_sql")


@dataclass(frozen=True)
class Inputs:
    """Where the data of a gate is; sources are files, globs, URLs, or lists of them.

    Attributes:
        current: the data to judge.
        reference: the data to compare with.
        champion: another model's predictions of the same rows, or its columns: { prediction = …, score = … }.
        labels: labels of the current data, joined by id.
        on: columns that labels are joined by.
        sql: query to read the current data, a database URL.
        reference_sql: the same for the reference.
    """

    current: str | list[str] | None = None
    reference: str | list[str] | None = None
    champion: str | list[str] | Mapping[str, str] | None = None
    labels: str | list[str] | None = None
    on: str | list[str] | None = None
    sql: str | None = None
    reference_sql: str | None = None


def parse_inputs(given: Mapping[str, Any], home: Path) -> Inputs:
    """Read the section; paths in it are relative to the folder of the file.

    Args:
        given: the table.
        home: the folder.

    Raises:
        ConfigError: it names something unknown, or not as a path.
    """
    names = [f.name for f in fields(Inputs)]
    for name in given:
        if name not in names:
            raise ConfigError(f"There is no {name!r} in [data]. {nearest(name, names)}")
    found = dict(given)
    for name in FILES:
        if name in found:
            found[name] = _placed(name, found[name], home)
    if "champion" in found and not isinstance(found["champion"], Mapping):
        found["champion"] = _placed("champion", found["champion"], home)
    for name in TEXTS:
        if not isinstance(found.get(name, ""), str):
            raise ConfigError(f"{name} of [data] must be a query, not {found[name]!r}.")
    if "on" in found and not _are_texts(found["on"]):
        raise ConfigError(f"on of [data] must name columns, not {found['on']!r}.")
    return Inputs(**found)


def _placed(name: str, given: Any, home: Path) -> str | list[str]:
    if not given or not _are_texts(given):
        raise ConfigError(f"{name} of [data] must be a path, or a list of paths, not {given!r}.")
    return _at(given, home) if isinstance(given, str) else [_at(path, home) for path in given]


def _at(path: str, home: Path) -> str:
    return path if "://" in path else str(home / path)


def _are_texts(given: Any) -> bool:
    return isinstance(given, str) or (isinstance(given, list) and all(isinstance(item, str) for item in given))
