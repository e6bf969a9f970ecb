"""Calibration within groups: sums, intervals and maps against the same from rows; and rules told of in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.improve.group_calibration import propose
from steelyard.improve.groups import GroupCells
from steelyard.improve.policy import Policy
from steelyard.metrics import Problem
from steelyard.records import EVERYTHING, Estimate, Slice, Undefined
from steelyard.stats.recalibrators import platt

STUDY = Study(Problem("binary"), Roles(score="p"), ())


def cells(size: int = 4_000, apart: float = 1.0, buckets: int = 0) -> GroupCells:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, size)
    logit = rng.normal(0, 1.5, size)
    label = (rng.uniform(size=size) < 1 / (1 + np.exp(-logit))).astype(np.int64)
    score = np.round(1 / (1 + np.exp(-(logit - apart * group))), 2)
    edges, place = np.unique(score, return_inverse=True)
    ones = np.ones(size)
    return GroupCells(
        columns=({"column": "sex"},),
        groups=(Slice.of({"sex": "M"}), Slice.of({"sex": "F"})),
        edges=edges,
        group=group,
        label=label,
        decision=(score >= 0.5).astype(np.int64),
        bin=place.ravel(),
        weight=ones,
        square=ones,
        rows=ones,
        score=score,
        bucket=rng.integers(0, buckets, size) if buckets else None,
    )


def known(outcome: object) -> Estimate:
    assert isinstance(outcome, Estimate)
    return outcome


def test_errors_and_scores_before_are_those_of_rows() -> None:
    one = cells()
    (found,) = propose(STUDY, one, (0, 1), ("sex",), impossible=False)
    assert found.verified
    brier = next(e for e in found.effects if e.measure == "brier" and e.where == EVERYTHING)
    loss = (one.score - one.label) ** 2
    assert known(brier.before).value == pytest.approx(loss.mean())
    assert known(brier.before).se == pytest.approx(loss.std() / np.sqrt(len(loss)))
    off = {g: (one.score - one.label)[one.group == g].mean() for g in (0, 1)}
    assert known(found.effects[0].before).value == pytest.approx(abs(off[0] - off[1]))
    assert known(found.effects[0].after).high < 0.05
    assert known(brier.change).high < 0


def test_the_maps_bring_scores_back() -> None:
    (found,) = propose(STUDY, cells(20_000), (0, 1), ("sex",), impossible=False)
    mapped = Policy.from_dict(found.policy).apply([0.2, 0.2], ["M", "F"])
    assert mapped[0] == pytest.approx(0.2, abs=0.02)
    assert mapped[1] == pytest.approx(1 / (1 + np.exp(-(np.log(0.25) + 1.0))), abs=0.03)


def test_maps_are_judged_by_rows_that_did_not_fit_them() -> None:
    one = cells(60)
    (found,) = propose(STUDY, one, (0, 1), ("sex",), impossible=False)
    held_out = known(next(e for e in found.effects if e.measure == "brier" and e.where == EVERYTHING).after)
    learned = [
        platt(s, np.ones(len(s)), y)
        for s, y in ((one.score[one.group == g], one.label[one.group == g]) for g in (0, 1))
    ]
    mapped = np.where(one.group == 0, learned[0](one.score), learned[1](one.score))
    assert held_out.value > ((mapped - one.label) ** 2).mean() + 0.002


def test_clusters_are_left_out_one_after_the_other() -> None:
    plain, clustered = (
        propose(STUDY, c, (0, 1), ("sex",), impossible=False)[0] for c in (cells(), cells(buckets=20))
    )
    a, b = (known(p.effects[1].before) for p in (plain, clustered))
    assert a.value == pytest.approx(b.value)
    assert b.se == pytest.approx(a.se, rel=0.6)
    few = propose(STUDY, cells(buckets=3), (0, 1), ("sex",), impossible=False)[0]
    assert not few.verified
    assert "not known" in few.sentence or "too few" in few.sentence


def test_what_is_calibrated_is_left_alone() -> None:
    (found,) = propose(STUDY, cells(20_000, apart=0.0), (0, 1), ("sex",), impossible=True)
    assert found.policy == {}
    assert "certainly below" in found.sentence
    assert "Chouldechova" in found.cautions[0]


def test_scores_that_are_no_probabilities_have_no_promise_to_keep() -> None:
    (found,) = propose(STUDY, replace(cells(), unit=False), (0, 1), ("sex",), impossible=False)
    assert "no probabilities" in found.sentence


def test_one_class_cannot_be_fitted() -> None:
    one = replace(cells(), label=np.ones(4_000, dtype=np.int64))
    (found,) = propose(STUDY, one, (0, 1), ("sex",), impossible=False)
    assert "too few to fit" in found.sentence
    assert not isinstance(found.effects, Undefined)
