"""Frames full of what goes wrong, on every engine."""

import datetime as dt
import math
import random
from collections.abc import Callable

import duckdb
import polars as pl
import pytest

from steelyard.data.border import as_table

ENGINES = ("polars", "pandas", "pyarrow", "duckdb", "pyspark")
SPARK_TYPES = {
    pl.Int64: "bigint",
    pl.Float64: "double",
    pl.String: "string",
    pl.Boolean: "boolean",
    pl.Date: "date",
    pl.Datetime("us"): "timestamp_ntz",
    pl.Decimal(10, 2): "decimal(10,2)",
}
WILD = (
    0.0, -0.0, 1.0, 0.5, -1.0, 2.0, 5e-324, -5e-324, 1e-308, 1 - 2**-53, 1 + 2**-52, 0.3, 0.1, 0.1 + 2**-56,
    math.inf, -math.inf, math.nan, None, 1e300, -1e300, 1e-7, 1 - 1e-7, 43046720.0, -43046719.0, 7.0,
    6.999999999999999,
)  # fmt: skip


@pytest.fixture(scope="session")
def wild_numbers() -> tuple[float | None, ...]:
    """Numbers at which binning, arithmetic and storage go wrong."""
    return WILD


@pytest.fixture(scope="session")
def wild_frame() -> pl.DataFrame:
    """One row for each wild number, beside columns of every kind with missing values."""
    rows, chance = len(WILD), random.Random(5)
    every_third = [None if i % 3 == 2 else i for i in range(rows)]
    return pl.DataFrame(
        {
            "wild": pl.Series(WILD, dtype=pl.Float64),
            "tame": pl.Series([None if i % 5 == 4 else chance.gauss(3, 2) for i in range(rows)], dtype=pl.Float64),
            "p": pl.Series([chance.random() for _ in range(rows)]),
            "whole": pl.Series([None if i is None else i - 9 for i in every_third], dtype=pl.Int64),
            "cluster": pl.Series([None if i is None else (-1) ** i * i**9 for i in every_third], dtype=pl.Int64),
            "fraction": pl.Series([[1.0, 2.0, 2.5, None][i % 4] for i in range(rows)], dtype=pl.Float64),
            "flag": pl.Series([[True, False, None][i % 3] for i in range(rows)]),
            "text": pl.Series([["a", "é😀", None, "", "A"][i % 5] for i in range(rows)]),
            "day": pl.Series([[dt.date(2024, 2, 29), None][i % 2] for i in range(rows)]),
            "moment": pl.Series([[dt.datetime(2024, 1, 1, 3, 4, 5, 678), None][i % 2] for i in range(rows)]),
            "price": pl.Series([["1.50", "2.00", None][i % 3] for i in range(rows)]).cast(pl.Decimal(10, 2)),
            "nothing": pl.Series([None] * rows, dtype=pl.Float64),
            "weight": pl.Series(
                [[1.0, 2.5, 0.0, None, -1.0, math.inf][i % 6] for i in range(rows)], dtype=pl.Float64
            ),
            "odd name 😀 (%)": pl.Series([float(i) for i in range(rows)]),
        }
    )


@pytest.fixture(params=[pytest.param(e, marks=[pytest.mark.spark] if e == "pyspark" else []) for e in ENGINES])
def on_engine(request: pytest.FixtureRequest) -> Callable[[pl.DataFrame], object]:
    """Turn a Polars frame into a table on one of the engines."""

    def make(frame: pl.DataFrame) -> object:
        match request.param:
            case "polars":
                return as_table(frame.lazy(), "rows")
            case "pandas":
                return as_table(frame.to_pandas(use_pyarrow_extension_array=True), "rows")
            case "pyarrow":
                return as_table(frame.to_arrow(), "rows")
            case "duckdb":
                connection = duckdb.connect()
                connection.register("rows", frame.to_arrow())
                return as_table(connection.table("rows"), "rows")
            case _:
                schema = ", ".join(f"`{n.replace('`', '``')}` {SPARK_TYPES[t]}" for n, t in frame.schema.items())
                return as_table(request.getfixturevalue("spark").createDataFrame(frame.rows(), schema), "rows")

    return make
