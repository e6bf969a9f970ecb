from datetime import datetime

import polars as pl
import pytest

from steelyard.data import Roles, check_roles, peek, read
from steelyard.records import ColumnError, ConfigError, DataError

COLUMNS = {
    "y": [0, 1, 0, 1],
    "hard": [0, 1, 1, 1],
    "p": [0.1, 0.9, 0.6, 0.7],
    "percent": [10.0, 90.0, 60.0, 70.0],
    "margin": [-1.5, 2.0, 0.1, 0.3],
    "same": [0.5] * 4,
    "abc": ["a", "b", "c", "a"],
    "ab": ["a", "b", "a", "a"],
    "xyz": ["x", "y", "z", "x"],
    "one": [1] * 4,
    "none": pl.Series([None] * 4, dtype=pl.Int64),
    "real": [1.5, 2.5, 3.5, 4.5],
    "weight": [1.0, 0.0, 2.0, 1.0],
    "comma": ["0,5", "0,7", "1", "0"],
    "nested": [[1], [2], [3], [4]],
    "day": ["yesterday", "today", "today", "today"],
    "t": [datetime(2024, 1, 1)] * 4,
    "soft": [0.25, 0.75, 1.0, 0.0],
}
BINARY = Roles(label="y", score="p", task="binary", positive=1)


def checked(roles, columns=COLUMNS, rows=50_000):
    table = read(columns)
    return check_roles(table, peek(table, rows), roles)


def test_nothing_to_say():
    assert checked(BINARY) == []
    assert checked(BINARY.updated(prediction="hard", time="t", slices=["abc", ("ab", "xyz")])) == []
    assert checked(Roles(label="real", prediction="p", task="regression")) == []


