"""Two models on the same rows: McNemar, Tango, Bonett–Price, agreement of errors, paired DeLong."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef
from statsmodels.stats.contingency_tables import mcnemar

from steelyard.stats import paired, ranks
from steelyard.stats.intervals import quantile
from steelyard.stats.tango import tango, tango_score

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "paired_models.json").read_text())["cases"]
TABLES = [pytest.param(c["input"], c["expected"], id=c["id"]) for c in VECTORS if c["id"].startswith("mcnemar")]
COUNTS = st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(1, 200))


@pytest.mark.parametrize(("table", "expected"), TABLES)
def test_vectors(table, expected):
    b, c, n = table["only_A"], table["only_B"], sum(table.values())
    assert paired.mcnemar_exact(b, c) == pytest.approx(expected["exact_p"], rel=1e-9)
    assert paired.mcnemar_midp(b, c) == pytest.approx(expected["midp"], rel=1e-9)
    assert paired.paired_difference(b, c, n) == pytest.approx((expected["diff"], expected["se"]), rel=1e-12)
    assert tango(b, c, n, 0.95) == pytest.approx(expected["tango"], rel=1e-7)
    assert paired.bonett_price(b, c, n, 0.95) == pytest.approx(expected["bonett_price"], rel=1e-9)


@pytest.mark.parametrize(("b", "c"), [(0, 0), (0, 1), (3, 3), (5, 12), (40, 60)])
def test_mcnemar_as_statsmodels(b, c):
    assert paired.mcnemar_exact(b, c) == pytest.approx(mcnemar([[50, b], [c, 20]], exact=True).pvalue, rel=1e-12)


@pytest.mark.parametrize(("b", "c"), [(0, 1), (2, 9), (7, 7), (300, 350)])
def test_midp_takes_half_of_what_was_seen(b, c):
    exact, seen = paired.mcnemar_exact(b, c), scipy_stats.binom.pmf(min(b, c), b + c, 0.5)
    expected = 1.0 if b == c else exact - seen
    assert paired.mcnemar_midp(b, c) == pytest.approx(expected, rel=1e-10)


@given(COUNTS)
@settings(max_examples=60, deadline=None)
def test_tango_is_the_inverted_score_test(counts):
    b, c, rest = counts
    n = b + c + rest
    low, high = tango(b, c, n, 0.9)
    assert -1.0 <= low <= (b - c) / n <= high <= 1.0
    assert tango(c, b, n, 0.9) == pytest.approx((-high, -low), abs=1e-9)
    z = quantile(0.9)
    if low > -1.0:
        assert tango_score(b, c, n, low) == pytest.approx(z, abs=1e-6)
    if high < 1.0:
        assert tango_score(b, c, n, high) == pytest.approx(-z, abs=1e-6)


def test_no_row_decided_differently_is_no_certainty():
    z = quantile(0.95)
    assert tango(0, 0, 100, 0.95) == pytest.approx((-(z**2) / (100 + z**2), z**2 / (100 + z**2)))
    assert paired.mcnemar_midp(0, 0) == 1.0
    assert paired.bonett_price(0, 0, 100, 0.95)[1] > 0.0


def test_all_rows_for_one_side():
    low, high = tango(5, 0, 5, 0.95)
    assert low > 0.0
    assert high == 1.0


@pytest.mark.parametrize("seed", range(3))
def test_agreement_as_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    a = rng.random(400) < 0.8
    b = np.where(rng.random(400) < 0.5, a, rng.random(400) < 0.7)
    found = paired.agreement((a & b).sum(), (a & ~b).sum(), (~a & b).sum(), (~a & ~b).sum())
    assert found.kappa == pytest.approx(cohen_kappa_score(a, b))
    assert found.phi == pytest.approx(matthews_corrcoef(a, b))
    odds = (a & b).sum() * (~a & ~b).sum() / ((a & ~b).sum() * (~a & b).sum())
    assert found.q == pytest.approx((odds - 1) / (odds + 1))


def test_agreement_of_models_that_never_err():
    found = paired.agreement(10, 0, 0, 0)
    assert math.isnan(found.kappa)
    assert math.isnan(found.q)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: paired.mcnemar_exact(-1, 2), "at least 0"),
        (lambda: paired.mcnemar_midp(2, math.nan), "at least 0"),
        (lambda: paired.paired_difference(3, 3, 5), "b \\+ c ≤ n"),
        (lambda: tango(1, 1, 0, 0.95), "n > 0"),
        (lambda: paired.bonett_price(1, 1, 9, 1.0), "level"),
        (lambda: paired.agreement(0, 0, 0, 0), "not all 0"),
    ],
)
def test_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def by_rows(y, a, b):
    """DeLong's paired test in O(n²), row by row."""

    def places(s):
        pos, neg = s[y == 1], s[y == 0]
        kernel = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        return kernel.mean(axis=1), kernel.mean(axis=0), kernel.mean()

    (v10_a, v01_a, auc_a), (v10_b, v01_b, auc_b) = places(a), places(b)
    s10, s01 = np.cov(v10_a, v10_b), np.cov(v01_a, v01_b)
    joint = s10 / len(v10_a) + s01 / len(v01_a)
    return auc_a - auc_b, math.sqrt(joint[0, 0] + joint[1, 1] - 2 * joint[0, 1])


def test_paired_delong_vector():
    case = next(c for c in VECTORS if c["id"] == "paired_delong")
    given, expected = case["input"], case["expected"]
    shape = len(given["scores_A"]), len(given["scores_B"])
    p, q = np.zeros(shape), np.zeros(shape)
    for y, a, b, n in given["joint_cells_y_a_b_n"]:
        (p if y else q)[a, b] += n
    found = ranks.delong_difference(p, q)
    assert found.difference == pytest.approx(expected["auc"][0] - expected["auc"][1], rel=1e-9)
    assert (found.z, found.p) == pytest.approx((expected["z"], expected["p"]), rel=1e-7)


def test_paired_delong_as_by_rows():
    rng = np.random.default_rng(4)
    y = (rng.random(150) < 0.3).astype(int)
    a, b = np.round(y + rng.normal(0, 1, 150), 1), np.round(y + rng.normal(0, 1.5, 150), 1)
    of_a, of_b = np.unique(a), np.unique(b)
    p, q = np.zeros((len(of_a), len(of_b))), np.zeros((len(of_a), len(of_b)))
    np.add.at(p, (np.searchsorted(of_a, a[y == 1]), np.searchsorted(of_b, b[y == 1])), 1)
    np.add.at(q, (np.searchsorted(of_a, a[y == 0]), np.searchsorted(of_b, b[y == 0])), 1)
    found = ranks.delong_difference(p, q)
    assert (found.difference, found.se) == pytest.approx(by_rows(y, a, b), rel=1e-9)
