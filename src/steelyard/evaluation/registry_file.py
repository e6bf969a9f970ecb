"""The lock file that keeps the registry: read with its chain checked, written whole, by one run at a time."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from steelyard.analyses.checks import Check
from steelyard.evaluation.registry import BEGINNING, MEMBERS, Registry, link
from steelyard.evaluation.writing import write_whole
from steelyard.records import ConfigError, OutputError

NAME = "steelyard.lock.json"
SCHEMA, VERSION = "steelyard.lock", 1
ABOUT = "Written by steelyard check; not to be edited. Each hash covers its entry and all before it."
PATIENCE = 10.0
"""Seconds to wait for another run that writes the same file."""


def read_registry(path: str | os.PathLike[str]) -> Registry:
    """Read the lock file; without one, the history is empty.

    Raises:
        ConfigError: it cannot be read, or its entries are not those that were written.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Registry()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The lock file {str(path)!r} cannot be read: {error}.") from error
    try:
        return _registry(json.loads(text))
    except json.JSONDecodeError as error:
        why = "it holds the marks of a merge" if "<<<<<<<" in text else f"{error}"
        raise ConfigError(_broken(path, f"is not valid JSON: {why}")) from error
    except ValueError as error:
        raise ConfigError(_broken(path, str(error))) from error


def record(
    path: str | os.PathLike[str], checks: Sequence[Check], level: float, data: str | None, at: dt.datetime
) -> Registry:
    """Bring the lock file up to date, and return the history as it was left; where nothing is new it is not touched.

    Args:
        path: the file.
        checks: the checks that stand now.
        level: nominal coverage of the intervals they are judged by.
        data: what is judged; None registers bounds without data.
        at: the time now.

    Raises:
        ConfigError: the file is not what was written.
        OutputError: it cannot be written, or another run keeps it.
    """
    target = Path(path)
    with _alone(target):
        known = read_registry(target)
        grown = known.with_checks(checks, level, at)
        grown = grown if data is None else grown.with_data(data, at)
        if grown.entries != known.entries:
            write_whole(target, _text(grown).encode("utf-8", "surrogatepass"))
    return grown


def _text(registry: Registry) -> str:
    """One entry a line, so that a difference of two versions reads well."""
    lines = ",\n".join(f"  {json.dumps(entry, ensure_ascii=False)}" for entry in registry.entries)
    head = {"schema": SCHEMA, "schema_version": VERSION, "about": ABOUT}
    start = "".join(f" {json.dumps(name)}: {json.dumps(value)},\n" for name, value in head.items())
    return f'{{\n{start} "entries": [\n{lines}\n ],\n "head": "{registry.head}"\n}}\n'


def _registry(body: Any) -> Registry:
    if not isinstance(body, dict) or body.get("schema") != SCHEMA or not isinstance(body.get("entries"), list):
        raise ValueError("is not a lock file of Steelyard")
    if body.get("schema_version") != VERSION:
        raise ValueError(f"is of version {body.get('schema_version')!r}, and this Steelyard reads {VERSION}")
    previous = BEGINNING
    for number, entry in enumerate(body["entries"], 1):
        _require_entry(entry, number)
        said = {name: value for name, value in entry.items() if name != "hash"}
        if entry["hash"] != link(previous, said):
            raise ValueError(
                f"was edited: its entry {number} ({entry['kind']} at {entry['at']}) is not what was written"
            )
        previous = entry["hash"]
    if body.get("head") != previous:
        raise ValueError("was edited: entries were taken from its end")
    return Registry(tuple(body["entries"]))


def _require_entry(entry: Any, number: int) -> None:
    members = MEMBERS.get(str(entry.get("kind")), {}) if isinstance(entry, dict) else {}
    expected: dict[str, type] = {**members, "at": str, "hash": str}
    if not members or not all(isinstance(entry.get(name), kind) for name, kind in expected.items()):
        raise ValueError(f"was edited: its entry {number} is not one that Steelyard writes")


def _broken(path: str | os.PathLike[str], what: str) -> str:
    return (
        f"The lock file {str(path)!r} {what}. Restore it from version control, or remove it to begin a new history "
        "(which shows there too)."
    )


@contextlib.contextmanager
def _alone(target: Path) -> Iterator[None]:
    """Let one run at a time read and write the file; a file beside it says that one does."""
    sign = target.with_name(f"{target.name}.writing")
    until = time.monotonic() + PATIENCE
    while True:
        try:
            os.close(os.open(sign, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > until:
                raise OutputError(
                    f"Another run has been writing {str(target)!r} for {PATIENCE:g} seconds. If there is none, one "
                    f"was ended halfway: remove {str(sign)!r}."
                ) from None
            time.sleep(0.02)
        except OSError as error:
            raise OutputError(
                f"{str(target)!r} cannot be written: {error.strerror}. Name another place with --lock FILE."
            ) from error
    try:
        yield
    finally:
        sign.unlink(missing_ok=True)
