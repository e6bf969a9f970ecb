"""Kitagawa, Shapley and the factors of a table: published numbers, identities, and a hand-made enumeration."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from steelyard.stats import decomposition
from steelyard.stats.decomposition import DECISION, GROUP, SEGMENT, TRUTH, Groups

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors/root_cause.json").read_text())["cases"]
}


def groups(n, rate):
    n, rate = np.array(n, dtype=float), np.array(rate, dtype=float)
    return Groups(n, rate, rate * (1 - rate), float(n.sum()))


def test_kitagawa_is_that_of_the_vector():
    given, expected = CASES["kitagawa3"]["input"], CASES["kitagawa3"]["expected"]
    found = decomposition.kitagawa(groups(given["n0"], given["rate0"]), groups(given["n1"], given["rate1"]))
    assert found.mix == pytest.approx(expected["mix_by_slice"], rel=1e-9, abs=1e-15)
    assert found.rate == pytest.approx(expected["rate_by_slice"], rel=1e-9, abs=1e-15)
    assert found.mix.sum() + found.rate.sum() == pytest.approx(expected["M1"] - expected["M0"])
    assert math.hypot(*found.rate_se) == pytest.approx(expected["se_rate_fixed_weights"])


def test_kitagawa_spares_a_slice_that_grew_with_the_average():
    rate = [0.1, 0.2, 0.3]
    found = decomposition.kitagawa(groups([300, 500, 200], rate), groups([50, 800, 150], rate))
    assert found.mix.sum() == pytest.approx(0.02)
    steady = decomposition.kitagawa(groups([250, 500, 250], rate), groups([100, 800, 100], rate))
    assert steady.mix == pytest.approx([0.015, 0.0, -0.015])


def test_a_slice_that_is_absent_from_one_period_moved_as_the_whole_did():
    before, after = groups([500, 0], [0.1, 0.0]), groups([300, 200], [0.1, 0.6])
    found = decomposition.kitagawa(before, after)
    assert found.rate == pytest.approx([0.0, 0.2 * 0.2])
    assert found.mix.sum() + found.rate.sum() == pytest.approx(0.2)
    assert np.all(np.isfinite(found.rate_se))
    back = decomposition.kitagawa(after, before)
    assert back.mix == pytest.approx(-found.mix)
    assert back.rate == pytest.approx(-found.rate)
    # A third of the rows lost their group, and all rows got worse alike: no mix.
    lost = decomposition.kitagawa(groups([500, 500, 0], [0.1, 0.1, 0.0]), groups([300, 300, 300], [0.4] * 3))
    assert lost.mix == pytest.approx([0.0] * 3)


def test_kitagawa_needs_weight():
    with pytest.raises(ValueError, match="both periods"):
        decomposition.kitagawa(groups([0, 0], [0, 0]), groups([1, 1], [0, 1]))


def test_standard_errors_are_those_of_simulation():
    rng = np.random.default_rng(5)
    share, rate, n = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.5, 0.8]), 2_000
    moved = np.array([0.4, 0.3, 0.3])
    made = []
    for _ in range(400):
        counts = rng.multinomial(n, share), rng.multinomial(n, moved)
        made.append(decomposition.kitagawa(*(groups(c, rng.binomial(c, rate) / np.maximum(c, 1)) for c in counts)))
    mixes = np.array([m.mix.sum() for m in made])
    assert np.mean([m.mix_se for m in made]) == pytest.approx(mixes.std(), rel=0.12)
    rates = np.array([m.rate for m in made])
    assert np.mean([m.rate_se for m in made], axis=0) == pytest.approx(rates.std(axis=0), rel=0.12)


def test_surprise_is_that_of_adtributor():
    given, expected = CASES["adtributor"]["input"], CASES["adtributor"]["expected"]
    assert decomposition.surprise(given["forecast"], given["actual"]) == pytest.approx(expected["surprise"], rel=1e-9)


def test_explanatory_power_is_a_rate_part_of_equal_slices():
    given, expected = CASES["adtributor"]["input"], CASES["adtributor"]["expected"]
    one, none = np.ones(4), np.zeros(4)
    sides = (Groups(one, np.array(given[name]), none, 4.0) for name in ("forecast", "actual"))
    found = decomposition.kitagawa(*sides)
    assert found.rate / found.rate.sum() == pytest.approx(expected["ep"], rel=1e-9)


def test_surprise_without_rows_on_one_side():
    assert decomposition.surprise([1.0, 0.0], [0.0, 1.0]).sum() == pytest.approx(math.log(2))
    assert decomposition.surprise([2.0, 0.0, 2.0], [1.0, 0.0, 1.0]) == pytest.approx([0.0, 0.0, 0.0])


def tables():
    """The vector's cubes with their decisions as a fourth axis."""
    given = CASES["shapley_hybrid_cube"]["input"]
    made = []
    for name in ("cube0", "cube1"):
        cube = np.array(given[name])
        table = np.zeros((*cube.shape, 2))
        for group, decision in enumerate(given["decision_by_bin"]):
            table[:, group, :, decision] = cube[:, group, :]
        made.append(table)
    return made


def accuracy(joint):
    return joint[:, 0, 0].sum() + joint[:, 1, 1].sum()


def f1(joint):
    (_, fp), (fn, tp) = joint.sum(axis=0)
    return 2 * tp / (2 * tp + fp + fn)


def precision(joint):
    (_, fp), (_, tp) = joint.sum(axis=0)
    return tp / (tp + fp)


def auc(joint):
    table = joint.sum(axis=2)
    score, truth = (grid.ravel() for grid in np.meshgrid(range(table.shape[0]), (0, 1), indexing="ij"))
    return roc_auc_score(truth, score, sample_weight=table.ravel())


