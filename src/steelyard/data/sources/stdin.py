"""Standard input."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from steelyard.data.sources.scratch import scratch_file
from steelyard.records import EmptyDataError


def saved_stdin() -> Path:
    """Save standard input to a scratch file, so that it can be read lazily and its format told."""
    path = scratch_file("")
    with path.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
    if path.stat().st_size == 0:
        raise EmptyDataError("Standard input is empty. Pipe CSV, JSON lines or Parquet into it, or name a file.")
    return path
