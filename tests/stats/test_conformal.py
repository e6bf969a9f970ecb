"""The law of a conformal predictor's coverage."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from steelyard.stats import conformal
from steelyard.stats.divergences import conformal_p

VECTORS = Path(__file__).parents[1] / "vectors"


def cases(file, start):
    found = json.loads((VECTORS / f"{file}.json").read_text())["cases"]
    return [
        pytest.param(c["input"], c["expected"], c["rtol"], id=c["id"]) for c in found if c["id"].startswith(start)
    ]


@pytest.mark.parametrize(("given_", "expected", "rtol"), cases("uncertainty", "coverage"))
def test_coverage_vectors(given_, expected, rtol):
    promised = 1 - given_["alpha"]
    law = conformal.conformal_law(promised, given_["n_calib"])
    assert (law.a, law.expected) == (expected["k"], pytest.approx(expected["expected_cov"], rel=rtol))
    found = conformal.coverage_test(given_["covered"], given_["m_test"], promised, 0.95, given_["n_calib"])
    assert found.p == pytest.approx(expected["two_sided_p"], rel=rtol)
    assert [found.low * given_["m_test"], found.high * given_["m_test"]] == pytest.approx(expected["accept95"])
    below = np.cumsum(conformal.beta_binomial(given_["m_test"], law))[given_["covered"]]
    assert below == pytest.approx(expected["betabinom_cdf"], rel=rtol)


@pytest.mark.parametrize(("given_", "expected", "rtol"), cases("extras", "conformal_window"))
def test_window_p_vector(given_, expected, rtol):
    assert conformal_p(given_["reference_stats"], given_["current"]) == pytest.approx(expected["p"], rel=rtol)


@given(
    st.integers(1, 400),
    st.integers(1, 300),
    st.sampled_from([0.5, 0.8, 0.9, 0.95]),
    st.floats(0, 1),
)
def test_against_scipy(n, m, promised, share):
    law = conformal.conformal_law(promised, n)
    if law.b == 0:
        assert math.ceil(round((n + 1) * promised, 9)) > n
        return
    oracle = stats.betabinom(m, law.a, law.b)
    k = round(share * m)
    found = conformal.coverage_test(k, m, promised, 0.9, n)
    assert conformal.beta_binomial(m, law) == pytest.approx(oracle.pmf(np.arange(m + 1)), rel=1e-8, abs=1e-14)
    mass = oracle.pmf(np.arange(m + 1))  # SciPy's own tails lose digits
    assert found.p == pytest.approx(min(2 * min(mass[: k + 1].sum(), mass[k:].sum()), 1.0), rel=1e-7, abs=1e-13)
    assert found.low <= found.expected + 1 / m
    assert found.high >= found.expected - 1 / m


def test_without_calibration_rows_the_law_is_binomial():
    found = conformal.coverage_test(880, 1000, 0.9, 0.95)
    oracle = stats.binom(1000, 0.9)
    assert found.p == pytest.approx(2 * oracle.cdf(880))
    assert (found.low, found.high) == tuple(oracle.ppf([0.025, 0.975]) / 1000)
    assert conformal.coverage_test(920, 1000, 0.9, 0.95).p == pytest.approx(2 * oracle.sf(919))
    assert conformal.coverage_test(0, 10**6, 0.9, 0.95).p == 0.0


def test_exact_products_are_not_rounded_up():
    assert conformal.conformal_law(0.7, 9) == conformal.Law(7.0, 3.0)
    assert conformal.conformal_law(0.9, 99) == conformal.Law(90.0, 10.0)


def test_too_few_calibration_rows_hold_everything():
    assert conformal.conformal_law(0.95, 10) == conformal.Law(1.0, 0.0)
    assert conformal.coverage_test(10, 10, 0.95, 0.95, 10).p == 1.0
    assert conformal.coverage_test(9, 10, 0.95, 0.95, 10).p == 0.0


def test_more_rows_than_are_counted_change_nothing():
    many = conformal.coverage_test(8_900_000, 10_000_000, 0.9, 0.95, 500)
    most = conformal.coverage_test(890_000, 1_000_000, 0.9, 0.95, 500)
    assert many == most
    law = conformal.conformal_law(0.9, 500)
    assert most.p == pytest.approx(2 * stats.beta(law.a, law.b).cdf(0.89), rel=0.01)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((5, 4, 0.9, 0.95), "covered"),
        ((-1, 4, 0.9, 0.95), "covered"),
        ((0, 0, 0.9, 0.95), "a row"),
        ((1, 4, 1.0, 0.95), "coverage"),
        ((1, 4, 0.9, 0.95, 0), "a row"),
        ((1, 4, 0.9, 1.0), "level"),
    ],
)
def test_what_it_refuses(arguments, why):
    with pytest.raises(ValueError, match=why):
        conformal.coverage_test(*arguments)
