"""Calibration of binary probabilities against statsmodels, scikit-learn and the shared vectors."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from sklearn import metrics as oracle

from steelyard.data import Roles
from steelyard.facts import LogitGrid
from steelyard.metrics import Problem, ScoreCells, estimate
from steelyard.metrics.calibration import METRICS, equal_groups
from steelyard.records import Undefined
from steelyard.stats import calibration

BY_NAME = {m.name: m for m in METRICS}
PROBLEM = Problem("binary", ("0", "1"), ("1",), decided=False)
ROLES = Roles(label="y", score="p")
VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "calibration.json").read_text())["cases"]


def rows(n=1000, seed=0, slope=1.0, shift=0.0):
    rng = np.random.default_rng(seed)
    logit = rng.normal(-0.5, 1.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-(slope * logit + shift)))).astype(int)
    return pl.DataFrame({"y": y, "p": 1 / (1 + np.exp(-logit)), "w": rng.uniform(0.2, 3, n)})


def regression(frame, offset=False, weights=None):
    logit = np.log(frame["p"] / (1 - frame["p"])).to_numpy()
    design = np.ones((len(logit), 1)) if offset else sm.add_constant(logit)
    model = sm.GLM(
        frame["y"].to_numpy(),
        design,
        family=sm.families.Binomial(),
        offset=logit if offset else None,
        freq_weights=weights,
    )
    return model.fit(cov_type="HC0") if weights is None else model.fit()


@pytest.mark.parametrize("seed", range(8))
def test_slope_and_intercept_are_logistic_regressions(outcomes, seed):
    frame = rows(300, seed, slope=0.7, shift=0.3)
    found = outcomes(frame, ROLES, PROBLEM, METRICS)
    line, level = regression(frame), regression(frame, offset=True)
    assert found["calibration_slope"].value == pytest.approx(line.params[1], rel=1e-6)
    assert found["calibration_slope"].se == pytest.approx(line.bse[1], rel=1e-6)
    assert found["calibration_intercept"].value == pytest.approx(level.params[0], rel=1e-6)
    assert found["calibration_intercept"].se == pytest.approx(level.bse[0], rel=1e-6)


def test_weighted_slope_and_intercept(outcomes):
    frame = rows(slope=0.7, shift=0.3)
    found = outcomes(frame, replace(ROLES, weight="w"), replace(PROBLEM, weighted=True), METRICS)
    weights = frame["w"].to_numpy()
    assert found["calibration_slope"].value == pytest.approx(regression(frame, weights=weights).params[1], rel=1e-6)
    assert found["calibration_intercept"].value == pytest.approx(
        regression(frame, offset=True, weights=weights).params[0], rel=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_bins_tell_nearly_the_same(outcomes, seed):
    frame = rows(2000, seed, slope=0.7)
    exact = outcomes(frame, ROLES, PROBLEM, METRICS)
    binned = outcomes(frame, ROLES, replace(PROBLEM, score_grid=LogitGrid((0.5,))), METRICS)
    for name in ("calibration_slope", "calibration_intercept", "ecce", "mean_calibration"):
        assert binned[name].value == pytest.approx(exact[name].value, abs=binned[name].discretisation + 1e-9)
        assert binned[name].discretisation < (1.0 if name == "ecce" else 0.05) * binned[name].se + 1e-3
        assert binned[name].se == pytest.approx(exact[name].se, rel=0.03)


def test_mean_calibration(outcomes):
    frame = rows(shift=-0.5)
    found = outcomes(frame, ROLES, PROBLEM, METRICS)["mean_calibration"]
    assert found.value == pytest.approx(frame["p"].mean() - frame["y"].mean())
    assert found.low > 0


def test_calibrated_scores_pass():
    hits = dict.fromkeys(("expected_calibration_error", "ecce", "brier_reliability", "calibration_slope"), 0)
    for seed in range(60):
        view = cells(rows(400, seed))
        for name in hits:
            found = estimate(BY_NAME[name], view)
            truth = 1.0 if name == "calibration_slope" else 0.0
            hits[name] += found.low <= truth <= found.high
    assert min(hits.values()) >= 51


def test_wrong_probabilities_are_seen():
    view = cells(rows(4000, 1, slope=0.5, shift=0.4))
    for name in ("expected_calibration_error", "ecce", "brier_reliability"):
        assert estimate(BY_NAME[name], view).low > 0
    assert estimate(BY_NAME["calibration_slope"], view).high < 0.65
    assert estimate(BY_NAME["calibration_intercept"], view).low > 0.2


def test_ece_is_the_debiased_one_of_the_groups():
    view = cells(rows(1500, 2, slope=0.6))
    g = equal_groups(view)
    assert len(g.rows) == 15
    assert g.rows.max() - g.rows.min() <= 1
    plain = calibration.expected_calibration_error(g.rows, g.rows * g.score, g.rows * g.rate)
    found = estimate(BY_NAME["expected_calibration_error"], view)
    assert 0 < found.value < plain
    assert "a perfectly calibrated model would show 0.0" in found.note


@pytest.mark.parametrize("case", [c for c in VECTORS if "bins1000_nonempty" in c["input"]], ids=lambda c: c["id"])
def test_ecce_vectors(case):
    bins, expected = case["input"]["bins1000_nonempty"], case["expected"]
    n, s, y, pq = (np.asarray(bins[key], dtype=float) for key in ("n", "sum_p", "sum_y", "sum_pq"))
    p, q = y, n - y
    mean, square = s / n, (s - pq) / n
    view = ScoreCells(p, q, p, q, p, q, mean - 1e-4, mean + 1e-4, p * mean, q * mean, p * square, q * square)
    found = estimate(BY_NAME["ecce"], view)
    assert found.value == pytest.approx(expected["ecce_r_bins1000"], rel=case["rtol"])
    told = float(found.note.split("p = ")[1].split(",")[0])
    assert told == pytest.approx(expected["ecce_r_p"], rel=0.05)
    assert (found.low == 0) == (expected["ecce_r_p"] > 0.05)


def test_brier_parts_add_up(outcomes):
    frame = rows(1500, 3, slope=0.6)
    found = outcomes(frame, ROLES, PROBLEM, METRICS)
    whole = oracle.brier_score_loss(frame["y"], frame["p"])
    rate = frame["y"].mean()
    assert found["brier_uncertainty"].value == pytest.approx(rate * (1 - rate))
    parts = found["brier_reliability"].value - found["brier_resolution"].value + found["brier_uncertainty"].value
    assert parts == pytest.approx(whole, abs=0.002)


def test_uncertainty_at_one_half_reaches_its_maximum():
    frame = rows(200).with_columns(y=pl.Series([0, 1] * 100))
    found = estimate(BY_NAME["brier_uncertainty"], cells(frame))
    assert (found.value, found.high) == (0.25, 0.25)
    assert found.low < 0.25


def test_scores_that_are_no_probabilities(outcomes):
    found = outcomes(rows(), ROLES, replace(PROBLEM, probability=False), METRICS)
    assert set(found.values()) == {Undefined("the scores are not probabilities")}


def test_labels_of_one_class(outcomes):
    found = outcomes(rows(100).with_columns(y=pl.lit(0)), ROLES, PROBLEM, METRICS)
    assert found["calibration_slope"] == Undefined("there are no positive rows")
    assert found["calibration_intercept"] == Undefined("there are no positive rows")
    assert found["mean_calibration"].value > 0
    assert all("failed" not in getattr(outcome, "reason", "") for outcome in found.values())


def test_separated_scores_have_no_slope(outcomes):
    frame = pl.DataFrame({"y": [0] * 20 + [1] * 20, "p": np.linspace(0.02, 0.98, 40)})
    assert "separates" in outcomes(frame, ROLES, PROBLEM, METRICS)["calibration_slope"].reason


def test_certain_scores_are_kept_from_infinity(outcomes):
    frame = pl.DataFrame({"y": [0, 1, 1, 0, 1] * 20, "p": [0.0, 1.0, 0.3, 0.4, 0.5] * 20})
    assert 0 < outcomes(frame, ROLES, PROBLEM, METRICS)["calibration_slope"].value < 1


def cells(frame):
    scores, place = np.unique(frame["p"].to_numpy(), return_inverse=True)
    y = frame["y"].to_numpy().astype(float)
    p, q = (np.bincount(place, weights=w, minlength=len(scores)) for w in (y, 1 - y))
    return ScoreCells(p, q, p, q, p, q, scores, scores, p * scores, q * scores, p * scores**2, q * scores**2)
