"""Proof of what uncertainty quality promises: few false alarms, guarantees that hold, gains that are gains."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import special

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.uncertainty.judging import judged
from steelyard.analyses.uncertainty.promises import Promise
from steelyard.analyses.uncertainty.recalibrating import recalibrations
from steelyard.metrics import ScoreCells
from steelyard.records import EVERYTHING, Estimate, Verdict
from steelyard.stats import conformal, guarantees, intervals, sequential
from steelyard.stats import selective as stats

pytestmark = pytest.mark.prove


def allowed(rate: float, times: int) -> float:
    """Three standard errors above a rate."""
    return rate + 3 * math.sqrt(rate * (1 - rate) / times)


def calibrated_share(rng: np.random.Generator, n: int, promised: float) -> float:
    """The true coverage of a split conformal predictor that was calibrated on n rows."""
    law = conformal.conformal_law(promised, n)
    return float(rng.beta(law.a, law.b))


def verdict(k: int, m: int, promised: float, calibrated_on: int | None) -> Verdict | None:
    promise = Promise("", "interval", promised, calibrated_on, "", "")
    value = k / m
    se = math.sqrt(value * (1 - value) / m)
    seen = Estimate(value, *intervals.wilson(value, m, 0.95), 0.95, m, "wilson", m, se)
    return judged(promise, [(EVERYTHING, seen, seen)], 0.95)[0].verdict


@pytest.mark.parametrize(("n", "m"), [(200, 1000), (50, 1000), (1000, 500)])
def test_a_conformal_predictor_that_keeps_its_promise_is_rarely_said_to_fail(n, m):
    rng = np.random.default_rng(1)
    ks = [rng.binomial(m, calibrated_share(rng, n, 0.9)) for _ in range(3000)]
    failed = np.mean([verdict(k, m, 0.9, n) is Verdict.FAIL for k in ks])
    assert failed <= allowed(0.025, 3000)
    p = np.array([conformal.coverage_test(k, m, 0.9, 0.95, n).p for k in ks])
    assert np.mean(p <= 0.05) <= allowed(0.05, 3000)


def test_a_binomial_verdict_of_the_same_predictor_would_fail_far_too_often():
    rng = np.random.default_rng(2)
    ks = [rng.binomial(1000, calibrated_share(rng, 200, 0.9)) for _ in range(2000)]
    assert np.mean([conformal.coverage_test(k, 1000, 0.9, 0.95).p <= 0.05 for k in ks]) > 0.3


@pytest.mark.parametrize("true", [0.84, 0.86])
def test_a_broken_promise_is_found(true):
    rng = np.random.default_rng(3)
    found = [verdict(rng.binomial(4000, true), 4000, 0.9, 1000) is Verdict.FAIL for _ in range(400)]
    assert np.mean(found) > 0.9


def test_what_passes_is_seldom_below_its_leeway():
    rng = np.random.default_rng(4)
    passed = [verdict(rng.binomial(2000, 0.88), 2000, 0.9, None) is Verdict.PASS for _ in range(4000)]
    assert np.mean(passed) <= allowed(0.025, 4000)


@pytest.mark.parametrize("rows", [300, 1500, 10_000])
@pytest.mark.parametrize("risk", [0.02, 0.05, 0.1])
def test_the_chosen_threshold_keeps_its_risk(rows, risk):
    """The risk of answers above a threshold is known: errors fall with confidence, slowly near the top."""
    rng = np.random.default_rng(5)
    times, violated = 1500, 0
    grid = np.linspace(0.5, 1.0, 101)
    error_of = 0.3 * (1 - (grid[:-1] + 0.0025) ** 2) + 0.03
    for _ in range(times):
        place = rng.integers(0, 100, rows)
        wrong = rng.random(rows) < error_of[place]
        p = np.bincount(place[~wrong], minlength=100).astype(float)
        q = np.bincount(place[wrong], minlength=100).astype(float)
        path = stats.risk_coverage(p, q)
        at = guarantees.guaranteed_threshold(path.rows, path.wrong, risk, 0.95)
        if at is not None:
            true = error_of[path.bins[at] :].mean()
            violated += true > risk
    assert violated / times <= allowed(0.05, times)


def test_an_optimistic_threshold_would_break_its_risk_about_every_second_time():
    rng = np.random.default_rng(6)
    error_of = 0.3 * (1 - np.linspace(0.5, 1.0, 100) ** 2) + 0.03
    violated = 0
    for _ in range(400):
        place = rng.integers(0, 100, 1500)
        wrong = rng.random(1500) < error_of[place]
        path = stats.risk_coverage(*(np.bincount(place[w], minlength=100).astype(float) for w in (~wrong, wrong)))
        good = np.flatnonzero(path.risk <= 0.1)
        violated += bool(len(good)) and error_of[path.bins[good[-1]] :].mean() > 0.1
    assert violated / 400 > 0.3


def scored(p: np.ndarray, y: np.ndarray, seed: int) -> Scored:
    """The score cells of rows on a fine grid of logits."""
    place = np.clip(np.floor(special.logit(p) * 8).astype(int) + 64, 0, 127)

    def per_bin(weights: np.ndarray) -> np.ndarray:
        return np.bincount(place, weights=weights, minlength=128).astype(float)

    a, b = per_bin(y), per_bin(1 - y)
    edges = special.expit((np.arange(129) - 64) / 8)
    view = ScoreCells(
        p=a,
        q=b,
        p_squares=a,
        q_squares=b,
        p_counts=a,
        q_counts=b,
        score_p=per_bin(y * p),
        score_q=per_bin((1 - y) * p),
        score2_p=per_bin(y * p**2),
        score2_q=per_bin((1 - y) * p**2),
        left=edges[:-1],
        right=edges[1:],
    )
    return Scored(SimpleNamespace(seed=seed, level=0.95), "current", "", view)  # type: ignore[arg-type]


@pytest.mark.parametrize("rows", [300, 2000, 20_000])
@pytest.mark.parametrize("mean", [0.0, -2.0])
def test_calibrated_scores_are_rarely_said_to_gain(rows, mean):
    rng = np.random.default_rng(7)
    times, verified = 400, 0
    for seed in range(times):
        logit = rng.normal(mean, 1.5, rows)
        y = (rng.random(rows) < special.expit(logit)).astype(float)
        found = recalibrations(scored(special.expit(logit), y, seed))
        verified += bool(found) and found[0].verified
    assert verified / times <= allowed(0.05, times)


def test_gains_that_are_told_are_gains_on_new_rows():
    rng = np.random.default_rng(8)
    inside = 0
    for seed in range(150):
        logit = rng.normal(0.0, 1.5, 3000)
        y = (rng.random(3000) < special.expit(logit)).astype(float)
        first = recalibrations(scored(special.expit(1.3 * logit), y, seed))[0]
        change = first.effects[0].change
        assert isinstance(change, Estimate)
        temperature = 1.3
        new = rng.normal(0.0, 1.5, 200_000)
        rate = special.expit(new)
        sharp = special.expit(temperature * new)
        truth = np.mean(special.rel_entr(rate, sharp) + special.rel_entr(1 - rate, 1 - sharp))
        inside += change.low <= -truth <= change.high
    assert inside / 150 >= 0.88


def test_however_often_one_looks_noise_is_rarely_called_evidence():
    """A year of daily looks at an error rate that is that of the reference, whose bound is paid for."""
    rng = np.random.default_rng(9)
    times, alarmed = 600, {0.05: 0, 0.01: 0}
    for _ in range(times):
        known = rng.binomial(3000, 0.1)
        most = intervals.clopper_pearson(known, 3000, 1 - 2 * 0.001)[1]
        k, n = np.cumsum(rng.binomial(100, 0.1, 365)), 100 * np.arange(1, 366)
        log_e = max(sequential.binomial_e(float(a), float(b), most) for a, b in zip(k, n, strict=True))
        p = min(sequential.anytime_p(log_e) + 0.001, 1.0)
        for level in alarmed:
            alarmed[level] += p <= level
    assert all(count / times <= allowed(level, times) for level, count in alarmed.items())


def test_at_the_bound_itself_the_chance_is_kept_too():
    rng = np.random.default_rng(10)
    times, alarmed = 1000, 0
    for _ in range(times):
        k, n = np.cumsum(rng.binomial(50, 0.12, 200)), 50 * np.arange(1, 201)
        log_e = max(sequential.binomial_e(float(a), float(b), 0.12) for a, b in zip(k, n, strict=True))
        alarmed += sequential.anytime_p(log_e) <= 0.05
    assert alarmed / times <= allowed(0.05, times)
    assert alarmed > 0
