"""JSON and newline-delimited JSON."""

from __future__ import annotations

import glob
import io
import json
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from steelyard.data.sources.pieces import gathered
from steelyard.data.sources.records import frame_of_columns, frame_of_records
from steelyard.data.sources.sample import sample_lines
from steelyard.data.sources.scan import ENGINE_ERRORS, Scan
from steelyard.data.sources.text import Text, text_file
from steelyard.data.sources.times import time_rules, with_times
from steelyard.records import EmptyDataError, SourceError, SteelyardError

LOOK = 10_000
BATCH = 50_000
SHAPES = (
    'an array of records [{"a": 1}, …], {"records": [ … ]}, columns {"a": [1, …], …}, or one record a line (.jsonl)'
)


def scan_ndjson(path: Path) -> Scan:
    """Scan one record a line; types are found from lines all over the file."""
    text = text_file(path)
    sample = sample_lines(text.path, lambda line: line.startswith(b"{"))
    if not sample.strip():
        raise EmptyDataError(f"{text.name} is empty: it has only blank lines. Write one record a line.")
    try:
        schema = pl.scan_ndjson(io.BytesIO(sample), infer_schema_length=None).collect_schema()
        look = pl.scan_ndjson(io.BytesIO(sample), schema=schema).head(LOOK).collect()
        frame = pl.scan_ndjson(glob.escape(str(text.path)), schema=schema)
    except pl.exceptions.PolarsError:
        # NaN, Infinity and a byte order mark are not JSON, but Python's reader and writer allow them.
        frame, _ = gathered(_pieces(text))
        schema = frame.collect_schema()
        look = frame.head(LOOK).collect()
    times = time_rules(look)
    found = pl.Schema({n: pl.Datetime("us") if n in times else t for n, t in schema.items()})
    return Scan(text.name, with_times(frame, times), found, None, text.warnings, partial(explain, text))


def scan_json(path: Path) -> Scan:
    """Read a JSON document of records or columns; it is held in memory."""
    text = text_file(path)
    content = text.path.read_text("utf-8-sig")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and content.lstrip().startswith("{"):
            return scan_ndjson(path)
        raise SourceError(
            f"{text.name}, line {error.lineno}, column {error.colno}: not JSON ({error.msg}). "
            "The file may be cut short; write it again."
        ) from error
    frame = _frame_of(document, text.name)
    frame = with_times(frame.lazy(), time_rules(frame)).collect()
    return Scan(text.name, frame.lazy(), frame.schema, frame.height, text.warnings)


def explain(text: Text, error: Exception) -> SteelyardError | None:
    """Find the line that is not JSON, or not like the others."""
    if not isinstance(error, ENGINE_ERRORS):
        return None
    for _ in _records(text):
        pass
    return SourceError(
        f"{text.name}: {str(error).splitlines()[0]}. A field far down the file is of another type than "
        "before; "
        "write it the same way in every record."
    )


def _frame_of(document: Any, name: str) -> pl.DataFrame:
    if isinstance(document, dict):
        for key in ("records", "data", "rows"):
            if isinstance(document.get(key), list) and _are_records(document[key]):
                return frame_of_records(document[key], name)
        columns, values = document.get("columns"), document.get("data")
        if isinstance(columns, list) and isinstance(values, list):
            return frame_of_records([dict(zip(columns, row, strict=False)) for row in values], name)
        if document and all(isinstance(v, list) for v in document.values()):
            return frame_of_columns(document, name)
        if document and all(isinstance(v, dict) for v in document.values()):
            return frame_of_columns({key: list(v.values()) for key, v in document.items()}, name)
    elif isinstance(document, list) and _are_records(document):
        return frame_of_records(document, name)
    raise SourceError(f"{name} is JSON, but not a table. Write it as {SHAPES}.")


def _are_records(items: list[Any]) -> bool:
    return all(isinstance(item, dict) for item in items)


def _pieces(text: Text) -> Iterator[pl.DataFrame]:
    records = _records(text)
    while batch := list(islice(records, BATCH)):
        yield frame_of_records(batch, text.name)


def _records(text: Text) -> Iterator[dict[str, Any]]:
    with text.path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise SourceError(
                    f"{text.name}, line {number}: not JSON ({error.msg} at column {error.colno}): "
                    f"{line[:80].strip()!r}. "
                    "Correct or remove the line; each line is one record."
                ) from error
            if not isinstance(record, dict):
                raise SourceError(
                    f'{text.name}, line {number}: {line[:80].strip()!r} is not a record like {{"a": 1}}.'
                )
            yield record
