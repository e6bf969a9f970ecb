"""One small table on each engine, and metrics read from it as an evaluation reads them."""

import duckdb
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import measure
from steelyard.metrics import estimate
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import Undefined

TYPES = {"Int64": "bigint", "Float64": "double", "String": "string", "Boolean": "boolean"}
SPARK = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(params=["polars", "duckdb", "pandas", pytest.param("pyspark", marks=SPARK)])
def table_of(request):
    """Turn a Polars frame into a table on one of the engines."""

    def make(frame):
        match request.param:
            case "duckdb":
                connection = duckdb.connect()
                connection.register("rows", frame.to_arrow())
                return as_table(connection.sql("select * from rows"), "test")
            case "pandas":
                return as_table(frame.to_pandas(use_pyarrow_extension_array=True), "test")
            case "pyspark":
                schema = ", ".join(f"`{n}` {TYPES.get(str(t), 'timestamp')}" for n, t in frame.schema.items())
                session = request.getfixturevalue("spark")
                return as_table(session.createDataFrame(frame.rows(), schema=schema), "test")
            case _:
                return as_table(frame.lazy(), "test")

    return make


@pytest.fixture
def columns_of():
    """Collect a table as lists by column, numbers as floats, sorted by one column."""

    def collect(table, key="row"):
        frame = table.frame.to_native()
        if table.engine == "pyspark":
            rows = [tuple(r) for r in frame.collect()]
        else:
            rows = frame.fetchall() if table.engine == "duckdb" else table.frame.collect().rows()
        place = table.columns.index(key)
        rows = sorted(rows, key=lambda r: r[place])
        return {name: [_plain(r[i]) for r in rows] for i, name in enumerate(table.columns)}

    return collect


@pytest.fixture
def view_of():
    """The view of a metric on a frame, or the reason why there is none."""

    def read(frame, roles, problem, metric):
        rows = prepare_rows(as_table(frame.lazy(), "test"), roles, problem)
        known = informed(problem, rows)
        facts = metric.needs(known)
        if isinstance(facts, str):
            return facts
        profile = measure(rows, facts)
        return metric.read(facts, [profile[f] for f in facts], known)

    return read


@pytest.fixture
def outcomes(view_of):
    """Metrics of a frame by name, as an evaluation makes them."""

    def of(frame, roles, problem, metrics):
        views = {m.name: (m, view_of(pl.DataFrame(frame), roles, problem, m)) for m in metrics}
        return {name: Undefined(v) if isinstance(v, str) else estimate(m, v) for name, (m, v) in views.items()}

    return of


def _plain(value):
    if str(value) in ("None", "nan", "<NA>"):
        return None
    return round(float(value), 9) if isinstance(value, (int, float)) else value