@pytest.mark.parametrize("metric", [accuracy, f1, precision, auc], ids=lambda f: f.__name__)
def test_shapley_over_hybrids_is_that_of_the_vector(metric):
    expected = CASES["shapley_hybrid_cube"]["expected"][metric.__name__]
    factors = [
        (
            decomposition.conditional(t, SEGMENT),
            decomposition.conditional(t, GROUP, (SEGMENT,)),
            decomposition.conditional(t, TRUTH, (SEGMENT, GROUP)),
        )
        for t in tables()
    ]
    rule = decomposition.conditional(tables()[0], DECISION, (GROUP,))

    def value(members):
        return metric(decomposition.product([*(factors[int(m)][i] for i, m in enumerate(members)), rule]))

    found = decomposition.shapley_of(value, 3)
    names = ("slice_mix", "score_given_slice", "concept_y_given_score_slice")
    assert found == pytest.approx([expected[name] for name in names], rel=1e-9)
    assert found.sum() == pytest.approx(expected["after"] - expected["before"])


def test_shapley_is_the_mean_over_orders():
    rng = np.random.default_rng(1)
    players = 4
    values = rng.normal(size=2**players)
    expected = np.zeros(players)
    orders = list(itertools.permutations(range(players)))
    for order in orders:
        taken = 0
        for player in order:
            expected[player] += values[taken | 1 << player] - values[taken]
            taken |= 1 << player
    assert decomposition.shapley(values) == pytest.approx(expected / len(orders))


def test_shapley_of_many_games_at_once():
    values = np.random.default_rng(2).normal(size=(8, 5))
    found = decomposition.shapley(values)
    assert found.shape == (3, 5)
    assert found.sum(axis=0) == pytest.approx(values[-1] - values[0])
    assert found[:, 2] == pytest.approx(decomposition.shapley(values[:, 2]))


def test_who_does_nothing_gets_nothing():
    found = decomposition.shapley_of(lambda m: 3.0 * m[0] + 5.0 * m[2] + m[0] * m[2], 3)
    assert found == pytest.approx([3.5, 0.0, 5.5])
    assert decomposition.shapley_of(lambda _: 2.0, 0).shape == (0,)


def test_too_many_players_and_missing_subsets():
    with pytest.raises(ValueError, match="at most 6"):
        decomposition.coalitions(7)
    with pytest.raises(ValueError, match="power of two"):
        decomposition.shapley(np.zeros(6))


@pytest.mark.parametrize("replicates", [(), (3,)])
def test_the_factors_of_a_table_make_it_again(replicates):
    table = np.random.default_rng(3).gamma(0.3, size=(*replicates, 4, 5, 2, 2))
    table[..., 1, 2, :, :] = 0.0
    table[..., 3, :, :, :] = 0.0
    total = table.sum(axis=(-4, -3, -2, -1), keepdims=True)
    causal = [(SEGMENT, ()), (GROUP, (SEGMENT,)), (TRUTH, (SEGMENT, GROUP)), (DECISION, (SEGMENT, GROUP, TRUTH))]
    truth_first = [(TRUTH, ()), (SEGMENT, (TRUTH,)), (GROUP, (SEGMENT, TRUTH)), (DECISION, (SEGMENT, GROUP, TRUTH))]
    for order in (causal, truth_first):
        factors = [decomposition.conditional(table, of, given) for of, given in order]
        for (of, _), factor in zip(order, factors, strict=True):
            assert factor.sum(axis=of) == pytest.approx(1.0)
        assert decomposition.product(factors) == pytest.approx((table / total).sum(axis=SEGMENT))


def test_an_empty_cell_takes_the_rate_of_all_segments():
    table = np.zeros((2, 2, 2, 1))
    table[0, 0, :, 0] = 10, 30
    table[0, 1, :, 0] = 40, 0
    rate = decomposition.conditional(table, TRUTH, (SEGMENT, GROUP), back_off=5.0)[:, :, 1, 0]
    assert rate[0] == pytest.approx([0.75, 0.0])
    overall = 30 / 80
    assert rate[1] == pytest.approx([(30 + 5 * overall) / 45, 5 * overall / 45])


def test_an_empty_cell_of_a_mean_takes_that_of_all_segments():
    weight = np.array([[2.0, 3.0], [0.0, 5.0]])[:, :, None, None]
    total = weight * np.array([[1.0, 4.0], [9.0, 2.0]])[:, :, None, None]
    mean = decomposition.mean_given(total, weight, (GROUP,), back_off=0.0)[:, :, 0, 0]
    assert mean == pytest.approx(np.array([[1.0, 4.0], [1.0, 2.0]]))


def test_replicates_have_the_mean_and_variance_of_the_cells():
    weight, squares = np.array([[3.0, 50.0, 0.0]]), np.array([[3.0, 120.0, 0.0]])
    draws = decomposition.gamma_replicates(weight, squares, 20_000, seed=1)
    assert draws.shape == (20_000, 1, 3)
    assert draws.mean(axis=0) == pytest.approx(weight, rel=0.02)
    assert draws.var(axis=0) == pytest.approx(squares, rel=0.05)
    assert np.array_equal(draws, decomposition.gamma_replicates(weight, squares, 20_000, seed=1))


def test_a_shift_of_the_logit():
    rate = np.array([0.0, 0.2, 1.0])
    assert decomposition.shifted(rate, 0.7) == pytest.approx([0.0, 1 / (1 + math.exp(math.log(4) - 0.7)), 1.0])
    assert decomposition.shifted(decomposition.shifted(rate, 1.3), -1.3) == pytest.approx(rate)
