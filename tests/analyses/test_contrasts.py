"""A slice against the rest: the numbers of the rest, the p-values, the order after shrinkage."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn import metrics as sk

from steelyard.analyses.crossfit import folds
from steelyard.analyses.curves.cells import scored
from steelyard.analyses.findings.contrast import Contrasts
from steelyard.analyses.findings.weak_slice import ranked
from steelyard.analyses.study import Study
from steelyard.analyses.testing import difference, p_value
from steelyard.analyses.words import listed, number, p_text, percent, rows, shown
from steelyard.data import Roles
from steelyard.records import Estimate, Slice
from steelyard.stats.intervals import newcombe, wilson

Make = Callable[..., pl.DataFrame]
Studying = Callable[..., Study]
NAMES = ["accuracy", "recall", "precision", "roc_auc"]


@pytest.fixture
def weak(binary_rows: Make) -> pl.DataFrame:
    frame = binary_rows(5000, 1)
    luck = pl.Series(np.random.default_rng(0).random(5000) < 0.6)
    return frame.with_columns(y=pl.when((pl.col("site") == "C") & luck).then(1 - pl.col("y")).otherwise(pl.col("y")))


@pytest.mark.parametrize("cluster", [None, "user"])
def test_the_rest_is_all_other_rows(
    weak: pl.DataFrame, binary_roles: Roles, study_from: Studying, cluster: str | None
) -> None:
    study = study_from(weak, binary_roles.updated(cluster=cluster), only=NAMES)
    alone = study_from(weak.filter(pl.col("site") != "C"), binary_roles.updated(cluster=cluster), only=NAMES)
    for name in NAMES:
        metric = study.metric(name)
        assert metric is not None
        contrast = next(c for c in Contrasts(study).of(metric) if c.where == Slice.of({"site": "C"}))
        expected = alone.estimate(name)
        assert expected is not None
        for end in ("value", "low", "high", "se"):
            assert getattr(contrast.rest, end) == pytest.approx(getattr(expected, end), abs=1e-9), (name, end)
        assert contrast.rest.n == expected.n
        assert contrast.share == pytest.approx((weak["site"] == "C").mean())


def test_weights_and_binned_scores_subtract_too(binary_rows: Make, binary_roles: Roles, study_from: Studying) -> None:
    frame = binary_rows(60_000, 2)
    frame = frame.with_columns(y=pl.when(pl.col("site") == "C").then(1 - pl.col("y")).otherwise(pl.col("y")))
    study = study_from(frame, binary_roles.updated(weight="w", slices=["site"]), only=["roc_auc"])
    assert study.problem.score_grid is not None
    metric = study.metric("roc_auc")
    assert metric is not None
    contrast = next(c for c in Contrasts(study).of(metric) if c.where == Slice.of({"site": "C"}))
    rest = frame.filter(pl.col("site") != "C")
    assert contrast.rest.value == pytest.approx(
        sk.roc_auc_score(rest["y"], rest["p"], sample_weight=rest["w"]), abs=2e-4
    )


def test_p_agrees_with_fisher(weak: pl.DataFrame, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(weak, binary_roles, only=["accuracy"])
    metric = study.metric("accuracy")
    assert metric is not None
    right = ((weak["p"] >= 0.5) == weak["y"]).to_numpy()
    for contrast in Contrasts(study).of(metric):
        column, value = contrast.where.items[0]
        inside = (weak[column] == value).to_numpy()
        table = [[right[inside].sum(), (~right[inside]).sum()], [right[~inside].sum(), (~right[~inside]).sum()]]
        exact = stats.fisher_exact(table, alternative="less").pvalue
        assert contrast.p == pytest.approx(exact, rel=0.8, abs=0.06)


def test_shrinkage_ranks_by_what_is_not_noise(weak: pl.DataFrame, binary_roles: Roles, study_from: Studying) -> None:
    study = study_from(weak, binary_roles, only=NAMES)
    contrasts = Contrasts(study)
    tested = [c for name in NAMES if (m := study.metric(name)) is not None for c in contrasts.of(m)]
    found = ranked(tested)
    assert str(found[0].main.where) == "site = C"
    assert all(0 <= w.shrunken <= w.main.impact for w in found)


def test_p_agrees_with_the_interval() -> None:
    for level in (0.9, 0.95, 0.99):
        for k in (3, 10, 60):
            low, high = wilson(k / 100, 100, level)
            e = Estimate(k / 100, low, high, level, 100, "wilson")
            assert p_value(e, low) == pytest.approx(1 - level)
            assert p_value(e, high) == pytest.approx(1 - level)
            assert p_value(e, k / 100) == 1.0
    a, b = (Estimate(k / n, *wilson(k / n, n, 0.95), 0.95, n, "wilson") for k, n in ((30, 100), (50, 120)))
    d = difference(a, b)
    assert (d.low, d.high) == pytest.approx(newcombe(30, 100, 50, 120, 0.95))


@pytest.mark.parametrize("cluster", [None, "user"])
def test_folds_are_all_rows(
    binary_rows: Make, binary_roles: Roles, study_from: Studying, cluster: str | None
) -> None:
    one = scored(study_from(binary_rows(900, 3), binary_roles.updated(cluster=cluster), only=["roc_auc"]), "current")
    assert one is not None
    made = folds(one, seed=1)
    np.testing.assert_allclose(sum(f.test_p for f in made), one.view.p)
    np.testing.assert_allclose(sum(f.test_q for f in made), one.view.q)
    for f in made:
        np.testing.assert_allclose(f.train_p + f.test_p, one.view.p)
        assert 100 < f.test_p.sum() + f.test_q.sum() < 260
    again = folds(one, seed=1)
    assert all(np.array_equal(a.test_p, b.test_p) for a, b in zip(made, again, strict=True))


def test_words() -> None:
    assert number(0.81234, 0.006) == "0.812"
    assert number(1234.5, 80) == "1,234"
    assert number(-0.0001, 0.01, sign=True) == "0.000"
    assert percent(0.123) == "12\u00a0%"
    assert percent(0.004, 0.0005) == "0.40\u00a0%"
    assert percent(-0.0004, 0.01, sign=True) == "0\u00a0%"
    assert rows(1) == "1 row"
    assert rows(2, "query") == "2 queries"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"
    assert p_text(1e-9) == "p < 0.0001"
    assert shown(Estimate(0.71, 0.68, 0.74, 0.95, 900, "wilson")) == "71\u00a0% (68\u00a0% to 74\u00a0%)"
    assert shown(Estimate(0.812, 0.806, 0.818, 0.95, 900, "logit")) == "0.812 (0.806 to 0.818)"
