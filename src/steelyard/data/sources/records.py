"""Data that lies in plain Python: a dict of columns, a list of records, a NumPy structured array."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl

from steelyard.data.border import as_table, unique_names
from steelyard.data.sources.source import Source
from steelyard.data.sources.times import time_rules, with_times
from steelyard.data.table import Table
from steelyard.records import ConfigError, DataError, SourceError


def frame_of_records(records: Sequence[Mapping[Any, Any]], where: str) -> pl.DataFrame:
    """Return a frame with every key of any record; a key a record lacks is missing there."""
    rows = [{str(key): value for key, value in record.items()} for record in records]
    try:
        return pl.from_dicts(rows, infer_schema_length=None, strict=False) if rows else pl.DataFrame()
    except (pl.exceptions.PolarsError, TypeError, OverflowError):
        names = dict.fromkeys(name for row in rows for name in row)
        return frame_of_columns({name: [row.get(name) for row in rows] for name in names}, where)


def frame_of_columns(columns: Mapping[Any, Any], where: str) -> pl.DataFrame:
    """Return a frame of columns of equal length; values of mixed types become text."""
    names = unique_names(columns, where)
    series = [_series(name, values) for name, values in zip(names, columns.values(), strict=True)]
    lengths = {s.name: len(s) for s in series}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name!r} has {length:,}" for name, length in list(lengths.items())[:6])
        raise DataError(f"The columns of {where} differ in length: {shown}. Every column needs one value a row.")
    return pl.DataFrame(series)


def _series(name: str, values: Any) -> pl.Series:
    if isinstance(values, pl.Series):
        return values.alias(name)
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise DataError(f"Column {name!r} is {values!r}, which is not a list of values. Give one value a row.")
    if isinstance(values, np.ndarray) and values.dtype != object:
        return pl.Series(name, values)
    plain = [None if _is_missing(value) else value for value in values]
    if any(value is None for value in plain):
        # Polars takes a column of arrays, but not one in which some are missing.
        plain = [value.tolist() if isinstance(value, np.ndarray) else value for value in plain]
    try:
        series = pl.Series(name, plain, strict=True)
        return _mixed(name, plain) if series.dtype == pl.Object else series
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        return _mixed(name, plain)


def _mixed(name: str, values: list[Any]) -> pl.Series:
    present = [value for value in values if value is not None]
    if all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in present):
        return pl.Series(name, [None if v is None else float(v) for v in values], dtype=pl.Float64)
    if present and all(isinstance(value, datetime) for value in present):
        return pl.Series(name, [None if v is None else _in_utc(v) for v in values], dtype=pl.Datetime("us"))
    return pl.Series(name, [None if v is None else str(v) for v in values], dtype=pl.String)


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment.replace(tzinfo=None)


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float) and value != value)
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _accepts(source: Any) -> bool:
    if isinstance(source, np.ndarray):
        return True
    if isinstance(source, Mapping):
        return True
    return isinstance(source, (list, tuple)) and bool(source) and all(isinstance(s, Mapping) for s in source[:10])


def _read(source: Any, query: str | None) -> Table:
    if query is not None:
        raise ConfigError("A query is SQL for a database, but the source is plain Python. Leave it out.")
    if isinstance(source, np.ndarray):
        frame, what = _frame_of_array(source), "a NumPy array"
    elif isinstance(source, Mapping):
        frame, what = frame_of_columns(source, "the dict"), "a dict of columns"
    else:
        frame, what = frame_of_records(source, "the list"), "a list of records"
    return as_table(with_times(frame.lazy(), time_rules(frame)), what, rows=frame.height)


def _frame_of_array(array: np.ndarray[Any, Any]) -> pl.DataFrame:
    if array.dtype.names is None:
        raise SourceError(
            f"A NumPy array of shape {array.shape} has no column names. Give a dict, e.g. "
            '{"label": y, "score": p}, or a structured array.'
        )
    return frame_of_columns({name: array[name] for name in array.dtype.names}, "the array")


SOURCE = Source("records", _accepts, _read, "a dict of columns or a list of records")
