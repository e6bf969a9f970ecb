"""The corrected resampled t-test."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats.resampled_t import corrected_t

CASE = next(
    c
    for c in json.loads((Path(__file__).parents[1] / "vectors" / "paired_models.json").read_text())["cases"]
    if c["id"] == "corrected_resampled_t"
)


def test_vector():
    ratio = CASE["input"]["n_test_over_n_train"]
    found = corrected_t(CASE["input"]["diffs"], np.zeros(10), ratio / (1 + ratio))
    expected = CASE["expected"]
    assert (found.t, found.p) == pytest.approx((expected["t"], expected["p"]), rel=1e-9)
    assert found.naive_p == pytest.approx(2 * stats.t.sf(expected["naive_t"], 9), rel=1e-9)


def test_the_naive_p_is_the_paired_t_test():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.8, 0.02, 8), rng.normal(0.79, 0.02, 8)
    found = corrected_t(a, b, 1 / 8)
    assert found.naive_p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert found.p > found.naive_p


def test_the_interval_agrees_with_the_test():
    a, b = np.array([0.81, 0.84, 0.80, 0.86, 0.83]), np.array([0.80, 0.80, 0.79, 0.82, 0.80])
    p = corrected_t(a, b, 0.2).p
    found = corrected_t(a, b, 0.2, level=1 - p)
    assert found.low == pytest.approx(0.0, abs=1e-12)


def test_scores_that_never_differ():
    found = corrected_t([0.5, 0.6], [0.5, 0.6], 0.5)
    assert (found.difference, found.p, found.naive_p) == (0.0, 1.0, 1.0)
    sure = corrected_t([0.5, 0.6], [0.25, 0.35], 0.5)
    assert math.isinf(sure.t) or sure.p < 1e-6


@pytest.mark.parametrize(
    ("a", "b", "share", "words"),
    [
        ([0.5], [0.5], 0.1, "two folds or more"),
        ([0.5, 0.6], [0.5], 0.1, "one shape"),
        ([0.5, math.nan], [0.5, 0.5], 0.1, "missing"),
        ([0.5, 0.6], [0.5, 0.5], 1.0, r"\(0, 1\)"),
    ],
)
def test_refused(a, b, share, words):
    with pytest.raises(ValueError, match=words):
        corrected_t(a, b, share)
