"""Evidence that may be looked at all the time."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

from steelyard.stats import divergences, sequential

VECTORS = Path(__file__).parents[1] / "vectors"


def cases(file, start):
    found = json.loads((VECTORS / f"{file}.json").read_text())["cases"]
    return [
        pytest.param(c["input"], c["expected"], c["rtol"], id=c["id"]) for c in found if c["id"].startswith(start)
    ]


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("sequential", "dm"))
def test_counts_against_known_shares(given, expected, rtol):
    log_e = divergences.dirichlet_multinomial(given["counts"], given["p0"], sum(given["alpha0"]))
    assert log_e == pytest.approx(expected["log_e"], rel=rtol)
    assert sequential.anytime_p(log_e) == pytest.approx(expected["anytime_p"], rel=rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("sequential", "acs"))
def test_confidence_sequence(given, expected, rtol):
    low, high = sequential.confidence_sequence(
        given["mean"], given["sd"], given["n"], 1 - given["alpha"], given["t_opt"]
    )
    assert (high - low) / 2 == pytest.approx(expected["half_width"], rel=rtol)
    assert (high + low) / 2 == pytest.approx(given["mean"])


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("sequential", "msprt"))
def test_mixture_ratio(given, expected, rtol):
    ratio = sequential.mixture_ratio(given["mean"], given["var"], given["n"], given["tau2"])
    assert ratio == pytest.approx(expected["log_lambda"], rel=rtol)
    assert sequential.anytime_p(ratio) == pytest.approx(expected["anytime_p_single"], rel=rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("extras", "e_onesided"))
def test_one_sided_binomial(given, expected, rtol):
    log_e = sequential.binomial_e(given["k"], given["n"], given["mu0"], given["a"], given["b"])
    assert log_e == pytest.approx(expected["log_e"], rel=rtol)
    assert sequential.anytime_p(log_e) == pytest.approx(expected["anytime_p"], rel=rtol)


def test_one_sided_binomial_far_below_its_bound():
    # The integral lies so far in the tail that the incomplete beta function is 0.
    k, n, most = 100, 20_000, 0.3
    whole, _ = integrate.quad(
        lambda x: math.exp((n - k) * (math.log1p(-x) - math.log1p(-most)) + k * math.log(x / most)), most, most + 0.01
    )
    assert sequential.binomial_e(k, n, most) == pytest.approx(math.log(whole / (1 - most)), rel=1e-4)


def test_binomial_e_is_one_on_average_at_its_bound():
    k = np.arange(41)
    e = np.exp([sequential.binomial_e(x, 40, 0.1) for x in k])
    assert np.sum(e * stats.binom.pmf(k, 40, 0.1)) == pytest.approx(1.0)
    assert np.sum(e * stats.binom.pmf(k, 40, 0.05)) < 1.0


def test_e_detectors_by_hand():
    factors = np.log([2.0, 0.5, 3.0])
    assert np.exp(sequential.e_detector(factors)) == pytest.approx([2.0, 1.5, 7.5])
    assert np.exp(sequential.e_detector(factors, "cusum")) == pytest.approx([2.0, 1.0, 3.0])
    assert len(sequential.e_detector([])) == 0


def test_e_detector_alarms_rarely_without_a_change():
    # E-values exp(z − ½) of N(0, 1): the run length to log(1/α) is at least 1/α.
    rng = np.random.default_rng(0)
    lengths = []
    for _ in range(300):
        path = sequential.e_detector(rng.normal(size=600) - 0.5)
        beyond = path >= math.log(50)
        lengths.append(int(np.argmax(beyond)) + 1 if beyond.any() else 600)
    assert np.mean(lengths) >= 50


def test_confidence_sequence_holds_all_along():
    rng = np.random.default_rng(2)
    n = np.arange(100, 2_001, 50)
    missed = 0
    for _ in range(300):
        means = np.cumsum(rng.normal(size=2_000))[n - 1] / n
        bands = [sequential.confidence_sequence(m, 1.0, k, 0.9, 1_000) for m, k in zip(means, n, strict=True)]
        missed += any(not low <= 0 <= high for low, high in bands)
    assert missed / 300 <= 0.1


@pytest.mark.parametrize(
    "asked",
    [
        lambda: sequential.binomial_e(3, 2, 0.1),
        lambda: sequential.confidence_sequence(0, 1, 0, 0.95, 100),
        lambda: sequential.mixture_ratio(0, 0, 1, 1),
        lambda: sequential.e_detector([0.0], "ewma"),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"needs|must"):
        asked()
