"""`read`: the one door data comes in by."""

from __future__ import annotations

from typing import Any

from steelyard.data.sources import builtin
from steelyard.data.sources.source import registered
from steelyard.data.table import Table
from steelyard.records import SourceError

builtin.register_all()


def read(source: Any, *, query: str | None = None) -> Table:
    """Read data from wherever it is, as a lazy table.

    Args:
        source: a path, glob, directory, URL or a list of them; a data frame (Polars, pandas, PyArrow,
            DuckDB, PySpark, Ibis, …); a dict of columns or a list of records; "-" for standard input.
        query: SQL, where the source is a database.

    Returns:
        A table whose frame is lazy. DuckDB, PySpark, Ibis and Dask frames stay in their engine;
        everything else is read by Polars.

    Raises:
        SourceError: it cannot be found or read; the message says why and what to do.
        EmptyDataError: a file has no content at all.
        ColumnError: two columns have one name.
        MissingPackageError: an optional package is needed.
    """
    if isinstance(source, Table):
        return source
    for known in registered():
        if known.accepts(source):
            return known.read(source, query)
    examples = "; ".join(known.example for known in registered() if known.example)
    raise SourceError(f"Cannot read data from {_shown(source)}. Steelyard reads: {examples}.")


def _shown(source: Any) -> str:
    kind = type(source)
    return f"an object of type {kind.__module__}.{kind.__qualname__}".replace("builtins.", "")
