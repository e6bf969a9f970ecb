"""Confidence against truth: measures, thresholds, and what is told of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from steelyard.analyses.findings.uncertainty import blind_confidence
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.confidence import confident
from steelyard.analyses.uncertainty.selective import _measures
from steelyard.data import Roles
from steelyard.records import Estimate, Selective, Undefined
from steelyard.stats import influence, intervals

Studying = Callable[..., Study]
Rows = Callable[..., pl.DataFrame]
ROLES = Roles(label="y", score="p", task="binary", threshold=0.5)
MANY = Roles(label="y", task="multiclass", score={"a": "pa", "b": "pb", "c": "pc"})


def selective(study: Study, data: str = "current") -> Selective:
    assert study.failures == ()
    assert study.uncertainty is not None
    return next(s for s in study.uncertainty.selective if s.data == data)


def value(found: Selective, name: str) -> float:
    outcome = found.measure(name)
    assert isinstance(outcome, Estimate), outcome
    return outcome.value


def many(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 3)) * 1.5
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array(["a", "b", "c"])[[rng.choice(3, p=row) for row in p]]
    return pl.DataFrame({"y": y, "pa": p[:, 0], "pb": p[:, 1], "pc": p[:, 2], "user": rng.integers(0, n // 5, n)})


def truth(frame: pl.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Confidence, and whether the answer is right, row by row."""
    if "p" in frame.columns:
        p, y = frame["p"].to_numpy(), frame["y"].to_numpy()
        return np.maximum(p, 1 - p), ((p >= 0.5) == (y == 1)).astype(int)
    p = frame.select("pa", "pb", "pc").to_numpy()
    return p.max(axis=1), (np.array(["a", "b", "c"])[p.argmax(axis=1)] == frame["y"].to_numpy()).astype(int)


def aurc(confidence: np.ndarray, right: np.ndarray) -> float:
    wrong = 1 - right[np.argsort(-confidence, kind="stable")]
    return float(np.mean(np.cumsum(wrong) / np.arange(1, len(wrong) + 1)))


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_measures_are_those_of_the_rows(study_from: Studying, binary_rows: Rows, task: str) -> None:
    frame = binary_rows(3000, 1) if task == "binary" else many(3000, 1)
    found = selective(study_from(frame, ROLES if task == "binary" else MANY))
    confidence, right = truth(frame)
    error, auc = 1 - right.mean(), roc_auc_score(right, confidence)
    assert value(found, "error") == pytest.approx(error)
    assert value(found, "auroc_failure") == pytest.approx(auc, abs=1e-9)
    assert value(found, "augrc") == pytest.approx((1 - auc) * (1 - error) * error + error**2 / 2, abs=1e-9)
    assert value(found, "aurc") == pytest.approx(aurc(confidence, right), abs=1e-9)
    surest = right[np.argsort(-confidence)][:2400]
    assert value(found, "accuracy_at_80") == pytest.approx(surest.mean(), abs=1e-9)
    assert found.curve[0].coverage * 3000 >= 20
    last = found.curve[-1]
    assert (last.coverage, last.risk) == pytest.approx((1.0, error))
    assert [p.coverage for p in found.curve] == sorted(p.coverage for p in found.curve)
    assert [p.confidence for p in found.curve] == sorted((p.confidence for p in found.curve), reverse=True)


@pytest.mark.parametrize("name", ["augrc", "aurc", "accuracy_at_80", "auroc_failure", "error"])
def test_intervals_are_as_wide_as_the_bootstrap_of_rows(study_from: Studying, binary_rows: Rows, name: str) -> None:
    frame = binary_rows(1500, 2)
    found = selective(study_from(frame, ROLES)).measure(name)
    assert isinstance(found, Estimate)
    confidence, right = truth(frame)
    rng = np.random.default_rng(3)

    def measured(rows: np.ndarray) -> float:
        c, r = confidence[rows], right[rows]
        error = 1 - r.mean()
        match name:
            case "error":
                return float(error)
            case "aurc":
                return aurc(c, r)
            case "accuracy_at_80":
                return float(r[np.argsort(-c)][:1200].mean())
        auc = roc_auc_score(r, c)
        return float(auc if name == "auroc_failure" else (1 - auc) * (1 - error) * error + error**2 / 2)

    draws = [measured(rng.integers(0, 1500, 1500)) for _ in range(400)]
    assert found.se == pytest.approx(np.std(draws), rel=0.12)
    assert found.low < found.value < found.high


def test_the_gradient_of_accuracy_knows_that_the_edge_moves(study_from: Studying, binary_rows: Rows) -> None:
    one = confident(study_from(binary_rows(300, 3).with_columns(pl.col("p").round(1)), ROLES), "current")
    assert one is not None
    metric = _measures()["accuracy_at_80"]
    assert metric.gradient is not None
    want = influence.numeric_gradient(lambda w: metric.value(one.view.replaced(w)), one.view.weights)
    assert metric.gradient(one.view) == pytest.approx(want, abs=1e-7)


def test_confidence_is_that_of_either_answer(study_from: Studying) -> None:
    frame = pl.DataFrame({"y": [1, 0, 1, 0] * 25, "p": [0.9, 0.1, 0.3, 0.7] * 25})
    one = confident(study_from(frame, ROLES), "current")
    assert one is not None
    assert one.view.left.tolist() == pytest.approx([0.7, 0.9])
    assert (one.view.p.tolist(), one.view.q.tolist()) == ([0.0, 50.0], [50.0, 0.0])


