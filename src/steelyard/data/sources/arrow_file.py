"""Arrow IPC (Feather) files and streams."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from steelyard.data.sources.scan import Scan
from steelyard.records import SourceError


def scan_arrow_file(path: Path) -> Scan:
    """Scan a file in the Arrow IPC file format (Feather 2)."""
    try:
        frame = pl.scan_ipc(path, glob=False)
        rows = frame.select(pl.len()).collect().item()
        return Scan(path.name, frame, frame.collect_schema(), rows)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from error


def scan_arrow_stream(path: Path) -> Scan:
    """Read an Arrow IPC stream; it is held in memory."""
    try:
        frame = pl.read_ipc_stream(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(path, error) from error
    return Scan(path.name, frame.lazy(), frame.schema, frame.height)


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path.name} cannot be read as Arrow IPC: {str(error).splitlines()[0]}. "
        "It may be cut short, or in the older Feather 1 format; write it again."
    )
