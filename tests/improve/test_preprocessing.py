"""Before training: weights, rows and columns that untie label and group, against closed forms and Fairlearn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest
from fairlearn.preprocessing import CorrelationRemover

from steelyard.data import read
from steelyard.facts import Category, Count, measure
from steelyard.improve import remove_correlation, resample, reweigh
from steelyard.improve.preprocessing import reweigh_counts
from steelyard.records import DataError

GROUP = ["F"] * 10 + ["M"] * 20
LABEL = [1] * 2 + [0] * 8 + [1] * 14 + [0] * 6


def test_weights_are_expected_over_observed() -> None:
    found = reweigh(LABEL, GROUP).weights
    # AIF360's Reweighing: P(g)·P(y) / P(g, y), e.g. (10/30 · 16/30) / (2/30).
    assert found[("F", "1")] == pytest.approx(10 * 16 / (30 * 2))
    assert found[("F", "0")] == pytest.approx(10 * 14 / (30 * 8))
    assert found[("M", "1")] == pytest.approx(20 * 16 / (30 * 14))
    assert found[("M", "0")] == pytest.approx(20 * 14 / (30 * 6))


def test_weighted_rows_have_the_same_share_of_positives_in_every_group() -> None:
    made = reweigh(LABEL, GROUP)
    weight, label, women = made.of(LABEL, GROUP), np.array(LABEL), np.array(GROUP) == "F"
    shares = [np.average(label[here], weights=weight[here]) for here in (women, ~women)]
    assert shares == pytest.approx([16 / 30, 16 / 30])
    assert weight.sum() == pytest.approx(30)
    assert "group F with label 1 count 2.67 times" in str(made)


def test_counts_of_any_size_will_do() -> None:
    frame = pl.DataFrame({"g": GROUP, "y": LABEL})
    fact = Count(by=(Category("g"), Category("y")))
    profile = measure(read(frame), [fact])
    assert reweigh_counts(fact, profile[fact]).weights == pytest.approx(reweigh(LABEL, GROUP).weights)


@pytest.mark.parametrize("series", [list, np.array, pl.Series, pd.Series], ids=["list", "numpy", "polars", "pandas"])
def test_series_of_any_library(series: type) -> None:
    assert reweigh(series(LABEL), series(GROUP)).of(LABEL, GROUP) == pytest.approx(
        reweigh(LABEL, GROUP).of(LABEL, GROUP)
    )


def test_rows_are_drawn_so_that_groups_have_the_same_share_of_positives() -> None:
    kept = resample(LABEL, GROUP, seed=0)
    label, women = np.array(LABEL)[kept], np.array(GROUP)[kept] == "F"
    assert len(kept) == pytest.approx(30, abs=2)
    assert label[women].mean() == pytest.approx(16 / 30, abs=0.06)
    assert label[~women].mean() == pytest.approx(16 / 30, abs=0.06)
    assert kept.tolist() == resample(LABEL, GROUP, seed=0).tolist()
    assert kept.tolist() != resample(LABEL, GROUP, seed=1).tolist()


def test_columns_lose_what_groups_tell_of_them_as_with_fairlearn() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 300).astype(float)
    x = np.column_stack([group + rng.normal(size=300), rng.normal(size=300), 3 * group])
    made = remove_correlation(x, group, alpha=0.7)
    frame = pd.DataFrame(np.column_stack([group, x]), columns=["g", "a", "b", "c"])
    theirs = CorrelationRemover(sensitive_feature_ids=["g"], alpha=0.7).fit_transform(frame)
    assert made.transform(x, group) == pytest.approx(theirs, abs=1e-9)
    clean = remove_correlation(x, group).transform(x, group)
    assert abs(np.corrcoef(clean[:, 0], group)[0, 1]) < 1e-12
    assert made.explained[2] == pytest.approx(1.0)
    assert "tell 100.0% of the variance" in str(made)


def test_groups_that_tell_nothing_change_nothing() -> None:
    x = np.arange(12.0).reshape(6, 2)
    assert remove_correlation(x, np.ones(6)).transform(x, np.ones(6)) == pytest.approx(x)


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(DataError, match="no rows to weigh"):
        reweigh([], [])
    with pytest.raises(DataError, match="2 labels, but 1 groups"):
        reweigh([1, 0], ["F"])
    with pytest.raises(DataError, match="no weight for the group 'X'"):
        reweigh(LABEL, GROUP).of([1], ["X"])
    with pytest.raises(DataError, match="from 0 to 1"):
        remove_correlation(np.ones((2, 1)), [0, 1], alpha=2)
    with pytest.raises(DataError, match="2 rows of columns and 3"):
        remove_correlation(np.ones((2, 1)), [0, 1, 1])
    with pytest.raises(DataError, match="without a missing one"):
        remove_correlation(np.array([[1.0], [np.nan]]), [0, 1])
    with pytest.raises(DataError, match="Learned from 1 columns"):
        remove_correlation(np.ones((2, 1)), [0, 1]).transform(np.ones((2, 2)), [0, 1])
