"""What can be said about costs, and what is refused in clear words."""

from __future__ import annotations

import math

import polars as pl
import pytest

from steelyard.analyses.cost.amounts import of_decisions
from steelyard.analyses.costs import Costs, costs_of, parse_costs
from steelyard.data import Roles
from steelyard.records import ColumnError, ConfigError


def test_a_mapping_is_read_as_it_says():
    made = parse_costs({"fp": -25, "fn": "-0.4 * amount", "currency": "EUR", "volume": 2_000_000})
    assert made == Costs(fp=-25, fn="-0.4 * amount", currency="EUR", volume=2_000_000)
    assert made is not None
    assert (made.task, made.constant, made.columns()) == ("binary", False, ("amount",))
    assert parse_costs(made) is made
    assert parse_costs(None) is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"fn": 300, "fp": 25}, "fn = 300 means that a miss earns 300"),
        ({"fn": -300, "fp": 25}, "fp = 25 means that a false alarm earns 25"),
        ({"fn": -300, "fp": 25}, "write fp = -25"),
        ({"fn": -300}, "flagging would always pay"),
        ({"fp": -25}, "flagging would never pay"),
        ({"tp": 5, "fp": 5, "fn": 5, "tn": 5}, "nothing to decide"),
        ({"fpp": -25}, "Did you mean 'fp'"),
        ({}, "do not say what a decision is worth"),
        ({"currency": "EUR"}, "do not say what a decision is worth"),
        ({"fp": -1, "fn": math.nan}, "fn must be a number, a column or an expression"),
        ({"fp": -1, "fn": True}, "fn must be a number, a column or an expression"),
        ({"fp": "-25", "fn": -3}, "names no column"),
        ({"fp": -1, "fn": "-amount +"}, "fn cannot be read"),
        ({"fp": -1, "fn": -2, "run": 0.1}, "asking the model earns 0.1"),
        ({"fp": -1, "fn": -2, "review": 8}, "a person's look earns 8"),
        ({"fp": -1, "fn": -2, "change": 8}, "changing earns 8"),
        ({"over": -1, "under": 3}, "a prediction that is too low earns 3"),
        ({"fp": -1, "fn": -2, "capacity": 1.5}, "capacity must be a share up to 1, or a whole number of rows"),
        ({"fp": -1, "fn": -2, "capacity": -3}, "capacity must be"),
        ({"fp": -1, "fn": -2, "volume": 0}, "volume must be a number of decisions a year"),
        ({"fp": -1, "fn": -2, "reviewed_accuracy": 95}, "reviewed_accuracy must be a share"),
        ({"fp": -1, "fn": -2, "currency": ""}, "currency must be a word"),
        ({"fp": -1, "fn": -2, "latency": 3}, "latency must be a word"),
        ({"fp": -1, "fn": -2, "matrix": {"a": {"b": -3}}}, "more than one task"),
        ({"matrix": {"a": {"b": 3}}}, "taking a for b earns 3"),
        ({"matrix": {"a": {"b": 0}}}, "every value of the matrix is 0"),
        ({"matrix": {"a": -3}}, "matrix must be a table"),
        ({"matrix": {"a": {"b": "x"}}}, "matrix.a.b must be a number"),
        ("fp=-1", "must be a table of values"),
    ],
    ids=range(29),
)
def test_what_makes_no_sense_is_refused(given, said):
    with pytest.raises(ConfigError) as refused:
        parse_costs(given)
    assert said in str(refused.value)


def test_a_miss_may_earn_less_than_a_hit_and_is_pointed_out():
    made = Costs(tp=500, fn=100, fp=-25)
    assert made.cautions == ("fn = 100 means that a miss earns 100; costs are negative.",)


def test_words_of_a_command_line():
    found = costs_of(["fn=-300", "fp=-0.1 * amount", "currency=EUR", "matrix.cat.dog=−5", "volume=2_000_000"])
    assert found == {
        "fn": -300.0,
        "fp": "-0.1 * amount",
        "currency": "EUR",
        "matrix": {"cat": {"dog": -5.0}},
        "volume": 2e6,
    }


@pytest.mark.parametrize("word", ["fn", "fn=", "=3", "a.b=3"])
def test_words_that_are_none(word):
    with pytest.raises(ConfigError, match="must be NAME=VALUE"):
        costs_of([word])
    with pytest.raises(ConfigError, match="twice"):
        costs_of(["fn=-1", "fn=-2"])


FRAME = pl.DataFrame(
    {"y": [0, 1] * 30, "p": [0.2, 0.7] * 30, "plan": ["a", "b"] * 30, "x": [1.0] * 60, "nothing": [None] * 60}
)
BINARY = Roles(label="y", score="p", task="binary", threshold=0.5, features=())


@pytest.mark.parametrize(
    ("costs", "error", "said"),
    [
        (Costs(fp=-1, fn="-amout"), ColumnError, "costs name 'amout', which is no column"),
        (Costs(fp=-1, fn="-plan"), ColumnError, "fn cannot be calculated"),
        (Costs(fp=-1, fn=-2, latency="plan"), ColumnError, "latency 'plan' is text"),
        (Costs(over=-1, under=-2), ConfigError, "over and under, but the task is binary. Give tp, fp, fn and tn"),
        (Costs(matrix={"cat": {"dog": -2}}), ConfigError, "matrix, but the task is binary"),
    ],
    ids=["missing", "text", "latency", "numbers", "matrix"],
)
def test_costs_that_do_not_fit_the_data(study_from, costs, error, said):
    with pytest.raises(error) as refused:
        study_from(FRAME, BINARY, costs=costs)
    assert said in str(refused.value)


def test_classes_of_the_matrix_must_be_there(study_from):
    frame = FRAME.with_columns(y=pl.Series(["cat", "dog", "cow"] * 20), said=pl.Series(["cat", "dog"] * 30))
    roles = Roles(label="y", prediction="said", task="multiclass", features=())
    with pytest.raises(ConfigError, match="None of the classes of the cost matrix"):
        study_from(frame, roles, costs=Costs(matrix={"1": {"2": -3}}))


def test_an_amount_that_is_never_there_is_told(study_from):
    study = study_from(FRAME, BINARY, costs=Costs(fp=-1, fn="-nothing"))
    assert not study.failures
    assert study.money is not None
    assert "No row has a label" in study.money.notes[-1]
    assert study.money.options == ()


def test_odd_names_of_columns(study_from):
    frame = FRAME.with_columns(pl.lit(3.0).alias("fée `€` 🐈"))
    study = study_from(frame, BINARY, costs=Costs(fp=-1, fn="-`fée ``€`` 🐈`"))
    assert study.money is not None
    assert study.money.options[0].value.value == 0.0  # the scores separate the classes


def test_the_value_of_a_row_is_missing_where_its_label_is():
    assert of_decisions(Costs(fp=-1, fn=-2)).endswith("+ 0 * sy_label * sy_decision")


def test_a_row_without_an_amount_is_left_out_whatever_its_label(study_from):
    frame = FRAME.with_columns(amount=pl.Series([None, None, 5.0, 5.0] * 15))
    study = study_from(frame, BINARY, costs=Costs(fp=-1, fn="-amount"))
    assert study.money is not None
    assert (study.money.rows, study.money.left_out) == (30, 30)
    assert any("30 rows without a label, a decision, a score or an amount" in note for note in study.money.notes)
    positives = study.money.option("flag no one")
    assert positives is not None
    assert positives.value.value == pytest.approx(-2.5)  # half of the rows are positive, as before
