"""A place on disk for data that must be rewritten before it can be read lazily."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

_numbers = count()


def scratch_file(suffix: str) -> Path:
    """Return a fresh path; it is removed when the process ends, for a lazy frame may be read until then."""
    return _folder() / f"{next(_numbers)}{suffix}"


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="steelyard-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
