"""Proposals for better probabilities."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.improve.policy import Policy
from steelyard.improve.recalibration import propose
from steelyard.records import Estimate
from steelyard.stats.recalibrators import METHODS

ROLES = Roles(label="y", score="p", task="binary", threshold=0.5)


def rows(n: int, seed: int, sharpness: float = 1.0, worse: float = 0.0) -> pl.DataFrame:
    """Scores too sharp by a factor; those of F turned by `worse` more."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(0, 1.5, n)
    sex = rng.choice(["F", "M"], n, p=[0.2, 0.8])
    return pl.DataFrame(
        {
            "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
            "p": 1 / (1 + np.exp(-sharpness * logit * np.where(sex == "F", 1 - worse, 1.0))),
            "sex": sex,
            "user": rng.integers(0, n // 4 + 1, n),
        }
    )


def study(frame: pl.DataFrame, roles: Roles = ROLES, **request: Any) -> Study:
    tables = {"current": read(frame)}
    sources = Sources(tables, {"current": peek(tables["current"])})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    made, _, _ = study_of(sources, Request(roles=complete, columns=False, **request))
    return made


def test_a_certain_gain_is_proposed_with_its_proof() -> None:
    (found,) = propose(study(rows(6000, 1, 2.0)))
    assert found.id == found.kind == "recalibration"
    assert found.verified
    assert "by a temperature" in found.title
    assert [e.measure for e in found.effects] == ["log_loss", "brier", "calibration_error"]
    assert all(isinstance(e.change, Estimate) and e.change.high < 0 for e in found.effects)
    assert found.policy["parameters"]["temperature"] == pytest.approx(2.0, abs=0.15)
    assert any("threshold again" in c for c in found.cautions)
    assert "did not fit the map" in found.sentence


def test_the_policy_is_the_map_wherever_it_is_applied() -> None:
    frame = rows(5000, 2, 2.0)
    (found,) = propose(study(frame))
    applied = Policy.from_dict(found.policy).apply([0.0, 0.1, 0.5, 0.93, 1.0])
    t = found.policy["parameters"]["temperature"]
    logit = np.log(np.array([0.1, 0.5, 0.93]) / (1 - np.array([0.1, 0.5, 0.93])))
    assert applied[1:4] == pytest.approx(1 / (1 + np.exp(-logit / t)))


@pytest.mark.parametrize("method", METHODS)
def test_every_map_is_read_by_policies_as_it_is_fitted(method: str) -> None:
    scores = np.linspace(0.05, 0.95, 19)
    fitted = METHODS[method](scores, np.full(19, 100.0), 100 * scores**1.3)
    asked = np.linspace(0, 1, 41)
    assert Policy.from_dict(fitted.policy()).apply(asked) == pytest.approx(fitted(asked), abs=1e-9)


def test_nothing_is_proposed_where_the_gain_is_not_certain() -> None:
    (found,) = propose(study(rows(3000, 3)))
    assert not found.verified
    assert found.policy == {}
    assert found.sentence.startswith("Nothing is proposed")
    assert "no gain at all" in found.sentence


@pytest.mark.parametrize(
    "frame",
    [rows(20, 4), rows(400, 4).with_columns(y=pl.lit(0))],
    ids=["few", "one class"],
)
def test_what_cannot_be_fitted_says_so(frame: pl.DataFrame) -> None:
    (found,) = propose(study(frame))
    assert found.sentence.startswith("Nothing is proposed")
    assert not found.verified


def test_only_steps_can_be_fitted_to_what_is_separated() -> None:
    (found,) = propose(study(pl.DataFrame({"y": [0, 1] * 50, "p": [0.1, 0.9] * 50})))
    assert found.policy["method"] == "isotonic"
    assert found.policy["y"] == pytest.approx([0.5 / 51, 1 - 0.5 / 51])


def test_sensitive_groups_are_told_what_it_does_to_them() -> None:
    frame = rows(12_000, 5, 2.0, worse=0.6)
    (found,) = propose(study(frame, replace(ROLES, slices=["sex"], sensitive=["sex"])))
    by_group = {str(e.where): e.change for e in found.effects if e.where}
    assert set(by_group) == {"sex = F", "sex = M"}
    men, women = by_group["sex = M"], by_group["sex = F"]
    assert isinstance(men, Estimate)
    assert isinstance(women, Estimate)
    assert men.high < 0 < women.low
    assert any("worse for some" in c and "sex = F" in c for c in found.cautions)
    weight = (frame["sex"] == "F").mean()
    whole = found.effects[0].change
    assert isinstance(whole, Estimate)
    assert weight * women.value + (1 - weight) * men.value == pytest.approx(whole.value, abs=1e-3)


def test_groups_are_judged_by_maps_that_did_not_see_them() -> None:
    bent = rows(600, 11).with_columns(p=0.5 + 0.45 * (2 * pl.col("p") - 1).abs() * pl.col("p").sub(0.5).sign())
    bent = bent.with_columns(p=pl.when(pl.col("p") > 0.6).then(0.3 + pl.col("p") / 100).otherwise(pl.col("p")))
    (found,) = propose(study(bent, replace(ROLES, slices=["sex"], sensitive=["sex"])))
    assert found.policy["method"] == "isotonic"
    whole, *groups = (e.change for e in found.effects if e.measure == "log_loss")
    assert isinstance(whole, Estimate)
    together = sum(g.value * g.n for g in groups if isinstance(g, Estimate)) / 600
    assert together == pytest.approx(whole.value, abs=0.01)


def test_groups_with_clusters() -> None:
    frame = pl.concat([rows(1500, 6, 2.0)] * 4)
    roles = replace(ROLES, slices=["sex"], sensitive=["sex"])
    wide, narrow = (
        next(e.change for e in propose(study(frame, r))[0].effects if str(e.where) == "sex = M")
        for r in (replace(roles, cluster="user"), roles)
    )
    assert isinstance(wide, Estimate)
    assert isinstance(narrow, Estimate)
    assert wide.high - wide.low > 1.4 * (narrow.high - narrow.low)


def test_scores_that_are_no_probabilities_are_left_alone() -> None:
    frame = rows(300, 7).with_columns(p=pl.col("p") * 10)
    assert propose(study(frame, replace(ROLES, threshold=5.0))) == []


def test_regression_has_no_probabilities() -> None:
    frame = pl.DataFrame({"y": [1.0, 2.0, 3.0, 4.0], "yhat": [1.1, 2.1, 2.9, 4.2]})
    assert propose(study(frame, Roles(label="y", prediction="yhat", task="regression"))) == []


def test_of_several_classes_the_confidence() -> None:
    rng = np.random.default_rng(8)
    logits = rng.normal(size=(3000, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array(["a", "b", "c"])[[rng.choice(3, p=row) for row in p]]
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    frame = pl.DataFrame({"y": y, "pa": sharp[:, 0], "pb": sharp[:, 1], "pc": sharp[:, 2]})
    (found,) = propose(study(frame, Roles(label="y", task="multiclass", score={"a": "pa", "b": "pb", "c": "pc"})))
    assert found.id == "recalibration:confidence"
    assert found.verified
    assert any("not which class is chosen" in c for c in found.cautions)


def test_the_same_seed_proposes_the_same() -> None:
    frame = rows(2000, 9, 1.6)
    assert propose(study(frame, seed=3)) == propose(study(frame, seed=3))
