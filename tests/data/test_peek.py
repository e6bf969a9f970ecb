import sys

import duckdb
import polars as pl

from steelyard.data import peek, read
from steelyard.data.peek import Peek


def test_the_whole_of_a_small_table():
    look = peek(read({"x": [1, 2, 3]}))
    assert look.complete
    assert look.frame.height == 3


def test_exactly_as_many_rows_as_asked_for():
    assert peek(read({"x": [1, 2, 3]}), rows=3).complete
    assert not peek(read({"x": [1, 2, 3]}), rows=2).complete
    assert peek(read(pl.LazyFrame({"x": [1, 2, 3]})), rows=3).complete


def test_parquet_is_looked_at_in_three_places(tmp_path):
    pl.DataFrame({"x": range(10_000)}).write_parquet(tmp_path / "a.parquet", row_group_size=1_000)
    look = peek(read(tmp_path / "a.parquet"), rows=30)
    assert not look.complete
    assert look.frame["x"].to_list() == [*range(10), *range(4_995, 5_005), *range(9_990, 10_000)]


def test_a_csv_file_is_looked_at_from_the_top(tmp_path):
    pl.DataFrame({"x": range(1_000)}).write_csv(tmp_path / "a.csv")
    look = peek(read(tmp_path / "a.csv"), rows=10)
    assert look.frame["x"].to_list() == list(range(10))
    assert not look.complete


def test_of_a_wide_table_fewer_rows_are_taken(monkeypatch):
    # `steelyard.data.peek` is the function; its module goes by the same name.
    monkeypatch.setattr(sys.modules["steelyard.data.peek"], "CELLS", 20)
    assert peek(read({f"c{i}": list(range(50)) for i in range(10)})).frame.height <= 2


def test_duckdb():
    look = peek(read(duckdb.connect().sql("SELECT i, [i] AS l FROM range(100) t(i)")), rows=10)
    assert isinstance(look, Peek)
    assert look.frame.columns == ["i"]
    assert look.frame.height == 10
    assert not look.complete
