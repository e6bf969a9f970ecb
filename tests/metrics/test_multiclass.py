"""Metrics of several classes against scikit-learn, statsmodels and the shared vectors."""

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
from steelyard.facts import LogitGrid
from steelyard.metrics import Confusion, Metric, Problem, estimate, metrics_for
from steelyard.metrics.multiclass import METRICS, top_k_metrics
from steelyard.records import Estimate, Undefined

CLASSES = ("cat", "dog", "fish", "owl")
PROBLEM = Problem("multiclass", CLASSES, CLASSES)
ROLES = Roles(label="y", prediction="d", score={c: f"p_{c}" for c in CLASSES})
BY_NAME = {m.name: m for m in METRICS if isinstance(m, Metric)}
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ci_multiclass.json").read_text())["cases"]


def rows(n=500, seed=0, digits=2):
    rng = np.random.default_rng(seed)
    y = rng.choice(4, n, p=[0.4, 0.3, 0.2, 0.1])
    raw = np.exp(rng.normal(0, 1, (n, 4)) + 1.2 * np.eye(4)[y])
    p = raw / raw.sum(axis=1, keepdims=True)
    if digits:
        p = np.maximum(np.round(p, digits), 0.01)
    frame = {"y": [CLASSES[k] for k in y], "d": [CLASSES[k] for k in p.argmax(axis=1)], "w": rng.uniform(0.2, 3, n)}
    return pl.DataFrame(frame | {f"p_{c}": p[:, i] for i, c in enumerate(CLASSES)})


def scores(frame):
    return frame.select(f"p_{c}" for c in CLASSES).to_numpy()


def averaged(score, average):
    return lambda f, **k: score(f["y"], f["d"], average=average, **k)


def one_vs_one(f):
    p, y, pairs = scores(f), f["y"].to_numpy(), []
    for i, a in enumerate(CLASSES):
        for b in CLASSES:
            if a != b:
                two = (y == a) | (y == b)
                pairs.append(oracle.roc_auc_score(y[two] == a, p[two, i]))
    return np.mean(pairs)


def each_precision(f, **k):
    return np.mean([oracle.average_precision_score(f["y"] == c, f[f"p_{c}"], **k) for c in CLASSES])


def each_auc(f, weighted=False, **k):
    aucs = [oracle.roc_auc_score(f["y"] == c, f[f"p_{c}"], **k) for c in CLASSES]
    w = k.get("sample_weight", np.ones(len(f)))
    return np.average(aucs, weights=[w[(f["y"] == c).to_numpy()].sum() for c in CLASSES] if weighted else None)


ORACLES = {
    "accuracy": lambda f, **k: oracle.accuracy_score(f["y"], f["d"], **k),
    "balanced_accuracy": lambda f, **k: oracle.balanced_accuracy_score(f["y"], f["d"], **k),
    "matthews_corrcoef": lambda f, **k: oracle.matthews_corrcoef(f["y"], f["d"], **k),
    "cohen_kappa": lambda f, **k: oracle.cohen_kappa_score(f["y"], f["d"], **k),
    "jaccard_macro": averaged(oracle.jaccard_score, "macro"),
    "roc_auc_ovr": each_auc,
    "roc_auc_ovr_weighted": lambda f, **k: each_auc(f, True, **k),
    "roc_auc_ovo": one_vs_one,
    "average_precision_macro": each_precision,
    "log_loss": lambda f, **k: (
        -np.average(
            np.log([row[CLASSES.index(y)] for row, y in zip(scores(f), f["y"], strict=True)]),
            weights=k.get("sample_weight"),
        )
    ),
    "brier": lambda f, **k: np.average(
        ((scores(f) - np.array([[c == y for c in CLASSES] for y in f["y"]])) ** 2).sum(axis=1),
        weights=k.get("sample_weight"),
    ),
}
for average in ("macro", "micro", "weighted"):
    ORACLES[f"precision_{average}"] = averaged(oracle.precision_score, average)
    ORACLES[f"recall_{average}"] = averaged(oracle.recall_score, average)
    ORACLES[f"f1_{average}"] = averaged(oracle.f1_score, average)


def table(cells):
    cells = np.asarray(cells, dtype=float)
    return Confusion(cells, cells, cells, tuple("abcdefgh"[: len(cells)]))


