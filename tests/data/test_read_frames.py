import sys
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset
import pytest

from steelyard.data import Kind, read
from steelyard.records import ColumnError, ConfigError, DataError, SourceError

COLUMNS = {"y": [1, 0, 1], "p": [0.5, None, 0.25], "s": ["a", None, "b"]}
POLARS = pl.DataFrame(COLUMNS)
ARROW = pa.table(COLUMNS)


class OnlyArrowStream:
    def __arrow_c_stream__(self, requested_schema=None):
        return ARROW.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "source",
    [
        POLARS,
        POLARS.lazy(),
        nw.from_native(POLARS),
        nw.from_native(POLARS.lazy()),
        ARROW,
        ARROW.to_batches()[0],
        pyarrow.dataset.dataset(ARROW),
        OnlyArrowStream(),
        pd.DataFrame(COLUMNS),
        COLUMNS,
        POLARS.to_dicts(),
        pd.DataFrame(COLUMNS).set_index(pd.Index([7, 8, 9], name="ignored")),
    ],
    ids=lambda source: f"{type(source).__module__}.{type(source).__name__}",
)
def test_become_polars(source, rows):
    table = read(source)
    assert table.engine == "polars"
    assert list(table.kinds.values()) == [Kind.NUMBER, Kind.NUMBER, Kind.TEXT]
    assert table.digest is None
    assert rows(table).to_dict(as_series=False) == COLUMNS


def test_record_batch_reader(rows):
    assert rows(ARROW.to_reader()).to_dict(as_series=False) == COLUMNS


def test_a_table_is_itself():
    table = read(POLARS)
    assert read(table) is table


def test_rows_are_known_of_eager_frames():
    assert [read(source).rows for source in (POLARS, ARROW, pd.DataFrame(COLUMNS), COLUMNS)] == [3] * 4
    assert read(POLARS.lazy()).rows is None


def test_descriptions():
    assert read(POLARS).description == "a Polars DataFrame"
    assert read(ARROW).description == "a PyArrow Table"
    assert read(pd.DataFrame(COLUMNS)).description == "a pandas DataFrame"


def test_duckdb_stays_in_duckdb(rows):
    connection = duckdb.connect()
    relation = connection.sql(
        "SELECT 1.5::DECIMAL(3,1) d, 'NaN'::FLOAT f, 1::UTINYINT u, 5::HUGEINT h, DATE '2024-01-02' t, "
        "'a'::ENUM('a') e, true b, [1] l, NULL::DOUBLE n, 'inf'::DOUBLE i"
    )
    table = read(relation)
    assert table.engine == "duckdb"
    assert isinstance(table.frame.to_native(), duckdb.DuckDBPyRelation)
    assert table.kinds["l"] is Kind.OTHER
    assert rows(table).row(0, named=True) == {
        "d": 1.5,
        "f": None,
        "u": 1,
        "h": 5.0,
        "t": datetime(2024, 1, 2),
        "e": "a",
        "b": True,
        "n": None,
        "i": float("inf"),
    }


