"""DuckDB database files; the query stays in DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from steelyard.data.border import as_table
from steelyard.data.sources.database import missing_query, split_table
from steelyard.data.sources.extras import need
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import SourceError, nearest


def read_duckdb(source: str, query: str | None = None) -> Table:
    """Open a DuckDB file for reading, and make a table of a query or a table of it."""
    duckdb = need("duckdb", "duckdb", "Reading a DuckDB database")
    address, table = split_table(source)
    path = Path(address.removeprefix("duckdb:///").removeprefix("duckdb://")).expanduser()
    if not path.is_file():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(f"There is no DuckDB file {str(path)!r}. {nearest(path.name, names)}")
    try:
        connection = duckdb.connect(str(path), read_only=True)
        tables = [
            str(row[0]) for row in connection.sql("SELECT table_name FROM information_schema.tables").fetchall()
        ]
        if not query and not table:
            raise missing_query(path.name, tables)
        if not query and table not in tables:
            raise SourceError(f"{path.name} has no table {table!r}. {nearest(str(table), tables)}")
        relation = connection.sql(query) if query else connection.table(_quoted(str(table)))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise SourceError(f"{path.name} did not answer: {reason}. Check the file and the query.") from error
    return as_table(relation, f"{path.name} {'query' if query else f'table {table}'}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _accepts(source: Any) -> bool:
    return isinstance(source, str) and source.lower().startswith("duckdb://")


SOURCE = Source("duckdb files", _accepts, read_duckdb, "duckdb:///file.duckdb with query= or ?table=")
