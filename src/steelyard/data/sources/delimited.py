"""CSV, TSV and their kin."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from steelyard.data.border import unique_names
from steelyard.data.sources.sample import sample_lines
from steelyard.data.sources.scan import ENGINE_ERRORS, Scan
from steelyard.data.sources.scratch import scratch_file
from steelyard.data.sources.text import Text, first_bad_byte, text_file
from steelyard.data.sources.times import time_rules, with_times
from steelyard.records import EmptyDataError, SourceError, SteelyardError

SEPARATORS = ",;\t|"
NULLS = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
LOOK = 10_000
csv.field_size_limit(2**27)


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    separator: str
    eol: str
    decimal_comma: bool
    skipped: int
    header: tuple[str, ...]

    def rows(self, text: io.TextIOBase) -> Iterator[list[str]]:
        """Return the reader of the standard library for this dialect."""
        return csv.reader(text, delimiter=self.separator)


def scan_delimited(path: Path) -> Scan:
    """Scan a CSV file; separator, encoding, decimal comma and types are found from its content."""
    text = text_file(path)
    dialect = sniff(text, path.name)
    if _spaced(dialect.header):
        text = _without_spaces(text, dialect)
        dialect = sniff(text, path.name)
    names = unique_names(_named(dialect.header), f"The header of {text.name}")
    sample = _sample(text, dialect)
    diagnose = partial(explain, text, dialect, names)
    schema = _schema(sample, dialect)
    renamed = {old: new for old, new in zip(schema, names, strict=True) if old != new}
    try:
        look = _scan(io.BytesIO(sample), dialect, schema).head(LOOK).collect().rename(renamed)
    except pl.exceptions.PolarsError as error:
        raise (diagnose(error) or SourceError(f"{text.name} cannot be read as CSV: {error}")) from error
    times = time_rules(look)
    frame = _scan(text.path, dialect, schema).rename(renamed)
    if len(names) > 1 and re.search(rb"\n[ \t]*\r?\n", sample):
        frame = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    frame = with_times(frame, times)
    types = zip(names, schema.dtypes(), strict=True)
    found = pl.Schema({n: pl.Datetime("us") if n in times else t for n, t in types})
    return Scan(text.name, frame, found, None, (*text.warnings, *_doubts(text.name, names)), diagnose)


def sniff(text: Text, name: str) -> Dialect:
    """Find out how a file is written from its first megabyte."""
    head = text.head().decode("utf-8", "ignore").removeprefix("\ufeff")
    if not head.strip():
        raise EmptyDataError(f"{text.name} is empty: it has only blank lines. Write it with a header and rows.")
    eol = "\n" if "\n" in head or "\r" not in head else "\r"
    skipped = 0
    hint = re.match(r"sep=(.)\r?\n", head)
    if hint:
        head, skipped = head[hint.end() :], 1
    separator = hint[1] if hint else _separator(head, "\t" if ".tsv" in name.lower() else ",")
    rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
    header = next((row for row in rows if row), [])
    return Dialect(separator, eol, _decimal_comma(head, separator), skipped, tuple(header))


def explain(text: Text, dialect: Dialect, names: list[str], error: Exception) -> SteelyardError | None:
    """Find the line that broke the reading, and say what to do about it."""
    if not isinstance(error, ENGINE_ERRORS):
        return None
    message = str(error)
    if "utf-8" in message:
        place, byte = first_bad_byte(text.path, text.path.stat().st_size + 1) or (0, 0)
        return SourceError(
            f"{text.name} is not UTF-8: byte 0x{byte:02x} at position {place:,}. Save it as UTF-8 and read it again."
        )
    if "more fields" in message:
        return _too_many_fields(text, dialect, len(names))
    value = re.search(
        r"could not parse `(.*?)` as dtype `(\w+)` at column '(.*?)' \(column number (\d+)\)", message, re.S
    )
    if value:
        return _wrong_type(text, dialect, value[1], value[3], int(value[4]) - 1)
    return None


def _too_many_fields(text: Text, dialect: Dialect, allowed: int) -> SourceError:
    for line, row in _numbered(text, dialect):
        if len(row) > allowed:
            shown = dialect.separator.join(row)
            return SourceError(
                f"{text.name}, line {line}: {len(row)} fields, but the header has {allowed}: "
                f"{_short(shown)!r}. "
                f"Put quotes around values that contain {dialect.separator!r}, or remove the line."
            )
    return SourceError(f"{text.name} has a line with more than the {allowed} fields of its header. Check its quotes.")


def _wrong_type(text: Text, dialect: Dialect, value: str, column: str, index: int) -> SourceError:
    lines = (n for n, row in _numbered(text, dialect) if len(row) > index and row[index].strip() == value.strip())
    where = next(lines, None)
    return SourceError(
        f"{text.name}{'' if where is None else f', line {where}'}, column {column!r}: {_short(value)!r} "
        "is not a number, "
        f"as the values before it are. Correct it; a missing value is written as nothing or as NA."
    )


def _numbered(text: Text, dialect: Dialect) -> Iterator[tuple[int, list[str]]]:
    with text.path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.reader(file, delimiter=dialect.separator)
        for number, row in enumerate(rows):
            if number > dialect.skipped:
                yield rows.line_num, row


def _scan(
    source: Path | io.BytesIO, dialect: Dialect, schema: pl.Schema | None, look: int | None = None
) -> pl.LazyFrame:
    return pl.scan_csv(
        source,
        separator=dialect.separator,
        eol_char=dialect.eol,
        skip_lines=dialect.skipped,
        decimal_comma=dialect.decimal_comma,
        null_values=NULLS,
        schema=schema,
        infer_schema_length=look,
        glob=False,
    )


def _schema(sample: bytes, dialect: Dialect) -> pl.Schema:
    inferred = _scan(io.BytesIO(sample), dialect, None).collect_schema()
    return pl.Schema({name: pl.Float64 if t == pl.Int128 else t for name, t in inferred.items()})


def _sample(text: Text, dialect: Dialect) -> bytes:
    width = len(dialect.header)

    def whole(line: bytes) -> bool:
        return line.count(b'"') % 2 == 0 and len(next(dialect.rows(_lines(line)), [])) == width

    return sample_lines(text.path, whole, dialect.eol.encode())


def _lines(line: bytes) -> io.StringIO:
    return io.StringIO(line.decode("utf-8", "ignore"))


def _separator(head: str, preferred: str) -> str:
    def fit(separator: str) -> tuple[float, int, bool]:
        rows = csv.reader(io.StringIO(head, newline=""), delimiter=separator)
        widths = [len(row) for row, _ in zip((r for r in rows if r), range(20), strict=False)]
        same = sum(w == widths[0] for w in widths) / len(widths) if widths and widths[0] > 1 else 0.0
        return same, widths[0] if widths else 0, separator == preferred

    best = max(SEPARATORS, key=fit)
    return best if fit(best)[0] > 0 else preferred


def _decimal_comma(head: str, separator: str) -> bool:
    if separator == ",":
        return False
    between = rf"(?:^|[{re.escape(separator)}])\s*-?\d+%s\d+\s*(?=$|[{re.escape(separator)}\r])"
    return bool(re.search(between % ",", head, re.M)) and not re.search(between % r"\.", head, re.M)


def _spaced(header: tuple[str, ...]) -> bool:
    return len(header) > 1 and all(name.startswith(" ") for name in header[1:])


def _without_spaces(text: Text, dialect: Dialect) -> Text:
    out = scratch_file(".csv")
    with (
        text.path.open(encoding="utf-8-sig", newline="") as old,
        out.open("w", encoding="utf-8", newline="") as new,
    ):
        rows = csv.reader(old, delimiter=dialect.separator, skipinitialspace=True)
        csv.writer(new, delimiter=dialect.separator, lineterminator="\n").writerows(rows)
    return Text(text.name, out, text.warnings)


def _named(header: tuple[str, ...]) -> list[str]:
    taken = Counter(header)
    return [name if name.strip() else f"column_{i}" + "_" * taken[f"column_{i}"] for i, name in enumerate(header, 1)]


def _doubts(name: str, names: list[str]) -> tuple[str, ...]:
    numbers = [n for n in names if re.fullmatch(r"-?\d+([.,]\d+)?([eE][+-]?\d+)?", n.strip())]
    if len(numbers) < len(names):
        return ()
    return (
        f"{name}: the first line was read as column names, but holds only numbers "
        f"({', '.join(numbers[:3])} …). "
        "If it is data, write a line of names above it.",
    )


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "…"
