"""Training so that groups fare alike, judged on rows that were held out."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from fairlearn.metrics import demographic_parity_difference
from sklearn.linear_model import LogisticRegression

from steelyard.improve import train_fair
from steelyard.improve.measures import criterion
from steelyard.improve.reductions import METHODS
from steelyard.improve.retraining import compared, held_out
from steelyard.records import ConfigError, DataError, Estimate, MissingPackageError


def people(size: int = 3_000) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    group = np.where(rng.uniform(size=size) < 0.4, "F", "M")
    x = np.column_stack([rng.normal(size=size), (group == "M").astype(float)])
    y = (x[:, 0] + 1.2 * x[:, 1] + rng.normal(0, 1, size) > 0.5).astype(int)
    return x, y, group


@pytest.mark.parametrize("method", ["exponentiated_gradient", "reweighing", "resampling", "correlation_removal"])
def test_every_method_narrows_the_gap_on_rows_held_out(method: str) -> None:
    x, y, group = people()
    found = train_fair(LogisticRegression(), x, y, group, fairness="demographic_parity", method=method)
    gap, accuracy = found.effect.effects[:2]
    assert isinstance(gap.change, Estimate)
    assert gap.change.high < 0
    assert isinstance(accuracy.change, Estimate)
    assert abs(accuracy.change.value) < 0.15
    assert found.effect.rows == pytest.approx(900, abs=3)
    assert "demographic parity changes by" in str(found)


def test_the_effect_is_that_of_the_models_on_the_held_out_rows() -> None:
    x, y, group = people()
    found = train_fair(LogisticRegression(), x, y, group, fairness="demographic_parity", method="reweighing", seed=3)
    strata = [f"{g} {one}" for g, one in zip(group, y, strict=True)]
    _, test = held_out(len(y), 0.3, strata, 3)
    for model, outcome in (
        (found.plain, found.effect.effects[0].before),
        (found.model, found.effect.effects[0].after),
    ):
        expected = demographic_parity_difference(y[test], model.predict(x[test]), sensitive_features=group[test])
        assert isinstance(outcome, Estimate)
        assert outcome.value == pytest.approx(expected)


def test_grid_search_is_run() -> None:
    x, y, group = people(1_000)
    found = train_fair(LogisticRegression(), x, y, group, method="grid_search", grid_size=5)
    assert len(found.model.predictors_) == 5


def test_frames_of_polars_and_pandas() -> None:
    x, y, group = people(1_000)
    made = [
        train_fair(LogisticRegression(), given, y, group, method="reweighing").effect.sentence
        for given in (x, pd.DataFrame(x, columns=["a", "b"]), pl.DataFrame(x, schema=["a", "b"]).to_pandas())
    ]
    assert made[0] == made[1] == made[2]


def test_rows_held_out_are_a_share_of_every_stratum() -> None:
    train, test = held_out(100, 0.3, ["a"] * 80 + ["b"] * 20, 0)
    assert sorted([*train, *test]) == list(range(100))
    assert (test < 80).sum() == 24
    assert (test >= 80).sum() == 6
    assert test.tolist() != held_out(100, 0.3, ["a"] * 80 + ["b"] * 20, 1)[1].tolist()


def test_what_cannot_be_done_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, group = people(200)
    with pytest.raises(ConfigError, match="Did you mean 'reweighing'"):
        train_fair(LogisticRegression(), x, y, group, method="reweigh")
    with pytest.raises(ConfigError, match="no fairness criterion"):
        train_fair(LogisticRegression(), x, y, group, fairness="odds")
    with pytest.raises(DataError, match="Lengths differ"):
        train_fair(LogisticRegression(), x, y[:-1], group)
    with pytest.raises(DataError, match="At least two groups"):
        train_fair(LogisticRegression(), x, y, ["F"] * 200, method="reweighing")
    with pytest.raises(DataError, match="decide 0 or 1"):
        train_fair(LogisticRegression(), x, y + 1, group, method="reweighing")
    with pytest.raises(DataError, match="lies between 0 and 1"):
        held_out(10, 1.5, [1] * 10, 0)
    with pytest.raises(DataError, match="too few"):
        held_out(1, 0.3, [1], 0)
    with pytest.raises(DataError, match="Labels must be"):
        compared([1, 2], ["a", "b"], [1, 0], [1, 0], criterion("equalized_odds"))
    monkeypatch.setitem(sys.modules, "fairlearn.reductions", None)
    with pytest.raises(MissingPackageError, match=r"steelyard\[fairness\]"):
        train_fair(LogisticRegression(), x, y, group)


def test_methods_are_documented() -> None:
    assert all(f'"{name}"' in (train_fair.__doc__ or "") for name in METHODS)
