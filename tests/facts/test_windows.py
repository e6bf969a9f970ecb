"""Windows of time: how widths are written, what a number stands for, and the calendar on every engine."""

import datetime as dt

import duckdb
import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import Count, Window, lacks, measure
from steelyard.facts.grids import MISSING
from steelyard.facts.query import run_query
from steelyard.facts.windows import Every, end_of, every, start_of
from steelyard.records import ColumnError, ConfigError, DataError

DAY = 86_400
FAR = np.datetime64(10**9, "h").astype("datetime64[s]").astype(str)
EVERY = ("7s", "1min", "6h", "1d", "3d", "1w", "2w", "1mo", "5mo", "1q", "1y", "10y")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1d", Every(seconds=DAY)),
        (" 6 hours ", Every(seconds=6 * 3600)),
        ("30m", Every(seconds=1800)),
        ("15mins", Every(seconds=900)),
        ("2W", Every(seconds=14 * DAY)),
        ("1 month", Every(months=1)),
        ("2q", Every(months=6)),
        ("3 years", Every(months=36)),
        ("90 seconds", Every(seconds=90)),
        ("5", Every(width=5.0)),
        ("0.25", Every(width=0.25)),
        ("2.0d", Every(seconds=2 * DAY)),
    ],
)
def test_widths_are_read(text, found):
    assert every(text) == found


@pytest.mark.parametrize(
    "text", ["", "d", "0d", "-1d", "1.5d", "5ms", "1M", "1 fortnight", "0", "9" * 400, "1e3", "1d 2h", "١d x"]
)
def test_what_is_no_width(text):
    with pytest.raises(ConfigError, match="no window"):
        every(text)


@pytest.mark.parametrize(
    ("width", "code", "start", "end"),
    [
        ("1d", 0, "1970-01-01", "1970-01-02"),
        ("1d", -1, "1969-12-31", "1970-01-01"),
        ("1w", 0, "1970-01-05", "1970-01-12"),
        ("1w", -1, "1969-12-29", "1970-01-05"),
        ("6h", 3, "1970-01-01T18:00:00", "1970-01-02T00:00:00"),
        ("1mo", -1, "1969-12-01", "1970-01-01"),
        ("1q", 217, "2024-04-01", "2024-07-01"),
        ("1y", 54, "2024-01-01", "2025-01-01"),
        ("0.25", 3, "0.75", "1"),
        ("1d", MISSING, "(missing)", "(missing)"),
        ("1d", 2_932_896, "9999-12-31", "10000-01-01"),
        ("1d", -719_163, "0000-12-31", "0001-01-01"),
        ("1y", 10_000, "11970-01-01", "11971-01-01"),
        ("10000y", -1, "-8030-01-01", "1970-01-01"),
        ("1h", 10**9, FAR, FAR.replace("T16", "T17")),
    ],
)
def test_starts_and_ends(width, code, start, end):
    key = Window("t", width)
    assert (start_of(key, code), end_of(key, code)) == (start, end)


@pytest.fixture(scope="module")
def times():
    rng = np.random.default_rng(8)
    low, high = dt.datetime(1600, 1, 1), dt.datetime(2400, 12, 31)
    micro = rng.integers(0, int((high - low).total_seconds()) * 10**6, 600)
    edges = [
        dt.datetime(y, m, d, *clock)
        for y, m, d in ((1600, 2, 29), (1900, 2, 28), (1900, 3, 1), (1969, 12, 31), (1970, 1, 1), (2000, 12, 31))
        for clock in ((0, 0, 0), (23, 59, 59, 999_999), (12, 0, 0, 1))
    ]
    found = [low + dt.timedelta(microseconds=int(m)) for m in micro] + edges
    return pl.DataFrame({"moment": pl.Series([None, *found], dtype=pl.Datetime("us"))})


def number(time, width):
    """The window's number by Python's own calendar."""
    if time is None:
        return MISSING
    asked = every(width)
    if asked.months:
        return ((time.year - 1970) * 12 + time.month - 1) // asked.months
    monday = dt.datetime(1970, 1, 5) if asked.seconds % (7 * DAY) == 0 else dt.datetime(1970, 1, 1)
    return (time - monday) // dt.timedelta(seconds=asked.seconds)


@pytest.mark.parametrize("width", EVERY)
def test_every_engine_tells_pythons_calendar(on_engine, times, width):
    table, fact = on_engine(times), Count((Window("moment", width),))
    codes, counts = np.unique([number(t, width) for t in times["moment"]], return_counts=True)
    for found in (measure(table, [fact])[fact], run_query(table.frame, table.kinds, [fact])[fact]):
        np.testing.assert_array_equal(found.codes[:, 0], codes)
        np.testing.assert_array_equal(found.sums[:, 0], counts)


