"""Arms compared by rank and by quantile, from counts by bin."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import quantile_shift as qs
from steelyard.stats.rank_sum import rank_sum

EXTRAS = json.loads((Path(__file__).parents[1] / "vectors" / "extras.json").read_text())["cases"]


def drawn(seed, n0=60, n1=45, top=10):
    rng = np.random.default_rng(seed)
    return rng.integers(0, top, n0), rng.integers(1, top + 2, n1)


@pytest.mark.parametrize("seed", range(4))
def test_against_scipy(seed):
    control, treatment = drawn(seed)
    found = rank_sum(np.bincount(treatment, minlength=12), np.bincount(control, minlength=12), 0.95)
    known = stats.brunnermunzel(control, treatment)
    assert (found.statistic, found.p) == pytest.approx((known.statistic, known.pvalue))
    same = stats.mannwhitneyu(treatment, control, use_continuity=False, method="asymptotic")
    assert found.value == pytest.approx(same.statistic / (len(control) * len(treatment)))
    assert found.mann_whitney_p == pytest.approx(same.pvalue)


def test_vector():
    case = next(c for c in EXTRAS if c["id"] == "brunner_munzel")
    found = rank_sum(case["input"]["pos"], case["input"]["neg"], 0.95)
    expected = case["expected"]
    assert (found.value, found.se**2, found.df) == pytest.approx(
        (expected["auc"], expected["var"], expected["df_satterthwaite"]), rel=case["rtol"]
    )
    assert (found.statistic, found.p) == pytest.approx((expected["t"], expected["p"]), rel=case["rtol"])
    assert (found.low, found.high) == pytest.approx(expected["logit_t_ci"], rel=case["rtol"])


def test_arms_that_do_not_overlap():
    found = rank_sum([0, 0, 9], [5, 7, 0], 0.95)
    assert (found.value, found.high, found.p) == (1.0, 1.0, 0.0)
    assert 0.5 < found.low < 1.0
    assert 0.0 < found.mann_whitney_p < 0.001


def test_all_units_tied():
    found = rank_sum([0, 9], [0, 7], 0.95)
    assert (found.value, found.low, found.high, found.p, found.mann_whitney_p) == (0.5, 0.5, 0.5, 1.0, 1.0)


def test_turned_round():
    control, treatment = (np.bincount(x, minlength=12) for x in drawn(9))
    a, b = rank_sum(treatment, control, 0.9), rank_sum(control, treatment, 0.9)
    assert (a.low, a.high, a.p) == pytest.approx((1 - b.high, 1 - b.low, b.p))


def test_too_few_units():
    with pytest.raises(ValueError, match="more than one unit"):
        rank_sum([0, 1], [3, 4], 0.95)
    with pytest.raises(ValueError, match="at least one"):
        rank_sum([0, 0], [3, 4], 0.95)


def atoms(rows):
    values, units = np.unique(rows, return_counts=True)
    return qs.bins(values, values, units)


def test_quantile_of_atoms_is_an_order_statistic():
    rows = np.random.default_rng(0).lognormal(size=201)
    found = qs.quantile_value(atoms(rows), 0.5, 0.95)
    assert found.value == np.median(rows)
    ordered = np.sort(rows)
    case = stats.binom(201, 0.5)
    assert found.low == pytest.approx(ordered[int(case.ppf(0.025)) - 1])
    assert found.high == pytest.approx(ordered[int(case.ppf(0.975))])


def test_quantile_inside_a_bin():
    arm = qs.bins([0.0, 1.0], [1.0, 3.0], [10, 30])
    assert qs.quantile_value(arm, 0.25, 0.95).value == pytest.approx(1.0)
    assert qs.quantile_value(arm, 0.625, 0.95).value == pytest.approx(2.0)


def test_shift_holds_the_truth():
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(200):
        a, b = rng.exponential(1.0, 400) + 0.3, rng.exponential(1.0, 300)
        found = qs.quantile_shift(atoms(a), atoms(b), 0.9, 0.9)
        held += found.low <= 0.3 <= found.high
        assert (found.low > 0 or found.high < 0) == (found.p < 0.1 - 1e-12)
    assert held / 200 >= 0.86


def test_no_shift_and_a_certain_one():
    same = qs.quantile_shift(atoms([1.0] * 90), atoms([1.0] * 80), 0.5, 0.95)
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)
    apart = qs.quantile_shift(atoms([2.0] * 90), atoms([1.0] * 80), 0.5, 0.95)
    assert (apart.value, apart.low, apart.p, apart.statistic) == (1.0, 1.0, 0.0, math.inf)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: qs.quantile_shift(atoms([1.0, 2.0]), atoms([1.0] * 80), 0.99, 0.95),
        lambda: qs.bins([0, 1], [1, 2], [1]),
        lambda: qs.bins([0, 1], [1, 2], [0, 0]),
        lambda: qs.bins([0, 0.5], [1, 2], [1, 1]),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"few units|must|need"):
        asked()
