"""Whether arms have the shares they were meant to have."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats.sample_ratio import ALARM, sample_ratio

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
CASES = [pytest.param(c, id=c["id"]) for c in VECTORS if c["id"].startswith("srm")]


@pytest.mark.parametrize("case", CASES)
def test_vectors(case):
    found = sample_ratio(case["input"]["counts"], case["input"]["expected_share"])
    assert found.statistic == pytest.approx(case["expected"]["chi2"], rel=case["rtol"])
    assert found.p == pytest.approx(case["expected"]["p"], rel=case["rtol"])


def test_shares_in_any_unit():
    found = sample_ratio([700, 160, 140], [70, 15, 15])
    known = stats.chisquare([700, 160, 140], [700, 150, 150])
    assert (found.statistic, found.p, found.df) == pytest.approx((known.statistic, known.pvalue, 2))
    assert found.departures == pytest.approx((0.0, 0.01, -0.01))


def test_thousands_of_arms():
    rng = np.random.default_rng(0)
    found = sample_ratio(rng.poisson(100, 3_000), np.ones(3_000))
    assert found.p > ALARM
    assert found.anytime_p == 1.0


def test_evidence_grows_with_a_wrong_ratio():
    few, many = sample_ratio([525, 475], [1, 1]), sample_ratio([52_500, 47_500], [1, 1])
    assert few.anytime_p > ALARM > many.anytime_p
    assert many.log_e > few.log_e
    assert many.anytime_p >= many.p


def test_looking_all_the_time_hardly_ever_cries_wolf():
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(300):
        first = np.cumsum(rng.random(3_000) < 0.5)[99::100]
        alarms += any(
            sample_ratio([a, n - a], [1, 1]).anytime_p < 0.05
            for a, n in zip(first, range(100, 3_001, 100), strict=True)
        )
    assert alarms / 300 <= 0.05


@pytest.mark.parametrize(
    "asked",
    [
        lambda: sample_ratio([5], [1]),
        lambda: sample_ratio([5, 5], [1, 1, 1]),
        lambda: sample_ratio([5, -1], [1, 1]),
        lambda: sample_ratio([5, 5], [1, 0]),
        lambda: sample_ratio([0, 0], [1, 1]),
        lambda: sample_ratio([5, float("nan")], [1, 1]),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match="needs"):
        asked()
