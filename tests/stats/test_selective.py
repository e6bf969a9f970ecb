"""Risk and coverage, and thresholds that keep a risk for certain."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from steelyard.stats import guarantees, influence, selective

VECTORS = Path(__file__).parents[1] / "vectors"
VECTOR = next(c for c in json.loads((VECTORS / "uncertainty.json").read_text())["cases"] if c["id"] == "selective")
TABLES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12).filter(
    lambda bins: sum(p + q for p, q in bins) > 0
)


def test_vector():
    p, q, expected = VECTOR["input"]["correct"], VECTOR["input"]["wrong"], VECTOR["expected"]
    close = {"rel": VECTOR["rtol"]}
    assert selective.aurc(p, q) == pytest.approx(expected["aurc_expected_ties"], **close)
    assert selective.aurc_bounds(p, q) == pytest.approx((expected["aurc_best"], expected["aurc_worst"]), **close)
    assert selective.augrc(p, q) == pytest.approx(expected["augrc"], **close)
    path = selective.risk_coverage(p, q)
    assert path.coverage == pytest.approx(expected["risk_at_cov"]["coverage"], **close)
    assert path.risk == pytest.approx(expected["risk_at_cov"]["risk"], **close)
    assert path.bins.tolist() == [5, 4, 3, 2, 1, 0]


@given(TABLES, st.integers(0, 10**6))
def test_aurc_is_the_mean_over_random_orders_and_inside_its_bounds(bins, seed):
    p, q = (np.array(x) for x in zip(*bins, strict=True))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(40):
        wrong = np.concatenate([rng.permutation([0] * a + [1] * b) for a, b in zip(p[::-1], q[::-1], strict=True)])
        found.append(np.mean(np.cumsum(wrong) / np.arange(1, wrong.size + 1)))
    best, worst = selective.aurc_bounds(p, q)
    assert best - 1e-12 <= min(found)
    assert max(found) <= worst + 1e-12
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert selective.aurc(p, q) == pytest.approx(np.mean(found), abs=5 * error + 0.02)


def test_augrc_is_the_area_of_the_generalised_curve():
    rng = np.random.default_rng(1)
    wrong = (rng.random(400) < np.linspace(0.5, 0.02, 400)).astype(float)
    joint = np.concatenate([[0.0], np.cumsum(wrong[::-1])]) / 400
    assert selective.augrc(1 - wrong, wrong) == pytest.approx(np.trapezoid(joint, dx=1 / 400), rel=1e-9)


@pytest.mark.parametrize(
    ("value", "gradient"),
    [(selective.aurc, selective.aurc_gradient), (selective.augrc, selective.augrc_gradient)],
    ids=["aurc", "augrc"],
)
@pytest.mark.parametrize("empty", [False, True])
def test_gradients(value, gradient, empty):
    rng = np.random.default_rng(2)
    p, q = rng.integers(1, 40, 9).astype(float), rng.integers(1, 20, 9).astype(float)
    if empty:
        p[[0, 4]] = q[[0, 4]] = 0.0
        p[6], q[7] = 0.0, 0.0
    want = influence.numeric_gradient(lambda w: value(w[:9], w[9:]), np.concatenate([p, q]))
    assert np.concatenate(gradient(p, q)) == pytest.approx(want, rel=1e-4, abs=1e-9)


def test_augrc_gradient_adds_up_to_nothing():
    p, q = np.array([3.0, 5, 9]), np.array([4.0, 2, 1])
    g = selective.augrc_gradient(p, q)
    assert p @ g[0] + q @ g[1] == pytest.approx(0.0, abs=1e-15)


@pytest.mark.parametrize(("p", "q"), [([0, 0], [0, 0]), ([1], [1, 2]), ([-1, 2], [1, 1])])
def test_selective_refuses(p, q):
    with pytest.raises(ValueError, match="row"):
        selective.aurc(p, q)


def test_threshold_of_a_clear_case():
    n = np.array([100, 1000, 2000, 3000.0])
    k = np.array([0, 2, 20, 600.0])
    assert guarantees.guaranteed_threshold(n, k, 0.05, 0.95) == 2
    assert guarantees.guaranteed_threshold(n, k, 0.3, 0.95) == 3
    assert guarantees.guaranteed_threshold(n, k, 0.001, 0.95) is None
    assert guarantees.guaranteed_threshold(n[:0], k[:0], 0.1, 0.95) is None


def test_a_threshold_never_passes_a_bound_that_clopper_pearson_does_not():
    rng = np.random.default_rng(3)
    for _ in range(200):
        steps = rng.integers(1, 60, 30)
        wrong = rng.binomial(steps, np.linspace(0.0, 0.4, 30))
        n, k = np.cumsum(steps).astype(float), np.cumsum(wrong).astype(float)
        at = guarantees.guaranteed_threshold(n, k, 0.1, 0.95)
        if at is not None:
            assert stats.beta.ppf(0.95, k[at] + 1, n[at] - k[at]) <= 0.1


def test_tests_go_on_from_one_threshold_to_the_next():
    """With one hypothesis to test, all of the error is spent on it; a failure in the middle stops the walk."""
    at_edge = float(special.bdtri(3, 100, 0.05))
    assert guarantees.guaranteed_threshold([100.0], [3.0], at_edge * 1.001, 0.95) == 0
    assert guarantees.guaranteed_threshold([100.0], [3.0], at_edge * 0.999, 0.95) is None


def test_thousands_of_thresholds_are_thinned():
    n = np.arange(1.0, 20_001.0)
    k = np.floor(n * 0.01)
    at = guarantees.guaranteed_threshold(n, k, 0.02, 0.95)
    assert at is not None
    assert n[at] > 19_000


@pytest.mark.parametrize("arguments", [([1, 2], [0], 0.1, 0.95), ([1], [0], 0.0, 0.95), ([1], [0], 0.1, 1.0)])
def test_guarantees_refuse(arguments):
    with pytest.raises(ValueError, match="needs"):
        guarantees.guaranteed_threshold(*arguments)


def test_starts_share_the_error():
    """Rows enough to pass one test alone are too few where five starts share the error."""
    n, p = np.array([60.0, 61, 62, 63, 64]), 0.03
    risk = next(r for r in np.linspace(0.04, 0.2, 2000) if special.bdtr(1, 60, r) <= p)
    assert guarantees.guaranteed_threshold(n[:1], np.ones(1), risk, 0.95) == 0
    rising = np.array([1.0, 5, 6, 7, 8])
    assert guarantees.guaranteed_threshold(n, rising, risk, 0.95) is None
