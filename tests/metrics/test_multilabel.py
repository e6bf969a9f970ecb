"""Metrics of several labels a row against scikit-learn, and against resampled rows."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as oracle

from steelyard.data import Roles
from steelyard.facts import LogitGrid
from steelyard.metrics import Means, Metric, Problem, estimate
from steelyard.metrics.multilabel import JOINT, METRICS, added
from steelyard.metrics.views import Together
from steelyard.records import Undefined

BY_NAME = {m.name: m for m in METRICS if isinstance(m, Metric)}


def names(k):
    return tuple(f"tag{i}" for i in range(k))


def problem(k=4):
    return Problem("multilabel", names(k), names(k))


def roles(k=4):
    return Roles(
        label=tuple(f"y_{c}" for c in names(k)),
        score=tuple(f"p_{c}" for c in names(k)),
        prediction=tuple(f"d_{c}" for c in names(k)),
    )


def rows(n=400, k=4, seed=0):
    rng = np.random.default_rng(seed)
    common = rng.normal(0, 1, n)
    frame = {"w": rng.uniform(0.2, 3, n)}
    for i, name in enumerate(names(k)):
        logit = common + rng.normal(-0.3 * (i % 5), 1, n)
        p = np.round(1 / (1 + np.exp(-logit)), 2)
        frame |= {f"y_{name}": (rng.random(n) < p).astype(int), f"p_{name}": p, f"d_{name}": (p >= 0.5).astype(int)}
    return pl.DataFrame(frame)


def matrix(frame, kind):
    return frame.select(c for c in frame.columns if c.startswith(f"{kind}_")).to_numpy()


def averaged(score, average):
    return lambda f, **k: score(matrix(f, "y"), matrix(f, "d"), average=average, zero_division=0, **k)


ORACLES = {
    "hamming_loss": lambda f, **k: oracle.hamming_loss(matrix(f, "y"), matrix(f, "d"), **k),
    "subset_accuracy": lambda f, **k: oracle.accuracy_score(matrix(f, "y"), matrix(f, "d"), **k),
    "jaccard_samples": averaged(oracle.jaccard_score, "samples"),
    "f1_samples": averaged(oracle.f1_score, "samples"),
    "roc_auc_macro": lambda f, **k: oracle.roc_auc_score(matrix(f, "y"), matrix(f, "p"), average="macro", **k),
    "average_precision_macro": lambda f, **k: oracle.average_precision_score(
        matrix(f, "y"), matrix(f, "p"), average="macro", **k
    ),
}
for average in ("micro", "macro"):
    ORACLES[f"precision_{average}"] = averaged(oracle.precision_score, average)
    ORACLES[f"recall_{average}"] = averaged(oracle.recall_score, average)
    ORACLES[f"f1_{average}"] = averaged(oracle.f1_score, average)


def test_every_metric_has_an_oracle():
    assert set(ORACLES) == set(BY_NAME)


@pytest.mark.parametrize("k", [4, JOINT + 1])
@pytest.mark.parametrize("name", ORACLES)
def test_value(outcomes, name, k):
    frame = rows(k=k)
    found = outcomes(frame, roles(k), problem(k), [BY_NAME[name]])[name]
    assert found.value == pytest.approx(ORACLES[name](frame), rel=1e-9)
    weighted = outcomes(frame, replace(roles(k), weight="w"), replace(problem(k), weighted=True), [BY_NAME[name]])
    assert weighted[name].value == pytest.approx(ORACLES[name](frame, sample_weight=frame["w"].to_numpy()), rel=1e-9)


@pytest.mark.parametrize("name", [n for n in ORACLES if "roc" not in n and "average" not in n])
def test_standard_error_knows_that_labels_go_together(outcomes, name):
    frame = rows()
    found = outcomes(frame, roles(), problem(), [BY_NAME[name]])[name]
    rng = np.random.default_rng(1)
    resampled = [ORACLES[name](frame[rng.integers(0, len(frame), len(frame))]) for _ in range(300)]
    assert found.se == pytest.approx(np.std(resampled), rel=0.15)


@pytest.mark.parametrize("name", ["precision_macro", "recall_macro", "f1_macro"])
def test_many_labels_err_on_the_wide_side(view_of, name):
    k = JOINT + 1
    frame = rows(k=k)
    wide = view_of(frame, roles(k), problem(k), BY_NAME[name])
    few = view_of(
        frame.select("w", *(f"{s}_{c}" for c in names(JOINT) for s in "ypd")),
        roles(JOINT),
        problem(JOINT),
        BY_NAME[name],
    )
    assert isinstance(wide, Together)
    assert isinstance(few, Means)
    assert estimate(BY_NAME[name], wide).se > estimate(BY_NAME[name], few).se


def test_binned_is_within_its_stated_error(outcomes):
    frame = rows()
    found = outcomes(frame, roles(), replace(problem(), score_grid=LogitGrid()), BY_NAME.values())
    for name in ("roc_auc_macro", "average_precision_macro"):
        assert found[name].value == pytest.approx(ORACLES[name](frame), abs=found[name].discretisation)


def test_a_missing_label_leaves_the_others_of_its_row(outcomes):
    frame = rows().with_columns(y_tag0=pl.when(pl.arange(pl.len()) < 100).then(None).otherwise("y_tag0"))
    found = outcomes(frame, roles(), problem(), BY_NAME.values())
    known = [frame.filter(pl.col(f"y_{c}").is_not_null()) for c in names(4)]
    each = [
        oracle.f1_score(f[f"y_{c}"].to_numpy(), f[f"d_{c}"].to_numpy()) for c, f in zip(names(4), known, strict=True)
    ]
    assert found["f1_macro"].value == pytest.approx(np.mean(each))
    assert found["f1_macro"].n == 400
    wrong = sum((f[f"y_{c}"] != f[f"d_{c}"]).sum() for c, f in zip(names(4), known, strict=True))
    assert found["hamming_loss"].value == pytest.approx(wrong / (300 + 3 * 400))
    assert found["subset_accuracy"].n == 300


def test_a_label_that_never_occurs_is_left_out(outcomes):
    frame = rows().with_columns(y_tag1=pl.lit(0), d_tag1=pl.lit(0))
    found = outcomes(frame, roles(), problem(), BY_NAME.values())
    kept = [c for c in names(4) if c != "tag1"]
    f1 = [oracle.f1_score(frame[f"y_{c}"].to_numpy(), frame[f"d_{c}"].to_numpy()) for c in kept]
    assert found["f1_macro"].value == pytest.approx(np.mean(f1))
    assert "1 labels left out" in found["f1_macro"].note
    assert "tag1" in found["roc_auc_macro"].note


def test_all_right_still_leaves_doubt(outcomes):
    frame = rows(100)
    right = frame.with_columns(pl.col(f"y_{c}").alias(f"d_{c}") for c in names(4))
    found = outcomes(right, roles(), problem(), BY_NAME.values())
    for name in ("f1_macro", "f1_micro", "precision_micro", "subset_accuracy"):
        assert found[name].value == 1
        assert 0.8 < found[name].low < 0.99
    assert found["hamming_loss"].value == 0
    assert 0 < found["hamming_loss"].high < 0.1


def test_reasons():
    assert "no predictions" in BY_NAME["f1_macro"].needs(replace(problem(), decided=False))
    assert BY_NAME["roc_auc_macro"].needs(replace(problem(), scored=())) == "there are no scores"
    assert (
        BY_NAME["f1_micro"].needs(replace(problem(), columns=frozenset({"sy_decision_0"}))) == "there are no labels"
    )


def test_nothing_given_and_nothing_true(outcomes):
    frame = rows(30).with_columns(pl.lit(0).alias(f"{s}_{c}") for s in "yd" for c in names(4))
    found = outcomes(frame, roles(), problem(), BY_NAME.values())
    for name in ("precision_micro", "recall_micro", "f1_micro", "f1_macro", "roc_auc_macro"):
        assert isinstance(found[name], Undefined)
        assert "failed" not in found[name].reason
    assert found["subset_accuracy"].value == 1


def test_hundreds_of_labels(outcomes):
    k = 400
    frame = rows(30, k=k)
    found = outcomes(frame, roles(k), problem(k), [BY_NAME["f1_micro"], BY_NAME["subset_accuracy"]])
    assert found["f1_micro"].value == pytest.approx(ORACLES["f1_micro"](frame))


def test_sums_stay_shallow():
    assert added(["a"]) == "a"
    assert added(list("abcd")) == "((a + b) + (c + d))"
