"""Files, globs, directories and lists of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.data.border import as_table, unique_names
from steelyard.data.sources.arrow_file import scan_arrow_file, scan_arrow_stream
from steelyard.data.sources.delimited import scan_delimited
from steelyard.data.sources.delta import is_delta, scan_delta
from steelyard.data.sources.digest import digest_of
from steelyard.data.sources.formats import Format, format_of, is_readable
from steelyard.data.sources.json_text import scan_json, scan_ndjson
from steelyard.data.sources.parquet import scan_parquet
from steelyard.data.sources.paths import expand
from steelyard.data.sources.scan import Scan
from steelyard.data.sources.source import Source
from steelyard.data.sources.stdin import saved_stdin
from steelyard.data.sources.union import united
from steelyard.data.table import Table
from steelyard.records import ConfigError, SourceError

ONE: dict[Format, Callable[[Path], Scan]] = {
    Format.CSV: scan_delimited,
    Format.NDJSON: scan_ndjson,
    Format.JSON: scan_json,
    Format.ARROW: scan_arrow_file,
    Format.ARROW_STREAM: scan_arrow_stream,
}


def read_files(source: Any, query: str | None = None, description: str | None = None) -> Table:
    """Read what a path, a glob or a list of them means."""
    if query is not None:
        raise ConfigError(
            "A query is SQL for a database, but the source is a file. Leave it out, or name a database, e.g. "
            "duckdb:///store.duckdb."
        )
    if isinstance(source, str) and source == "-":
        source, description = saved_stdin(), "standard input"
    named = expand(source)
    try:
        found = [_of_directory(path) if path.is_dir() else [path] for path in named]
        paths = [path for group in found for path in group]
        scan = united(_scans(paths, named[0].name))
        digest = None if any(path.is_dir() for path in paths) else digest_of(paths)
    except PermissionError as error:
        file = Path(error.filename).name if error.filename else named[0].name
        raise SourceError(
            f"{file} may not be read by this user: permission denied. Change its permissions."
        ) from error
    return as_table(
        _clean(scan.frame, scan.schema),
        description or _describe(source, paths),
        rows=scan.rows,
        digest=digest,
        warnings=scan.warnings,
        diagnose=scan.diagnose,
    )


def _scans(paths: Sequence[Path], name: str) -> list[Scan]:
    formats = {path: Format.DELTA if path.is_dir() else format_of(path) for path in paths}
    parquet = [path for path, kind in formats.items() if kind is Format.PARQUET]
    scans = scan_parquet(parquet, name) if parquet else []
    for path, kind in formats.items():
        if kind is Format.DELTA:
            scans.append(scan_delta(path))
        elif kind is not Format.PARQUET:
            scans.append(ONE[kind](path))
    return scans


def _of_directory(folder: Path) -> list[Path]:
    if is_delta(folder):
        return [folder]
    inside = sorted(path for path in folder.rglob("*") if path.is_file())
    visible = [path for path in inside if not _hidden(path.relative_to(folder))]
    readable = [path for path in visible if is_readable(path)]
    if readable:
        return readable
    seen = ", ".join(repr(path.name) for path in visible[:5]) or "nothing"
    raise SourceError(
        f"The directory {folder.name!r} has no file that can be read; it holds {seen}. "
        "Steelyard reads .parquet, .csv, .tsv, .txt, .jsonl, .ndjson, .json, .arrow and .feather, also "
        "compressed."
    )


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _clean(frame: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    unique_names(schema, "The file")
    empty = [name for name, dtype in schema.items() if dtype == pl.Null]
    return frame.with_columns(pl.col(empty).cast(pl.Float64)) if empty else frame


def _describe(source: Any, paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return paths[0].name
    what = Path(source).name if isinstance(source, (str, os.PathLike)) else f"{paths[0].name} …"
    return f"{len(paths)} files, {what}"


def _accepts(source: Any) -> bool:
    if isinstance(source, (str, os.PathLike)):
        return True
    return isinstance(source, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in source)


SOURCE = Source(
    "files", _accepts, read_files, "files (.parquet, .csv, .tsv, .jsonl, .json, .arrow), globs, directories"
)