def test_every_metric_has_an_oracle():
    assert set(ORACLES) | {"expected_calibration_error"} == set(BY_NAME)


@pytest.mark.parametrize("name", ORACLES)
def test_value(outcomes, name):
    frame = rows()
    found = outcomes(frame, ROLES, PROBLEM, [BY_NAME[name]])[name]
    assert found.value == pytest.approx(ORACLES[name](frame), rel=1e-9)


@pytest.mark.parametrize("name", [n for n in ORACLES if n != "roc_auc_ovo"])
def test_weighted_value(outcomes, name):
    frame = rows()
    found = outcomes(frame, replace(ROLES, weight="w"), replace(PROBLEM, weighted=True), [BY_NAME[name]])[name]
    assert found.value == pytest.approx(ORACLES[name](frame, sample_weight=frame["w"].to_numpy()), rel=1e-9)


@pytest.mark.parametrize("name", ["roc_auc_ovr", "roc_auc_ovr_weighted", "roc_auc_ovo", "average_precision_macro"])
def test_binned_is_within_its_stated_error(outcomes, name):
    for seed in range(3):
        frame = rows(seed=seed, digits=None)
        found = outcomes(frame, ROLES, replace(PROBLEM, score_grid=LogitGrid()), [BY_NAME[name]])[name]
        assert 0 < found.discretisation < 0.1
        assert found.value == pytest.approx(ORACLES[name](frame), abs=found.discretisation)


def test_scikit_learns_own_averages(outcomes):
    frame = rows(digits=None)
    p = scores(frame)
    found = outcomes(frame, ROLES, PROBLEM, BY_NAME.values())
    for name, kind, average in (
        ("roc_auc_ovr", "ovr", "macro"),
        ("roc_auc_ovr_weighted", "ovr", "weighted"),
        ("roc_auc_ovo", "ovo", "macro"),
    ):
        expected = oracle.roc_auc_score(frame["y"], p, multi_class=kind, average=average, labels=CLASSES)
        assert found[name].value == pytest.approx(expected, rel=1e-9)
    assert found["log_loss"].value == pytest.approx(oracle.log_loss(frame["y"], p, labels=CLASSES))


def test_vectors():
    (case,) = VECTORS
    c, expected = table(case["input"]["matrix_rows_true_cols_pred"]), case["expected"]
    names = {
        "macro_precision": "precision_macro",
        "macro_recall": "recall_macro",
        "macro_f1": "f1_macro",
        "weighted_f1": "f1_weighted",
        "kappa": "cohen_kappa",
        "mcc": "matthews_corrcoef",
    }
    for name, value in expected["value"].items():
        if name == "kappa_quadratic":
            continue
        found = estimate(BY_NAME[names.get(name, name)], c)
        assert found.value == pytest.approx(value, rel=1e-8)
        assert found.se == pytest.approx(expected["se_delta"][name], rel=1e-8)


def test_standard_errors_of_others():
    c = table([[50, 3, 2], [5, 40, 10], [1, 8, 81]])
    assert estimate(BY_NAME["cohen_kappa"], c).se == pytest.approx(np.sqrt(cohens_kappa(c.table).var_kappa), rel=1e-9)
    found = estimate(BY_NAME["accuracy"], c)
    assert (found.low, found.high) == pytest.approx(proportion_confint(171, 200, method="wilson"))


def test_top_k(outcomes):
    frame = rows(digits=None)
    made = top_k_metrics(PROBLEM)
    assert [m.name for m in made] == ["top_3_accuracy"]
    assert "top_3_accuracy" in {m.name for m in metrics_for(PROBLEM)}
    found = outcomes(frame, ROLES, PROBLEM, made)["top_3_accuracy"]
    assert found.value == pytest.approx(oracle.top_k_accuracy_score(frame["y"], scores(frame), k=3, labels=CLASSES))
    assert top_k_metrics(Problem("binary")) == ()


