"""From what a user wrote to the files that are meant."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from steelyard.records import SourceError, nearest


def expand(source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]]) -> list[Path]:
    """Return the paths meant by one path, a glob, or a list of them; each exists."""
    if isinstance(source, (str, os.PathLike)):
        return _expand_one(source)
    if not source:
        raise SourceError("An empty list of files was given. Name at least one.")
    return list(dict.fromkeys(path for item in source for path in _expand_one(item)))


def _expand_one(source: str | os.PathLike[str]) -> list[Path]:
    text = os.fspath(source)
    path = Path(text.removeprefix("file://")).expanduser()
    if path.exists():
        return [path]
    if "://" in text.removeprefix("file://"):
        raise SourceError(
            f"The address {text.partition('?')[0]!r} is in a list, or of a kind that cannot be read. "
            "Steelyard reads "
            "one address of s3, gs, az, http(s), sqlite, postgresql or duckdb at a time; for several "
            "files use a "
            "glob, e.g. s3://bucket/2026-*.parquet."
        )
    if glob.has_magic(text):
        found = sorted(Path(name) for name in glob.glob(str(path), recursive=True))  # noqa: PTH207 - may be absolute
        if found:
            return found
        raise SourceError(f"No file matches {text!r}, seen from {Path.cwd().name!r}. {_beside(path)}")
    raise SourceError(f"There is no file {text!r}. {_beside(path)}")


def _beside(path: Path) -> str:
    folder = path.parent
    while glob.has_magic(str(folder)) or not folder.exists():
        if folder == folder.parent:
            return "Check the path."
        folder = folder.parent
    if not folder.is_dir():
        return f"{str(folder)!r} is a file, not a directory."
    try:
        names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    except PermissionError:
        return f"The directory {str(folder)!r} may not be listed either."
    return f"In {str(folder)!r}: {nearest(path.name, names)}"
