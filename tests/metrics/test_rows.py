"""Row columns: the same values on every engine, however the labels are written."""

import datetime as dt
import math

import polars as pl
import pytest

from steelyard.data import Kind, Roles
from steelyard.data.border import as_table
from steelyard.metrics import Problem
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import ConfigError

BINARY = pl.DataFrame(
    {
        "row": range(6),
        "word": ["yes", "no", None, "yes", "no", "yes"],
        "flag": [True, False, None, True, False, True],
        "number": [1.0, 0.0, None, 1.0, 0.0, 1.0],
        "digit": ["1", "0", None, "1", "0", "1"],
        "answer": [1, 0, 1, None, 1, 0],
        "p": [0.9, 0.1, 0.3, None, 0.5, 0.2],
        "w": [1, 2, 1, 1, 1, 3],
    }
)
CLASSES = pl.DataFrame(
    {
        "row": range(6),
        "code": [0, 1, 2, None, 2, 1],
        "word": ["a", "b", "c", None, "c", "b"],
        "real": [0.0, 1.0, 2.0, None, 2.0, 1.0],
        "digit": ["0", "1", "1", "2", "2", None],
        "a": [0.5, 0.2, 0.4, 0.3, None, 0.2],
        "b": [0.3, 0.4, 0.4, 0.3, 0.2, 0.4],
        "c": [0.2, 0.4, 0.2, 0.4, 0.5, 0.4],
    }
)
NUMBERS = pl.DataFrame(
    {
        "row": range(6),
        "y": [1.0, 2.0, 4.0, None, 3.0, 1.0],
        "yhat": [1.5, 2.0, 3.0, 1.0, None, 0.0],
        "shop": ["u", "u", "u", "v", "v", "v"],
        "ahead": [1, 1, 1, 1, 1, 1],
        "day": [dt.datetime(2026, 1, 1) + dt.timedelta(days=d) for d in (2, 0, 1, 3, 4, 5)],
        "low": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0],
        "high": [9.0] * 6,
    }
)
THREE = ("0", "1", "2")


@pytest.fixture
def prepared(table_of, columns_of):
    return lambda frame, roles, problem: columns_of(prepare_rows(table_of(frame), roles, problem))


@pytest.mark.parametrize(
    ("label", "positive"),
    [("word", "yes"), ("flag", True), ("flag", "true"), ("number", 1), ("number", "1"), ("digit", "1"), ("digit", 1)],
)
def test_binary_labels_are_one_zero_or_missing_however_they_are_written(prepared, label, positive):
    roles = Roles(label=label, score="p", positive=positive)
    found = prepared(BINARY, roles, Problem("binary", ("0", "1"), ("1",), threshold=0.5))
    assert found["sy_label"] == [1, 0, None, 1, 0, 1]
    assert found["sy_score"] == [0.9, 0.1, 0.3, None, 0.5, 0.2]
    assert found["sy_decision"] == [1, 0, 0, None, 1, 0]


@pytest.mark.parametrize("prediction", ["flag", "number", "digit"])
def test_a_prediction_may_be_of_another_type_than_the_label(prepared, prediction):
    found = prepared(BINARY, Roles(label="answer", prediction=prediction, positive=1), Problem("binary", ("0", "1")))
    assert found["sy_decision"] == [1, 0, None, 1, 0, 1]


def test_expressions_find_the_cells_of_the_table(prepared):
    roles = Roles(label="word", prediction="answer", score="p", positive="yes", weight="w")
    found = prepared(BINARY, roles, Problem("binary", ("0", "1"), ("1",), weighted=True))
    assert found["sy_weight"] == [1, 2, 1, 1, 1, 3]
    assert found["tp"] == [1, 0, None, None, 0, 0]
    assert found["fp"] == [0, 0, None, None, 1, 0]
    assert found["fn"] == [0, 0, None, None, 0, 1]
    assert found["tn"] == [0, 1, None, None, 0, 0]
    assert found["error"] == [0, 0, None, None, 1, 1]
    assert found["score"] == found["p"]


def test_a_users_own_column_keeps_its_name(prepared):
    frame = BINARY.rename({"w": "TP", "answer": "label"})
    found = prepared(frame, Roles(label="word", prediction="label", positive="yes"), Problem("binary", ("0", "1")))
    assert "tp" not in found
    assert found["label"] == [1, 0, 1, None, 1, 0]


SCORED = {
    "sy_true_score": [0.5, 0.4, 0.2, None, 0.5, 0.4],
    "sy_confidence": [0.5, 0.4, 0.4, 0.4, None, 0.4],
    "sy_rank": [1, 1, 3, None, None, 1],
    "sy_brier": [0.38, 0.56, 0.96, None, None, 0.56],
}


@pytest.mark.parametrize(("label", "names"), [("word", ("a", "b", "c")), ("code", THREE), ("real", THREE)])
def test_without_predictions_the_largest_score_decides_the_first_of_ties(prepared, label, names):
    roles = Roles(label=label, score=dict(zip(names, "abc", strict=True)))
    found = prepared(CLASSES, roles, Problem("multiclass", names, names))
    assert {name: found[name] for name in SCORED} == SCORED
    # The row whose scores are not all there has no decision.
    wanted = [names[i] for i in (0, 1, 0, 2)] + [None, names[1]]
    assert found["sy_decision"] == [w if w is None or label == "word" else float(w) for w in wanted]
    assert found["sy_correct"] == [1, 1, 0, None, None, 1]


