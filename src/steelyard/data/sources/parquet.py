"""Parquet files, one or many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import polars as pl

from steelyard.data.sources.scan import ENGINE_ERRORS, Scan
from steelyard.records import EmptyDataError, SourceError, SteelyardError


def scan_parquet(paths: Sequence[Path], name: str) -> list[Scan]:
    """Scan files of one schema together, else each on its own; only the footers are read."""
    hive = any("=" in parent.name for path in paths for parent in path.parents)
    schemas = {path: _schema(path) for path in paths}
    diagnose = partial(explain, list(paths))
    if len({tuple(schema.items()) for schema in schemas.values()}) == 1:
        return [_scan(paths, name, hive, diagnose)]
    return [_scan([path], path.name, hive, diagnose) for path in paths]


def explain(paths: Sequence[Path], error: Exception) -> SteelyardError | None:
    """Say which file is broken, by reading each one's columns until one fails."""
    if not isinstance(error, (*ENGINE_ERRORS, OSError)):
        return None
    for path in paths:
        try:
            pl.scan_parquet(path, glob=False).select(pl.all().null_count()).collect()
        except (pl.exceptions.PolarsError, OSError) as found:
            return SourceError(
                f"{path.name} is a damaged Parquet file: {_first_line(found)}. Copy or write it again."
            )
    return None


def _scan(paths: Sequence[Path], name: str, hive: bool, diagnose: partial[SteelyardError | None]) -> Scan:
    frame = pl.scan_parquet(list(paths), glob=False, hive_partitioning=hive)
    rows = frame.select(pl.len()).collect().item()
    return Scan(name, frame, frame.collect_schema(), rows, (), diagnose)


def _schema(path: Path) -> pl.Schema:
    if path.stat().st_size == 0:
        raise EmptyDataError(f"{path.name} is empty: it has no bytes to read. Write it again.")
    with path.open("rb") as file:
        first = file.read(4)
        file.seek(-min(4, path.stat().st_size), 2)
        last = file.read(4)
    if first != b"PAR1":
        raise SourceError(
            f"{path.name} is not a Parquet file: it begins with {first!r}, not b'PAR1'. If it is CSV or "
            "JSON, rename it."
        )
    if last != b"PAR1":
        raise SourceError(
            f"{path.name} is cut short: a Parquet file ends with b'PAR1', this one with {last!r}. "
            "Was it still being written? Copy or write it again."
        )
    try:
        return pl.scan_parquet(path, glob=False, hive_partitioning=False).collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(f"{path.name} is a damaged Parquet file: {_first_line(error)}. Write it again.") from error


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
