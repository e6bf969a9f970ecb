"""The same table gives the same evaluation, whatever it is held in."""

import math

import duckdb
import polars as pl
import pytest

from steelyard import Estimate, Roles, evaluate
from steelyard.evaluation import pose

BINARY = Roles(label="y", score="p", prediction="d", slices=["plan", ("plan", "sex"), "age"], weight="w")
CLASSES = Roles(label="y", score={c: f"p_{c}" for c in ("cat", "dog", "emu")}, slices=["plan"])
NUMBERS = Roles(label="y", prediction="hat", quantiles={0.1: "q10", 0.9: "q90"}, slices=["region"])
LISTS = Roles(label="rel", score="s", query="qid", slices=["market"])
FORECASTS = Roles(label="y", prediction="hat", time="day", series="shop", horizon="step")
TASKS = {
    "binary": BINARY,
    "multiclass": CLASSES,
    "regression": NUMBERS,
    "ranking": LISTS,
    "forecasting": FORECASTS,
}


def as_duckdb(frame, tmp_path):
    connection = duckdb.connect()
    connection.register("rows", frame.to_arrow())
    return connection.sql("select * from rows")


def as_files(frame, tmp_path):
    half = frame.height // 2
    frame.head(half).write_parquet(tmp_path / "1.parquet")
    frame.slice(half).write_parquet(tmp_path / "2.parquet")
    return [tmp_path / "1.parquet", tmp_path / "2.parquet"]


def written(suffix):
    def write(frame, tmp_path):
        path = tmp_path / f"rows.{suffix}"
        getattr(frame, {"csv": "write_csv", "parquet": "write_parquet", "ndjson": "write_ndjson"}[suffix])(path)
        return str(path)

    return write


HELD = {
    "polars lazy": lambda frame, _: frame.lazy(),
    "pandas": lambda frame, _: frame.to_pandas(),
    "pandas on arrow": lambda frame, _: frame.to_pandas(use_pyarrow_extension_array=True),
    "pyarrow": lambda frame, _: frame.to_arrow(),
    "dict": lambda frame, _: frame.to_dict(as_series=False),
    "duckdb": as_duckdb,
    "csv": written("csv"),
    "ndjson": written("ndjson"),
    "parquet": written("parquet"),
    "two parquet files": as_files,
    "glob": lambda frame, path: as_files(frame, path) and str(path / "*.parquet"),
}


def with_gaps(frame):
    """The table with missing values in every column that may have them."""
    row = pl.int_range(frame.height)
    gaps = {
        c: pl.when(row % (11 + i) != 3).then(pl.col(c))
        for i, c in enumerate(frame.columns)
        if c not in ("w", "user", "day", "shop", "step")
    }
    return frame.with_columns(**gaps)


def same(one, other):
    """Hold two evaluations against each other: every reading, integer counts equal, floats to 1e-9."""
    readings = {(r.metric, r.slice, r.data): r.outcome for r in one.readings}
    others = {(r.metric, r.slice, r.data): r.outcome for r in other.readings}
    assert readings.keys() == others.keys()
    for key, outcome in readings.items():
        found = others[key]
        assert type(found) is type(outcome), (key, outcome, found)
        if isinstance(outcome, Estimate):
            assert found.n == outcome.n, key
            assert found.method == outcome.method, key
            for part in ("value", "low", "high"):
                assert getattr(found, part) == pytest.approx(getattr(outcome, part), rel=1e-9, abs=1e-9), (key, part)
        else:
            assert found.reason == outcome.reason, key
    assert one.rows == other.rows
    assert one.headline == other.headline
    assert [f.id for f in one.findings] == [f.id for f in other.findings]
    assert {(c.kind, c.subject) for c in one.curves} == {(c.kind, c.subject) for c in other.curves}
    assert [c.name for c in one.columns] == [c.name for c in other.columns]
    for mine, theirs in zip(one.columns, other.columns, strict=True):
        for part in ("rows", "missing", "infinite"):
            assert getattr(mine, part) == getattr(theirs, part), (mine.name, part)
        # pandas holds whole numbers with gaps as floats, whose distinct values are not counted.
        assert theirs.distinct in (mine.distinct, None), mine.name
        assert sorted(mine.top) == sorted(theirs.top), mine.name
        for part in ("mean", "sd"):
            a, b = getattr(mine, part), getattr(theirs, part)
            assert a == b or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9), (mine.name, part)


@pytest.mark.parametrize("held", HELD)
def test_binary_in_every_holder(binary, held, tmp_path):
    frame = with_gaps(binary)
    same(evaluate(frame, BINARY), evaluate(HELD[held](frame, tmp_path), BINARY))


@pytest.mark.parametrize("task", [t for t in TASKS if t != "binary"])
@pytest.mark.parametrize("held", ["duckdb", "pandas"])
def test_other_tasks(task, held, tmp_path, request):
    frame = with_gaps(request.getfixturevalue(task))
    same(evaluate(frame, TASKS[task]), evaluate(HELD[held](frame, tmp_path), TASKS[task]))


@pytest.mark.parametrize("held", ["duckdb", "pandas", "two parquet files"])
def test_binned_scores(binary, held, tmp_path, monkeypatch):
    monkeypatch.setattr(pose, "EXACT_SCORES", 10)
    frame = binary.with_columns(p=pl.col("p") * 0.97 + pl.int_range(binary.height) * 1e-5)
    same(evaluate(frame, BINARY), evaluate(HELD[held](frame, tmp_path), BINARY))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_spark(spark, task, request):
    frame = with_gaps(request.getfixturevalue(task)).head(200)
    roles = TASKS[task].updated(slices=TASKS[task].slices[:1] if task == "binary" else ())
    types = {"Int64": "bigint", "Float64": "double", "String": "string"}
    schema = ", ".join(f"`{name}` {types[str(dtype)]}" for name, dtype in frame.schema.items())
    there = spark.createDataFrame(frame.rows(), schema=schema)
    same(evaluate(frame, roles, columns=False), evaluate(there, roles, columns=False))