ERRORS = {
    "misspelt": (
        BINARY.updated(score="pp"),
        ColumnError,
        r"a dict of columns has no column 'pp', which was given as score. Did you mean 'p'",
    ),
    "misspelt slice": (
        BINARY.updated(slices=["ABCD"]),
        ColumnError,
        r"'ABCD', which was given as slice. Did you mean 'abc' or",
    ),
    "misspelt feature": (
        BINARY.updated(features=["reel"]),
        ColumnError,
        "given as feature. Did you mean 'real'",
    ),
    "label is score": (
        BINARY.updated(score="y"),
        ColumnError,
        "'y' was given as label and as score. One column cannot be both",
    ),
    "score is weight": (BINARY.updated(weight="p"), ColumnError, "'p' was given as score and as weight"),
    "label twice": (Roles(label=["y", "y"], task="multilabel"), ColumnError, "'y' was given twice as label"),
    "swapped": (
        Roles(label="soft", score="y", task="binary", positive=1),
        DataError,
        r"look swapped: 'soft' \(label\) holds fractions such as 0.25.*Swap them: --label y --score soft",
    ),
    "score is text": (
        BINARY.updated(score="comma"),
        ColumnError,
        "given as score, which must be numbers, but it holds text .e.g. '0,5'",
    ),
    "nested": (
        BINARY.updated(score="nested"),
        ColumnError,
        "'nested' is nested or binary, so it cannot be the score",
    ),
    "time is text": (
        BINARY.updated(time="day"),
        ColumnError,
        "'day' was given as time, but it holds text .e.g. 'yesterday'.*ISO 8601",
    ),
    "positive": (
        BINARY.updated(positive=2),
        DataError,
        "positive value 2 is not among the labels: 0, 1. Say which",
    ),
    "weight": (
        BINARY.updated(weight="weight"),
        DataError,
        r"'weight' \(weight\) has the value 0 in 1 of 4 rows.*above 0",
    ),
    "all missing": (BINARY.updated(label="none"), DataError, r"'none' \(label\) is missing in all 4 rows"),
    "binary of three": (
        Roles(label="abc", score="p", task="binary"),
        DataError,
        "task is binary, but column 'abc' has 3 values: 'a', 'b', 'c'",
    ),
    "text regression": (
        Roles(label="abc", prediction="p", task="regression"),
        DataError,
        "task is regression, but column 'abc' holds text",
    ),
    "two labels": (
        Roles(label=["y", "one"], task="binary"),
        DataError,
        "task is binary, but there are 2 label columns",
    ),
    "one multilabel": (Roles(label="y", task="multilabel"), DataError, "several label columns"),
    "unequal multilabel": (
        Roles(label=["y", "one"], score=["p"], task="multilabel"),
        DataError,
        "2 label columns, but 1 score columns",
    ),
    "scores by class": (
        Roles(label="real", score={"a": "p"}, task="regression"),
        DataError,
        "score names a column for each class",
    ),
    "one score, many classes": (
        Roles(label="abc", score="p", task="multiclass"),
        DataError,
        "Name a column for each class",
    ),
    "ranking without query": (
        Roles(label="y", score="p", task="ranking"),
        DataError,
        "which rows are one list: --query",
    ),
    "quantile": (
        Roles(label="real", quantiles={10: "p"}, task="regression"),
        DataError,
        "Write the tenth percentile as 0.1",
    ),
    "other words": (
        Roles(label="abc", prediction="xyz", task="multiclass"),
        DataError,
        r"No value of 'xyz' \(prediction\) is a value of 'abc' \(label\): "
        "'x', 'y', 'z' against 'a', 'b', 'c'",
    ),
    "other keys": (
        Roles(label="abc", score={"x": "p", "y": "same"}, task="multiclass"),
        DataError,
        "Use the labels as keys",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(case):
    roles, error, message = ERRORS[case]
    with pytest.raises(error, match=message):
        checked(roles)


WARNINGS = {
    "percent": (
        BINARY.updated(score="percent"),
        "'percent' (score) runs from 10 to 90, outside 0 to 1; it looks like percent.",
    ),
    "margin": (
        BINARY.updated(score="margin"),
        "'margin' (score) runs from -1.5 to 2, outside 0 to 1; it is no probability",
    ),
    "constant": (
        BINARY.updated(score="same"),
        "'same' (score) has the same value, 0.5, in every row looked at",
    ),
    "one class": (BINARY.updated(label="one"), "'one' (label) has one value only, 1;"),
    "unknown class": (
        Roles(label="ab", prediction="abc", task="multiclass"),
        "'abc' (prediction) has values the label lacks: 'c'.",
    ),
    "unseen key": (
        Roles(label="ab", score={"a": "p", "b": "real", "z": "soft"}, task="multiclass"),
        "score names the classes 'z', which no label has.",
    ),
    "class without column": (
        Roles(label="abc", score={"a": "p", "b": "soft"}, task="multiclass"),
        "The labels 'c' have no column of scores.",
    ),
    "rest is negative": (
        Roles(label="abc", score="p", task="binary", positive="a"),
        "all but 'a' count as negative",
    ),
    "no model": (
        Roles(label="y", task="binary", positive=1),
        "no model can be measured: say --prediction or --score",
    ),
}


@pytest.mark.parametrize("case", WARNINGS)
def test_warnings(case):
    roles, expected = WARNINGS[case]
    assert any(expected in warning for warning in checked(roles)), checked(roles)


def test_many_classes():
    columns = {"y": [str(i) for i in range(1_500)], "pred": [str(i) for i in range(1_500)]}
    (warning,) = checked(Roles(label="y", prediction="pred", task="multiclass"), columns)
    assert "'y' (label) has 1,500 classes" in warning


def test_a_sample_is_not_held_against_rare_values():
    columns = {"y": [0] * 100 + [1], "p": [0.5, 0.6] * 50 + [0.5], "late": [None] * 100 + [1]}
    table = read(pl.LazyFrame(columns))
    warnings = check_roles(table, peek(table, 50), Roles(label="y", score="p", task="binary", positive=1))
    assert any("may be rare" in warning for warning in warnings)
    late = check_roles(table, peek(table, 50), Roles(label="late", score="p", task="binary"))
    assert late == ["Column 'late' (label) is missing in all 50 rows looked at."]


def test_booleans_and_numbers_are_one():
    columns = {"y": [True, False], "pred": [1, 0]}
    assert checked(Roles(label="y", prediction="pred", task="binary", positive=True), columns) == []


def test_no_rows():
    assert checked(BINARY, pl.DataFrame(COLUMNS).clear()) == []


def test_the_value_that_is_no_number_is_shown():
    with pytest.raises(ColumnError, match=r"e\.g\. 'oops'"):
        checked(Roles(label="y", score="p"), {"y": [0, 1], "p": ["0.5", "oops"]})


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        ({"coverage": 90.0, "lower": "a", "upper": "b"}, "between 0 and 1"),
        ({"coverage": 0.9, "calibrated_on": 0}, "at least 1"),
        ({"lower": "a"}, "given without upper"),
        ({"upper": "b"}, "given without lower"),
    ],
)
def test_a_promise_that_cannot_be_meant_is_refused(roles, said):
    table = read(pl.DataFrame({"y": [1.0, 2.0], "p": [1.0, 2.0], "a": [0.0, 1.0], "b": [2.0, 3.0]}))
    with pytest.raises(ConfigError, match=said):
        check_roles(table, peek(table), Roles(label="y", prediction="p", task="regression", **roles))
