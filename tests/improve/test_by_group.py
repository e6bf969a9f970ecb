"""Rules for groups: linear programme, single thresholds, reject option, against brute force and Fairlearn."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import equalized_odds_difference
from fairlearn.postprocessing import ThresholdOptimizer
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog
from sklearn.base import BaseEstimator, ClassifierMixin

from steelyard.improve import fixed, programme, rejection
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import CRITERIA, criterion, weighted_accuracy
from steelyard.improve.policy import Policy
from steelyard.improve.training import Fitted, Training
from steelyard.records import Slice

Floats = NDArray[np.float64]
NAMES = sorted(CRITERIA)


def rows(seed: int, size: int = 400, groups: int = 2, digits: int = 2) -> dict[str, Any]:
    """Rows of groups whose scores tell more or less, and differ in their share of positives."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, size)
    group[: groups * 4] = np.tile(np.arange(groups), 4)
    label = (rng.uniform(size=size) < 0.3 + 0.15 * group).astype(int)
    label[: groups * 2], label[groups * 2 : groups * 4] = 1, 0
    logit = (1.5 - 0.3 * group) * (label - 0.4) + rng.normal(0, 1, size) - 0.4 * group
    return {"group": group, "label": label, "score": np.round(1 / (1 + np.exp(-logit)), digits)}


def cells_of(data: dict[str, Any], threshold: float = 0.5) -> GroupCells:
    """One cell a row."""
    score = data["score"]
    edges, place = np.unique(score, return_inverse=True)
    ones = np.ones(len(score))
    names = [f"g{i}" for i in range(int(data["group"].max()) + 1)]
    return GroupCells(
        columns=({"column": "group"},),
        groups=tuple(Slice.of({"group": name}) for name in names),
        edges=edges,
        group=data["group"].astype(np.int64),
        label=data["label"].astype(np.int64),
        decision=(score >= threshold).astype(np.int64),
        bin=place.astype(np.int64),
        weight=ones,
        square=ones,
        rows=ones,
        score=score,
        threshold=threshold,
    )


def training(cells: GroupCells, name: str) -> Training:
    scope = tuple(range(len(cells.groups)))
    return Training(cells, cells.table(), scope, criterion(name), weighted_accuracy())


def rates(data: dict[str, Any], chances: Floats, name: str) -> Floats:
    """Each group's rates by hand, shape (groups, rates)."""
    made = []
    for one in range(int(data["group"].max()) + 1):
        here = data["group"] == one
        of = {
            "selection_rate": here,
            "recall": here & (data["label"] == 1),
            "false_positive_rate": here & (data["label"] == 0),
        }
        made.append([chances[of[rate]].mean() for rate in CRITERIA[name].rates])
    return np.array(made)


def accuracy(data: dict[str, Any], chances: Floats) -> float:
    return float(np.where(data["label"] == 1, chances, 1 - chances).mean())


def applied(data: dict[str, Any], fitted: Fitted) -> Floats:
    """The chance of a positive decision of each row, by the policy as it would be written."""
    return Policy.from_dict(fitted.policy).chances(data["score"], [f"g{i}" for i in data["group"]])


@given(st.integers(0, 10_000), st.sampled_from(NAMES), st.floats(0, 0.2), st.integers(2, 4))
@settings(deadline=None, max_examples=60)
def test_the_programme_keeps_its_bound_and_the_policy_its_rates(
    seed: int, name: str, bound: float, groups: int
) -> None:
    data = rows(seed, groups=groups)
    cells = cells_of(data)
    fitted = programme.learn(training(cells, name))(bound)
    assert fitted is not None
    chances = applied(data, fitted)
    assert chances == pytest.approx(fitted.chances[cells.group, cells.bin], abs=1e-12)
    assert np.ptp(rates(data, chances, name), axis=0).max() <= bound + 1e-9


@given(st.integers(0, 10_000), st.sampled_from(NAMES), st.floats(0, 0.1))
@settings(deadline=None, max_examples=15)
def test_corners_of_the_hull_are_enough(seed: int, name: str, bound: float) -> None:
    data = rows(seed, size=150, digits=1)
    cells = cells_of(data)
    fitted = programme.learn(training(cells, name))(bound)
    assert fitted is not None
    assert accuracy(data, applied(data, fitted)) == pytest.approx(
        _over_all_thresholds(training(cells, name), bound), abs=1e-8
    )


def test_scores_that_mislead_about_one_group_have_corners_below_the_diagonal() -> None:
    data = rows(3, size=300, digits=1)
    data["score"] = np.where(data["group"] == 1, np.round(1 - data["score"], 1), data["score"])
    for name in NAMES:
        given_ = training(cells_of(data), name)
        fitted = programme.learn(given_)(0.02)
        assert fitted is not None
        assert accuracy(data, applied(data, fitted)) == pytest.approx(_over_all_thresholds(given_, 0.02), abs=1e-8)


