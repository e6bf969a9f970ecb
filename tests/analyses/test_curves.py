"""Curves against scikit-learn, and against what their columns must add up to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

from steelyard.analyses.curves import curves
from steelyard.analyses.curves.thin import evenly, thinned
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.records import Curve

Make = Callable[..., pl.DataFrame]
Studying = Callable[..., Study]
COLUMNS = {
    "roc": "fpr tpr threshold",
    "precision_recall": "recall precision threshold",
    "calibration": "predicted observed low high n",
    "calibration_smooth": "predicted observed",
    "score_histogram": "left right positives negatives",
    "threshold": "threshold precision recall f1 specificity flagged accuracy",
    "gain": "share captured lift",
    "confusion": "actual predicted n",
}


def by_kind(found: list[Curve]) -> dict[str, Curve]:
    return {c.kind: c for c in found if c.data == "current"}


def numbers(curve: Curve, name: str) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in curve.columns[name]], dtype=float)


def farthest(points: np.ndarray, line: np.ndarray) -> float:
    """The largest distance of a point from a polyline."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = np.einsum("pjk,jk->pj", points[:, None] - start, step) / np.maximum((step**2).sum(axis=1), 1e-30)
    nearest = start + np.clip(along, 0, 1)[:, :, None] * step
    return float(np.sqrt(((points[:, None] - nearest) ** 2).sum(axis=2)).min(axis=1).max())