@pytest.mark.parametrize("label", ["code", "real"])
def test_number_labels_agree_with_text_predictions(prepared, label):
    found = prepared(CLASSES, Roles(label=label, prediction="digit"), Problem("multiclass", THREE))
    assert found["sy_label"] == ["0", "1", "2", None, "2", "1"]
    assert found["sy_correct"] == [1, 1, 0, None, 1, None]
    assert found["error"] == [0, 0, 1, None, 0, None]


def test_scores_may_be_columns_in_the_order_of_the_classes(prepared):
    roles = Roles(label="code", prediction="digit", score=("a", "b", "c"))
    found = prepared(CLASSES, roles, Problem("multiclass", THREE, THREE))
    assert {name: found[name] for name in SCORED} == SCORED


def test_each_label_of_a_multilabel_problem_has_its_columns(prepared):
    roles = Roles(label=["flag", "number"], score=["p", "p"], task="multilabel")
    names = ("flag", "number")
    found = prepared(BINARY, roles, Problem("multilabel", names, names, threshold=0.5))
    for i in range(2):
        assert found[f"sy_label_{i}"] == [1, 0, None, 1, 0, 1]
        assert found[f"sy_decision_{i}"] == [1, 0, 0, None, 1, 0]
    roles = Roles(label=["flag", "number"], prediction=["digit", "answer"], task="multilabel")
    found = prepared(BINARY, roles, Problem("multilabel", names))
    assert found["sy_decision_0"] == [1, 0, None, 1, 0, 1]
    assert found["sy_decision_1"] == [1, 0, 1, None, 1, 0]


def test_errors_are_prediction_less_label(prepared):
    roles = Roles(label="y", prediction="yhat", quantiles={0.9: "high", 0.1: "low"})
    found = prepared(NUMBERS, roles, Problem("regression", quantiles=(0.1, 0.9)))
    assert found["sy_error"] == [0.5, 0, -1, None, None, -1]
    assert found["sy_abs_error"] == [0.5, 0, 1, None, None, 1]
    assert found["sy_quantile_0"] == found["low"]
    assert found["sy_quantile_1"] == found["high"]
    assert found["error"] == found["sy_error"]


def test_the_median_quantile_is_the_point_forecast_where_there_is_no_other(prepared):
    found = prepared(NUMBERS, Roles(label="y", quantiles={0.5: "yhat"}), Problem("regression", quantiles=(0.5,)))
    assert found["sy_error"] == [0.5, 0, -1, None, None, -1]


def test_the_naive_forecast_is_the_value_before_in_its_series(prepared):
    roles = Roles(label="y", prediction="yhat", series="shop", time="day", horizon="ahead")
    found = prepared(NUMBERS, roles, Problem("forecasting"))
    assert found["sy_naive"] == [3, None, 2, None, None, 2]
    assert found["sy_horizon"] == [1] * 6
    found = prepared(NUMBERS, Roles(label="y", prediction="yhat", time="day"), Problem("forecasting"))
    assert found["sy_naive"] == [3, None, 2, None, None, 2]


def test_the_problem_learns_what_the_rows_have():
    roles = Roles(label="y", prediction="yhat", time="day")
    rows = prepare_rows(as_table(NUMBERS.lazy(), "test"), roles, Problem("forecasting"))
    problem = informed(Problem("forecasting"), rows)
    assert problem.naive
    assert not problem.horizon
    assert problem.columns >= {"sy_error", "y", "error"}
    assert rows.kinds["sy_error"] is Kind.NUMBER
    assert rows.kinds["shop"] is Kind.TEXT


def test_rows_of_unlabelled_data_have_scores_only():
    rows = prepare_rows(as_table(BINARY.lazy(), "test"), Roles(score="p"), Problem("binary", ("0", "1"), ("1",)))
    assert "sy_score" in rows.columns
    assert "sy_label" not in rows.columns


def test_a_multiclass_problem_without_label_is_refused():
    with pytest.raises(ConfigError, match="needs a label"):
        prepare_rows(as_table(CLASSES.lazy(), "test"), Roles(), Problem("multiclass", THREE))


def test_boolean_classes_keep_their_names(columns_of):
    frame = pl.DataFrame({"row": [0, 1, 2], "y": [True, False, None], "yhat": ["True", "True", "False"]})
    rows = prepare_rows(as_table(frame.lazy(), "test"), Roles(label="y", prediction="yhat"), Problem("multiclass"))
    assert columns_of(rows)["sy_correct"] == [1, 0, None]


def test_many_classes_do_not_nest(columns_of):
    k = 300
    names = tuple(f"c{i:03}" for i in range(k))
    frame = pl.DataFrame({"row": [0], "y": ["c007"], **{n: [1.0 / k] for n in names}})
    roles = Roles(label="y", score={n: n for n in names})
    found = columns_of(prepare_rows(as_table(frame.lazy(), "test"), roles, Problem("multiclass", names, names)))
    assert found["sy_decision"] == ["c000"]
    assert math.isclose(found["sy_true_score"][0], 1.0 / k, rel_tol=1e-6)
