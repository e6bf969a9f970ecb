"""Estimators without labels: the numeric cases, what they must keep, and other software where there is some."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import optimize, special
from statsmodels.duration.survfunc import SurvfuncRight

from steelyard.stats import label_free, ranks

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "label_free.json").read_text())["cases"]
}


def case(name):
    found = CASES[name]
    return found["input"], found["expected"], found["rtol"]


def test_expected_confusion_and_auc_as_nannyml():
    given, expected, rtol = case("cbpe8")
    n, c = np.array(given["n_production"], dtype=float), np.array(given["calibrated_p"])
    (tn, fp), (fn, tp) = label_free.expected_confusion(n, c, given["decision"])
    for name, value in {
        "TN": tn,
        "FP": fp,
        "FN": fn,
        "TP": tp,
        "accuracy": (tp + tn) / n.sum(),
        "precision": tp / (tp + fp),
        "recall": tp / (tp + fn),
        "specificity": tn / (tn + fp),
        "f1": 2 * tp / (2 * tp + fp + fn),
        "auc_ties_correct": ranks.roc_auc(n * c, n * (1 - c)),
        "auc_nannyml": ranks.roc_auc(n * c, n * (1 - c)),
    }.items():
        assert value == pytest.approx(expected[name], rel=rtol), name


def test_threshold_confidences_and_strata():
    given, expected, rtol = case("atc_doc_iw")
    m, n = np.array(given["n_source"], dtype=float), given["n_target"]
    right = m * np.array(given["acc_source"])
    assert right.sum() / m.sum() == pytest.approx(expected["source_acc"], rel=rtol)
    assert label_free.average_threshold_confidence(m, right, n) == pytest.approx(expected["atc_acc"], rel=rtol)
    doc = label_free.difference_of_confidences(given["conf_bin"], m, right, n)
    assert doc == pytest.approx(expected["doc_acc"], rel=rtol)
    value, se = label_free.post_stratified(m, right, n)
    assert value == pytest.approx(expected["poststratified_acc"], rel=rtol)
    assert se == pytest.approx(expected["poststrat_se_source"], rel=rtol)


def test_estimators_of_unmoved_rows_give_the_accuracy_of_the_source():
    m, right = np.array([100.0, 200.0, 300.0]), np.array([50.0, 150.0, 290.0])
    for value in (
        label_free.average_threshold_confidence(m, right, m),
        label_free.difference_of_confidences([0.5, 0.7, 0.9], m, right, m),
        label_free.post_stratified(m, right, m)[0],
    ):
        assert value == pytest.approx(right.sum() / m.sum())


def test_post_stratification_leaves_out_what_the_source_lacks():
    value, se = label_free.post_stratified([100, 0], [80, 0], [10, 90])
    assert (value, se) == (pytest.approx(0.8), pytest.approx(0.04))


def test_no_rows_are_refused():
    with pytest.raises(ValueError, match="need rows"):
        label_free.average_threshold_confidence([0.0], [0.0], [1.0])


def test_shifted_prior_is_the_fixed_point():
    given, expected, rtol = case("saerens_em")
    c, n, prior = given["calibrated_p"], given["n_target"], given["source_prior"]
    now = label_free.shifted_prior(c, n, prior)
    assert now == pytest.approx(expected["target_prior"], rel=rtol)
    moved = label_free.reweighted(c, prior, now)
    assert float(np.array(n) @ moved / np.sum(n)) == pytest.approx(now, rel=1e-9)


def test_shifted_prior_finds_the_share_that_made_the_scores():
    positives, negatives = np.array([10.0, 20, 30, 40]), np.array([40.0, 30, 20, 10])
    prior = 0.5
    c = positives / (positives + negatives)
    target = 0.8 * positives / 100 + 0.2 * negatives / 100
    assert label_free.shifted_prior(c, 1000 * target, prior) == pytest.approx(0.8, abs=1e-6)
    with pytest.raises(ValueError, match="prior"):
        label_free.shifted_prior(c, 1000 * target, 1.0)


def test_black_box_shift_solves_for_the_classes():
    of_class = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])
    shares = np.array([0.2, 0.3, 0.5])
    decided = 1000 * shares @ of_class
    found = label_free.black_box_shift(of_class * np.array([[100], [400], [50]]), decided)
    assert found == pytest.approx(shares)
    with pytest.raises(ValueError, match="apart"):
        label_free.black_box_shift([[50, 50], [50, 50]], [10, 20])
    assert label_free.black_box_shift([[90, 10], [10, 90]], [100, 1]).min() == 0.0


def test_prediction_powered_mean():
    g, expected, rtol = case("ppi_pp_mean")
    pairs = label_free.Pairs(g["n"], g["sum_y"], g["sum_y2"], g["sum_f_lab"], g["sum_f2_lab"], g["sum_yf_lab"])
    made = label_free.prediction_powered_mean(pairs, g["N"], g["sum_f"], g["sum_f2"])
    assert made.value == pytest.approx(expected["theta"], rel=rtol)
    assert made.se == pytest.approx(expected["se"], rel=rtol)
    assert made.power == pytest.approx(expected["lam"], rel=rtol)
    assert g["sum_y"] / g["n"] == pytest.approx(expected["classical_mean"], rel=rtol)
    assert made.se < expected["classical_se"]


def test_a_prediction_that_tells_nothing_leaves_the_labelled_mean():
    made = label_free.prediction_powered_mean(label_free.Pairs(100, 30, 30, 50, 25, 15), 1000, 500, 250)
    assert made.power == 0.0
    assert made.value == pytest.approx(0.3)
    assert made.se == pytest.approx(math.sqrt(0.3 * 0.7 / 99))
    with pytest.raises(ValueError, match="two labelled"):
        label_free.prediction_powered_mean(label_free.Pairs(1, 1, 1, 1, 1, 1), 10, 5, 5)


def test_offsets_make_expected_hits_the_shrunken_ones():
    rng = np.random.default_rng(1)
    base, part = rng.normal(0, 2, 200), rng.integers(0, 6, 200)
    rows = rng.integers(0, 30, 200).astype(float)
    rows[part == 5] = 0
    hits = rng.binomial(rows.astype(int), 0.3).astype(float)
    offsets = label_free.logit_offsets(base, part, hits, rows, 7, kappa=5.0)
    assert offsets[5] == offsets[6] == 0.0
    for p in range(5):
        inside = part == p
        m, k = rows[inside].sum(), hits[inside].sum()
        mean = rows[inside] @ special.expit(base[inside]) / m
        target = m * (k + 5 * mean) / (m + 5)

        def gap(o, inside=inside, target=target):
            return rows[inside] @ special.expit(base[inside] + o) - target

        assert offsets[p] == pytest.approx(optimize.brentq(gap, -30, 30, xtol=1e-13), abs=1e-8)


def test_cells_follow_the_formula_of_the_note():
    """One cell a bin: c = (k + κ·prior)/(m + κ), prior = expit(logit(c_b) + o_s)."""
    k, m = np.array([[2.0, 30, 80], [8, 45, 60]]), np.array([[50.0, 100, 100], [40, 90, 61]])
    stratum, group = np.repeat([0, 1], 3), np.tile([0, 1, 2], 2)
    prior = np.tile([0.1, 0.4, 0.9], 2)
    made = label_free.calibrate(prior, stratum, group, k.ravel(), m.ravel(), (2, 3), kappa=5.0)
    before = made.of_group[group] + made.of_stratum[stratum]
    first = special.expit(special.logit(prior) + before)
    assert made.probability(prior, stratum, group) == pytest.approx((k.ravel() + 5 * first) / (m.ravel() + 5))
    assert made.support == pytest.approx(m)
    unseen = label_free.calibrate(prior[:4], stratum[:4], group[:4], k.ravel()[:4], m.ravel()[:4], (2, 3))
    assert unseen.of_cell[1, 2] == 0.0
    assert unseen.probability([0.9], np.array([1]), np.array([2]))[0] == pytest.approx(
        special.expit(special.logit(0.9) + unseen.of_group[2] + unseen.of_stratum[1])
    )


def test_certain_scores_and_perfect_cells_stay_finite():
    made = label_free.calibrate([0.0, 1.0], np.zeros(2, int), np.array([0, 1]), [0, 50], [50, 50], (1, 2))
    assert np.isfinite(made.probability([0.0, 1.0], np.zeros(2, int), np.array([0, 1]))).all()


def test_spread_of_accuracy_by_simulation():
    """Labels of these rows drawn again and again, the reference too: the formula is the variance of the gap."""
    rng = np.random.default_rng(2)
    truth, rows, reference = np.array([0.1, 0.4, 0.8]), np.array([200.0, 300, 250]), np.array([150.0, 100, 60])
    said = np.array([0.0, 0.0, 1.0])
    gaps, formula = [], []
    cells, n = np.arange(3), rows.sum()
    hit, miss = said / n, (1 - said) / n
    for _ in range(4000):
        k = rng.binomial(reference.astype(int), truth)
        c = (k + 5 * truth) / (reference + 5)
        positives = rng.binomial(rows.astype(int), truth)
        gaps.append(hit @ (rows * c) + miss @ (rows * (1 - c)) - hit @ positives - miss @ (rows - positives))
        formula.append(label_free.realised_uncertainty(hit, miss, c, rows, rows, cells, reference).variance)
    assert np.mean(formula) == pytest.approx(np.var(gaps), rel=0.08)


def test_spread_of_the_population_value_and_shared_cells():
    hit, miss, c = np.array([0.5, 0.5]), np.array([-0.5, -0.5]), np.array([0.3, 0.3])
    one = np.zeros(2, dtype=np.int64)
    shared = label_free.population_uncertainty(hit, miss, c, [10, 20], [10, 20], one, [50.0])
    whole = label_free.population_uncertainty(hit[:1], miss[:1], c[:1], [30], [30], one[:1], [50.0])
    assert shared == pytest.approx(whole)
    assert whole.rows == pytest.approx(30 * (0.3 * 0.5 - 0.7 * 0.5) ** 2)
    assert whole.reference == pytest.approx((30 * 1.0) ** 2 * 0.21 / 56)
    assert whole.labels == 0.0
    realised = label_free.realised_uncertainty(hit, miss, c, [10, 20], [10, 20], one, [50.0])
    assert realised.labels == pytest.approx(30 * 0.21)
    assert realised.rows == 0.0


def test_neyman_allocation_is_the_best_there_is():
    rows, spread = np.array([60.0, 30.0, 10.0]), np.array([0.1, 0.5, 0.3])
    given = label_free.neyman_allocation(30, rows, spread)
    assert given.sum() == 30
    best = min(
        ((a, b, 30 - a - b) for a in range(1, 29) for b in range(1, 30 - a) if b <= 30 and 30 - a - b <= 10),
        key=lambda n: label_free.stratified_se(rows, spread, n),
    )
    reached = label_free.stratified_se(rows, spread, given)
    assert reached <= 1.01 * label_free.stratified_se(rows, spread, best)


def test_neyman_allocation_keeps_to_what_there_is():
    given = label_free.neyman_allocation(100, [1000, 10, 500, 0], [0.1, 5.0, 0.5, 1.0])
    assert given.tolist()[1] == 10
    assert given.sum() == 100
    assert given[3] == 0
    assert label_free.neyman_allocation(100, [5, 5], [1, 1]).tolist() == [5, 5]
    assert label_free.neyman_allocation(10, [5, 5], [0, 0]).tolist() == [0, 0]
    assert label_free.stratified_se([5, 5], [0, 0], [0, 0]) == 0.0
    assert label_free.stratified_se([5, 5], [1, 1], [5, 0]) == math.inf
    assert label_free.stratified_se([5, 5], [1, 1], [5, 5]) == 0.0


def test_conformal_factor_needs_enough_windows():
    ratios = np.linspace(0.1, 3.0, 19)
    assert label_free.conformal_factor(ratios, 0.95) == pytest.approx(3.0 / 1.959964, rel=1e-6)
    assert label_free.conformal_factor(ratios[:18], 0.95) == math.inf
    assert label_free.conformal_factor(ratios / 100, 0.95) == 1.0


def test_arrival_is_kaplan_meier():
    rng = np.random.default_rng(3)
    age = rng.integers(0, 12, 300)
    came = rng.random(300) < 0.7
    theirs = SurvfuncRight(age.astype(float), came)
    distinct = np.unique(age)
    counts = [[int(((age == t) & which).sum()) for t in distinct] for which in (came, ~came)]
    ours = label_free.arrival(distinct, *counts)
    assert ours.age == pytest.approx(theirs.surv_times)
    assert 1 - ours.share == pytest.approx(theirs.surv_prob)
    assert ours.at_risk == pytest.approx(theirs.n_risk)
    i = 4
    se = theirs.surv_prob_se[i]
    left = theirs.surv_prob[i]
    half = 1.959964 * se / (left * abs(math.log(left)))
    assert ours.low[i] == pytest.approx(1 - left ** math.exp(-half), rel=1e-5)
    assert ours.high[i] == pytest.approx(1 - left ** math.exp(half), rel=1e-5)
    assert ours.at(-1) == 0.0
    assert ours.at(100) == ours.share[-1]


def test_arrival_of_nothing_and_of_everything():
    assert len(label_free.arrival([1.0, 2.0], [0, 0], [5, 5]).age) == 0
    all_there = label_free.arrival([1.0, 2.0], [5, 5], [0, 0])
    assert all_there.share.tolist() == [0.5, 1.0]
    assert np.isfinite(all_there.low).all()
