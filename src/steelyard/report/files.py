"""Write a result to a file: beside its place, to the disk, then renamed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from steelyard.evaluation.result import Result
from steelyard.evaluation.writing import require_room, write_whole
from steelyard.records import ConfigError, nearest
from steelyard.report.html import to_html
from steelyard.report.markdown import to_markdown
from steelyard.report.record import to_json

SUFFIXES: dict[str, Callable[[Result], str]] = {".html": to_html, ".json": to_json, ".md": to_markdown}
_ALIASES = {".htm": ".html", ".markdown": ".md"}


def write(result: Result, path: str | os.PathLike[str]) -> Path:
    """Write `result` to `path` in the format its suffix names, and return the path.

    Raises:
        ConfigError: the suffix is not one of `SUFFIXES`.
        OutputError: the file cannot be written; what stood there before still stands.
    """
    target = Path(path)
    render = SUFFIXES[_suffix(target)]
    write_whole(target, render(result).encode("utf-8", "replace"))
    return target


def require_place(path: str | os.PathLike[str]) -> None:
    """Refuse a place that `write` could not write to, before any work is done.

    Raises:
        ConfigError: the suffix is not one of `SUFFIXES`.
        OutputError: it is a directory, or there is no such directory to write in.
    """
    target = Path(path)
    _suffix(target)
    require_room(target)


def _suffix(target: Path) -> str:
    suffix = target.suffix.lower()
    suffix = _ALIASES.get(suffix, suffix)
    if suffix in SUFFIXES:
        return suffix
    if suffix == ".pdf":
        raise ConfigError(
            f"A PDF cannot be written to {str(target)!r}: write {str(target.with_suffix('.html'))!r}, open it "
            "in a browser and print it to PDF. The page has a layout for paper."
        )
    seen = f"ends in {suffix!r}" if suffix else "has no suffix"
    raise ConfigError(
        f"The format of {str(target)!r} is not known: it {seen}, and a report ends in "
        f"{', '.join(SUFFIXES)}. {nearest(suffix, SUFFIXES) if suffix else 'Add one of them.'}"
    )