NIGHTS = [
    dt.datetime(2024, 10, 27, 0, 30, tzinfo=dt.UTC),  # 02:30 in Berlin, and
    dt.datetime(2024, 10, 27, 1, 30, tzinfo=dt.UTC),  # 02:30 again
    dt.datetime(2024, 3, 31, 0, 59, 59, tzinfo=dt.UTC),
    dt.datetime(2024, 3, 31, 1, 0, tzinfo=dt.UTC),
    dt.datetime(2023, 12, 31, 23, 30, tzinfo=dt.UTC),  # the next year already in Berlin
    None,
]


def zoned(zone):
    return pl.DataFrame({"t": pl.Series(NIGHTS, dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)})


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Sydney"])
@pytest.mark.parametrize("width", ["1h", "1d", "1mo", "1y"])
def test_windows_are_in_utc_whatever_the_zone(zone, width):
    frame, fact = zoned(zone), Count((Window("t", width),))
    plain = [None if t is None else t.replace(tzinfo=None) for t in NIGHTS]
    codes, counts = np.unique([number(t, width) for t in plain], return_counts=True)
    for native in (
        frame.lazy(),
        frame.to_arrow(),
        frame.to_pandas(),
        frame.to_pandas(use_pyarrow_extension_array=True),
    ):
        table = as_table(native, "rows")
        found = run_query(table.frame, table.kinds, [fact])[fact]
        assert found.equals(measure(table, [fact])[fact])
        np.testing.assert_array_equal(found.codes[:, 0], codes)
        np.testing.assert_array_equal(found.sums[:, 0], counts)


def test_months_of_different_zones_add():
    fact = Count((Window("t", "1h"),))
    one, two = (measure(as_table(zoned(z).lazy(), "rows"), [fact]) for z in ("Europe/Berlin", "Asia/Kathmandu"))
    both = (one + two)[fact]
    assert both.sums[:, 0].tolist() == (2 * one[fact].sums[:, 0]).tolist()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_duckdb_tells_windows_in_utc_only(zone):
    connection = duckdb.connect()
    connection.execute(f"SET TimeZone = '{zone}'")
    connection.register("rows", zoned("Europe/Berlin").to_arrow())
    table, fact = as_table(connection.table("rows"), "rows"), Count((Window("t", "1h"),))
    assert lacks(table, fact) is (zone != "UTC")
    if zone == "UTC":
        assert measure(table, [fact])[fact].equals(measure(as_table(zoned("UTC").lazy(), "rows"), [fact])[fact])
    else:
        with pytest.raises(DataError, match="session's zone to UTC"):
            measure(table, [fact])
    assert not lacks(table, Count())


def test_dates_have_windows():
    frame = pl.DataFrame({"t": pl.Series([dt.date(1969, 12, 31), dt.date(2024, 2, 29), None])})
    fact = Count((Window("t", "1d"),))
    found = measure(as_table(frame.lazy(), "rows"), [fact])[fact]
    assert [start_of(fact.by[0], code) for code in found.values(0)] == ["(missing)", "1969-12-31", "2024-02-29"]


def test_windows_of_numbers_far_away(on_engine):
    frame = pl.DataFrame({"x": [-1e300, -3.0, -0.0, 0.5, 1e15, 1e300, None]})
    table, fact = on_engine(frame), Count((Window("x", "0.5"),))
    for found in (measure(table, [fact])[fact], run_query(table.frame, table.kinds, [fact])[fact]):
        assert found.values(0) == [MISSING, -6, 0, 1, 2 * 10**15]
        assert found.sums[:, 0].tolist() == [3, 1, 1, 1, 1]


@pytest.mark.parametrize(("column", "width"), [("x", "1d"), ("t", "5"), ("s", "1d"), ("s", "5")])
def test_columns_without_such_windows(column, width):
    table = as_table(pl.LazyFrame({"x": [1.0], "t": [dt.datetime(2024, 1, 1)], "s": ["2024-01-01"]}), "the rows")
    with pytest.raises(ColumnError, match=f"{column!r} of the rows is .*{width!r}"):
        measure(table, [Count((Window(column, width),))])


def test_a_zone_that_narwhals_does_not_know_is_not_mistaken():
    table = as_table(zoned("America/New_York").to_pandas(), "the rows")
    with pytest.raises(ColumnError, match="'t' of the rows is other"):
        measure(table, [Count((Window("t", "1h"),))])