def _over_all_thresholds(given_: Training, bound: float) -> float:
    """The same programme with every threshold as a variable, and every pair of groups held together."""
    steps, scope = given_.cells.bins + 1, given_.scope
    size = steps * len(scope)
    limits, bounds = [], []
    for a, b in itertools.permutations(range(len(scope)), 2):
        for left, right in zip(given_.rates(a), given_.rates(b), strict=True):
            row = np.zeros(size)
            row[a * steps : (a + 1) * steps], row[b * steps : (b + 1) * steps] = left, -right
            limits.append(row)
            bounds.append(bound)
    one = np.kron(np.eye(len(scope)), np.ones(steps))
    worth = np.concatenate([given_.worth(place) for place in scope])
    total = float(given_.table.sum())
    found = linprog(-worth / total, A_ub=np.array(limits), b_ub=bounds, A_eq=one, b_eq=np.ones(len(scope)))
    return float(-found.fun + given_.table[:, 0].sum() / total)


@pytest.mark.parametrize("name", ["demographic_parity", "equalized_odds", "equal_opportunity", "false_positive_rate"])
def test_the_programme_is_at_least_as_good_as_fairlearn(name: str) -> None:
    data = rows(5, size=3_000, groups=3)
    cells = cells_of(data)
    fitted = programme.learn(training(cells, name))(0.0)
    assert fitted is not None
    ours = accuracy(data, applied(data, fitted))
    constraint = {
        "equal_opportunity": "true_positive_rate_parity",
        "false_positive_rate": "false_positive_rate_parity",
    }.get(name, name)
    theirs = ThresholdOptimizer(
        estimator=_Scores(),
        constraints=constraint,
        objective="accuracy_score",
        prefit=True,
        grid_size=1000,
        predict_method="predict_proba",
    )
    features = pd.DataFrame({"score": data["score"]})
    theirs.fit(features, data["label"], sensitive_features=data["group"])
    chances = theirs._pmf_predict(features, sensitive_features=data["group"])[:, 1]
    assert ours >= accuracy(data, chances) - 1e-9
    assert ours == pytest.approx(accuracy(data, chances), abs=5e-3)


class _Scores(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A model whose score is its only feature."""

    classes_ = np.array([0, 1])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> _Scores:
        return self

    def predict_proba(self, X: Any) -> Floats:
        score = np.asarray(X)[:, 0]
        return np.column_stack([1 - score, score])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", [1, 2])
def test_single_thresholds_are_the_best_there_are(name: str, seed: int) -> None:
    data = rows(seed, size=120, digits=1)
    cells = cells_of(data)
    given_ = training(cells, name)
    fit = fixed.learn(given_)
    for bound in (0.0, 0.05, 0.2):
        best, steps = -np.inf, range(cells.bins + 1)
        for pair in itertools.product(steps, repeat=2):
            chances = given_.chances({place: [(at, 1.0)] for place, at in enumerate(pair)})[cells.group, cells.bin]
            if np.ptp(rates(data, chances, name), axis=0).max() <= bound:
                best = max(best, accuracy(data, chances))
        fitted = fit(bound)
        assert fitted is not None
        chances = applied(data, fitted)
        assert accuracy(data, chances) == pytest.approx(best)
        assert np.ptp(rates(data, chances, name), axis=0).max() <= bound
        assert not Policy.from_dict(fitted.policy).random


def test_mixing_by_chance_is_never_worse_than_single_thresholds() -> None:
    data = rows(8, size=600, groups=3)
    given_ = training(cells_of(data), "equalized_odds")
    mixed, single = programme.learn(given_), fixed.learn(given_)
    for bound in (0.02, 0.1):
        one, other = mixed(bound), single(bound)
        assert one is not None
        assert other is not None
        assert accuracy(data, applied(data, one)) >= accuracy(data, applied(data, other)) - 1e-9


def test_the_reject_option_favours_the_group_that_fares_worse_near_the_threshold() -> None:
    data = rows(4, size=2_000)
    cells = cells_of(data)
    fit = rejection.learn(training(cells, "demographic_parity"))
    before = np.ptp(rates(data, cells.decision.astype(float), "demographic_parity"))
    fitted = fit(before / 2)
    assert fitted is not None
    policy = Policy.from_dict(fitted.policy)
    worse = int(np.argmin(rates(data, cells.decision.astype(float), "demographic_parity")))
    assert fitted.policy["favoured"] == [{"group": f"g{worse}"}]
    chances = applied(data, fitted)
    assert chances == pytest.approx(fitted.chances[cells.group, cells.bin])
    assert np.ptp(rates(data, chances, "demographic_parity")) <= before / 2
    outside = (data["score"] < policy.values["low"]) | (data["score"] >= policy.values["high"])
    assert (chances[outside] == cells.decision[outside]).all()
    assert policy.values["high"] - 0.5 == pytest.approx(0.5 - policy.values["low"], abs=0.011)


def test_without_a_margin_wide_enough_there_is_no_reject_option() -> None:
    data = rows(4)
    data["score"] = np.where(data["score"] >= 0.5, 0.9, 0.1)
    assert rejection.learn(training(cells_of(data), "equalized_odds"))(1e-6) is None


def test_fairlearn_agrees_on_the_gap() -> None:
    data = rows(9, size=800, groups=3)
    cells = cells_of(data)
    decided = cells.decision
    expected = equalized_odds_difference(data["label"], decided, sensitive_features=data["group"])
    assert np.ptp(rates(data, decided.astype(float), "equalized_odds"), axis=0).max() == pytest.approx(expected)
