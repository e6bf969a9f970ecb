"""Better probabilities, on rows that did not make them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import cross_val_predict

from steelyard.analyses.findings.calibration import calibrations
from steelyard.analyses.findings.uncertainty import better_probabilities
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.recalibrating import recalibrations, scored_by
from steelyard.data import Roles
from steelyard.records import Effect, Estimate, Recalibration

Studying = Callable[..., Study]
Rows = Callable[..., pl.DataFrame]
ROLES = Roles(label="y", score="p", task="binary", threshold=0.5)


def made(study: Study) -> list[Recalibration]:
    assert study.failures == ()
    return [r for one in scored_by(study) for r in recalibrations(one)]


def change(found: Recalibration, measure: str = "log_loss") -> Estimate:
    effect = found.effect(measure)
    assert effect is not None
    assert isinstance(effect.change, Estimate)
    return effect.change


def values(effect: Effect | None) -> tuple[float, float]:
    assert effect is not None
    assert isinstance(effect.before, Estimate)
    assert isinstance(effect.after, Estimate)
    return effect.before.value, effect.after.value


def test_held_out_losses_are_those_of_cross_validation(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(6000, 1, sharpness=2.0)
    found = {r.method: r for r in made(study_from(frame, ROLES))}
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    x = np.log(p / (1 - p))[:, None]
    line = cross_val_predict(LogisticRegression(C=np.inf), x, y, cv=5, method="predict_proba")[:, 1]
    assert values(found["platt"].effect("log_loss")) == pytest.approx((log_loss(y, p), log_loss(y, line)), abs=1e-3)
    assert values(found["platt"].effect("brier")) == pytest.approx(
        (brier_score_loss(y, p), brier_score_loss(y, line)), abs=5e-4
    )
    assert found["platt"].policy["parameters"]["slope"] == pytest.approx(0.5, abs=0.03)
    d = -np.log(np.where(y == 1, line, 1 - line)) + np.log(np.where(y == 1, p, 1 - p))
    assert change(found["platt"]).se == pytest.approx(d.std() / np.sqrt(6000), rel=0.05)


def test_the_simplest_that_is_good_enough_is_taken(study_from: Studying, binary_rows: Rows) -> None:
    sharp = made(study_from(binary_rows(8000, 2, sharpness=2.0, mean=0.0), ROLES))[0]
    assert (sharp.method, sharp.chosen, sharp.verified) == ("temperature", True, True)
    assert sharp.policy["parameters"]["temperature"] == pytest.approx(2.0, abs=0.15)
    shifted = binary_rows(8000, 3).with_columns(p=1 / (1 + (1 / pl.col("p") - 1) * np.exp(-1.0)))
    assert made(study_from(shifted, ROLES))[0].method == "platt"
    bent = binary_rows(30_000, 4).with_columns(p=(pl.col("p") * 10).floor() / 10 * 0.5 + 0.02)
    first = made(study_from(bent, ROLES))[0]
    assert first.verified
    assert change(first).high < 0


def test_what_is_better_by_less_than_a_standard_error_is_not_taken(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(1500, 4, sharpness=1.7, mean=0.0)
    frame = frame.with_columns(p=1 / (1 + (1 / pl.col("p") - 1) * np.exp(-0.2)))
    found = {r.method: values(r.effect("log_loss"))[1] for r in made(study_from(frame, ROLES))}
    assert found["platt"] < found["temperature"]
    assert next(iter(found)) == "temperature"


def test_the_error_of_calibration_falls(study_from: Studying, binary_rows: Rows) -> None:
    first = made(study_from(binary_rows(8000, 5, sharpness=2.0), ROLES))[0]
    before, after = values(first.effect("calibration_error"))
    assert before > 0.05 > 0.02 > after
    paired = change(first, "calibration_error")
    assert paired.high < 0
    effect = first.effect("calibration_error")
    assert effect is not None
    assert isinstance(effect.before, Estimate)
    assert isinstance(effect.after, Estimate)
    assert (paired.se or 1.0) <= np.hypot(effect.before.se or 0.0, effect.after.se or 0.0)


def test_calibrated_scores_have_nothing_to_gain(study_from: Studying, binary_rows: Rows) -> None:
    first = [made(study_from(binary_rows(1500, seed), ROLES))[0] for seed in range(5)]
    assert not any(r.verified for r in first)
    assert {r.method for r in first} == {"temperature"}


def test_a_gain_that_may_be_none_is_not_verified(study_from: Studying, binary_rows: Rows) -> None:
    first = made(study_from(binary_rows(500, 21, sharpness=1.3, mean=0.0), ROLES))[0]
    assert change(first).value < 0 < change(first).high
    assert not first.verified


def test_clusters_make_gains_less_certain(study_from: Studying, binary_rows: Rows) -> None:
    frame = pl.concat([binary_rows(1500, 6, sharpness=1.6)] * 6)
    plain = change(made(study_from(frame, ROLES))[0])
    clustered = change(made(study_from(frame, replace(ROLES, cluster="user")))[0])
    assert clustered.high - clustered.low > 1.5 * (plain.high - plain.low)


def test_weights_are_rows(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(3000, 7, sharpness=2.0)
    weighted = made(study_from(frame, replace(ROLES, weight="w")))[0]
    y, p, w = (frame[c].to_numpy() for c in ("y", "p", "w"))
    effect = weighted.effect("log_loss")
    assert values(effect)[0] == pytest.approx(log_loss(y, p, sample_weight=w), rel=1e-6)


@pytest.mark.parametrize("rows", [3, 30])
def test_too_few_rows_propose_nothing(study_from: Studying, binary_rows: Rows, rows: int) -> None:
    assert made(study_from(binary_rows(rows, 8), ROLES)) == []


def test_labels_of_one_class(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(400, 9).with_columns(y=pl.lit(1))
    assert made(study_from(frame, ROLES)) == []


def test_several_labels_each_have_their_own(study_from: Studying, binary_rows: Rows) -> None:
    one, two = binary_rows(4000, 10, sharpness=2.0), binary_rows(4000, 11)
    frame = pl.DataFrame({"a": one["y"], "pa": one["p"], "b": two["y"], "pb": two["p"]})
    roles = Roles(label=["a", "b"], score=["pa", "pb"], task="multilabel", threshold=0.5)
    chosen = {r.subject: r.verified for r in made(study_from(frame, roles)) if r.chosen}
    assert chosen == {"a": True, "b": False}


def test_of_several_classes_it_is_the_confidence(study_from: Studying) -> None:
    rng = np.random.default_rng(12)
    logits = rng.normal(size=(4000, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array(["a", "b", "c"])[[rng.choice(3, p=row) for row in p]]
    sharp = p**2.5 / (p**2.5).sum(axis=1, keepdims=True)
    frame = pl.DataFrame({"y": y, "pa": sharp[:, 0], "pb": sharp[:, 1], "pc": sharp[:, 2]})
    study = study_from(frame, Roles(label="y", task="multiclass", score={"a": "pa", "b": "pb", "c": "pc"}))
    chosen = [r for r in made(study) if r.chosen]
    assert [(r.subject, r.verified) for r in chosen] == [("confidence", True)]
    assert study.uncertainty is not None
    assert any("Only the confidence of the chosen class" in note for note in study.uncertainty.notes)


def test_findings_tell_once(study_from: Studying, binary_rows: Rows) -> None:
    off = study_from(binary_rows(8000, 13, sharpness=2.0), ROLES)
    assert calibrations(off)
    assert calibrations(off)[0].recommendation.verified
    assert better_probabilities(off) == []
    fine = study_from(binary_rows(3000, 14), ROLES)
    assert better_probabilities(fine) == []


def test_a_gain_that_no_broken_promise_tells_of(study_from: Studying, binary_rows: Rows) -> None:
    study = study_from(binary_rows(900, 102, sharpness=1.4, mean=0.0), ROLES)
    assert study.uncertainty is not None
    assert study.uncertainty.recalibrations[0].verified
    assert calibrations(study) == []
    told = better_probabilities(study)
    assert [f.id for f in told] == ["uncertainty:recalibration"]
    assert told[0].recommendation.verified
    assert told[0].estimate == study.uncertainty.recalibrations[0].effects[0].change


def test_a_large_table_is_as_quick_as_a_small_one(study_from: Studying, binary_rows: Rows) -> None:
    frame = binary_rows(60_000, 15, sharpness=1.5)
    study = study_from(frame, ROLES)
    one = scored_by(study)[0]
    assert len(one.view.left) < 1100
    assert recalibrations(one)[0].verified
