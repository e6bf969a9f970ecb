"""Exact scores and binned ones, and what the look at the data had not seen."""

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

from steelyard import Estimate, Roles, Undefined, evaluate
from steelyard.data import peek
from steelyard.evaluation import pose, preparing
from steelyard.records import DataError

ROLES = Roles(label="y", score="p")
LOOK = 300
# Grouped by rank or score, so that bins move a few rows from one group to the next.
GROUPED = ["expected_calibration_error", "brier_reliability", "brier_resolution", "recall_at_precision_90"]


@pytest.fixture
def short_look(monkeypatch):
    """Look at the first rows alone, so that the rest is a surprise."""
    monkeypatch.setattr(preparing, "peek", lambda table: peek(table, LOOK))
    monkeypatch.setattr(pose, "EXACT_SCORES", 10)
    monkeypatch.setattr(pose, "FEW_SCORES", 10)


@pytest.fixture(scope="module")
def many():
    """Scores that are nearly all different."""
    rng = np.random.default_rng(11)
    p = rng.beta(1.5, 3, 3_000)
    return pl.DataFrame({"y": (rng.random(3_000) < p).astype(int), "p": p})


def odds(frame):
    return frame.with_columns(p=(pl.col("p") / (1 - pl.col("p"))).log())


@pytest.mark.parametrize("scores", ["probabilities", "log-odds"])
def test_bins_are_as_near_as_they_say(many, scores, monkeypatch):
    frame = many if scores == "probabilities" else odds(many)
    exact = evaluate(frame, ROLES)
    monkeypatch.setattr(pose, "EXACT_SCORES", 10)
    binned = evaluate(frame, ROLES)
    assert (exact.settings["score_grid"], binned.settings["score_grid"]) == (
        "exact",
        "LogitGrid" if scores == "probabilities" else "RootGrid",
    )
    for name, one in exact.estimates.items():
        other = binned.estimates[name]
        assert type(one) is type(other), (name, one, other)
        if not isinstance(one, Estimate):
            continue
        assert one.discretisation == 0, name
        if name in GROUPED:
            assert other.value == pytest.approx(one.value, abs=0.02 * max(1, abs(one.value))), name
        else:
            assert abs(other.value - one.value) <= other.discretisation + 1e-9, (name, one, other)
            assert other.discretisation < 0.03, name
    assert binned.estimates["roc_auc"].value == pytest.approx(sk.roc_auc_score(frame["y"], frame["p"]), abs=1e-3)


def test_decisions_are_exact_in_bins(many, monkeypatch):
    monkeypatch.setattr(pose, "EXACT_SCORES", 10)
    found = evaluate(many, ROLES.updated(threshold=0.123)).estimates
    d = many["p"] >= 0.123
    assert found["precision"].value == pytest.approx(sk.precision_score(many["y"], d), rel=1e-12)
    assert found["brier"].value == pytest.approx(sk.brier_score_loss(many["y"], many["p"]), rel=1e-9)
    assert found["log_loss"].value == pytest.approx(sk.log_loss(many["y"], many["p"]), rel=1e-9)


def test_scores_that_are_no_probabilities(many):
    evaluation = evaluate(odds(many), ROLES)
    assert evaluation.estimates["roc_auc"].value == pytest.approx(sk.roc_auc_score(many["y"], many["p"]), rel=1e-9)
    assert isinstance(evaluation.estimates["log_loss"], Undefined)
    assert isinstance(evaluation.estimates["recall"], Undefined)
    assert any("outside 0 to 1" in w for w in evaluation.warnings)
    decided = evaluate(odds(many), ROLES.updated(threshold=0.0))
    assert decided.estimates["recall"].value == pytest.approx(sk.recall_score(many["y"], many["p"] >= 0.5))


def test_late_scores_beyond_one_are_noticed(many, short_look):
    late = many.with_columns(p=pl.when(pl.int_range(3_000) > 2_500).then(pl.col("p") * 7).otherwise("p"))
    evaluation = evaluate(late.lazy(), ROLES)
    assert any("Scores of the current data reach from" in w for w in evaluation.warnings)
    assert isinstance(evaluation.estimates["brier"], Undefined)
    assert isinstance(evaluation.estimates["roc_auc"], Estimate)
    assert evaluation.settings["score_grid"] == "RootGrid"


def test_a_late_third_label_is_refused(many, short_look):
    late = many.with_columns(y=pl.when(pl.int_range(3_000) == 2_900).then(2).otherwise("y")).lazy()
    with pytest.raises(DataError, match=r"'y' of the current data has 3 values .*--task multiclass.*--positive"):
        evaluate(late, ROLES)
    assert evaluate(late, ROLES.updated(positive=1)).rows == {"current": 3_000}


def test_a_late_class_is_counted(multiclass, short_look):
    late = pl.concat([multiclass.select("y", "d"), pl.DataFrame({"y": ["yak"] * 5, "d": ["yak"] * 4 + ["cat"]})])
    evaluation = evaluate(late.lazy(), Roles(label="y", prediction="d"))
    y, d = late["y"].to_list(), late["d"].to_list()
    assert evaluation.estimates["accuracy"].value == pytest.approx(sk.accuracy_score(y, d))
    assert evaluation.estimates["f1_macro"].value == pytest.approx(sk.f1_score(y, d, average="macro"))
    (confusion,) = [c for c in evaluation.curves if c.kind == "confusion"]
    assert "yak" in confusion.columns["actual"]


@pytest.mark.parametrize("binned", [False, True])
def test_infinite_and_missing_scores_are_left_out(many, binned, monkeypatch):
    if binned:
        monkeypatch.setattr(pose, "EXACT_SCORES", 10)
    row = pl.int_range(3_000)
    odd = many.with_columns(
        p=pl.when(row % 10 == 0)
        .then(float("inf"))
        .when(row % 10 == 1)
        .then(float("nan"))
        .when(row % 10 == 2)
        .then(None)
        .when(row % 10 == 3)
        .then(float("-inf"))
        .otherwise("p")
    )
    kept = many.filter(row % 10 > 3)
    found = evaluate(odd, ROLES)
    expected = evaluate(kept, ROLES)
    for name in ("roc_auc", "average_precision", "log_loss", "brier", "ks"):
        assert found.estimates[name].value == pytest.approx(expected.estimates[name].value, rel=1e-9), name
        assert found.estimates[name].n == kept.height
    assert any("infinite in 600 of 3,000 rows" in w for w in found.warnings)
    (column,) = [c for c in found.columns if c.name == "p"]
    assert (column.missing, column.infinite) == (600, 600)
