"""Which format a file has: by its first bytes where they tell, else by its suffix."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from steelyard.data.sources.text import text_file, unpacked
from steelyard.records import SourceError


class Format(StrEnum):
    """A format of files."""

    PARQUET = "Parquet"
    ARROW = "Arrow IPC"
    ARROW_STREAM = "Arrow IPC stream"
    CSV = "CSV"
    NDJSON = "newline-delimited JSON"
    JSON = "JSON"
    DELTA = "Delta"


SUFFIXES = {
    ".parquet": Format.PARQUET, ".pq": Format.PARQUET, ".parq": Format.PARQUET,
    ".arrow": Format.ARROW, ".feather": Format.ARROW, ".ipc": Format.ARROW, ".ft": Format.ARROW,
    ".arrows": Format.ARROW_STREAM,
    ".csv": Format.CSV, ".tsv": Format.CSV, ".txt": Format.CSV, ".tab": Format.CSV, ".psv": Format.CSV,
    ".jsonl": Format.NDJSON, ".ndjson": Format.NDJSON,
    ".json": Format.JSON,
}  # fmt: skip
PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst", ".zstd")
BINARY = {b"PAR1": Format.PARQUET, b"ARROW1": Format.ARROW, b"\xff\xff\xff\xff": Format.ARROW_STREAM}
OTHERS = {
    b"SQLite format 3\0": 'an SQLite database. Give it by its address, "sqlite:///{path}?table=NAME"',
    b"PK\x03\x04": "a zip archive or an Excel workbook. Unpack it, or save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook. Save the sheet as CSV",
    b"\x80\x04\x95": "a Python pickle, which can run code when opened. Write the data as Parquet",
    b"\x89HDF": "an HDF5 file. Write the data as Parquet",
    b"ORC": "an ORC file. Write the data as Parquet",
    b"Obj\x01": "an Avro file. Write the data as Parquet",
    b"FEA1": "a Feather 1 file. Write it again as Feather 2 or Parquet",
}


def suffix_of(path: Path) -> str:
    """Return the suffix that tells the format, before any of compression."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    while suffixes and suffixes[-1] in PACKED_SUFFIXES:
        suffixes.pop()
    return suffixes[-1] if suffixes else ""


def is_readable(path: Path) -> bool:
    """Say whether a file in a directory is one of data, by its suffix."""
    return suffix_of(path) in SUFFIXES


def format_of(path: Path) -> Format:
    """Return the format of a file; raise when it has none we read."""
    with path.open("rb") as file:
        head = file.read(16)
    for magic, found in BINARY.items():
        if head.startswith(magic):
            return found
    for magic, what in OTHERS.items():
        if head.startswith(magic):
            raise SourceError(f"{path.name} is {what.format(path=path.name)}.")
    if head[8:12] == b"DUCK":
        raise SourceError(
            f'{path.name} is a DuckDB database. Give it by its address, "duckdb:///{path.name}?table=NAME".'
        )
    return SUFFIXES.get(suffix_of(path)) or _by_content(path)


def _by_content(path: Path) -> Format:
    plain = unpacked(path)
    if plain != path:
        return format_of(plain)
    head = text_file(path).head(2**16).decode("utf-8", "ignore").removeprefix("\ufeff").lstrip()
    if head.startswith("["):
        return Format.JSON
    if head.startswith("{"):
        first, _, rest = head.partition("\n")
        return Format.NDJSON if first.rstrip().endswith("}") and rest.lstrip()[:1] in ("{", "") else Format.JSON
    if any(separator in head.partition("\n")[0] for separator in ",;\t|"):
        return Format.CSV
    raise SourceError(
        f"{path.name} is of no format that can be told from its suffix or content. Steelyard reads "
        f"{', '.join(SUFFIXES)}, also with {', '.join(PACKED_SUFFIXES)}; rename it to say what it is."
    )