def test_calibration_error_of_the_top_label(outcomes):
    frame = rows(3000, digits=None)
    calm = outcomes(frame, ROLES, PROBLEM, [BY_NAME["expected_calibration_error"]])["expected_calibration_error"]
    sharp = scores(frame) ** 3
    bold = frame.with_columns(
        pl.Series(f"p_{c}", (sharp / sharp.sum(axis=1, keepdims=True))[:, i]) for i, c in enumerate(CLASSES)
    )
    loud = outcomes(bold, ROLES, PROBLEM, [BY_NAME["expected_calibration_error"]])["expected_calibration_error"]
    assert loud.low > calm.value
    top = sharp.max(axis=1) / sharp.sum(axis=1)
    assert loud.value == pytest.approx(top.mean() - (frame["y"] == frame["d"]).mean(), abs=0.02)


def test_a_class_never_predicted_counts_zero_and_an_absent_one_not():
    c = table([[30, 10, 0, 0], [5, 40, 0, 0], [3, 2, 0, 0], [0, 0, 0, 0]])
    y = [0] * 40 + [1] * 45 + [2] * 5
    d = [0] * 30 + [1] * 10 + [0] * 5 + [1] * 40 + [0] * 3 + [1] * 2
    for name, score in (("precision_macro", oracle.precision_score), ("f1_macro", oracle.f1_score)):
        found = estimate(BY_NAME[name], c)
        assert found.value == pytest.approx(score(y, d, average="macro", zero_division=0))
        assert "c (5), d (0)" in found.note
    assert estimate(BY_NAME["balanced_accuracy"], c).value == pytest.approx(oracle.balanced_accuracy_score(y, d))


def test_no_errors_still_leave_doubt():
    c = table(np.diag([20, 30, 40]))
    for name in ("accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "matthews_corrcoef", "cohen_kappa"):
        found = estimate(BY_NAME[name], c)
        assert found.value == 1
        assert 0.7 < found.low < 0.99


def test_an_absent_class_is_left_out_of_the_rankings(outcomes):
    frame = rows().filter(pl.col("y") != "owl")
    names = ("roc_auc_ovr", "roc_auc_ovo", "roc_auc_ovr_weighted")
    found = outcomes(frame, ROLES, PROBLEM, [BY_NAME[n] for n in names])
    there = [oracle.roc_auc_score(frame["y"] == c, frame[f"p_{c}"]) for c in CLASSES[:3]]
    assert found["roc_auc_ovr"].value == pytest.approx(np.mean(there))
    assert "owl" in found["roc_auc_ovr"].note
    assert isinstance(found["roc_auc_ovo"], Estimate)


def test_reasons(outcomes):
    some = replace(PROBLEM, scored=("cat", "dog"))
    assert BY_NAME["roc_auc_ovr"].needs(some) == "there is no score for 'fish'"
    assert BY_NAME["log_loss"].needs(replace(PROBLEM, scored=())) == "there are no scores"
    assert BY_NAME["brier"].needs(replace(PROBLEM, probability=False)) == "the scores are not probabilities"
    assert BY_NAME["accuracy"].needs(replace(PROBLEM, decided=False)) == "there are no predictions"
    many = replace(PROBLEM, classes=tuple(map(str, range(40))), scored=tuple(map(str, range(40))))
    assert "40 classes have too many pairs" in BY_NAME["roc_auc_ovo"].needs(many)
    one = rows(40).with_columns(y=pl.lit("cat"))
    found = outcomes(one, ROLES, PROBLEM, BY_NAME.values())
    assert found["balanced_accuracy"] == Undefined("the labels are of one class only")
    assert found["roc_auc_ovr"] == Undefined("no class has both rows of its own and others")
    assert all("failed" not in getattr(outcome, "reason", "") for outcome in found.values())


def test_a_class_against_the_rest():
    c = table([[50, 3, 2], [5, 40, 10], [1, 8, 81]])
    y, d = zip(*[(i, j) for i in range(3) for j in range(3) for _ in range(int(c.table[i, j]))], strict=True)
    precision, recall, _, rows_of = oracle.precision_recall_fscore_support(y, d)
    for i in range(3):
        one = c.against_rest(i)
        assert one.counts[1].sum() == rows_of[i]
        assert one.tp / (one.tp + one.fp) == pytest.approx(precision[i])
        assert one.tp / (one.tp + one.fn) == pytest.approx(recall[i])
        assert c.without(c).total == 0
