"""Delta tables."""

from __future__ import annotations

from pathlib import Path

from steelyard.data.sources.extras import need
from steelyard.data.sources.scan import Scan
from steelyard.records import SourceError


def is_delta(path: Path) -> bool:
    """Say whether a directory is a Delta table."""
    return (path / "_delta_log").is_dir()


def scan_delta(path: Path) -> Scan:
    """Scan the latest version of a Delta table."""
    import polars as pl

    deltalake = need("deltalake", "delta", "Reading a Delta table")
    try:
        frame = pl.scan_delta(str(path))
        rows = frame.select(pl.len()).collect().item()
        return Scan(path.name, frame, frame.collect_schema(), rows)
    except (deltalake.exceptions.DeltaError, pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(f"{path.name} cannot be read as a Delta table: {error}. Check its _delta_log.") from error
