"""Metrics of a binary decision against scikit-learn, statsmodels and the shared vectors."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from steelyard.data import Roles
from steelyard.metrics import Confusion, Problem, describe, estimate, get
from steelyard.metrics.binary import METRICS, fbeta
from steelyard.records import Estimate, Undefined

BY_NAME = {m.name: m for m in METRICS}
PROBLEM = Problem("binary", ("0", "1"))
ROLES = Roles(label="y", prediction="d")
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ci_confusion.json").read_text())["cases"]
ORACLES = {
    "accuracy": oracle.accuracy_score,
    "balanced_accuracy": oracle.balanced_accuracy_score,
    "precision": oracle.precision_score,
    "recall": oracle.recall_score,
    "specificity": lambda y, d, **k: oracle.recall_score(y, d, pos_label=0, **k),
    "npv": lambda y, d, **k: oracle.precision_score(y, d, pos_label=0, **k),
    "f1": oracle.f1_score,
    "f2": lambda y, d, **k: oracle.fbeta_score(y, d, beta=2, **k),
    "f0_5": lambda y, d, **k: oracle.fbeta_score(y, d, beta=0.5, **k),
    "matthews_corrcoef": oracle.matthews_corrcoef,
    "cohen_kappa": oracle.cohen_kappa_score,
    "jaccard": oracle.jaccard_score,
    "false_positive_rate": lambda y, d, **k: 1 - oracle.recall_score(y, d, pos_label=0, **k),
    "false_negative_rate": lambda y, d, **k: 1 - oracle.recall_score(y, d, **k),
    "youden": lambda y, d, **k: oracle.balanced_accuracy_score(y, d, adjusted=True, **k),
    "positive_likelihood_ratio": lambda y, d, **k: oracle.class_likelihood_ratios(y, d, **k)[0],
    "diagnostic_odds_ratio": lambda y, d, **k: np.divide(*oracle.class_likelihood_ratios(y, d, **k)),
    "selection_rate": lambda y, d, sample_weight=None: np.average(d, weights=sample_weight),
    "prevalence": lambda y, d, sample_weight=None: np.average(y, weights=sample_weight),
}


def table(tp, fp, fn, tn):
    cells = np.array([[tn, fp], [fn, tp]], dtype=float)
    return Confusion(cells, cells, cells, ("0", "1"))


def rows(n=500, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(int)
    d = np.where(rng.random(n) < 0.2, 1 - y, y)
    return pl.DataFrame({"y": y, "d": d, "w": rng.uniform(0.2, 3, n)})


def test_every_metric_has_an_oracle():
    assert set(ORACLES) == set(BY_NAME)


@pytest.mark.parametrize("name", ORACLES)
def test_value(outcomes, name):
    frame = rows()
    y, d, w = (frame[c].to_numpy() for c in ("y", "d", "w"))
    plain = outcomes(frame, ROLES, PROBLEM, [BY_NAME[name]])[name]
    assert plain.value == pytest.approx(ORACLES[name](y, d), rel=1e-12)
    weighted = outcomes(frame, replace(ROLES, weight="w"), replace(PROBLEM, weighted=True), [BY_NAME[name]])[name]
    assert weighted.value == pytest.approx(ORACLES[name](y, d, sample_weight=w), rel=1e-9)
    assert weighted.effective_n < plain.effective_n == 500


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["id"])
def test_vectors(case):
    given, expected = case["input"], case["expected"]
    c = table(given["tp"], given["fp"], given["fn"], given["tn"])
    names = {"mcc": "matthews_corrcoef", "kappa": "cohen_kappa"}
    if "value" not in expected:
        pytest.skip("a case of another kind")
    for name, value in expected["value"].items():
        found = estimate(BY_NAME[names.get(name, name)], c)
        assert found.value == pytest.approx(value, rel=1e-9)
        assert found.se == pytest.approx(expected["se_delta"][name], rel=1e-9)
    bounds = {
        "f1": "f1_wilson_jaccard",
        "accuracy": "accuracy_wilson",
        "balanced_accuracy": "balanced_accuracy_mover_wilson",
        "matthews_corrcoef": "mcc_fisher_z",
    }
    for name, key in bounds.items():
        found = estimate(BY_NAME[name], c)
        assert (found.low, found.high) == pytest.approx(expected[key], rel=1e-9)


def test_kappa_has_the_standard_error_of_statsmodels():
    c = table(80, 20, 30, 870)
    assert estimate(BY_NAME["cohen_kappa"], c).se == pytest.approx(np.sqrt(cohens_kappa(c.table).var_kappa), rel=1e-9)


@pytest.mark.parametrize(
    ("name", "k", "n"),
    [
        ("accuracy", 950, 1000),
        ("precision", 80, 100),
        ("recall", 80, 110),
        ("specificity", 870, 890),
        ("npv", 870, 900),
        ("false_positive_rate", 20, 890),
        ("jaccard", 80, 130),
    ],
)
def test_shares_have_wilsons_interval(name, k, n):
    found = estimate(BY_NAME[name], table(80, 20, 30, 870))
    assert (found.low, found.high) == pytest.approx(proportion_confint(k, n, method="wilson"), rel=1e-9)


@pytest.mark.parametrize("name", ["matthews_corrcoef", "cohen_kappa", "positive_likelihood_ratio", "f2"])
def test_small_cells_get_a_dirichlet_interval(name):
    found = estimate(BY_NAME[name], table(30, 1, 2, 60))
    assert found.method == "dirichlet, small cells"
    assert found.low < found.value < found.high
    if name != "f2":
        assert "small cells: 1 false positives" in found.note


def test_no_errors_still_leave_doubt():
    for name in ("accuracy", "precision", "recall", "f1", "f2", "balanced_accuracy", "matthews_corrcoef", "youden"):
        found = estimate(BY_NAME[name], table(20, 0, 0, 30))
        assert found.value == 1
        assert 0.3 < found.low < 0.99


@pytest.mark.parametrize(
    ("name", "cells", "reason"),
    [
        ("precision", (0, 0, 5, 5), "nothing was predicted positive"),
        ("recall", (0, 5, 0, 5), "no positive labels"),
        ("specificity", (5, 0, 5, 0), "no negative labels"),
        ("f1", (0, 0, 0, 5), "nothing is positive"),
        ("balanced_accuracy", (0, 5, 0, 5), "one class only"),
        ("matthews_corrcoef", (0, 0, 5, 5), "one class only"),
        ("cohen_kappa", (0, 0, 0, 5), "one class"),
        ("positive_likelihood_ratio", (5, 0, 5, 5), "infinite"),
        ("diagnostic_odds_ratio", (5, 5, 0, 5), "no false negatives"),
    ],
)
def test_undefined_says_why(name, cells, reason):
    found = estimate(BY_NAME[name], table(*cells))
    assert isinstance(found, Undefined)
    assert reason in found.reason


def test_any_beta():
    assert fbeta(3).name == "f3"
    assert fbeta(0.25).name == "f0_25"
    y, d = rows()["y"].to_numpy(), rows()["d"].to_numpy()
    c = oracle.confusion_matrix(y, d).astype(float)
    view = Confusion(c, c, c, ("0", "1"))
    assert estimate(fbeta(3), view).value == pytest.approx(oracle.fbeta_score(y, d, beta=3))
    assert fbeta(1.0).interval is not None
    assert "β = 3" in fbeta(3).doc.formula


def test_rows_without_label_count_for_the_selection_rate_only(outcomes):
    frame = pl.DataFrame({"y": [1, 0, None, None, 1], "d": [1, 0, 1, 1, None]})
    found = outcomes(frame, ROLES, PROBLEM, METRICS)
    assert (found["selection_rate"].value, found["selection_rate"].n) == (0.75, 4)
    assert (found["prevalence"].value, found["prevalence"].n) == (pytest.approx(2 / 3), 3)
    assert found["accuracy"].n == 2


def test_few_rows_are_pointed_out():
    assert estimate(BY_NAME["precision"], table(3, 1, 30, 100)).note == "rests on 4 rows"
    assert estimate(BY_NAME["precision"], table(30, 10, 30, 100)).note == ""


def test_weighted_interval_uses_the_effective_rows(outcomes):
    frame = rows()
    heavy = replace(ROLES, weight="w"), replace(PROBLEM, weighted=True)
    plain = outcomes(frame, ROLES, PROBLEM, [BY_NAME["accuracy"]])["accuracy"]
    weighted = outcomes(frame, *heavy, [BY_NAME["accuracy"]])["accuracy"]
    assert isinstance(weighted, Estimate)
    assert weighted.high - weighted.low > plain.high - plain.low


def test_no_decisions_is_a_reason():
    undecided = replace(PROBLEM, decided=False)
    assert "no predictions" in BY_NAME["accuracy"].needs(undecided)
    assert not isinstance(BY_NAME["prevalence"].needs(undecided), str)
    unlabelled = replace(PROBLEM, columns=frozenset({"sy_decision"}))
    assert BY_NAME["accuracy"].needs(unlabelled) == "there are no labels"
    assert not isinstance(BY_NAME["selection_rate"].needs(unlabelled), str)


def test_a_name_can_belong_to_several_tasks():
    assert get("accuracy", "multiclass") is not get("accuracy", "binary")
    assert {"binary", "multiclass"} <= set(describe("accuracy").tasks)
