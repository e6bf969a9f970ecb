"""Write a file so that it is there whole or not at all: beside its place, to the disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from pathlib import Path

from steelyard.records import OutputError


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Put `content` in the place of what stands at `path`, and return the path.

    Raises:
        OutputError: it cannot be written; what stood there before still stands.
    """
    target = Path(path)
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
    return target


def require_room(path: str | os.PathLike[str]) -> None:
    """Refuse a place that nothing could be written to, before any work is done.

    Raises:
        OutputError: it is a directory, or there is no such directory to write in.
    """
    target = Path(path)
    if target.is_dir():
        problem = errno.EISDIR
    elif not target.parent.is_dir():
        problem = errno.ENOENT
    elif not os.access(target.parent, os.W_OK):
        problem = errno.EACCES
    else:
        return
    raise OutputError(problem, _message(target, 0, OSError(problem, os.strerror(problem))))


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