PANDAS = {
    "int8": (np.array([1, 2, 3], "int8"), [1, 2, 3]),
    "uint8": (np.array([200, 255, 1], "uint8"), [200, 255, 1]),
    "float16": (np.array([1, np.nan, 3], "float16"), [1.0, None, 3.0]),
    "float32": (np.array([0.5, np.inf, 3], "float32"), [0.5, float("inf"), 3.0]),
    "bool": ([True, False, True], [True, False, True]),
    "object of bools": (pd.Series([True, None, False], dtype=object), [True, None, False]),
    "object of text": (pd.Series(["a", None, np.nan], dtype=object), ["a", None, None]),
    "object of mixed": (pd.Series(["a", 1, None], dtype=object), ["a", "1", None]),
    "object of numbers": (pd.Series([1, 2.5, None], dtype=object), [1.0, 2.5, None]),
    "object of decimals": (pd.Series([Decimal("1.5"), None, Decimal(2)], dtype=object), [1.5, None, 2.0]),
    "string": (pd.array(["a", None, "b"], dtype="string"), ["a", None, "b"]),
    "Int64": (pd.array([1, None, 3], dtype="Int64"), [1, None, 3]),
    "Float64": (pd.array([1.5, None, 3], dtype="Float64"), [1.5, None, 3.0]),
    "boolean": (pd.array([True, None, False], dtype="boolean"), [True, None, False]),
    "category": (pd.Categorical(["x", None, "y"]), ["x", None, "y"]),
    "category of ints": (pd.Categorical([3, None, 4]), [3, None, 4]),
    "arrow": (pd.array([1.5, None, 2.5], dtype=pd.ArrowDtype(pa.float32())), [1.5, None, 2.5]),
    "datetime": (
        pd.to_datetime(["2024-01-01", None, "2024-01-02"]),
        [datetime(2024, 1, 1), None, datetime(2024, 1, 2)],
    ),
    "zoned": (
        pd.to_datetime(["2024-01-01 01:00", None, "2024-06-01 02:00"]).tz_localize("Europe/Paris"),
        [datetime(2024, 1, 1), None, datetime(2024, 6, 1)],
    ),
    "mixed zones": (
        pd.Series(
            [
                datetime(2024, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
                None,
                datetime(2024, 1, 1, tzinfo=UTC),
            ],
            dtype=object,
        ),
        [datetime(2024, 1, 1), None, datetime(2024, 1, 1)],
    ),
    "period": (pd.period_range("2024-01", periods=3, freq="M"), ["2024-01", "2024-02", "2024-03"]),
}


@pytest.mark.parametrize("kind", PANDAS)
@pytest.mark.parametrize("arrow", [True, False], ids=["with pyarrow", "without pyarrow"])
def test_pandas_types(rows, monkeypatch, kind, arrow):
    values, expected = PANDAS[kind]
    frame = pd.DataFrame({"x": values})
    if not arrow:
        if kind == "arrow":
            pytest.skip("needs pyarrow itself")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert rows(frame)["x"].to_list() == expected


def test_pandas_numbers_are_not_copied():
    values = np.arange(1000.0)
    frame = pd.DataFrame({"x": values}, copy=False)
    source = frame["x"].to_numpy()
    from steelyard.data.sources.pandas_frame import column

    assert column("x", frame["x"]).to_numpy(allow_copy=False).ctypes.data == source.ctypes.data


def test_names_that_are_no_text(rows):
    frame = pd.DataFrame([[1, 2]], columns=[0, ("a", "b")])
    assert rows(frame).columns == ["0", "('a', 'b')"]


@pytest.mark.parametrize(
    "source",
    [
        pd.DataFrame([[1, 2]], columns=["a", "a"]),
        pd.DataFrame([[1, 2]], columns=[1, "1"]),
        pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]),
        {1: [1], "1": [2]},
    ],
    ids=["pandas", "pandas as text", "arrow", "dict"],
)
def test_duplicate_names(source):
    with pytest.raises(ColumnError, match=r"has more than one column named '[a1]'"):
        read(source)


def test_numpy(rows):
    frame = rows(np.array([(1, 2.5), (2, np.nan)], dtype=[("a", "i4"), ("b", "f8")]))
    assert frame.to_dict(as_series=False) == {"a": [1, 2], "b": [2.5, None]}
    assert rows({"y": np.array([1, 0]), "p": pl.Series([0.5, 1])}).height == 2


def test_numpy_without_names():
    with pytest.raises(SourceError, match=r"shape \(2, 2\) has no column names. Give a dict"):
        read(np.zeros((2, 2)))


def test_records_with_different_keys(rows):
    assert rows([{"a": 1}, {"a": 2.5, "b": "x"}]).to_dict(as_series=False) == {
        "a": [1.0, 2.5],
        "b": [None, "x"],
    }


def test_dict_of_unequal_lengths():
    with pytest.raises(DataError, match="differ in length: 'a' has 2, 'b' has 1"):
        read({"a": [1, 2], "b": [1]})


def test_dict_of_scalars():
    with pytest.raises(DataError, match="Column 'a' is 1, which is not a list"):
        read({"a": 1})


@pytest.mark.parametrize("source", [5, None, object(), pl.Series([1])])
def test_what_is_no_data(source):
    with pytest.raises(SourceError, match=r"Cannot read data from an object of type .*Steelyard reads: "):
        read(source)


@pytest.mark.parametrize("source", [POLARS, pd.DataFrame(COLUMNS), COLUMNS])
def test_query_belongs_to_databases(source):
    with pytest.raises(ConfigError, match="SQL for a database"):
        read(source, query="select 1")
