"""Levels of keys: one spelling for a value, one order for all."""

import datetime as dt
import decimal

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import Category, Count, Values, measure, text
from steelyard.facts.levels import normal
from steelyard.facts.table import encode, table_from_records


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (1.0, 1),
        (np.float64(1.0), 1),
        (np.int8(1), 1),
        (decimal.Decimal("1.00"), 1),
        (-0.0, 0),
        (1.5, 1.5),
        (2.0**60, 2.0**60),
        (2**60 + 1, 2**60 + 1),
        (float("inf"), float("inf")),
        (float("nan"), None),
        (None, None),
        (True, "True"),
        (np.bool_(False), "False"),
        ("1", "1"),
        ("", ""),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2, 3), "2024-01-02T03:00:00"),
    ],
)
def test_one_spelling(value, expected):
    assert normal(value) == expected
    assert type(normal(value)) is type(expected)


def test_pandas_missing_values_are_missing():
    pd = pytest.importorskip("pandas")
    assert [normal(v) for v in (pd.NA, pd.NaT, np.nan)] == [None] * 3


def test_order_of_levels():
    values = ["b", None, 10, 2, 2.5, "", "a", 2**63, 2**63 - 1, float("-inf"), "10"]
    _, levels = encode(Category("x"), values)
    assert levels == (float("-inf"), 2, 2.5, 10, 2**63 - 1, 2**63, "", "10", "a", "b", None)


def test_values_that_are_equal_share_a_level():
    fact = Count((Category("x"),))
    table = table_from_records(fact, [(1, 2), (1.0, 3), (decimal.Decimal(1), 4), (None, 1), (float("nan"), 1)])
    assert table.levels == ((1, None),)
    assert table.sums[:, 0].tolist() == [9.0, 2.0]


def test_one_column_as_several_types_adds_up():
    fact = Values("x")
    parts = [
        pl.Series("x", [1, 2, None], dtype=pl.Int64),
        pl.Series("x", [1.0, 2.5], dtype=pl.Float64),
        pl.Series("x", ["1", "a"]),
    ]
    whole = sum((measure(as_table(p.to_frame().lazy(), "part"), [fact])[fact] for p in parts[1:]),
                measure(as_table(parts[0].to_frame().lazy(), "part"), [fact])[fact])  # fmt: skip
    assert whole.values(0) == [1, 2, 2.5, "1", "a", None]
    assert whole.sums[:, 0].tolist() == [2, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "column",
    [
        pl.Series(["b", "a", None, "b"], dtype=pl.Categorical),
        pl.Series(["b", "a", None, "b"], dtype=pl.Enum(["z", "b", "a"])),
        pl.Series(["b", "a", None, "b"]),
        pl.Series([True, False, None, True]),
        pl.Series([7, -3, None, 7], dtype=pl.Int8),
        pl.Series([2**62, -(2**62), None, 2**62], dtype=pl.Int64),
        pl.Series([2**64 - 1, 0, None, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([0.5, -1e300, None, 0.5]),
        pl.Series([dt.date(2024, 1, 1), dt.date(1, 1, 1), None, dt.date(2024, 1, 1)]),
        pl.Series([dt.time(1), dt.time(0), None, dt.time(1)]),
        pl.Series([dt.timedelta(1), dt.timedelta(0), None, dt.timedelta(1)]),
        pl.Series([None] * 4, dtype=pl.String),
        pl.Series([None] * 4, dtype=pl.Boolean),
        pl.Series([None] * 4, dtype=pl.Float64),
        pl.Series([None] * 4, dtype=pl.Categorical),
    ],
    ids=lambda c: f"{c.dtype}{'-empty' if c.null_count() == 4 else ''}",
)
def test_keys_and_value_counts_of_every_type(column):
    frame = column.alias("x").to_frame()
    count, values = Count((Category("x"),)), Values("x")
    for batch in (frame, frame.reverse(), frame.clear(), pl.concat([frame] * 3_000)):
        both = measure(as_table(batch.lazy(), "rows"), [count, values])
        alone = measure(as_table(batch.lazy(), "rows"), [values])
        assert both[count].equals(both[values])
        assert alone[values].equals(both[values])
        expected = {
            normal(v): n
            for v, n in as_table(batch.lazy(), "rows").frame.to_native().collect()["x"].value_counts().iter_rows()
        }
        assert dict(zip(both[values].values(0), both[values].sums[:, 0], strict=True)) == expected


def test_text_for_readers():
    assert [text(v) for v in (None, 1, 2.5, "a")] == ["(missing)", "1", "2.5", "a"]


def test_levels_without_a_cell_are_dropped():
    fact = Count((Category("x"),), weight="w")
    frame = pl.DataFrame({"x": ["a", "b", "c"], "w": [1.0, 0.0, 2.0]})
    assert measure(as_table(frame.lazy(), "rows"), [fact])[fact].levels == (("a", "c"),)