def test_binary_kinds_and_columns(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(binary_rows(2000, 1), binary_roles, binary_rows(1500, 2))
    found = curves(study)
    for data in ("current", "reference"):
        kinds = {c.kind: tuple(c.columns) for c in found if c.data == data}
        assert kinds == {kind: tuple(names.split()) for kind, names in COLUMNS.items()}
    assert all(len({len(v) for v in c.columns.values()}) == 1 for c in found)
    assert by_kind(found)["roc"].notes["threshold"] == "0.5"


@pytest.mark.parametrize("n", [300, 20_000, 60_000])
def test_roc_and_precision_recall_keep_their_area(
    binary_rows: Make, binary_roles: Roles, study_from: Studying, n: int
) -> None:
    rows = binary_rows(n, 3)
    found = by_kind(curves(study_from(rows, binary_roles, only=["roc_auc"])))
    roc, pr = found["roc"], found["precision_recall"]
    assert len(numbers(roc, "fpr")) <= 200
    assert len(numbers(pr, "recall")) <= 200
    y, p = rows["y"].to_numpy(), rows["p"].to_numpy()
    fpr, tpr, _ = sk.roc_curve(y, p)
    drawn = np.column_stack([numbers(roc, "fpr"), numbers(roc, "tpr")])
    assert abs(np.trapezoid(numbers(roc, "tpr"), numbers(roc, "fpr")) - sk.roc_auc_score(y, p)) < 2e-3
    assert farthest(np.column_stack([fpr, tpr]), drawn) < 0.006
    assert float(roc.notes["roc_auc"]) == pytest.approx(sk.roc_auc_score(y, p), abs=2e-4)
    assert float(pr.notes["average_precision"]) == pytest.approx(sk.average_precision_score(y, p), abs=2e-3)


def test_roc_thresholds_reproduce_their_points(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(500, 4)
    roc = by_kind(curves(study_from(rows, binary_roles)))["roc"]
    y, p = rows["y"].to_numpy(), rows["p"].to_numpy()
    for fpr, tpr, threshold in list(zip(*roc.columns.values(), strict=True))[1::20]:
        assert tpr == pytest.approx((p >= threshold)[y == 1].mean())
        assert fpr == pytest.approx((p >= threshold)[y == 0].mean())


def test_threshold_curve_is_what_deciding_there_gives(
    binary_rows: Make, binary_roles: Roles, study_from: Studying
) -> None:
    rows = binary_rows(3000, 5)
    curve = by_kind(curves(study_from(rows, binary_roles)))["threshold"]
    y, p = rows["y"].to_numpy(), rows["p"].to_numpy()
    at = numbers(curve, "threshold")
    assert len(at) <= 120
    assert np.all(np.diff(at) > 0)
    assert np.any((p >= 0.5).sum() == np.round(numbers(curve, "flagged") * len(p)))
    for i in range(0, len(at), 9):
        said = p >= at[i]
        assert curve.columns["precision"][i] == pytest.approx(sk.precision_score(y, said))
        assert curve.columns["f1"][i] == pytest.approx(sk.f1_score(y, said))
        assert curve.columns["accuracy"][i] == pytest.approx(sk.accuracy_score(y, said))
        assert curve.columns["specificity"][i] == pytest.approx(sk.recall_score(y, said, pos_label=0))


def test_calibration_groups(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(3000, 6)
    plain = by_kind(curves(study_from(rows, binary_roles)))
    groups = plain["calibration"]
    assert numbers(groups, "n").sum() == 3000
    assert len(numbers(groups, "n")) == 15
    assert np.all(numbers(groups, "low") <= numbers(groups, "observed"))
    assert np.all(numbers(groups, "observed") <= numbers(groups, "high"))
    weights = numbers(groups, "n") / 3000
    assert weights @ numbers(groups, "observed") == pytest.approx(rows["y"].mean())
    assert weights @ numbers(groups, "predicted") == pytest.approx(rows["p"].mean())
    smooth = numbers(plain["calibration_smooth"], "observed")
    assert np.all(np.diff(smooth) >= 0)
    clustered = by_kind(curves(study_from(rows, binary_roles.updated(cluster="user"))))["calibration"]
    np.testing.assert_allclose(numbers(clustered, "observed"), numbers(groups, "observed"))


def test_histogram_and_gain_add_up(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(3000, 7)
    found = by_kind(curves(study_from(rows, binary_roles)))
    assert numbers(found["score_histogram"], "positives").sum() == rows["y"].sum()
    assert len(found["score_histogram"].columns["left"]) == 40
    gain = found["gain"]
    assert gain.columns["captured"][-1] == pytest.approx(1.0)
    assert gain.columns["share"][-1] == pytest.approx(1.0)
    assert gain.columns["lift"][-1] == pytest.approx(1.0)


def test_weights_count_as_rows(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(800, 8)
    twice = pl.concat([rows.filter(pl.col("w") >= k) for k in (1, 2, 3)])
    weighted = by_kind(curves(study_from(rows, binary_roles.updated(weight="w"))))
    repeated = by_kind(curves(study_from(twice, binary_roles)))
    for kind in ("confusion", "score_histogram"):
        for name, values in repeated[kind].columns.items():
            assert weighted[kind].columns[name] == pytest.approx(values), (kind, name)
    assert weighted["roc"].notes["roc_auc"] == repeated["roc"].notes["roc_auc"]


def test_one_class_has_no_score_curves(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(200, 9).with_columns(y=pl.lit(0))
    assert {c.kind for c in curves(study_from(rows, binary_roles.updated(positive=1)))} == {"confusion"}


CLASSES = ["cat", "dog", "fox", "cow"]


def class_rows(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    truth = rng.choice(CLASSES, n, p=[0.4, 0.3, 0.2, 0.1])
    logit = rng.normal(0, 1, (n, 4)) + 2 * (truth[:, None] == np.array(CLASSES))
    share = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    columns = {f"p_{c}": share[:, i] for i, c in enumerate(CLASSES)}
    return pl.DataFrame({"y": truth, "said": [CLASSES[i] for i in share.argmax(axis=1)], **columns})


def test_multiclass_curves(study_from: Studying) -> None:
    rows = class_rows(2000, 1)
    roles = Roles(label="y", score={c: f"p_{c}" for c in CLASSES}, task="multiclass")
    found = curves(study_from(rows, roles))
    assert {c.subject for c in found if c.kind == "roc"} == set(CLASSES)
    y, said = rows["y"].to_numpy(), rows["said"].to_numpy()
    per_class = next(c for c in found if c.kind == "per_class")
    names = list(per_class.columns["class"])
    expected = sk.precision_recall_fscore_support(y, said, labels=names)
    for name, values in zip(("precision", "recall", "f1", "n"), expected, strict=True):
        assert per_class.columns[name] == pytest.approx(list(values))
    for name, auc in zip(names, per_class.columns["roc_auc"], strict=True):
        assert auc == pytest.approx(sk.roc_auc_score(y == name, rows[f"p_{name}"]))
    confusion = next(c for c in found if c.kind == "confusion")
    assert confusion.columns["n"] == pytest.approx(list(sk.confusion_matrix(y, said, labels=names).ravel()))
    top = next(c for c in found if c.kind == "top_k")
    scores = rows.select(f"p_{c}" for c in names).to_numpy()
    codes = np.array([names.index(c) for c in y])
    assert top.columns["k"] == [1.0, 2.0, 3.0]
    assert top.columns["accuracy"] == pytest.approx([sk.top_k_accuracy_score(codes, scores, k=k) for k in (1, 2, 3)])


def test_many_classes_are_folded(study_from: Studying) -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(0, 40, 4000)
    rows = pl.DataFrame(
        {"y": [f"c{v:02}" for v in y], "said": [f"c{v:02}" for v in (y + (rng.random(4000) < 0.2)) % 40]}
    )
    found = curves(study_from(rows, Roles(label="y", prediction="said", task="multiclass")))
    confusion = next(c for c in found if c.kind == "confusion")
    assert len(set(confusion.columns["actual"])) == 31
    assert "(other)" in confusion.columns["actual"]
    assert sum(confusion.columns["n"]) == 4000
    assert next(c for c in found if c.kind == "per_class").columns["roc_auc"][0] is None


def test_multilabel_curves(study_from: Studying) -> None:
    rng = np.random.default_rng(4)
    y = rng.random((1500, 3)) < [0.5, 0.2, 0.05]
    s = 1 / (1 + np.exp(1 - rng.normal(0, 1, (1500, 3)) - 2 * y))
    rows = pl.DataFrame({f"y{i}": y[:, i].astype(int) for i in range(3)} | {f"s{i}": s[:, i] for i in range(3)})
    roles = Roles(label=["y0", "y1", "y2"], score=["s0", "s1", "s2"], task="multilabel")
    found = curves(study_from(rows, roles))
    assert [c.subject for c in found if c.kind == "roc"] == ["y0", "y1", "y2"]
    labels = next(c for c in found if c.kind == "per_label")
    assert labels.columns["recall"] == pytest.approx([sk.recall_score(y[:, i], s[:, i] >= 0.5) for i in range(3)])
    assert labels.columns["n"] == pytest.approx(list(y.sum(axis=0)))


def test_regression_curves(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(4000, 1)
    roles = Roles(
        label="y", prediction="pred", task="forecasting", horizon="step", quantiles={0.1: "low", 0.9: "high"}
    )
    found = by_kind(curves(study_from(rows, roles)))
    residual = (rows["y"] - rows["pred"]).to_numpy()
    bars = found["residual_histogram"]
    assert numbers(bars, "n").sum() + float(bars.notes["outside"]) == pytest.approx(4000, abs=1)
    expected, _ = np.histogram(residual, [*numbers(bars, "left"), bars.columns["right"][-1]])
    assert np.abs(numbers(bars, "n") - expected).max() < 40
    quantiles = found["residual_quantiles"]
    truth = np.quantile(residual, numbers(quantiles, "share"))
    assert np.abs(numbers(quantiles, "value") - truth).max() < 0.4
    assert np.abs(numbers(quantiles, "value") - truth)[5:-5].max() < 0.06
    groups = found["error_by_prediction"]
    assert numbers(groups, "n").sum() == 4000
    assert (numbers(groups, "n") * numbers(groups, "bias")).sum() / 4000 == pytest.approx(-residual.mean())
    assert (numbers(groups, "n") * numbers(groups, "mae")).sum() / 4000 == pytest.approx(np.abs(residual).mean())
    assert np.all(np.diff(numbers(groups, "predicted")) > 0)
    steps = found["error_by_horizon"]
    assert steps.columns["horizon"] == [1.0, 2.0, 3.0, 4.0]
    for step, mae, rmse in zip(*(steps.columns[c] for c in ("horizon", "mae", "rmse")), strict=True):
        inside = residual[rows["step"].to_numpy() == step]
        assert mae == pytest.approx(np.abs(inside).mean())
        assert rmse == pytest.approx(np.sqrt((inside**2).mean()))
    coverage = found["quantile_coverage"]
    assert coverage.columns["observed"] == pytest.approx(
        [(rows["y"] <= rows["low"]).mean(), (rows["y"] <= rows["high"]).mean()]
    )


def test_ranking_curve(study_from: Studying) -> None:
    rng = np.random.default_rng(6)
    relevant = (rng.random(2000) < 0.2).astype(int)
    rows = pl.DataFrame({"q": np.repeat(np.arange(200), 10), "rel": relevant, "s": rng.normal(0, 1, 2000) + relevant})
    study = study_from(rows, Roles(label="rel", score="s", query="q", task="ranking"))
    curve = by_kind(curves(study))["ranking_at_k"]
    names = ["k", "ndcg", "ndcg_low", "ndcg_high", "precision", "recall", "hit_rate"]
    assert list(curve.columns) == names
    assert np.all(np.diff(numbers(curve, "recall")) >= 0)


def test_thinning_keeps_corners_and_ends() -> None:
    x = np.linspace(0, 1, 5000)
    y = np.where(x < 0.3, 0.0, np.where(x < 0.6, (x - 0.3) * 3, 0.9))
    at = thinned(x, y, 20)
    assert at[0] == 0
    assert at[-1] == 4999
    assert np.abs(np.interp(x, x[at], y[at]) - y).max() < 1e-6
    assert len(evenly(x, 40)) <= 40
    assert evenly(x, 40)[-1] == 4999
