"""SQLite and PostgreSQL (and other databases SQLAlchemy reaches), streamed in pieces."""

from __future__ import annotations

import decimal
import json
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import polars as pl

from steelyard.data.border import as_table, unique_names
from steelyard.data.sources.extras import need
from steelyard.data.sources.frames import measurable
from steelyard.data.sources.pieces import gathered
from steelyard.data.sources.records import frame_of_columns
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import ConfigError, MissingPackageError, SourceError, nearest

SCHEMES = (
    "sqlite",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "mssql",
    "oracle",
    "snowflake",
    "bigquery",
    "redshift",
)
ROWS = 50_000


def read_database(source: str, query: str | None = None) -> Table:
    """Run a query, or read a table, and gather its rows in pieces."""
    sqlalchemy = need("sqlalchemy", "sql", "Reading from a database")
    url, table = split_table(source)
    shown = sqlalchemy.make_url(url).set(query={}).render_as_string(hide_password=True)
    engine = _engine(sqlalchemy, url, shown)
    try:
        with engine.connect() as connection:
            # As written: no `:name` or `%` in the query is taken for a parameter.
            asis = {"stream_results": True, "max_row_buffer": ROWS, "no_parameters": True}
            statement = query or _whole_table(sqlalchemy, engine, table, shown)
            result = connection.execution_options(**asis).exec_driver_sql(statement)
            names = unique_names(result.keys(), f"The result of the query on {shown}")
            frame, rows = gathered(_pieces(result, names))
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise SourceError(
            f"{shown} did not answer: {_reason(error)}. Check the address, the query and your rights."
        ) from error
    finally:
        engine.dispose()
    if rows == 0:
        frame = pl.LazyFrame(schema=dict.fromkeys(names, pl.Null))
    return as_table(measurable(frame), f"{shown}{f' table {table}' if table and not query else ' query'}", rows=rows)


def split_table(source: str) -> tuple[str, str | None]:
    """Take `?table=name` off an address."""
    address, _, rest = source.partition("?")
    options = parse_qs(rest, keep_blank_values=True)
    table = options.pop("table", [None])[0]
    return address + ("?" + urlencode(options, doseq=True) if options else ""), table


def missing_query(shown: str, tables: list[str]) -> ConfigError:
    """Say that a database needs a query or a table, and which tables there are."""
    return ConfigError(
        f'{shown} is a database: say what to read from it with a query (--sql, query="SELECT …") or '
        f"with ?table=NAME at its end. {nearest('', tables)}"
    )


def _engine(sqlalchemy: Any, url: str, shown: str) -> Any:
    address = sqlalchemy.make_url(re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url))
    if address.get_backend_name() == "sqlite":
        address = _read_only(address)
    try:
        return sqlalchemy.create_engine(address)
    except ImportError as error:
        extra = "postgres" if address.get_backend_name() == "postgresql" else None
        how = f'pip install "steelyard[{extra}]"' if extra else f"pip install {error.name}"
        raise MissingPackageError(f"Reading {shown} needs the package {error.name!r}. Run: {how}") from error
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise SourceError(f"{shown} cannot be used: {_reason(error)}.") from error


def _read_only(address: Any) -> Any:
    """Open SQLite files for reading only; else a misspelt name would make an empty database."""
    if not address.database or address.database == ":memory:":
        raise SourceError("sqlite:// without a file is an empty database. Name the file: sqlite:///store.db")
    path = Path(address.database).expanduser()
    if not path.exists():
        names = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise SourceError(f"There is no database file {address.database!r}. {nearest(path.name, names)}")
    return address.set(database=f"file:{quote(str(path))}", query={**address.query, "mode": "ro", "uri": "true"})


def _whole_table(sqlalchemy: Any, engine: Any, table: str | None, shown: str) -> str:
    inspector = sqlalchemy.inspect(engine)
    if not table:
        raise missing_query(shown, [*inspector.get_table_names(), *inspector.get_view_names()])
    schema, _, name = table.rpartition(".")
    tables = [*inspector.get_table_names(schema or None), *inspector.get_view_names(schema or None)]
    if name not in tables:
        raise SourceError(f"{shown} has no table {table!r}. {nearest(name, tables)}")
    whole = sqlalchemy.select(sqlalchemy.text("*")).select_from(sqlalchemy.table(name, schema=schema or None))
    return str(whole.compile(dialect=engine.dialect))


def _pieces(result: Any, names: list[str]) -> Iterator[pl.DataFrame]:
    for rows in result.partitions(ROWS):
        columns = zip(*rows, strict=True)
        yield frame_of_columns(
            {name: [_plain(v) for v in values] for name, values in zip(names, columns, strict=True)},
            "The query",
        )


def _plain(value: Any) -> Any:
    if isinstance(value, decimal.Decimal):
        return float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return json.dumps(value, default=str) if isinstance(value, dict) else value


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0].rstrip(".") if str(cause).strip() else type(cause).__name__


def _accepts(source: Any) -> bool:
    scheme = source.partition("://")[0].partition("+")[0] if isinstance(source, str) and "://" in source else ""
    return scheme.lower() in SCHEMES


SOURCE = Source("databases", _accepts, read_database, "sqlite:///file.db or postgresql://… with query= or ?table=")
