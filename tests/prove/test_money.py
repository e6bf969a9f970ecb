"""How often intervals of value and regret hold the truth, and the range of thresholds the best one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from steelyard.analyses.cost.ledger import Ledger
from steelyard.analyses.cost.options import BEST, Case, best
from steelyard.analyses.cost.worth import Rules, Way, worth
from steelyard.analyses.costs import Costs
from steelyard.records import Estimate

REPLICATES = 600
CONSTANT = Costs(fp=-10, fn=-40)
VARYING = Costs(fp=-30, fn="-amount")
GRID = np.round(np.arange(1, 100) / 100, 2)


def ledger(rng: np.random.Generator, n: int, costs: Costs, threshold: float, shape: float = 1.0) -> Ledger:
    """Rows whose score is a probability that is kept (`shape` 1), one cell each; amounts are lognormal."""
    p = np.clip(np.round(rng.beta(1, 3, n), 2), 0.01, 0.99)
    y = (rng.random(n) < p**shape).astype(np.int64)
    amount = rng.lognormal(3, 0.7, n)
    vectors = np.zeros((n, 5))
    vectors[:, 0] = 1.0
    vectors[:, 1] = np.where(y, 0.0, costs.fp)
    vectors[:, 2] = np.where(y, -amount if isinstance(costs.fn, str) else costs.fn, 0.0)
    left, place = np.unique(p, return_inverse=True)
    varying = isinstance(costs.fn, str)
    fixed = np.zeros((2, 5))
    fixed[:, 0] = 1.0
    fixed[0, 1], fixed[1, 2] = costs.fp, 0.0 if varying else costs.fn
    return Ledger(
        label=y,
        decided=(p >= threshold).astype(np.int64),
        place=place.ravel(),
        counts=np.ones(n),
        sums=vectors,
        squares=np.ones(n),
        fixed=fixed,
        left=left,
        products=vectors[:, :, None] * vectors[:, None, :] if varying else None,
        cubes=vectors**3 if varying else None,
    )


def chances() -> np.ndarray:
    rng = np.random.default_rng(0)
    p = np.clip(np.round(rng.beta(1, 3, 4_000_000), 2), 0.01, 0.99)
    return np.array([np.mean(p == g) for g in GRID])


CHANCES = chances()
MEAN_AMOUNT = float(np.exp(3 + 0.7**2 / 2))


def truth(costs: Costs, threshold: float, shape: float = 1.0) -> float:
    """The value a row at a threshold."""
    rate = GRID**shape
    miss = -MEAN_AMOUNT if isinstance(costs.fn, str) else float(costs.fn)
    return float(CHANCES @ np.where(threshold <= GRID, float(costs.fp) * (1 - rate), miss * rate))


def case_of(book: Ledger, costs: Costs, seed: int, threshold: float) -> Case:
    problem = SimpleNamespace(threshold=threshold)
    study: Any = SimpleNamespace(seed=seed, level=0.95, problem=problem)
    return Case(study, costs, book)


@pytest.mark.prove
@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
@pytest.mark.parametrize("n", [200, 2_000])
def test_intervals_of_value_hold_the_truth(costs, n):
    rng = np.random.default_rng(1)
    exact, held = truth(costs, 0.4), []
    for _ in range(4 * REPLICATES):
        book = ledger(rng, n, costs, 0.4)
        made = worth(book, Way(book.decided), Rules(), 0.95)
        assert isinstance(made, Estimate)
        held.append(made.low <= exact <= made.high)
    assert 0.93 <= np.mean(held) <= 0.97


def chosen_truth(case: Case, costs: Costs, threshold: float) -> float:
    """What the thresholds that were chosen are truly worth more than the deployed one, on average."""
    assert case.parts is not None
    acts, fold, place = case.held[BEST].acts, np.asarray(case.parts.fold), case.parts.place
    flagged = [place[(fold == k) & (acts == 1)] for k in range(int(fold.max()) + 1)]
    edges = [case.parts.left[f.min()] if len(f) else 2.0 for f in flagged]
    return float(np.mean([truth(costs, t) for t in edges])) - truth(costs, threshold)


@pytest.mark.prove
@pytest.mark.parametrize(("costs", "threshold"), [(CONSTANT, 0.6), (CONSTANT, 0.2), (VARYING, 0.8)])
@pytest.mark.parametrize("n", [500, 2_000])
def test_gain_holds_what_the_chosen_thresholds_are_worth(costs, threshold, n):
    """Thresholds hang on other rows of the same sample, which the delta method does not see: 0.91 to 0.97."""
    rng = np.random.default_rng(2)
    held = []
    for seed in range(REPLICATES):
        case = case_of(ledger(rng, n, costs, threshold), costs, seed, threshold)
        gain = case.gain(BEST)
        assert isinstance(gain, Estimate)
        held.append(gain.low <= chosen_truth(case, costs, threshold) <= gain.high)
    assert 0.91 <= np.mean(held) <= 0.985


@pytest.mark.prove
@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
@pytest.mark.parametrize("n", [500, 5_000])
def test_nothing_is_gained_where_the_best_is_deployed(costs, n):
    rng = np.random.default_rng(3)
    threshold = float(GRID[int(np.argmax([truth(costs, t) for t in GRID]))])
    told = []
    for seed in range(REPLICATES):
        gain = case_of(ledger(rng, n, costs, threshold), costs, seed, threshold).gain(BEST)
        assert isinstance(gain, Estimate)
        told.append(gain.low > 0)
    assert np.mean(told) <= 0.035  # measured: 0.01 to 0.02


@pytest.mark.prove
@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
@pytest.mark.parametrize(("n", "shape"), [(500, 1.0), (4_000, 1.0), (4_000, 1.5)])
def test_the_range_holds_the_best_threshold(costs, n, shape):
    rng = np.random.default_rng(4)
    values = np.array([truth(costs, t, shape) for t in GRID])
    top = float(GRID[int(np.argmax(values))])
    held, widths = [], []
    for seed in range(REPLICATES // 2):
        book = ledger(rng, n, costs, 0.5, shape)
        found = best(case_of(book, costs, seed, 0.5))
        assert found is not None
        held.append(found.low <= top <= found.high)
        widths.append(found.high - found.low)
    assert np.mean(held) >= 0.93
    assert n < 4_000 or np.median(widths) < 0.5
