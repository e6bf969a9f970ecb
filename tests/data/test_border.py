from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest

from steelyard.data import Kind, peek, read

NAN = float("nan")
INF = float("inf")


@pytest.mark.parametrize(
    ("series", "kind", "expected"),
    [
        (pl.Series([1.5, NAN, None, INF, -INF]), Kind.NUMBER, [1.5, None, None, INF, -INF]),
        (pl.Series([0.5, NAN], dtype=pl.Float32), Kind.NUMBER, [0.5, None]),
        (pl.Series([Decimal("1.5"), None]), Kind.NUMBER, [1.5, None]),
        (pl.Series([127, None], dtype=pl.Int8), Kind.NUMBER, [127, None]),
        (pl.Series([2**32 - 1], dtype=pl.UInt32), Kind.NUMBER, [2**32 - 1]),
        (pl.Series([2**63], dtype=pl.UInt64), Kind.NUMBER, [2**63]),
        (pl.Series([2**70], dtype=pl.Int128), Kind.NUMBER, [2.0**70]),
        (pl.Series([None, None]), Kind.NUMBER, [None, None]),
        (pl.Series([True, None]), Kind.BOOLEAN, [True, None]),
        (pl.Series(["a", None]), Kind.TEXT, ["a", None]),
        (pl.Series(["a", None], dtype=pl.Categorical), Kind.TEXT, ["a", None]),
        (pl.Series(["a", None], dtype=pl.Enum(["a"])), Kind.TEXT, ["a", None]),
        (pl.Series([date(2024, 1, 2)]), Kind.TIME, [datetime(2024, 1, 2)]),
        (pl.Series([datetime(2024, 1, 2)], dtype=pl.Datetime("ns")), Kind.TIME, [datetime(2024, 1, 2)]),
        (
            pl.Series([datetime(2024, 7, 1, 2, tzinfo=ZoneInfo("Europe/Paris"))]),
            Kind.TIME,
            [datetime(2024, 7, 1)],
        ),
    ],
)
def test_polars(series, kind, expected):
    table = read(pl.DataFrame({"x": series}))
    assert table.kinds == {"x": kind}
    assert peek(table).frame["x"].to_list() == expected


@pytest.mark.parametrize(
    "series",
    [
        pl.Series([[1]]),
        pl.Series([{"a": 1}]),
        pl.Series([b"x"]),
        pl.Series([timedelta(1)]),
        pl.Series([object()]),
    ],
)
def test_what_is_carried_but_not_measured(series):
    table = read(pl.DataFrame({"x": series, "y": [1]}))
    assert table.kinds == {"x": Kind.OTHER, "y": Kind.NUMBER}
    assert peek(table).frame.columns == ["y"]


def test_categories_stay_fast_in_polars():
    table = read(pl.DataFrame({"x": pl.Series(["a"], dtype=pl.Categorical)}))
    assert peek(table).frame["x"].dtype == pl.Categorical


def test_nothing_is_read_before_it_is_asked():
    def boom(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("read too early")

    lazy = pl.LazyFrame({"x": [1.0]}).map_batches(boom, schema={"x": pl.Float64})
    assert read(lazy).kinds == {"x": Kind.NUMBER}


def test_zones_mix_between_tables():
    naive = read({"t": [datetime(2024, 1, 1)]})
    aware = read({"t": [datetime(2024, 1, 1, tzinfo=UTC)]})
    assert peek(naive).frame.equals(peek(aware).frame)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("'NaN'::DOUBLE", None),
        ("'-inf'::FLOAT", -INF),
        ("1.25::DECIMAL(10, 2)", 1.25),
        ("170141183460469231731687303715884105727::HUGEINT", 2.0**127),
        ("DATE '2024-01-02'", datetime(2024, 1, 2)),
        ("true", True),
    ],
)
def test_duckdb_obeys_the_same_rules(sql, expected):
    assert peek(read(duckdb.connect().sql(f"SELECT {sql} AS x"))).frame["x"].to_list() == [expected]
