"""Intervals and tests of distances between distributions, by simulation: one row a design.

`coverage_table()` returns the rows; the documentation is generated from them.
"""

import math
from typing import NamedTuple

import numpy as np
import pytest
from scipy import special

from steelyard.stats import divergences as d

LEVEL, REPLICATES, BINS = 0.95, 2000, 20
MEASURES = {"Jensen–Shannon": d.JENSEN_SHANNON, "Hellinger": d.HELLINGER, "PSI": d.PSI, "Cramér's V": d.CRAMERS_V}
CUTS = special.ndtri(np.arange(1, BINS) / BINS)


class Design(NamedTuple):
    """A mean that moves by `shift` standard deviations, 20 quantile bins, samples of n and m rows."""

    measure: str
    shift: float
    n: int
    m: int

    @property
    def lowest(self) -> float:
        """Coverage that is stated: the law holds in the limit, and with 200 rows a bin has ten."""
        if min(self.n, self.m) >= 1000:
            return 0.93
        return {"PSI": 0.89, "Hellinger": 0.85}.get(self.measure, 0.93)

    @property
    def size(self) -> float:
        """Chance of p ≤ 0.05 without change that is stated."""
        if min(self.n, self.m) >= 1000:
            return 0.05
        return 0.09 if self.measure == "PSI" else 0.07


class Row(NamedTuple):
    """One row of the table: coverage of the interval, and how often p ≤ 0.05; Monte Carlo error 0.005."""

    design: Design
    coverage: float
    rejected: float


SIZES = ((200, 200), (200, 20_000), (5000, 5000), (10**6, 10**6))
SHIFTS = (0.0, 0.1, 0.3, 0.6, 1.0)
DESIGNS = [
    Design(name, shift, n, m)
    for name in MEASURES
    for shift in SHIFTS
    for n, m in SIZES
    if name != "Cramér's V" or shift <= 0.3
]


def measured(design: Design, replicates: int = REPLICATES, seed: int = 4) -> Row:
    rng = np.random.default_rng([seed, DESIGNS.index(design)])
    edges = np.concatenate([[0.0], special.ndtr(CUTS - design.shift), [1.0]])
    p, q = np.diff(edges), np.full(BINS, 1 / BINS)
    measure = MEASURES[design.measure]
    truth = d.effect(measure, p * design.n * 1e6, q * design.m * 1e6, LEVEL).value
    held = rejected = 0
    for _ in range(replicates):
        found = d.effect(measure, rng.multinomial(design.n, p), rng.multinomial(design.m, q), LEVEL)
        held += found.low <= truth <= found.high
        rejected += found.p <= 0.05
    return Row(design, held / replicates, rejected / replicates)


def coverage_table(replicates: int = REPLICATES) -> list[Row]:
    """One row per design."""
    return [measured(design, replicates) for design in DESIGNS]


@pytest.mark.prove
@pytest.mark.parametrize("design", DESIGNS, ids=lambda x: f"{x.measure} {x.shift} {x.n} {x.m}")
def test_coverage_and_size(design):
    row = measured(design)
    error = 3 * math.sqrt(LEVEL * (1 - LEVEL) / REPLICATES)
    assert row.coverage >= design.lowest - error, row
    if design.shift == 0:
        assert row.rejected <= design.size + error, row


@pytest.mark.prove
@pytest.mark.parametrize(("name", "test"), [("KS", d.kolmogorov_smirnov), ("Anderson–Darling", d.anderson_darling)])
def test_size_of_ordered_tests(name, test):
    rng = np.random.default_rng(8)
    shares = np.full(200, 1 / 200)
    p = [test(rng.multinomial(300, shares), rng.multinomial(500, shares)).p for _ in range(REPLICATES)]
    error = 3 * math.sqrt(0.05 * 0.95 / REPLICATES)
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + error, name


@pytest.mark.prove
@pytest.mark.parametrize("windows", [8, 19, 40])
def test_window_level_p_values_hold_where_days_differ(windows):
    """Days with shares of their own (Dirichlet): chi-square calls nearly all of them changed, windows know better."""
    rng = np.random.default_rng(9)
    base = np.full(10, 0.1)

    def day():
        return rng.multinomial(20_000, rng.dirichlet(base * 2000))

    naive, conformal, scaled = [], [], []
    for _ in range(600):
        table = np.array([day() for _ in range(windows)])
        known = [d.chi_square(table[i], table.sum(axis=0) - table[i]) for i in range(windows)]
        now, then = day(), table.sum(axis=0)
        statistic = d.chi_square(now, then)
        naive.append(d.effect(d.CRAMERS_V, now, then, LEVEL).p <= 0.05)
        conformal.append(d.conformal_p(known, statistic) <= 0.05)
        scaled.append(d.moment_scaled_p(statistic, known, d.effective_df(known, 9)) <= 0.05)
    error = 3 * math.sqrt(0.05 * 0.95 / 600)
    assert np.mean(naive) > 0.9
    assert np.mean(conformal) <= 0.05 + error
    assert np.mean(scaled) <= 0.06 + error


@pytest.mark.prove
def test_e_values_hold_over_time():
    """The chance of ever seeing 1/α is at most α, however often one looks."""
    rng = np.random.default_rng(10)
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    ever = {"rows": 0, "windows": 0}
    for _ in range(1000):
        then = rng.multinomial(2000, shares)
        now = np.cumsum(rng.multinomial(100, shares, size=50), axis=0)
        ever["rows"] += max(d.two_samples(rows, then) for rows in now) >= math.log(20)
        ever["windows"] += d.windows_in_turn(rng.normal(size=20), rng.normal(size=50)).max() >= math.log(20)
    assert ever["rows"] <= 50
    assert ever["windows"] <= 50 + 3 * math.sqrt(1000 * 0.05 * 0.95)
