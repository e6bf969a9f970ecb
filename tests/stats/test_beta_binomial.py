"""Shrinkage of rates, against the vector and SciPy's beta-binomial likelihood."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, stats

from steelyard.stats.beta_binomial import beta_prior

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "fairness.json").read_text())["cases"]
}


def test_vector():
    case = CASES["eb_betabinomial"]
    k, n, expected = case["input"]["k"], case["input"]["n"], case["expected"]
    prior = beta_prior(k, n)
    assert prior.alpha == pytest.approx(expected["alpha"], rel=case["rtol"])
    assert prior.beta == pytest.approx(expected["beta"], rel=case["rtol"])
    mean, low, high = prior.shrunken(k, n, 0.95)
    assert mean == pytest.approx(expected["posterior_mean"], rel=case["rtol"])
    assert np.column_stack([low, high]) == pytest.approx(np.array(expected["cri95"]), rel=case["rtol"])


@pytest.mark.parametrize("seed", range(4))
def test_prior_is_the_likeliest(seed):
    rng = np.random.default_rng(seed)
    n = rng.integers(1, 400, 40)
    k = rng.binomial(n, rng.beta(2 + seed, 5, 40))

    def loss(log):
        return -stats.betabinom.logpmf(k, n, *np.exp(log)).sum()

    best = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    assert list(beta_prior(k, n)) == pytest.approx(np.exp(best.x), rel=1e-3)


def test_groups_alike_share_one_rate_that_is_no_surer_than_all_rows():
    k, n = np.array([50, 100, 150]), np.array([100, 200, 300])
    prior = beta_prior(k, n)
    assert prior.alpha + prior.beta == pytest.approx(600)
    mean, low, high = prior.shrunken(k, n, 0.95)
    assert mean == pytest.approx([0.5] * 3)
    assert (high - low).min() > 0.4 * (2 * 1.96 * 0.5 / np.sqrt(600))


@pytest.mark.parametrize("k", [[0, 0, 0], [5, 10, 20]])
def test_all_or_none(k):
    n = [5, 10, 20]
    mean, low, high = beta_prior(k, n).shrunken(k, n, 0.95)
    assert ((low >= 0) & (low <= mean) & (mean <= high) & (high <= 1)).all()
    assert abs(mean - np.mean(k) / np.mean(n)).max() < 0.05


def test_opposite_groups_keep_their_rates():
    mean, _, _ = beta_prior([0, 100], [100, 100]).shrunken([0, 100], [100, 100], 0.95)
    assert mean == pytest.approx([0, 1], abs=0.01)


def test_groups_without_rows_get_the_prior():
    prior = beta_prior([3, 0, 9], [10, 0, 12])
    mean, _, _ = prior.shrunken([0], [0], 0.9)
    assert mean[0] == pytest.approx(prior.alpha / (prior.alpha + prior.beta))


@pytest.mark.parametrize(
    ("k", "n", "word"), [([2], [1], "between"), ([1, 2], [3], "shape"), ([0], [0], "at least one")]
)
def test_refuses(k, n, word):
    with pytest.raises(ValueError, match=word):
        beta_prior(k, n)
