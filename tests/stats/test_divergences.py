"""Distances between binned distributions: equal to SciPy's, with intervals and tests that are what they say."""

import json
import math
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, spatial, stats

from steelyard.stats import divergences as d
from steelyard.stats.divergences.effects import noncentrality
from steelyard.stats.divergences.ordered import anderson_darling_tail

VECTORS = Path(__file__).parents[1] / "vectors"
DRIFT = json.loads((VECTORS / "drift.json").read_text())["cases"]
EXTRAS = {case["id"]: case for case in json.loads((VECTORS / "extras.json").read_text())["cases"]}
MULTINOMIAL = [c for c in json.loads((VECTORS / "sequential.json").read_text())["cases"] if c["id"].startswith("dm_")]
MEASURES = {"psi": d.PSI, "js": d.JENSEN_SHANNON, "hellinger": d.HELLINGER}
RNG = np.random.default_rng(11)
NOW, THEN = RNG.multinomial(400, [0.1, 0.2, 0.3, 0.25, 0.15]), RNG.multinomial(900, [0.2, 0.2, 0.3, 0.2, 0.1])


@pytest.mark.parametrize("case", DRIFT, ids=lambda case: case["id"])
def test_vectors(case):
    now, then = case["input"]["current"], case["input"]["reference"]
    expected = {k: v for k, v in case["expected"].items() if isinstance(v, float)}
    places = np.arange(len(now), dtype=float)
    ks, ad = d.kolmogorov_smirnov(now, then), d.anderson_darling(now, then)
    got = {
        "psi": d.psi(now, then),
        "js_distance_base2": d.jensen_shannon(now, then),
        "hellinger": d.hellinger(now, then),
        "tvd": d.total_variation(now, then),
        "kl_pq": d.kullback_leibler(now, then),
        "chi2": d.chi_square(now, then),
        "g_test": d.g_statistic(now, then),
        "cramers_v": d.cramers_v(now, then),
        "ks_edges": ks.value,
        "ks_p_asymp": ks.p,
        "wasserstein_unit_bins": d.wasserstein(now, then, places, places).value,
        "energy_distance_unit_bins": d.energy_distance(now, then, places, places),
        "chi2_p": d.effect(d.CRAMERS_V, now, then, 0.95).p,
        **{f"{name}_p": d.effect(measure, now, then, 0.95).p for name, measure in MEASURES.items()},
        "psi_null_mean": d.effect(d.PSI, now, then, 0.95).null,
        "psi_debiased": d.effect(d.PSI, now, then, 0.95).debiased,
    }
    for name, value in got.items():
        assert value == pytest.approx(expected.get(name, case["expected"][name]), rel=case["rtol"], abs=1e-12), name
    assert ad.value == pytest.approx(case["expected"]["anderson_ksamp"]["T"], rel=case["rtol"])


def test_wasserstein_of_bins():
    case = EXTRAS["wasserstein_bins"]
    edges, expected = np.array(case["input"]["edges"]), case["expected"]
    got = d.wasserstein(case["input"]["n_x"], case["input"]["n_y"], edges[:-1], edges[1:])
    assert got.value == pytest.approx(expected["w1_piecewise_uniform"], rel=case["rtol"])
    assert abs(got.value - expected["w1_rows"]) <= got.bound


def test_transport_by_integration():
    left, right = np.array([0.0, 1.0, 2.5, 4.0]), np.array([1.0, 2.5, 2.5, 7.0])
    now, then = np.array([5.0, 1.0, 3.0, 2.0]), np.array([1.0, 6.0, 1.0, 3.0])

    def gap(x):
        inside = np.clip((x - left) / np.where(right > left, right - left, 1.0), 0, 1)
        inside = np.where(right > left, inside, x >= left)
        return (now / now.sum() - then / then.sum()) @ inside

    points = [0.0, 1.0, 2.5, 4.0, 7.0]
    pieces = list(pairwise(points))
    first = sum(integrate.quad(lambda x: abs(gap(x)), a, b, limit=500)[0] for a, b in pieces)
    second = sum(integrate.quad(lambda x: gap(x) ** 2, a, b)[0] for a, b in pieces)
    assert d.wasserstein(now, then, left, right).value == pytest.approx(first, rel=1e-6)
    assert d.energy_distance(now, then, left, right) == pytest.approx(math.sqrt(2 * second), rel=1e-8)