def test_bins_of_large_data_are_near_the_rows(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(60_000, 4)
    found = selective(study_from(frame, ROLES))
    confidence, right = truth(frame)
    assert value(found, "auroc_failure") == pytest.approx(roc_auc_score(right, confidence), abs=2e-4)
    assert value(found, "aurc") == pytest.approx(aurc(confidence, right), abs=2e-4)
    outcome = found.measure("aurc")
    assert isinstance(outcome, Estimate)
    assert abs(outcome.value - aurc(confidence, right)) <= outcome.discretisation


def test_safe_thresholds_keep_their_bound(study_from: Studying, binary_rows: Rows) -> None:
    found = selective(study_from(binary_rows(20_000, 5), ROLES))
    assert [s.risk for s in found.safe] == [0.05, 0.1, 0.2]
    for safe in found.safe:
        assert safe.confidence is not None
        assert isinstance(safe.seen, Estimate)
        assert isinstance(safe.coverage, Estimate)
        k, n = safe.seen.value * safe.seen.n, safe.seen.n
        assert intervals.clopper_pearson(k, n, 0.9)[1] <= safe.risk * 1.001
    coverages = [s.coverage.value for s in found.safe if isinstance(s.coverage, Estimate)]
    assert coverages == sorted(coverages)


def test_no_safe_threshold_says_what_it_takes(study_from: Studying, binary_rows: Rows) -> None:
    few = selective(study_from(binary_rows(150, 6), ROLES)).safe[0]
    assert few.confidence is None
    assert isinstance(few.coverage, Undefined)
    assert few.rows_needed is None or few.rows_needed > 150
    rng = np.random.default_rng(7)
    blind = pl.DataFrame({"y": rng.integers(0, 2, 3000), "p": rng.random(3000)})
    assert all(s.confidence is None for s in selective(study_from(blind, ROLES)).safe)


def test_weights_count_and_clusters_widen(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(2000, 8)
    confidence, right = truth(frame)
    weighted = selective(study_from(frame, replace(ROLES, weight="w")))
    w = frame["w"].to_numpy()
    assert value(weighted, "error") == pytest.approx(1 - np.average(right, weights=w))
    assert value(weighted, "auroc_failure") == pytest.approx(roc_auc_score(right, confidence, sample_weight=w))
    twice = pl.concat([frame] * 4)
    plain, clustered = (
        selective(study_from(twice, r)).measure("augrc") for r in (ROLES, replace(ROLES, cluster="user"))
    )
    assert isinstance(plain, Estimate)
    assert isinstance(clustered, Estimate)
    assert clustered.value == pytest.approx(plain.value)
    assert clustered.high - clustered.low > 1.5 * (plain.high - plain.low)


@pytest.mark.parametrize(("labels", "why"), [("p", "every answer is right"), ("1 - p", "every answer is wrong")])
def test_nothing_to_rank(study_from: Studying, binary_rows: Rows, labels: str, why: str) -> None:
    frame = binary_rows(300, 9)
    hit = (frame["p"] >= 0.5).cast(int)
    found = selective(study_from(frame.with_columns(y=hit if labels == "p" else 1 - hit), ROLES))
    outcome = found.measure("augrc")
    assert isinstance(outcome, Undefined)
    assert why in outcome.reason
    assert value(found, "error") == (0.0 if labels == "p" else 1.0)
    assert isinstance(found.measure("accuracy_at_80"), Estimate)


def test_scores_that_are_no_probabilities_have_no_confidence(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(300, 10).with_columns(p=pl.col("p") * 40 - 20)
    study = study_from(frame, replace(ROLES, threshold=0.0))
    assert study.uncertainty is None
    assert study.failures == ()


def test_reference_beside_current(study_from: Studying, binary_rows: Rows) -> None:
    study = study_from(binary_rows(2000, 11), ROLES, binary_rows(2000, 12))
    assert selective(study, "reference").safe == ()
    assert value(selective(study, "reference"), "error") != value(selective(study), "error")


def test_confidence_that_does_not_know_is_told(study_from: Studying, binary_rows: Rows) -> None:
    rng = np.random.default_rng(13)
    p = rng.random(4000)
    wrong = rng.random(4000) < 0.3
    frame = pl.DataFrame({"y": ((p >= 0.5) ^ wrong).astype(int), "p": p})
    told = blind_confidence(study_from(frame, ROLES))
    assert [f.id for f in told] == ["uncertainty:confidence"]
    assert "no surer of its right answers" in told[0].sentence
    assert blind_confidence(study_from(binary_rows(4000, 1), ROLES)) == []
    wrong = rng.random(4000) < 0.45 - 0.3 * np.abs(p - 0.5)
    little = frame.with_columns(y=((p >= 0.5) ^ wrong).astype(int))
    auc = selective(study_from(little, ROLES)).measure("auroc_failure")
    assert isinstance(auc, Estimate)
    assert 0.5 < auc.low < auc.high < 0.6
    assert blind_confidence(study_from(little, ROLES)) == []
    assert blind_confidence(study_from(frame.head(60), ROLES)) == []
