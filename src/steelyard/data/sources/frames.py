"""Data frames that are already there: Polars, Arrow, and whatever Narwhals knows."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.border import as_table, unique_names
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import ColumnError, ConfigError

LAZY = ("duckdb", "pyspark", "sqlframe", "ibis", "dask")


def read_frame(source: Any, query: str | None = None) -> Table:
    """Make a table of a data frame; lazy ones stay where they are."""
    if query is not None:
        raise ConfigError(
            "A query is SQL for a database, but the source is a data frame. Query it before, or leave it out."
        )
    if isinstance(source, (nw.DataFrame, nw.LazyFrame)) or hasattr(source, "__narwhals_dataframe__"):
        source = source.to_native()
    what = _article(source)
    if isinstance(source, pl.DataFrame):
        return as_table(measurable(source.lazy()), what, rows=source.height)
    if isinstance(source, pl.LazyFrame):
        return as_table(measurable(source), what)
    if _library(source) in LAZY:
        return _elsewhere(source, what)
    return _of_arrow(source, what)


def measurable(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Give columns without any value a type, so that they can be measured as missing."""
    empty = [name for name, dtype in frame.collect_schema().items() if dtype == pl.Null]
    return frame.with_columns(pl.col(empty).cast(pl.Float64)) if empty else frame


def _elsewhere(source: Any, what: str) -> Table:
    names = getattr(source, "columns", None)
    unique_names(list(names) if names is not None else [], what)
    return as_table(source, what)


def _of_arrow(source: Any, what: str) -> Table:
    if _library(source) == "pyarrow" and hasattr(source, "scanner"):
        unique_names(source.schema.names, what)
        return as_table(measurable(pl.scan_pyarrow_dataset(source)), what, rows=None)
    if hasattr(source, "column_names"):
        unique_names(source.column_names, what)
    try:
        frame = pl.DataFrame(source)
    except pl.exceptions.DuplicateError as error:
        raise ColumnError(f"{what} has two columns of one name: {error}. Rename or drop one.") from error
    return as_table(measurable(frame.lazy()), what, rows=frame.height)


def _library(source: Any) -> str:
    return type(source).__module__.partition(".")[0].lstrip("_")


def _article(source: Any) -> str:
    library = {"polars": "Polars", "pyarrow": "PyArrow", "duckdb": "DuckDB", "pyspark": "PySpark"}
    name = _library(source)
    return f"a {library.get(name, name)} {type(source).__name__}"


def _accepts(source: Any) -> bool:
    if isinstance(source, (pl.DataFrame, pl.LazyFrame, nw.DataFrame, nw.LazyFrame)):
        return True
    if isinstance(source, (pl.Series, type)) or _library(source) == "numpy":
        return False
    if hasattr(source, "__arrow_c_stream__") or hasattr(source, "__narwhals_dataframe__"):
        return True
    if _library(source) == "pyarrow" and hasattr(source, "scanner"):
        return True
    return _library(source) in LAZY and bool(getattr(source, "columns", None) is not None)


SOURCE = Source("frames", _accepts, read_frame, "a Polars, PyArrow, DuckDB, PySpark, Ibis or Dask frame")
