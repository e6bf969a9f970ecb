"""Maps to better probabilities, against what fits rows one by one."""

import numpy as np
import pytest
from scipy import optimize, special
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from steelyard.stats import recalibrators
from steelyard.stats.recalibrators import METHODS, Recalibrator


def binned(seed=0, slope=0.6, rows=4000, bins=60):
    """Scores of `bins` values, rows and positives of each; and the rows themselves."""
    rng = np.random.default_rng(seed)
    scores = np.sort(rng.uniform(0.02, 0.98, bins))
    place = rng.integers(0, bins, rows)
    y = (rng.random(rows) < special.expit(0.3 + slope * special.logit(scores[place]))).astype(float)
    return scores, np.bincount(place, minlength=bins).astype(float), np.bincount(place, y, bins), scores[place], y


def test_platt_is_scikit_learns_logistic_regression():
    s, n, y, rows, labels = binned()
    x = special.logit(rows)[:, None]
    want = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, labels)
    found = METHODS["platt"](s, n, y)
    assert found.parameters["slope"] == pytest.approx(want.coef_[0, 0], rel=1e-4)
    assert found.parameters["intercept"] == pytest.approx(want.intercept_[0], rel=1e-3)
    assert found(s) == pytest.approx(want.predict_proba(special.logit(s)[:, None])[:, 1], abs=1e-4)


def test_beta_is_a_logistic_regression_on_two_logarithms():
    s, n, y, rows, labels = binned(1)
    x = np.column_stack([np.log(rows), -np.log1p(-rows)])
    want = LogisticRegression(C=np.inf, tol=1e-10, max_iter=2000).fit(x, labels)
    found = METHODS["beta"](s, n, y).parameters
    assert [found["a"], found["b"]] == pytest.approx(want.coef_[0].tolist(), rel=1e-3)
    assert found["c"] == pytest.approx(want.intercept_[0], abs=1e-3)


def test_temperature_minimises_the_log_loss():
    s, n, y, _, _ = binned(2)

    def loss(t):
        eta = special.logit(s) / t
        return -(y @ special.log_expit(eta) + (n - y) @ special.log_expit(-eta))

    want = optimize.minimize_scalar(loss, bounds=(0.1, 10), method="bounded", options={"xatol": 1e-10}).x
    assert METHODS["temperature"](s, n, y).parameters["temperature"] == pytest.approx(want, rel=1e-5)


def test_isotonic_is_scikit_learns_inside_and_never_certain():
    s, n, y, rows, labels = binned(3)
    want = IsotonicRegression(out_of_bounds="clip").fit(rows, labels).predict(s)
    found = METHODS["isotonic"](s, n, y)
    inside = (want > 0) & (want < 1)
    assert found(s)[inside] == pytest.approx(want[inside], abs=1e-9)
    sure = METHODS["isotonic"]([0.1, 0.2, 0.8, 0.9], [9, 10, 10, 9], [0, 0, 10, 9])
    assert sure([0.0, 0.1, 1.0]).tolist() == pytest.approx([0.5 / 20, 0.5 / 20, 1 - 0.5 / 20])
    mixed = METHODS["isotonic"]([0.1, 0.5, 0.9], [1, 100, 1], [0, 1, 1])
    assert mixed([0.1]) == pytest.approx(0.01)
    assert np.all(np.diff(mixed(np.linspace(0, 1, 50))) >= 0)


@pytest.mark.parametrize("method", METHODS)
def test_calibrated_scores_stay_what_they_are(method):
    s, n, y, _, _ = binned(4, slope=1.0, rows=400_000)
    y = n * s
    assert METHODS[method](s, n, y)(s) == pytest.approx(s, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_maps_are_monotone_and_inside(method):
    s, n, y, _, _ = binned(5)
    mapped = METHODS[method](s, n, y)(np.linspace(0, 1, 201))
    assert np.all(np.diff(mapped) >= -1e-12)
    assert np.all((mapped > 0) & (mapped < 1))


def test_beta_keeps_the_order_where_the_best_fit_would_not():
    s = np.array([0.05, 0.3, 0.5, 0.7, 0.95])
    n = np.full(5, 1000.0)
    found = METHODS["beta"](s, n, np.array([500.0, 300, 200, 300, 700]))
    assert min(found.parameters["a"], found.parameters["b"]) == 0.0
    assert np.all(np.diff(found(s)) >= 0)


def test_rows_of_one_score_in_two_bins_are_rows_of_one_bin():
    s, n, y, _, _ = binned(6)
    twice = [np.repeat(x, 2) for x in (s, n / 2, y / 2)]
    for method in ("temperature", "platt", "beta"):
        assert METHODS[method](*twice)(s) == pytest.approx(METHODS[method](s, n, y)(s), rel=1e-8)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("positives", [0.0, 1.0], ids=["none", "all"])
def test_one_class_alone_is_refused(method, positives):
    n = np.array([5.0, 6, 7, 8])
    with pytest.raises(ValueError, match="both classes"):
        METHODS[method]([0.1, 0.4, 0.6, 0.8], n, n * positives)


def test_what_a_map_cannot_mend():
    with pytest.raises(ValueError, match="wrong way"):
        recalibrators.temperature([0.1, 0.9], [50, 50], [40, 10])
    with pytest.raises(ValueError, match="distinct"):
        recalibrators.platt([0.4, 0.4], [5, 5], [2, 3])
    with pytest.raises(ValueError, match="three distinct"):
        recalibrators.beta([0.4, 0.6], [5, 5], [2, 3])
    with pytest.raises(ValueError, match="separates"):
        recalibrators.platt([0.4, 0.6], [5, 5], [0, 5])


def test_policies_are_plain_values():
    line = Recalibrator("platt", {"intercept": 0.1, "slope": 0.9}).policy()
    assert line == {"kind": "calibration", "method": "platt", "parameters": {"intercept": 0.1, "slope": 0.9}}
    steps = Recalibrator("isotonic", x=(0.1, 0.9), y=(0.2, 0.8)).policy()
    assert steps == {"kind": "calibration", "method": "isotonic", "x": [0.1, 0.9], "y": [0.2, 0.8]}
