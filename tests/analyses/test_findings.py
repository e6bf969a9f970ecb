"""Planted faults: the right finding comes first, with the right numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.findings import QUESTIONS, findings
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.evaluation.run import evaluate
from steelyard.records import Finding, Severity, Slice

Make = Callable[..., pl.DataFrame]
Studying = Callable[..., Study]
QUICK = ["roc_auc", "average_precision", "accuracy", "recall", "precision", "f1", "brier"]


def found(study: Study, kind: str) -> Finding:
    matching = [f for f in findings(study) if f.kind == kind]
    assert matching, sorted(f.id for f in findings(study))
    return matching[0]


def kinds(study: Study) -> set[str]:
    return {f.kind for f in findings(study)}


def flipped(rows: pl.DataFrame, where: pl.Expr, share: float, seed: int = 0) -> pl.DataFrame:
    luck = pl.Series(np.random.default_rng(seed).random(rows.height) < share)
    return rows.with_columns(y=pl.when(where & luck).then(1 - pl.col("y")).otherwise(pl.col("y")))


def test_flipped_labels_in_a_slice(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = flipped(binary_rows(8000, 1), pl.col("site") == "C", 0.9)
    study = study_from(rows, binary_roles, only=QUICK)
    first = findings(study)[0]
    assert first.id == "weak-slice:site=C"
    assert first.severity is Severity.HIGH
    assert first.slice == Slice.of({"site": "C"})
    part = rows.filter(pl.col("site") == "C")
    accuracy = ((part["p"] >= 0.5) == part["y"]).mean()
    assert first.estimate is not None
    assert first.subject == "accuracy"
    assert first.estimate.value == pytest.approx(accuracy)
    rest = rows.filter(pl.col("site") != "C")
    errors = [((r["p"] >= 0.5) != r["y"]).mean() for r in (rows, rest)]
    assert first.impact == pytest.approx(1 - errors[1] / errors[0], abs=0.01)
    assert "swapped" in first.recommendation.action
    assert len([f for f in findings(study) if f.kind == "weak-slice"]) == 1


def test_part_of_a_weak_slice_is_told_once(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = flipped(binary_rows(8000, 2), pl.col("site") == "C", 0.5)
    roles = binary_roles.updated(slices=["site", "sex", ("site", "sex")])
    told = [f.id for f in findings(study_from(rows, roles, only=QUICK)) if f.kind == "weak-slice"]
    assert told == ["weak-slice:site=C"]


def test_an_intersection_that_alone_is_weak(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    both = (pl.col("site") == "C") & (pl.col("sex") == "F")
    rows = flipped(binary_rows(12_000, 3), both, 0.9)
    roles = binary_roles.updated(slices=["site", "sex", ("site", "sex")])
    told = [f.id for f in findings(study_from(rows, roles, only=QUICK)) if f.kind == "weak-slice"]
    assert "weak-slice:sex=F&site=C" in told
    assert "weak-slice:sex=F" not in told


def test_weak_slice_in_clusters(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = flipped(binary_rows(6000, 4), pl.col("sex") == "F", 0.3)
    roles = binary_roles.updated(cluster="user", slices=["sex"])
    assert "weak-slice:sex=F" in [f.id for f in findings(study_from(rows, roles, only=QUICK))]


def test_overconfident_scores(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(8000, 5, sharpness=2.5, mean=0.0)
    study = study_from(rows, binary_roles, only=QUICK)
    first = findings(study)[0]
    assert first.kind == "calibration"
    assert "over-confident" in first.sentence
    assert first.recommendation.verified
    assert "slope 0.4" in first.detail
    brier = float(((rows["p"] - rows["y"]) ** 2).mean())
    p = rows["p"].to_numpy()
    mended = 1 / (1 + np.exp(-np.log(p / (1 - p)) / 2.5))
    ideal = float(((mended - rows["y"].to_numpy()) ** 2).mean())
    assert first.impact == pytest.approx(1 - ideal / brier, abs=0.01)


def test_scores_that_promise_too_much(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(6000, 6)
    rows = rows.with_columns(
        y=pl.when(pl.Series(np.random.default_rng(0).random(6000) < 0.4)).then(0).otherwise(pl.col("y"))
    )
    calibration = found(study_from(rows, binary_roles, only=QUICK), "calibration")
    assert "promise too much" in calibration.sentence
    assert calibration.severity is Severity.HIGH


def test_wrong_threshold(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(8000, 7)
    study = study_from(rows, binary_roles.updated(threshold=0.85), only=[*QUICK, "balanced_accuracy"])
    first = findings(study)[0]
    assert first.id == "threshold:f1"
    assert first.recommendation.verified
    y, p = rows["y"].to_numpy(), rows["p"].to_numpy()

    def f1(t: float) -> float:
        said = p >= t
        return float(2 * (said & (y == 1)).sum() / (said.sum() + y.sum()))

    best = max(f1(t) for t in np.linspace(0.05, 0.9, 200))
    assert first.estimate is not None
    assert first.estimate.value == pytest.approx(best - f1(0.85), abs=0.02)
    assert study_from(rows, binary_roles.updated(threshold=0.3), only=QUICK).problem.threshold == 0.3
    assert "threshold" not in kinds(study_from(rows, binary_roles.updated(threshold=0.3), only=QUICK))


def test_accuracy_paradox_and_rare_positives(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(binary_rows(6000, 8, mean=-4.5), binary_roles, only=QUICK)
    assert "lower" in found(study, "accuracy-paradox").recommendation.action
    assert "Positives are rare" in found(study, "imbalance").sentence


def test_no_skill_and_turned_round(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rng = np.random.default_rng(9)
    rows = binary_rows(1500, 9)
    noise = study_from(rows.with_columns(p=pl.Series(rng.random(1500))), binary_roles, only=QUICK)
    assert found(noise, "overall").severity is Severity.HIGH
    assert "not better than chance" in found(noise, "overall").sentence
    round_ = study_from(rows.with_columns(p=1 - pl.col("p")), binary_roles, only=QUICK)
    assert "worse than chance" in findings(round_)[0].sentence


def test_missing_labels_in_a_slice(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    lost = (pl.col("site") == "B") & pl.Series(np.random.default_rng(1).random(6000) < 0.6)
    rows = binary_rows(6000, 10).with_columns(y=pl.when(lost).then(None).otherwise(pl.col("y")))
    missing = found(study_from(rows, binary_roles, only=QUICK), "missing")
    assert missing.slice == Slice.of({"site": "B"})
    assert missing.impact == pytest.approx(rows["y"].null_count() / 6000)
    assert missing.severity is Severity.MEDIUM


def test_missing_scores(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    lost = pl.Series(np.random.default_rng(1).random(3000) < 0.12)
    rows = binary_rows(3000, 11).with_columns(p=pl.when(lost).then(None).otherwise(pl.col("p")))
    study = study_from(rows, binary_roles, only=QUICK)
    assert [f.id for f in findings(study) if f.kind == "missing"] == ["missing:score"]
    assert found(study, "missing").severity is Severity.HIGH


def test_infinite_scores_and_no_labels(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(1000, 26)
    wild = rows.with_columns(p=pl.when(pl.Series(np.arange(1000) < 40)).then(float("inf")).otherwise(pl.col("p")))
    infinite = found(study_from(wild, binary_roles, only=QUICK), "missing")
    assert infinite.id == "missing:score"
    assert "no finite score" in infinite.sentence
    assert infinite.impact == pytest.approx(0.04)
    unlabelled = study_from(rows.with_columns(y=pl.lit(None, dtype=pl.Int64)), binary_roles.updated(positive=1))
    assert findings(unlabelled)[0].sentence.startswith("No row has a label")
    assert "no-problem" not in kinds(unlabelled)


def test_decisions_that_disagree_with_scores(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(4000, 12)
    luck = pl.Series(np.random.default_rng(2).random(4000) < 0.03)
    right = rows.with_columns(said=(pl.col("p") >= 0.3).cast(pl.Int64))
    roles = binary_roles.updated(prediction="said")
    assert "decision-mismatch" not in kinds(study_from(right, roles, only=QUICK))
    wrong = right.with_columns(said=pl.when(luck).then(1 - pl.col("said")).otherwise(pl.col("said")))
    mismatch = found(study_from(wrong, roles, only=QUICK), "decision-mismatch")
    assert mismatch.impact == pytest.approx(luck.sum() / 4000, abs=0.003)
    assert "0.3" in mismatch.sentence


def test_scores_out_of_range(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    odd = pl.Series(np.arange(3000) < 30)
    rows = binary_rows(3000, 13).with_columns(p=pl.when(odd).then(-1.0).otherwise(pl.col("p")))
    outside = found(study_from(rows, binary_roles), "scores-out-of-range")
    assert outside.impact == pytest.approx(0.01)


def test_a_fall_since_the_reference(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = flipped(binary_rows(6000, 14), pl.col("site") == "C", 0.8)
    study = study_from(rows, binary_roles, binary_rows(6000, 15), only=QUICK)
    change = found(study, "change")
    assert change.id == "change:roc_auc"
    assert "got worse" in change.sentence
    assert "site = C" in change.sentence
    assert change.estimate is not None
    assert change.estimate.high < 0
    back = {f.id: f for f in findings(study_from(binary_rows(6000, 15), binary_roles, rows, only=QUICK))}[
        "change:roc_auc"
    ]
    assert "better" in back.sentence
    assert back.severity is Severity.INFO


def test_prevalence_shift(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(binary_rows(4000, 16, mean=-0.4), binary_roles, binary_rows(4000, 17), only=QUICK)
    ids = {f.id for f in findings(study)}
    assert {"change:label", "change:score"} <= ids


REGRESSION = Roles(
    label="y", prediction="pred", task="regression", slices=["site"], quantiles={0.1: "low", 0.9: "high"}
)


def test_biased_regression(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(4000, 1).with_columns(pred=pl.col("pred") + 0.8)
    study = study_from(rows, REGRESSION)
    first = findings(study)[0]
    assert first.kind == "bias"
    assert "too high" in first.sentence
    assert first.estimate is not None
    assert first.estimate.value == pytest.approx((rows["pred"] - rows["y"]).mean())
    error = (rows["pred"] - rows["y"]).to_numpy()
    assert first.impact == pytest.approx(error.mean() ** 2 / (error**2).mean(), rel=1e-6)


def test_quantiles_off_their_promise(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(4000, 2).with_columns(low=pl.col("pred") - 0.5, high=pl.col("pred") + 0.5)
    first = findings(study_from(rows, REGRESSION))[0]
    assert first.kind == "quantile-coverage"
    assert "too narrow" in first.sentence


def test_quantiles_alone(regression_rows: Make, study_from: Studying) -> None:
    study = study_from(
        regression_rows(1500, 6).drop("pred"),
        Roles(label="y", quantiles={0.1: "low", 0.9: "high"}, task="regression"),
    )
    assert "pinball" in found(study, "overall").sentence
    assert "quantile-coverage" not in kinds(study)


def test_errors_that_grow_and_outliers(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(5000, 3)
    grown = rows.with_columns(y=pl.col("pred") + (pl.col("y") - pl.col("pred")) * pl.col("pred") / 10)
    assert "grows" in found(study_from(grown, REGRESSION), "heteroscedastic").sentence
    wild = rows.with_columns(
        y=pl.when(pl.Series(np.arange(5000) < 20)).then(pl.col("y") + 100).otherwise(pl.col("y"))
    )
    outliers = found(study_from(wild, REGRESSION), "outliers")
    error = np.sort(((wild["y"] - wild["pred"]).to_numpy()) ** 2)[::-1]
    assert outliers.impact * 10 == pytest.approx(error[:50].sum() / error.sum(), abs=0.03)


def test_a_useless_regression(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(2000, 4)
    shuffled = rows.with_columns(pred=pl.col("pred").shuffle(seed=1))
    overall = found(study_from(shuffled, REGRESSION.updated(quantiles={})), "overall")
    assert overall.severity is Severity.HIGH


def test_a_weak_slice_of_a_regression(regression_rows: Make, study_from: Studying) -> None:
    rows = regression_rows(4000, 5)
    off = pl.when(pl.col("site") == "D").then(3).otherwise(1)
    rows = rows.with_columns(y=pl.col("pred") + (pl.col("y") - pl.col("pred")) * off)
    weak = found(study_from(rows, REGRESSION.updated(quantiles={})), "weak-slice")
    assert weak.id == "weak-slice:site=D"
    error = (rows["y"] - rows["pred"]).abs()
    rest = error.filter(rows["site"] != "D").mean()
    assert weak.impact == pytest.approx(1 - rest / error.mean(), abs=0.03)


def class_rows(n: int, seed: int, confused: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    names = np.array(["cat", "cow", "dog", "fox", "hen"])
    y = rng.choice(names, n)
    said = np.where(rng.random(n) < 0.9, y, rng.choice(names, n))
    said = np.where((y == "cat") & (rng.random(n) < confused), "dog", said)
    return pl.DataFrame({"y": y, "said": said, "site": rng.choice(list("ABCD"), n)})


CLASSES = Roles(label="y", prediction="said", task="multiclass", slices=["site"])


def test_confused_pair(study_from: Studying) -> None:
    rows = class_rows(5000, 1, 0.25)
    study = study_from(rows, CLASSES)
    first = findings(study)[0]
    assert first.id == "confused-pair:cat→dog"
    wrong = rows.filter(pl.col("y") != pl.col("said"))
    pair = wrong.filter((pl.col("y") == "cat") & (pl.col("said") == "dog")).height
    assert first.impact == pytest.approx(pair / wrong.height)
    assert first.estimate is not None
    assert first.estimate.value == pytest.approx(pair / (rows["y"] == "cat").sum())
    assert "confused-pair" not in kinds(study_from(class_rows(5000, 2), CLASSES))


def test_missed_and_made_up_classes(study_from: Studying) -> None:
    rows = class_rows(4000, 3)
    lost = rows.with_columns(said=pl.when(pl.col("said") == "hen").then(pl.lit("newt")).otherwise(pl.col("said")))
    ids = {f.id for f in findings(study_from(lost, CLASSES))}
    assert {"class-missing:never-true", "class-missing:never-predicted", "class-recall:hen"} <= ids


def test_queries_without_relevant_items(study_from: Studying) -> None:
    rng = np.random.default_rng(6)
    relevant = (rng.random(3000) < 0.3).astype(int)
    relevant[:600] = 0
    rows = pl.DataFrame({"q": np.repeat(np.arange(300), 10), "rel": relevant, "s": rng.normal(0, 1, 3000) + relevant})
    study = study_from(rows, Roles(label="rel", score="s", query="q", task="ranking"))
    assert "queries" in found(study, "no-relevant").sentence
    assert found(study, "no-relevant").severity is Severity.HIGH
    assert "NDCG" in found(study, "overall").sentence


def test_too_few_rows_says_how_many_are_needed(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(binary_rows(120, 18), binary_roles, only=QUICK)
    few = found(study, "too-few-rows")
    assert few.id == "too-few-rows"
    auc = study.estimate("roc_auc")
    assert auc is not None
    assert auc.se is not None
    assert f"{np.ceil(120 * (1.959964 * auc.se / 0.05) ** 2):,.0f} rows" in few.recommendation.action
    assert "too-few-rows:slices" in {f.id for f in findings(study)}


def test_nothing_wrong_is_said(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(6000, 19)
    study = study_from(rows, binary_roles.updated(threshold=0.3), only=QUICK)
    nothing = found(study, "no-problem")
    assert "would have been seen" in nothing.sentence
    assert "10 slices" in nothing.sentence


def test_one_failing_question_leaves_the_others(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(binary_rows(1000, 20), binary_roles, only=QUICK)

    def broken(study: Study) -> list[Finding]:
        raise RuntimeError("no luck")

    with_broken = findings(study, [broken, *QUESTIONS])
    failed = [f for f in with_broken if f.kind == "analysis-failed"]
    assert [f.severity for f in failed] == [Severity.INFO]
    assert "no luck" in failed[0].detail
    assert len(with_broken) == len(findings(study)) + 1


def test_order_ids_and_words(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = flipped(binary_rows(5000, 21, sharpness=2.0), pl.col("site") == "C", 0.6)
    study = study_from(rows, binary_roles, binary_rows(5000, 22), only=QUICK)
    told = findings(study)
    wholes = [f for f in told if not f.part_of]
    assert [f.severity.rank for f in wholes if not f.standing and f.severity is not Severity.INFO] == sorted(
        f.severity.rank for f in wholes if not f.standing and f.severity is not Severity.INFO
    )
    ids = [f.id for f in told]
    assert all(f.part_of in ids[:i] for i, f in enumerate(told) if f.part_of)
    assert len({f.id for f in told}) == len(told)
    assert told == findings(study)
    for f in told:
        assert f.sentence.endswith(".")
        assert f.recommendation.action.endswith(".")
        assert "nan" not in f.sentence + f.detail
        assert "  " not in f.sentence + f.detail
        assert 0 <= f.impact <= 1


def test_empty_and_one_class(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    rows = binary_rows(300, 23).with_columns(y=pl.lit(0))
    assert "analysis-failed" not in kinds(study_from(rows, binary_roles.updated(positive=1)))
    tiny = study_from(binary_rows(4, 24), binary_roles)
    assert "analysis-failed" not in kinds(tiny)
    without = replace(tiny, readings=())
    assert "analysis-failed" not in kinds(without)


def test_through_evaluate(binary_rows: Make, binary_roles: Roles) -> None:
    rows = flipped(binary_rows(6000, 25), pl.col("site") == "C", 0.9)
    ev = evaluate(rows, binary_roles, columns=False)
    assert ev.findings[0].id == "weak-slice:site=C"
    assert not [f for f in ev.findings if f.kind == "analysis-failed"]
    assert {c.kind for c in ev.curves} >= {"roc", "confusion", "calibration"}