def test_against_scipy():
    x, y = np.repeat(np.arange(5.0), NOW), np.repeat(np.arange(5.0), THEN)
    p, q = NOW / NOW.sum(), THEN / THEN.sum()
    places = np.arange(5.0)
    assert d.jensen_shannon(NOW, THEN) == pytest.approx(spatial.distance.jensenshannon(p, q, base=2))
    assert d.kullback_leibler(NOW, THEN) == pytest.approx(stats.entropy(p, q))
    found = stats.chi2_contingency(np.stack([NOW, THEN]), correction=False)
    assert d.chi_square(NOW, THEN) == pytest.approx(found.statistic)
    assert d.effect(d.CRAMERS_V, NOW, THEN, 0.95).p == pytest.approx(found.pvalue)
    likelihood = stats.chi2_contingency(np.stack([NOW, THEN]), correction=False, lambda_="log-likelihood")
    assert d.g_statistic(NOW, THEN) == pytest.approx(likelihood.statistic)
    assert d.wasserstein(NOW, THEN, places, places).value == pytest.approx(stats.wasserstein_distance(x, y))
    assert d.energy_distance(NOW, THEN, places, places) == pytest.approx(stats.energy_distance(x, y))
    assert d.kolmogorov_smirnov(NOW, THEN).value == pytest.approx(stats.ks_2samp(x, y).statistic)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert d.anderson_darling(NOW, THEN).value == pytest.approx(stats.anderson_ksamp([x, y]).statistic)


@pytest.mark.parametrize("x", [0.3, 0.8, 1.3, 1.9, 2.4, 3.2, 5.0, 8.0])
def test_tail_of_anderson_darling(x):
    """Against the law's characteristic function, inverted (Imhof 1961)."""
    weights = 1.0 / (np.arange(1, 20_001.0) * np.arange(2, 20_002.0))
    below = x - 1 / 20_001  # what the terms left out are on average

    def integrand(u):
        angle = 0.5 * np.sum(np.arctan(weights * u)) - 0.5 * below * u
        return math.sin(angle) / (u * math.exp(0.25 * np.sum(np.log1p((weights * u) ** 2))))

    expected = 0.5 + integrate.quad(integrand, 1e-9, 400, limit=800)[0] / math.pi
    assert anderson_darling_tail(x) == pytest.approx(expected, rel=3e-3, abs=1e-6)


def test_a_p_value_of_anderson_darling_is_that_of_scipy_inside_its_table():
    then = np.array([110, 160, 290, 215, 125])
    x, y = np.repeat(np.arange(5.0), NOW), np.repeat(np.arange(5.0), then)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = stats.anderson_ksamp([x, y]).pvalue
    got = d.anderson_darling(NOW, then).p
    assert 0.001 < found < 0.25
    assert got == pytest.approx(found, rel=0.1)


@pytest.mark.parametrize(("statistic", "df"), [(0.5, 4), (9.0, 4), (30.0, 19), (5000.0, 19), (2e6, 19)])
def test_noncentrality_inverts_the_law(statistic, df):
    for share in (0.025, 0.5, 0.975):
        found = noncentrality(statistic, df, share)
        if found > 0:
            assert stats.ncx2.cdf(statistic, df, found) == pytest.approx(share, abs=1e-6)
        else:
            assert stats.chi2.cdf(statistic, df) <= share


def test_an_effect_without_change_and_with_one_bin():
    same = d.effect(d.JENSEN_SHANNON, [50, 50, 50], [500, 500, 500], 0.95)
    assert (same.value, same.low, same.debiased, same.p) == (0.0, 0.0, 0.0, 1.0)
    # Fewer differences than chance makes are no proof that there is none.
    assert same.high > same.null > 0
    alone = d.effect(d.PSI, [10, 0], [20, 0], 0.95)
    assert (alone.value, alone.low, alone.high, alone.p, alone.df) == (0.0, 0.0, 0.0, 1.0, 0)


def test_overdispersion_widens():
    plain, wide = (d.effect(d.JENSEN_SHANNON, NOW, THEN, 0.95, factor) for factor in (1.0, 3.0))
    assert wide.value == plain.value
    assert wide.low < plain.low < plain.value < plain.high < wide.high
    assert wide.p > plain.p
    assert wide.null == pytest.approx(plain.null * math.sqrt(3))


def test_bounds_of_the_distances():
    apart = [10, 0], [0, 30]
    assert d.jensen_shannon(*apart) == 1.0
    assert d.hellinger(*apart) == 1.0
    assert d.total_variation(*apart) == 1.0
    assert d.cramers_v(*apart) == pytest.approx(1.0)
    assert d.kolmogorov_smirnov(*apart).value == 1.0
    assert math.isfinite(d.psi(*apart))
    assert math.isfinite(d.kullback_leibler(*apart))
    assert d.effect(d.JENSEN_SHANNON, *apart, 0.95).high == 1.0


def test_measures_do_not_see_empty_bins_or_scale():
    more = np.insert(NOW, 2, 0), np.insert(THEN, 2, 0)
    for measure in (d.psi, d.jensen_shannon, d.hellinger, d.total_variation, d.kullback_leibler):
        assert measure(*more) == pytest.approx(measure(NOW, THEN))
        assert measure(NOW * 7, THEN * 3) == pytest.approx(measure(NOW, THEN))


@pytest.mark.parametrize(
    ("now", "then"), [([1, 2], [1, 2, 3]), ([0, 0], [1, 2]), ([1, -1], [1, 2]), ([1, math.nan], [1, 2]), (1, 2)]
)
def test_malformed_counts(now, then):
    for measure in (d.psi, d.jensen_shannon, d.chi_square, d.kolmogorov_smirnov, d.anderson_darling):
        with pytest.raises(ValueError, match="needs"):
            measure(now, then)


