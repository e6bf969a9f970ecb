"""Write a result to a file: beside its place, to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from steelyard.evaluation.result import Result
from steelyard.records import ConfigError, OutputError, nearest
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
    _replace(target, render(result).encode("utf-8", "replace"))
    return target


def require_place(path: str | os.PathLike[str]) -> None:
    """Refuse a place that `write` could not write to, before any work is done.

    Raises:
        ConfigError: the suffix is not one of `SUFFIXES`.
        OutputError: it is a directory, or there is no such directory to write in.
    """
    target = Path(path)
    _suffix(target)
    if target.is_dir():
        problem = errno.EISDIR
    elif not target.parent.is_dir():
        problem = errno.ENOENT
    elif not os.access(target.parent, os.W_OK):
        problem = errno.EACCES
    else:
        return
    raise OutputError(problem, _message(target, 0, OSError(problem, os.strerror(problem))))


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


def _replace(target: Path, content: bytes) -> None:
    beside: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:80]}.", suffix=".tmp", dir=target.parent)
        beside = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(_mode(target))
        beside.replace(target)
    except OSError as error:
        if beside is not None:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        raise OutputError(error.errno, _message(target, len(content), error)) from error


def _mode(target: Path) -> int:
    """Return the mode the file had, or the one a new file gets."""
    with contextlib.suppress(OSError):
        return target.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _message(target: Path, size: int, error: OSError) -> str:
    folder = target.parent
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        next_step = f"Free {size:,} bytes on the disk of {str(folder)!r}, or write elsewhere."
    elif error.errno == errno.EISDIR or target.is_dir():
        next_step = "It is a directory: add a file name."
    elif error.errno in (errno.ENOENT, errno.ENOTDIR) and not folder.is_dir():
        next_step = f"Make the directory {str(folder)!r} first, or write elsewhere."
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        next_step = f"Ask for the right to write in {str(folder)!r}, or write elsewhere."
    elif error.errno == errno.ENAMETOOLONG:
        next_step = "Choose a shorter name."
    else:
        next_step = "Write elsewhere, or mend the cause."
    reason = error.strerror or type(error).__name__
    return f"{str(target)!r} cannot be written: {reason}. {next_step} Nothing was left behind."
