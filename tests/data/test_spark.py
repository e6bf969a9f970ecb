import warnings
from datetime import date, datetime
from decimal import Decimal

import pytest

from steelyard.data import Kind, Roles, check_roles, guess_roles, peek, read
from steelyard.records import ColumnError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        session = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.shuffle.partitions", "1")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def test_spark_stays_in_spark(spark):
    frame = spark.createDataFrame(
        [
            (1, 0.5, "a", True, datetime(2024, 1, 1), date(2024, 1, 2), Decimal("1.5"), [1]),
            (0, float("nan"), None, None, None, None, None, None),
        ],
        "label int, score double, s string, b boolean, t timestamp_ntz, day date, d decimal(10,2), l array<int>",
    )
    table = read(frame)
    assert table.engine == "pyspark"
    assert table.description == "a PySpark DataFrame"
    assert table.kinds["l"] is Kind.OTHER
    look = peek(table)
    assert look.complete
    assert look.frame.to_dicts() == [
        {
            "label": 1,
            "score": 0.5,
            "s": "a",
            "b": True,
            "t": datetime(2024, 1, 1),
            "day": datetime(2024, 1, 2),
            "d": 1.5,
        },
        {"label": 0, "score": None, "s": None, "b": None, "t": None, "day": None, "d": None},
    ]
    assert not peek(table, rows=1).complete
    roles, _ = guess_roles(table, look, Roles())
    assert (roles.label, roles.score, roles.task) == ("label", "score", "binary")
    assert check_roles(table, look, roles) == []
    with pytest.raises(ColumnError, match="more than one column named 's'"):
        read(frame.select("s", "s"))
