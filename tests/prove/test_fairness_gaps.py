"""Largest gaps between groups: they are covered as often as is said, and seldom seen where there are none."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy import stats

from steelyard.analyses.fairness.values import Ratios, Values, excesses, means, shares
from steelyard.stats.gaps import worst_gap
from steelyard.stats.ranges import gap_by_chance

SEEDS = 2000
LEVEL = 0.95
UNEQUAL = (5000, 1200, 600, 300, 150, 80, 40, 25, 12, 6)
pytestmark = pytest.mark.prove
Sizes = tuple[int, ...]

CASES: dict[str, tuple[Sizes, tuple[float, ...]]] = {
    "two alike": ((300, 200), (0.3,) * 2),
    "two that differ": ((300, 200), (0.3, 0.45)),
    "ten alike, equal sizes": ((200,) * 10, (0.8,) * 10),
    "ten alike, unequal sizes": (UNEQUAL, (0.3,) * 10),
    "ten alike, rare": (UNEQUAL, (0.02,) * 10),
    "ten that differ": (UNEQUAL, tuple(np.linspace(0.2, 0.6, 10).tolist())),
    "the smallest differs": (UNEQUAL, (0.3,) * 9 + (0.9,)),
    "two hundred small ones": (tuple(range(4, 204)), (0.15,) * 200),
    "two hundred that differ": (tuple(range(4, 204)), tuple(np.linspace(0.05, 0.35, 200).tolist())),
}


def ratios(top: np.ndarray, first2: np.ndarray, n: np.ndarray) -> Ratios:
    """Sums of values by group: Σv, Σv², rows."""
    mean = top / n
    blank = np.zeros((0, len(n)))
    return Ratios(top, n, (first2 / n - mean**2) / n, n.copy(), n.copy(), blank, blank, blank > 0)


def gap(values: Values):
    defined = values.defined
    return worst_gap([e.value for e in values.estimates], values.errors[defined], LEVEL)


def at_least(hits: int, share: float, what: str) -> None:
    """No fewer than said, but for three standard errors of the simulation."""
    print(f"{what}: {hits / SEEDS:.4f}")
    assert hits >= SEEDS * share - 3 * sqrt(SEEDS * share * (1 - share)), what


@pytest.mark.parametrize("name", list(CASES))
def test_worst_gap_of_shares_is_covered(name):
    sizes, rates = (np.array(x, dtype=float) for x in CASES[name])
    rng = np.random.default_rng(0)
    truth, covered, kept = float(np.ptp(rates)), 0, 0
    for _ in range(SEEDS):
        k = rng.binomial(sizes.astype(int), rates).astype(float)
        found = gap(shares(ratios(k, k, sizes), LEVEL, ""))
        covered += found.low <= truth <= found.high
        kept += found.low <= truth
    at_least(covered, LEVEL, f"{name}, covered")
    at_least(kept, LEVEL, f"{name}, no violation claimed beyond the truth")


@pytest.mark.parametrize("name", [n for n, (_, rates) in CASES.items() if len(set(rates)) == 1])
def test_p_of_groups_alike_is_no_smaller_than_said(name):
    sizes, rates = (np.array(x, dtype=float) for x in CASES[name])
    rng = np.random.default_rng(1)
    p = []
    for _ in range(SEEDS):
        k = rng.binomial(sizes.astype(int), rates).astype(float)
        p.append(gap(shares(ratios(k, k, sizes), LEVEL, "")).p)
    for bound in (0.01, 0.05, 0.1):
        at_least(int(np.sum(np.array(p) > bound)), 1 - bound, f"{name}, p > {bound}")


def test_p_of_large_groups_of_one_size_is_uniform():
    rng = np.random.default_rng(2)
    p = []
    for _ in range(SEEDS):
        values, n = rng.normal(0.0, 0.01, 8), 8
        p.append(worst_gap(values, np.full(n, 0.01), LEVEL).p)
    assert stats.kstest(p, "uniform").pvalue > 0.001


@pytest.mark.parametrize("spread", [(1.0,) * 10, tuple(np.linspace(0.5, 3.0, 10).tolist())], ids=["alike", "unequal"])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_worst_gap_of_means_is_covered(spread, shift):
    """Small groups borrow the pooled variance; where spreads differ, that is an approximation."""
    sizes, spreads = np.array(UNEQUAL), np.array(spread)
    centres = np.linspace(0.0, shift, len(sizes))
    rng, covered = np.random.default_rng(3), 0
    for _ in range(SEEDS):
        rows = [rng.normal(m, s, n) for m, s, n in zip(centres, spreads, sizes, strict=True)]
        sums = np.array([[r.sum(), (r * r).sum()] for r in rows])
        found = gap(means(ratios(sums[:, 0], sums[:, 1], sizes.astype(float)), LEVEL, ""))
        covered += found.low <= shift <= found.high
    at_least(covered, LEVEL if len(set(spread)) == 1 else 0.93, f"means {shift}")


def test_worst_gap_of_calibration_is_covered_where_positives_are_rare():
    """Calibrated scores in every group: groups without a positive among them."""
    sizes = np.array(UNEQUAL)
    typical = np.linspace(0.003, 0.4, len(sizes))
    rng, covered = np.random.default_rng(4), 0
    for _ in range(SEEDS):
        score = [np.clip(rng.beta(2, 2 / m - 2, n), 0, 1) for m, n in zip(typical, sizes, strict=True)]
        label = [rng.binomial(1, s).astype(float) for s in score]
        off = [s - y for s, y in zip(score, label, strict=True)]
        sums = np.array([[o.sum(), (o * o).sum(), y.sum()] for o, y in zip(off, label, strict=True)])
        n = sizes.astype(float)
        found = gap(excesses(ratios(sums[:, 0], sums[:, 1], n), ratios(sums[:, 2], sums[:, 2], n), LEVEL, ""))
        covered += found.low <= 0.0
    at_least(covered, LEVEL, "calibration")


def test_gap_by_chance_is_what_chance_makes():
    sizes = np.array(UNEQUAL)
    rng = np.random.default_rng(5)
    seen = [np.ptp(rng.binomial(sizes, 0.3) / sizes) for _ in range(SEEDS)]
    k = 0.3 * sizes
    told = gap_by_chance(shares(ratios(k, k, sizes.astype(float)), LEVEL, "").noise_alike)
    assert told == pytest.approx(np.mean(seen), rel=0.05)
