"""Every task from a table to estimates; values as scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as sk

from steelyard import Estimate, Roles, Undefined, evaluate

EXACT = {"rel": 1e-9, "abs": 1e-9}


def agree(evaluation, expected, where=(), data="current"):
    """Hold estimates against an oracle's values."""
    for name, value in expected.items():
        found = evaluation.estimates.of(name, dict(where), data)
        assert isinstance(found, Estimate), (name, found)
        assert found.value == pytest.approx(value, **EXACT), name
        assert found.low <= found.value <= found.high, name
        assert found.method, name
        assert found.level == evaluation.level
        assert found.n > 0


def decisions(y, d, w=None):
    tn, fp, fn, _ = sk.confusion_matrix(y, d, sample_weight=w).ravel()
    return {
        "accuracy": sk.accuracy_score(y, d, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(y, d, sample_weight=w),
        "precision": sk.precision_score(y, d, sample_weight=w),
        "recall": sk.recall_score(y, d, sample_weight=w),
        "specificity": tn / (tn + fp),
        "npv": tn / (tn + fn),
        "f1": sk.f1_score(y, d, sample_weight=w),
        "f2": sk.fbeta_score(y, d, beta=2, sample_weight=w),
        "matthews_corrcoef": sk.matthews_corrcoef(y, d, sample_weight=w),
        "cohen_kappa": sk.cohen_kappa_score(y, d, sample_weight=w),
        "jaccard": sk.jaccard_score(y, d, sample_weight=w),
    }


def probabilities(y, p, w=None):
    return {
        "roc_auc": sk.roc_auc_score(y, p, sample_weight=w),
        "log_loss": sk.log_loss(y, p, sample_weight=w),
        "brier": sk.brier_score_loss(y, p, sample_weight=w),
        "gini": 2 * sk.roc_auc_score(y, p, sample_weight=w) - 1,
    }


def test_binary_from_predictions(binary):
    evaluation = evaluate(binary.drop("p"), Roles(label="y", prediction="d"))
    assert evaluation.task == "binary"
    agree(evaluation, decisions(binary["y"], binary["d"]))
    assert evaluation.estimates["roc_auc"] == Undefined("there is no score")


def test_binary_from_scores(binary):
    evaluation = evaluate(binary.drop("d"), Roles(label="y", score="p"))
    agree(evaluation, probabilities(binary["y"], binary["p"]))
    agree(evaluation, decisions(binary["y"], binary["p"] >= 0.5))
    assert evaluation.settings["threshold"] == 0.5


def test_binary_from_both(binary):
    evaluation = evaluate(binary, Roles(label="y", prediction="d", score="p"))
    agree(evaluation, probabilities(binary["y"], binary["p"]) | decisions(binary["y"], binary["d"]))
    assert "threshold" not in evaluation.settings


def test_the_threshold_belongs_to_the_positive_side(binary):
    evaluation = evaluate(binary.drop("d"), Roles(label="y", score="p", threshold=0.31))
    agree(evaluation, decisions(binary["y"], binary["p"] >= 0.31))


def test_the_other_class_can_be_positive(binary):
    flipped = binary.with_columns(p=1 - binary["p"])
    evaluation = evaluate(flipped, Roles(label="y", prediction="d", score="p", positive=0))
    y, d = 1 - binary["y"], 1 - binary["d"]
    agree(evaluation, decisions(y, d) | {"roc_auc": sk.roc_auc_score(y, flipped["p"])})


def test_multiclass_from_predictions(multiclass):
    data = multiclass.select("y", "d")
    evaluation = evaluate(data, Roles(label="y", prediction="d"))
    y, d = data["y"].to_list(), data["d"].to_list()
    assert evaluation.task == "multiclass"
    agree(evaluation, several_classes(y, d))
    assert isinstance(evaluation.estimates["log_loss"], Undefined)


def several_classes(y, d):
    found = {
        "accuracy": sk.accuracy_score(y, d),
        "balanced_accuracy": sk.balanced_accuracy_score(y, d),
        "matthews_corrcoef": sk.matthews_corrcoef(y, d),
        "cohen_kappa": sk.cohen_kappa_score(y, d),
    }
    for average in ("macro", "micro", "weighted"):
        found[f"precision_{average}"] = sk.precision_score(y, d, average=average)
        found[f"recall_{average}"] = sk.recall_score(y, d, average=average)
        found[f"f1_{average}"] = sk.f1_score(y, d, average=average)
    return found


def test_multiclass_from_scores(multiclass):
    classes = ["cat", "dog", "emu"]
    data = multiclass.drop("d")
    evaluation = evaluate(data, Roles(label="y", score={c: f"p_{c}" for c in classes}))
    y, p = data["y"].to_list(), data.select(f"p_{c}" for c in classes).to_numpy()
    agree(evaluation, several_classes(y, [classes[i] for i in p.argmax(axis=1)]))
    agree(
        evaluation,
        {
            "roc_auc_ovr": sk.roc_auc_score(y, p, multi_class="ovr"),
            "roc_auc_ovr_weighted": sk.roc_auc_score(y, p, multi_class="ovr", average="weighted"),
            "roc_auc_ovo": sk.roc_auc_score(y, p, multi_class="ovo"),
            "log_loss": sk.log_loss(y, p),
        },
    )


def test_multilabel(multilabel):
    labels, scores, predictions = ([f"{c}_{i}" for i in range(3)] for c in "ypd")
    y, d, p = (multilabel.select(c).to_numpy() for c in (labels, predictions, scores))
    for roles in (
        Roles(label=labels, score=scores),
        Roles(label=labels, score=scores, prediction=predictions),
    ):
        evaluation = evaluate(multilabel, roles)
        assert evaluation.task == "multilabel"
        agree(evaluation, {"hamming_loss": sk.hamming_loss(y, d)})
        for average in ("macro", "micro"):
            agree(evaluation, {f"f1_{average}": sk.f1_score(y, d, average=average)})
            agree(evaluation, {f"recall_{average}": sk.recall_score(y, d, average=average)})
        agree(evaluation, {"roc_auc_macro": sk.roc_auc_score(y, p, average="macro")})


def numbers(y, hat, w=None):
    return {
        "mae": sk.mean_absolute_error(y, hat, sample_weight=w),
        "mse": sk.mean_squared_error(y, hat, sample_weight=w),
        "rmse": sk.root_mean_squared_error(y, hat, sample_weight=w),
        "r2": sk.r2_score(y, hat, sample_weight=w),
        "mape": sk.mean_absolute_percentage_error(y, hat, sample_weight=w),
        "explained_variance": sk.explained_variance_score(y, hat, sample_weight=w),
        "bias": np.average(np.asarray(hat) - np.asarray(y), weights=w),
    }


def test_regression_with_quantiles(regression):
    roles = Roles(label="y", prediction="hat", quantiles={0.1: "q10", 0.9: "q90"}, slices=["region"])
    evaluation = evaluate(regression, roles)
    assert evaluation.task == "regression"
    y, low, high = (regression[c].to_numpy() for c in ("y", "q10", "q90"))
    agree(evaluation, numbers(y, regression["hat"]))
    pinball = {share: sk.mean_pinball_loss(y, q, alpha=share) for share, q in ((0.1, low), (0.9, high))}
    agree(evaluation, {f"mean_pinball_loss_{share}": value for share, value in pinball.items()})
    agree(evaluation, {"interval_coverage": np.mean((low <= y) & (y <= high)), "interval_width": np.mean(high - low)})
    south = regression.filter(region="s")
    agree(evaluation, numbers(south["y"], south["hat"]), {"region": "s"})


def test_weighted_regression(regression):
    evaluation = evaluate(regression, Roles(label="y", prediction="hat", weight="w"))
    agree(evaluation, numbers(regression["y"], regression["hat"], regression["w"]))


def test_forecasting(forecasting):
    roles = Roles(label="y", prediction="hat", time="day", series="shop", horizon="step")
    evaluation = evaluate(forecasting, roles)
    assert evaluation.task == "forecasting"
    agree(evaluation, numbers(forecasting["y"], forecasting["hat"]))
    shops = [shop for _, shop in forecasting.group_by("shop", maintain_order=True)]
    naive = np.concatenate([np.abs(np.diff(shop["y"])) for shop in shops])
    errors = np.concatenate([np.abs(shop["hat"] - shop["y"])[1:] for shop in shops])
    agree(evaluation, {"mase": errors.mean() / naive.mean()})


def test_ranking(ranking):
    evaluation = evaluate(ranking, Roles(label="rel", score="s", query="qid", slices=["market"]))
    assert evaluation.task == "ranking"

    def ndcg(frame, k):
        groups = [(g["rel"].to_numpy(), g["s"].to_numpy()) for _, g in frame.group_by("qid") if g["rel"].sum()]
        return np.mean([sk.ndcg_score([rel], [s], k=k) for rel, s in groups])

    agree(evaluation, {f"ndcg_at_{k}": ndcg(ranking, k) for k in (1, 3, 5, 10)})
    german = ranking.filter(market="de")
    agree(evaluation, {"ndcg_at_5": ndcg(german, 5)}, {"market": "de"})
    assert evaluation.rows == {"current": ranking.height}
    assert evaluation.estimates["ndcg_at_5"].n <= 60  # queries, not items


def test_weights(binary):
    evaluation = evaluate(binary.drop("d"), Roles(label="y", score="p", weight="w"))
    w = binary["w"].to_numpy()
    agree(evaluation, decisions(binary["y"], binary["p"] >= 0.5, w) | probabilities(binary["y"], binary["p"], w))
    accuracy = evaluation.estimates["accuracy"]
    assert accuracy.n == binary.height
    assert accuracy.effective_n < accuracy.n


def test_weights_of_two_are_rows_twice(binary):
    roles = Roles(label="y", score="p", prediction="d")
    twice = evaluate(binary.vstack(binary), roles, columns=False)
    heavy = evaluate(binary.with_columns(w=2.0), roles.updated(weight="w"), columns=False)
    debiased = {"expected_calibration_error", "brier_reliability", "brier_resolution"}  # by the number of rows
    for name in set(twice.estimates) - debiased:
        one, other = twice.estimates[name], heavy.estimates[name]
        assert type(one) is type(other), name
        if isinstance(one, Estimate):
            assert one.value == pytest.approx(other.value, **EXACT), name


def test_clusters_widen_intervals(binary):
    roles = Roles(label="y", score="p", prediction="d")
    tripled = binary.vstack(binary).vstack(binary).with_row_index("row").with_columns(unit=np.tile(range(400), 3))
    plain, clustered = (
        evaluate(tripled, r, columns=False) for r in (roles, roles.updated(cluster="unit", slices=["sex"]))
    )
    for name in ("accuracy", "recall", "roc_auc", "brier"):
        one, other = plain.estimates[name], clustered.estimates[name]
        assert one.value == pytest.approx(other.value, **EXACT)
        assert other.high - other.low > 1.3 * (one.high - one.low), name
    assert isinstance(clustered.estimates.of("recall", {"sex": "F"}), Estimate)
    assert clustered.settings["cluster_groups"] == 32


@pytest.mark.parametrize("where", [{"plan": "a"}, {"plan": "c", "sex": "F"}])
def test_slices_are_the_metric_of_their_rows(binary, where):
    roles = Roles(label="y", score="p", prediction="d", slices=["plan", ("plan", "sex"), ("plan", "sex")])
    evaluation = evaluate(binary, roles)
    part = binary.filter(**where)
    agree(evaluation, decisions(part["y"], part["d"]) | probabilities(part["y"], part["p"]), where)
    slices = {r.slice for r in evaluation.readings if r.metric == "accuracy"}
    assert len(slices) == 1 + 3 + 6


def test_numeric_slices_are_cut_at_quartiles(binary):
    evaluation = evaluate(binary, Roles(label="y", prediction="d", slices=["age"]))
    found = [r for r in evaluation.readings if r.metric == "accuracy" and r.slice]
    assert len(found) == 4
    assert sum(r.outcome.n for r in found) == binary.height
    assert np.average([r.outcome.value for r in found], weights=[r.outcome.n for r in found]) == pytest.approx(
        evaluation.estimates["accuracy"].value
    )
    assert all(r.outcome.n > 0.2 * binary.height for r in found)


def test_a_reference_and_the_difference(binary):
    roles = Roles(label="y", score="p", prediction="d", slices=["sex"])
    past = binary.with_columns(p=0.99 - 0.98 * binary["p"])
    evaluation = evaluate(binary, roles, reference=past)
    agree(evaluation, probabilities(binary["y"], past["p"]), data="reference")
    now, then = (evaluation.estimates.of("roc_auc", data=d) for d in ("current", "reference"))
    change = evaluation.estimates.of("roc_auc", data="difference")
    assert change.value == pytest.approx(now.value - then.value)
    assert change.low > 0
    assert isinstance(evaluation.estimates.of("roc_auc", {"sex": "F"}, "difference"), Estimate)
    assert evaluation.rows == {"current": 400, "reference": 400}
    assert {c.data for c in evaluation.columns} == {"current", "reference"}


def test_level_and_seed(binary):
    narrow, wide = (evaluate(binary, Roles(label="y", prediction="d"), level=x, seed=7) for x in (0.5, 0.99))
    for name, estimate in wide.estimates.items():
        if isinstance(estimate, Estimate) and isinstance(inner := narrow.estimates[name], Estimate):
            assert estimate.low <= inner.low <= inner.high <= estimate.high, name
    assert (wide.level, wide.seed) == (0.99, 7)
    assert wide.settings["level"] == 0.99


def test_two_runs_are_the_same_but_for_the_clock(binary):
    roles = Roles(label="y", score="p", slices=["plan"])
    one, other = (evaluate(binary, roles).to_dict() for _ in range(2))
    del one["created"], other["created"]
    assert one == other


def test_the_first_metrics_of_every_task_exist():
    from steelyard.evaluation.method import FIRST
    from steelyard.metrics.registry import catalogue

    for task, names in FIRST.items():
        assert set(names) <= {doc.name for doc in catalogue(task)}, task


def test_the_data_overview(binary):
    evaluation = evaluate(binary, Roles(label="y", score="p", slices=["plan"]))
    columns = {c.name: c for c in evaluation.columns}
    assert set(columns) == set(binary.columns)
    assert (columns["y"].role, columns["p"].role, columns["plan"].role) == ("label", "score", "slice")
    assert columns["p"].mean == pytest.approx(binary["p"].mean())
    assert columns["p"].sd == pytest.approx(binary["p"].std())
    assert (columns["age"].low, columns["age"].high) == (binary["age"].min(), binary["age"].max())
    assert dict(columns["plan"].top) == dict(binary["plan"].value_counts().iter_rows())
    assert evaluate(binary, Roles(label="y", score="p"), columns=False).columns == ()
