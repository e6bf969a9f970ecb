from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from steelyard.data import Guess, Roles, guess_roles, peek, read
from steelyard.records import ColumnError

N = 60
RNG = np.random.default_rng(0)
BINARY = np.arange(N) % 3 == 0
ZERO_ONE = BINARY.astype(int)
UNIT = RNG.random(N) * 0.8 + 0.1
REAL = RNG.normal(size=N) * 100
ABC = np.array(list("abc"))[np.arange(N) % 3]
TIMES = [datetime(2024, 1, 1) + timedelta(hours=i) for i in range(N)]


def guessed(columns, given=None):
    table = read(columns)
    return guess_roles(table, peek(table), given or Roles())


CASES = {
    "scikit-learn": (
        {"y_true": ZERO_ONE, "y_score": UNIT},
        {"label": "y_true", "score": "y_score", "task": "binary", "positive": 1},
    ),
    "case and spaces": ({"Y True": ZERO_ONE, "Y-Score": UNIT}, {"label": "Y True", "score": "Y-Score"}),
    "booleans": ({"label": BINARY, "p": UNIT}, {"task": "binary", "positive": True, "score": "p"}),
    "text classes": (
        {"target": np.where(BINARY, "bad", "good"), "pred": ABC},
        {"positive": "bad", "prediction": "pred"},
    ),
    "opposite of no": ({"label": np.where(BINARY, "leaver", "no"), "score": UNIT}, {"positive": "leaver"}),
    "rarer class": ({"label": np.where(BINARY, "b", "a"), "score": UNIT}, {"positive": "b"}),
    "one and two": ({"label": np.where(BINARY, 2, 1), "score": UNIT}, {"positive": 2, "task": "binary"}),
    "minus one": ({"label": np.where(BINARY, 1, -1), "score": UNIT}, {"positive": 1, "task": "binary"}),
    "floats zero one": ({"label": ZERO_ONE.astype(float), "score": UNIT}, {"positive": 1, "task": "binary"}),
    "churn": (
        {"churned": np.where(BINARY, "Yes", "No"), "churn_prob": UNIT},
        {"label": "churned", "score": "churn_prob", "positive": "Yes"},
    ),
    "prediction is a probability": (
        {"label": ZERO_ONE, "prediction": UNIT},
        {"score": "prediction", "prediction": None},
    ),
    "both": (
        {"label": ZERO_ONE, "prediction": ZERO_ONE, "score": UNIT},
        {"score": "score", "prediction": "prediction"},
    ),
    "two columns of probabilities": (
        {"label": ZERO_ONE, "prob_0": 1 - UNIT, "prob_1": UNIT},
        {"score": "prob_1"},
    ),
    "columns by class": (
        {"label": ABC, "proba_a": UNIT, "proba_b": UNIT, "proba_c": UNIT, "proba_other": UNIT},
        {"task": "multiclass", "score": {"a": "proba_a", "b": "proba_b", "c": "proba_c"}, "positive": None},
    ),
    "columns by class name": (
        {"label": np.where(BINARY, "New York", "Rome"), "score": None, "P(New York)": UNIT, "P(Rome)": UNIT},
        {"task": "binary", "positive": "New York", "score": "P(New York)"},
    ),
    "coded classes": (
        {"label": np.arange(N) % 5, "pred": np.arange(N) % 4},
        {"task": "multiclass", "score": None},
    ),
    "whole numbers, fractional prediction": (
        {"label": np.arange(N) % 5, "pred": REAL},
        {"task": "regression"},
    ),
    "many whole numbers": ({"label": np.arange(N), "pred": np.arange(N)}, {"task": "regression"}),
    "regression": (
        {"y": REAL, "y_hat": REAL},
        {"label": "y", "prediction": "y_hat", "task": "regression", "positive": None},
    ),
    "named after the label": (
        {"price": REAL, "price_pred": REAL},
        {"label": "price", "prediction": "price_pred"},
    ),
    "predicted first": (
        {"Demand": REAL, "predictedDemand": REAL},
        {"label": "Demand", "prediction": "predictedDemand"},
    ),
    "end of the name": (
        {"loan_target": ZERO_ONE, "pred_proba": UNIT},
        {"label": "loan_target", "score": "pred_proba"},
    ),
    "quantiles": (
        {"y": REAL, "q10": REAL - 1, "q50": REAL, "q90": REAL + 1},
        {"quantiles": {0.1: "q10", 0.5: "q50", 0.9: "q90"}, "prediction": "q50"},
    ),
    "quantiles as fractions": (
        {"y": REAL, "pred": REAL, "quantile_0.05": REAL - 1, "quantile_0.975": REAL + 1},
        {"quantiles": {0.05: "quantile_0.05", 0.975: "quantile_0.975"}},
    ),
    "questions are no quantiles": ({"y": REAL, "pred": REAL, "q1": REAL, "q2": -REAL}, {"quantiles": {}}),
    "ranking": (
        {"query_id": np.arange(N) // 6, "relevance": np.arange(N) % 4, "score": REAL},
        {"query": "query_id", "label": "relevance", "score": "score", "task": "ranking"},
    ),
    "ranking with label": (
        {"qid": np.arange(N) // 6, "label": np.arange(N) % 4, "score": REAL},
        {"task": "ranking", "query": "qid"},
    ),
    "a text called query is none": (
        {"query": ABC, "label": ZERO_ONE, "score": UNIT},
        {"task": "binary", "query": None},
    ),
    "weights": ({"label": ZERO_ONE, "score": UNIT, "sample_weight": UNIT}, {"weight": "sample_weight"}),
    "weight of a body": (
        {"label": ZERO_ONE, "score": UNIT, "weight": UNIT, "height": UNIT},
        {"weight": None},
    ),
    "weights below zero": ({"label": ZERO_ONE, "score": UNIT, "weight": -UNIT}, {"weight": None}),
    "time by name": (
        {"label": ZERO_ONE, "p": UNIT, "born": TIMES, "event_time": TIMES},
        {"time": "event_time"},
    ),
    "the only time": ({"label": ZERO_ONE, "p": UNIT, "when": TIMES}, {"time": "when"}),
    "two times": ({"label": ZERO_ONE, "p": UNIT, "when": TIMES, "then": TIMES}, {"time": None}),
    "time as number": ({"label": ZERO_ONE, "p": UNIT, "time": UNIT}, {"time": None}),
    "id": ({"label": ZERO_ONE, "p": UNIT, "ID": np.arange(N)}, {"id": "ID"}),
    "id that repeats": ({"label": ZERO_ONE, "p": UNIT, "id": np.arange(N) // 2}, {"id": None}),
    "cluster by name only": (
        {"label": ZERO_ONE, "p": UNIT, "user_id": ABC, "cluster": ABC},
        {"cluster": "cluster"},
    ),
    "users are no clusters": ({"label": ZERO_ONE, "p": UNIT, "user_id": ABC}, {"cluster": None}),
    "slices": (
        {
            "label": ZERO_ONE,
            "p": UNIT,
            "plan": ABC,
            "Sex": ABC,
            "country": np.arange(N).astype(str),
            "age_band": ABC,
        },
        {"slices": ("Sex", "age_band", "plan")},
    ),
    "at most five slices": (
        {
            "label": ZERO_ONE,
            "p": UNIT,
            **dict.fromkeys(["sex", "race", "plan", "device", "channel", "segment"], ABC),
        },
        {"slices": ("sex", "race", "segment", "channel", "device")},
    ),
    "emoji": ({"🎯 label": ZERO_ONE, "🎲": UNIT}, {"label": "🎯 label"}),
}


@pytest.mark.parametrize("case", CASES)
def test_guesses(case):
    columns, expected = CASES[case]
    roles, guesses = guessed({name: values for name, values in columns.items() if values is not None})
    assert {role: getattr(roles, role) for role in expected} == expected
    assert {g.role: g.value for g in guesses} == roles.given()


def test_what_is_given_is_not_guessed():
    columns = {"label": ZERO_ONE, "truth": ZERO_ONE, "score": UNIT, "p": UNIT, "id": np.arange(N), "sex": ABC}
    given = Roles(
        label="truth", score="p", features=["label", "score", "id"], slices=["sex"], task="binary", positive=0
    )
    roles, guesses = guessed(columns, given)
    assert roles == given
    assert guesses == []


def test_a_given_column_is_not_taken_for_another_role():
    roles, _ = guessed({"label": ZERO_ONE, "score": UNIT, "p": UNIT}, Roles(weight="score"))
    assert roles.score == "p"


@pytest.mark.parametrize(
    ("given", "values", "meant"),
    [("1", [0, 1], 1), ("true", [True, False], True), ("yes", ["Yes", "No"], "Yes")],
)
def test_a_positive_written_as_text_is_understood(given, values, meant):
    roles, _ = guessed({"label": values * 30, "score": UNIT}, Roles(positive=given))
    assert roles.positive == meant
    assert type(roles.positive) is type(meant)


def test_forecasting_from_given_roles():
    columns = {"y": REAL, "forecast": REAL, "shop": ABC, "h": np.arange(N), "date": TIMES}
    assert guessed(columns, Roles(horizon="h"))[0].task == "forecasting"
    assert guessed(columns, Roles(series="shop", time="date"))[0].task == "forecasting"


def test_multilabel_from_given_roles():
    roles, _ = guessed(
        {"a": ZERO_ONE, "b": ZERO_ONE, "pa": UNIT, "pb": UNIT}, Roles(label=["a", "b"], score=["pa", "pb"])
    )
    assert roles.task == "multilabel"


def test_no_label():
    with pytest.raises(ColumnError) as caught:
        guessed({"a": ZERO_ONE, "b": UNIT})
    assert str(caught.value) == (
        "No column looks like the label (the truth). The columns are 'a', 'b'. "
        'Say which one it is: --label NAME, or Roles(label="NAME").'
    )


def test_a_misspelt_column_is_said_before_guessing():
    with pytest.raises(ColumnError, match=r"no column 'lable', which was given as label. Did you mean 'label'\?"):
        guessed({"label": ZERO_ONE, "score": UNIT}, Roles(label="lable"))


def test_swapped_columns_stay_visible():
    roles, _ = guessed({"label": UNIT, "score": ZERO_ONE})
    assert roles.score == "score"


def test_a_guess_reads_as_a_sentence():
    assert (
        str(Guess("label", "y_true", "from its name"))
        == 'label = "y_true" (guessed from its name; change with --label)'
    )
    assert str(Guess("slices", ("sex", "plan"), "from their names")) == (
        'slices = "sex", "plan" (guessed from their names; change with --slice)'
    )
    assert (
        str(Guess("score", {"a": "p_a"}, "from names"))
        == 'score = {a: "p_a"} (guessed from names; change with --score)'
    )
    _, guesses = guessed({"label": np.where(BINARY, "b", "a"), "score": UNIT})
    assert 'positive = "b" (guessed as the rarer class, 33% of the labels; change with --positive)' in map(
        str, guesses
    )


def test_labels_missing_or_without_rows():
    assert guessed({"label": pl.Series([None, None], dtype=pl.Int64), "score": [0.5, 0.5]})[0].task == "binary"
    assert (
        guessed({"label": pl.Series([], dtype=pl.String), "score": pl.Series([], dtype=pl.Float64)})[0].label
        == "label"
    )