def test_malformed_edges():
    with pytest.raises(ValueError, match="order"):
        d.wasserstein([1, 2], [2, 1], [0, 0.5], [1, 2])
    with pytest.raises(ValueError, match="edges"):
        d.wasserstein([1, 2], [2, 1], [-math.inf, 0], [0, 1])
    with pytest.raises(ValueError, match="four arrays"):
        d.energy_distance([1, 2], [2, 1], [0], [1])
    with pytest.raises(ValueError, match="some rows"):
        d.wasserstein([0, 0], [2, 1], [0, 1], [1, 2])


def test_conformal_p():
    case = EXTRAS["conformal_window_p"]
    given = case["input"]
    assert d.conformal_p(given["reference_stats"], given["current"]) == pytest.approx(case["expected"]["p"])
    assert d.conformal_p([1.0, 2.0, 3.0], 2.0) == 0.75
    assert d.conformal_p([], 2.0) == 1.0


def test_moment_scaled_p():
    # Many reference statistics with mean equal to df: the plain chi-square.
    assert d.moment_scaled_p(14.0, np.full(100_000, 5.0), 5) == pytest.approx(stats.chi2.sf(14.0, 5), rel=1e-3)
    assert d.moment_scaled_p(14.0, [5.0, 5.0], 5) == pytest.approx(stats.f.sf(14.0 / 5.0, 5, 10))
    assert d.moment_scaled_p(0.0, [0.0], 3) == 1.0
    assert d.moment_scaled_p(1.0, [0.0], 3) == 0.0
    with pytest.raises(ValueError, match="reference"):
        d.moment_scaled_p(1.0, [], 3)


def test_effective_df():
    draws = np.random.default_rng(1).chisquare(3, 20_000)
    assert d.effective_df(draws * 7.0, 50.0) == pytest.approx(3.0, rel=0.05)
    assert d.effective_df(draws, 2.0) == 2.0
    assert d.effective_df([4.0], 9.0) == 9.0


def test_overdispersion_of_independent_and_of_repeated_rows():
    rng = np.random.default_rng(5)
    shares = [0.1, 0.2, 0.3, 0.4]
    independent = rng.multinomial(500, shares, size=400)
    assert d.overdispersion(independent) == pytest.approx(1.0, abs=0.1)
    assert d.overdispersion(5 * rng.multinomial(100, shares, size=400)) == pytest.approx(5.0, rel=0.1)
    # The statistic of homogeneity over its degrees of freedom, where groups are of one size.
    found = stats.chi2_contingency(independent)
    assert d.overdispersion(independent) == pytest.approx(found.statistic / found.dof, rel=1e-9)
    with pytest.raises(ValueError, match="two groups"):
        d.overdispersion([[1, 2]])


def test_pooled_overdispersion():
    assert d.pooled_overdispersion(3.0, 100, 1.0, 100) == 2.0
    assert d.pooled_overdispersion(3.0, 100, 1.0, 1e9) == pytest.approx(3.0, rel=1e-6)
    with pytest.raises(ValueError, match="both sides"):
        d.pooled_overdispersion(1.0, 0, 1.0, 1)


@pytest.mark.parametrize("case", MULTINOMIAL, ids=lambda case: case["id"])
def test_dirichlet_multinomial(case):
    given = case["input"]
    got = d.dirichlet_multinomial(given["counts"], given["p0"], float(sum(given["alpha0"])))
    assert got == pytest.approx(case["expected"]["log_e"], rel=case["rtol"], abs=1e-12)


def test_e_values_are_one_at_most_on_average():
    rng = np.random.default_rng(3)
    shares = np.array([0.2, 0.3, 0.5])
    law = stats.multinomial(9, shares)
    every = [(a, b, 9 - a - b) for a in range(10) for b in range(10 - a)]
    known = [law.pmf(x) * math.exp(d.dirichlet_multinomial(x, shares, 3.0)) for x in every]
    assert sum(known) == pytest.approx(1.0)
    both = [d.two_samples(rng.multinomial(60, shares), rng.multinomial(200, shares)) for _ in range(2000)]
    assert np.mean(np.exp(both)) <= 1.0
    bets = [d.windows_in_turn(rng.normal(size=20), rng.normal(size=8))[-1] for _ in range(4000)]
    assert np.mean(np.exp(bets)) <= 1.0 + 3 * np.std(np.exp(bets)) / math.sqrt(4000)


def test_e_values_see_a_change():
    assert d.two_samples([900, 100], [5000, 5000]) > 100
    assert d.windows_in_turn(np.linspace(0, 1, 30), np.full(12, 5.0) + np.arange(12))[-1] > math.log(500)
    assert d.two_samples([0, 0], [0, 0]) == 0.0
    assert len(d.windows_in_turn([1.0], [])) == 0
    with pytest.raises(ValueError, match="positive"):
        d.dirichlet_multinomial([1, 2], [1, 0], 1.0)
    with pytest.raises(ValueError, match="equal length"):
        d.two_samples([1], [1, 2])
