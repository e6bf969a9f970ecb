"""Labels joined by id: what joins, what does not, and what is said of it."""

from __future__ import annotations

import datetime as dt

import duckdb
import polars as pl
import pytest

from steelyard.data import Kind, read
from steelyard.data.labels import arrival_name, join_labels
from steelyard.records import ColumnError, DataError

ROWS = pl.DataFrame({"id": [3, 1, 2, 4], "p": [0.3, 0.1, 0.2, 0.4]})


def joined(table, labels, *given, **named):
    made = join_labels(read(table), read(labels), *given, **named)
    return made, made.frame.collect("polars").to_native()


def test_rows_keep_their_order_and_get_their_labels():
    table, frame = joined(ROWS, pl.DataFrame({"id": [1, 2, 3], "y": [1, 0, 1]}), "id")
    assert frame["id"].to_list() == [3, 1, 2, 4]
    assert frame["y"].to_list() == [1, 1, 0, None]
    assert table.kinds["y"] is Kind.NUMBER
    assert table.rows == 4
    assert any("1 of 4 ids" in w and "no label" in w for w in table.warnings)


def test_the_latest_of_several_labels_counts():
    days = [dt.datetime(2026, 1, day) for day in (2, 9, 5)]
    labels = pl.DataFrame({"id": [1, 1, 2], "y": [0, 1, 0], "came": days})
    _, frame = joined(ROWS, labels, "id", time="came")
    assert frame.filter(pl.col("id") == 1)["y"].to_list() == [1]
    assert frame.filter(pl.col("id") == 1)["came"].to_list() == [days[1]]
    with pytest.raises(DataError, match=r"more than one label for 1 ids, e\.g\. 1\. Name the column"):
        join_labels(read(ROWS), read(labels), "id", label="y")


def test_the_same_label_twice_is_one_label():
    _, frame = joined(ROWS, pl.DataFrame({"id": [1, 1], "y": [1, 1]}), "id")
    assert frame["y"].drop_nulls().to_list() == [1]


@pytest.mark.parametrize("ids", [["1", "2"], [1.0, 2.0], pl.Series([1, 2], dtype=pl.Int8)])
def test_unlike_types_of_the_same_id_join(ids):
    _, frame = joined(ROWS, pl.DataFrame({"id": ids, "y": [1, 0]}), "id")
    assert frame["y"].drop_nulls().to_list() == [1, 0]


def test_types_that_cannot_be_the_same_are_refused():
    with pytest.raises(DataError, match="Write it the same way in both"):
        join_labels(read(ROWS), read(pl.DataFrame({"id": [dt.datetime(2026, 1, 1)], "y": [1]})), "id")
    fractions = ROWS.with_columns(pl.col("id") + 0.5)
    with pytest.raises(DataError, match="Write it the same way in both"):
        join_labels(read(fractions), read(pl.DataFrame({"id": ["1"], "y": [1]})), "id")


def test_ids_that_do_not_join_are_shown_from_both_sides():
    labels = pl.DataFrame({"id": ["u-1", "u-2"], "y": [1, 0]})
    with pytest.raises(DataError, match=r"No id of .* is an id of .*'1', '2', '3' against 'u-1', 'u-2'"):
        join_labels(read(ROWS), read(labels), "id")
    table, _ = joined(ROWS, pl.DataFrame({"id": [1, 99], "y": [1, 0]}), "id")
    assert any("1 of 2 ids" in w and "99" in w and "left out" in w for w in table.warnings)


def test_ids_that_are_missing_join_nothing():
    rows = ROWS.with_columns(id=pl.Series([None, 1, 2, None]))
    _, frame = joined(rows, pl.DataFrame({"id": [None, None, 1], "y": [0, 1, 1]}), "id")
    assert frame["y"].to_list() == [None, 1, None, None]


def test_several_columns_make_an_id():
    rows = ROWS.with_columns(shop=pl.Series(["a", "a", "b", "b"]))
    labels = pl.DataFrame({"id": [1, 2, 2], "shop": ["a", "a", "b"], "y": [1, 0, 1]})
    _, frame = joined(rows, labels, ["id", "shop"])
    assert frame["y"].to_list() == [None, 1, 1, None]


def test_labels_that_came_fill_those_that_were_missing():
    rows = ROWS.with_columns(y=pl.Series([None, 0, None, 1], dtype=pl.Int64))
    table, frame = joined(rows, pl.DataFrame({"id": [1, 2], "y": [1, 0]}), "id")
    assert frame["y"].to_list() == [None, 1, 0, 1]
    assert frame.columns == ["id", "p", "y"]
    assert any("stay where none was joined" in w for w in table.warnings)


def test_a_time_that_rows_have_too_gets_another_name():
    rows = ROWS.with_columns(at=dt.datetime(2026, 1, 1))
    labels = pl.DataFrame({"id": [1], "y": [1], "at": [dt.datetime(2026, 2, 1)]})
    _, frame = joined(rows, labels, "id", time="at")
    assert arrival_name(read(rows), "at") == "at of label"
    assert frame["at"].to_list() == [dt.datetime(2026, 1, 1)] * 4
    assert frame["at of label"].drop_nulls().to_list() == [dt.datetime(2026, 2, 1)]


def test_columns_that_are_not_there_are_named():
    labels = read(pl.DataFrame({"id": [1], "y": [1]}))
    with pytest.raises(ColumnError, match="no column 'key' to join labels by"):
        join_labels(read(ROWS), labels, "key")
    with pytest.raises(ColumnError, match="no column 'truth'"):
        join_labels(read(ROWS), labels, "id", label="truth")
    with pytest.raises(ColumnError, match="no label to join"):
        join_labels(read(ROWS), read(pl.DataFrame({"id": [1]})), "id")


def test_engines():
    db = duckdb.connect()
    db.sql("create table rows as select * from (values (1, 0.5), (2, 0.3)) t(id, p)")
    db.sql("create table labels as select 1 as id, 1 as y")
    inside, frame = joined(db.table("rows"), db.table("labels"), "id")
    assert inside.engine == "duckdb"
    assert dict(zip(frame["id"], frame["y"], strict=True)) == {1: 1, 2: None}
    _, mixed = joined(ROWS, db.table("labels"), "id")
    assert mixed["y"].drop_nulls().to_list() == [1]
    with pytest.raises(DataError, match="cannot be joined"):
        join_labels(read(db.table("rows")), read(ROWS.rename({"p": "y"})), "id")
