"""The numeric cases of tests/vectors, computed elsewhere with other software, each to its own tolerance."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from steelyard.stats import (
    calibration,
    clusters,
    comparison,
    influence,
    intervals,
    moments,
    multiplicity,
    ranks,
    resampling,
)

VECTORS = Path(__file__).parents[1] / "vectors"


def cases(name, *ids):
    """The cases of one file, as (input, expected with its tolerance) parameters."""
    found = json.loads((VECTORS / f"{name}.json").read_text())["cases"]
    return [
        pytest.param(case["input"], case["expected"], case["rtol"], id=case["id"])
        for case in found
        if not ids or case["id"] in ids
    ]


def close(actual, expected, rtol):
    assert actual == pytest.approx(expected, rel=rtol, abs=1e-12)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_proportion"))
def test_proportion_intervals(given, expected, rtol):
    k, n, level = given["k"], given["n"], given["conf"]
    close(intervals.wilson(k / n, n, level), expected["wilson"], rtol)
    close(intervals.jeffreys(k, n, level), expected["jeffreys"], rtol)
    close(intervals.clopper_pearson(k, n, level), expected["beta"], rtol)
    plain = intervals.wald(k / n, math.sqrt(k / n * (1 - k / n) / n), level)
    close(np.clip(plain, 0, 1).tolist(), expected["normal"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_two_proportions"))
def test_two_proportions(given, expected, rtol):
    k1, n1, k2, n2, level = (given[key] for key in ("k1", "n1", "k2", "n2", "conf"))
    close(intervals.newcombe(k1, n1, k2, n2, level), expected["diff_newcomb"], rtol)
    close(comparison.two_proportions_p(k1, n1, k2, n2), expected["z_pooled_p"], rtol)
    if k1 > 0:
        close(intervals.katz_log_ratio(k1, n1, k2, n2, level), expected["ratio_log"], rtol)


CONFUSION = {
    "accuracy": lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn),
    "precision": lambda tp, fp, fn, tn: tp / (tp + fp),
    "recall": lambda tp, fp, fn, tn: tp / (tp + fn),
    "f1": lambda tp, fp, fn, tn: 2 * tp / (2 * tp + fp + fn),
    "f2": lambda tp, fp, fn, tn: 5 * tp / (5 * tp + fp + 4 * fn),
    "mcc": lambda tp, fp, fn, tn: (tp * tn - fp * fn) / np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
    "kappa": lambda tp, fp, fn, tn: 2 * (tp * tn - fp * fn) / ((tp + fp) * (fp + tn) + (tp + fn) * (fn + tn)),
    "balanced_accuracy": lambda tp, fp, fn, tn: (tp / (tp + fn) + tn / (tn + fp)) / 2,
}


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_confusion"))
def test_confusion_matrix(given, expected, rtol):
    tp, fp, fn, tn = (float(given[key]) for key in ("tp", "fp", "fn", "tn"))
    cells, level = np.array([tp, fp, fn, tn]), given["conf"]
    se = {}
    for name, metric in CONFUSION.items():
        grad = influence.complex_step(lambda w, metric=metric: metric(*w), cells)
        se[name] = math.sqrt(influence.variance(grad, cells))
        close(se[name], expected["se_delta"][name], rtol)
        close(influence.numeric_gradient(lambda w, metric=metric: metric(*w), cells), grad, 1e-6)
        assert grad @ cells == pytest.approx(0.0, abs=1e-12)
    j = expected["value"]["jaccard"]
    close(intervals.wilson_f1(j, tp + fp + fn, level), expected["f1_wilson_jaccard"], rtol)
    close(intervals.fisher(expected["value"]["mcc"], se["mcc"], level), expected["mcc_fisher_z"], rtol)
    close(intervals.wilson(expected["value"]["accuracy"], cells.sum(), level), expected["accuracy_wilson"], rtol)
    parts = [(tp / (tp + fn), tp + fn), (tn / (tn + fp), tn + fp)]
    lows, highs = zip(*(intervals.wilson(p, n, level) for p, n in parts), strict=True)
    balanced = intervals.mover_sum([p for p, _ in parts], lows, highs, [0.5, 0.5])
    close(balanced, expected["balanced_accuracy_mover_wilson"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_multiclass"))
def test_multiclass_gradients(given, expected, rtol):
    matrix = np.array(given["matrix_rows_true_cols_pred"], dtype=float)

    def table(w):
        return w.reshape(matrix.shape)

    def per_class_f1(w):
        t = table(w)
        return 2 * np.diag(t) / (t.sum(axis=0) + t.sum(axis=1))

    metrics = {
        "accuracy": lambda w: np.trace(table(w)) / w.sum(),
        "macro_recall": lambda w: np.mean(np.diag(table(w)) / table(w).sum(axis=1)),
        "macro_f1": lambda w: np.mean(per_class_f1(w)),
        "weighted_f1": lambda w: per_class_f1(w) @ table(w).sum(axis=1) / w.sum(),
    }
    for name, metric in metrics.items():
        close(float(metric(matrix.ravel())), expected["value"][name], rtol)
        grad = influence.gradient(metric, matrix.ravel())
        close(math.sqrt(influence.variance(grad, matrix.ravel())), expected["se_delta"][name], rtol)
        draws = resampling.multinomial_replicates(matrix.ravel(), 1000, seed=1)
        spread = np.std([metric(draw) for draw in draws])
        assert spread == pytest.approx(expected["se_multinomial_bootstrap_4000"][name], rel=0.08)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_mean", "normal", "lognormal", "brier500"))
def test_means(given, expected, rtol):
    m = moments.from_power_sums(*(given[key] for key in ("n", "s1", "s2", "s3", "s4")))
    se, skew, level = math.sqrt(moments.mean_variance(m)), moments.skewness(m), given["conf"]
    close(m.mean, expected["mean"], rtol)
    close(se, expected["se"], rtol)
    close(skew, expected["skew"], rtol)
    close(intervals.wald(m.mean, se, level, m.n - 1), expected["t_ci"], rtol)
    close(intervals.hall(m.mean, se, skew, m.n, level), expected["hall_ci"], rtol)
    low, high, method = intervals.mean_interval(m.mean, se, skew, m.n, level)
    assert method == ("hall" if abs(skew) / math.sqrt(m.n) > 0.05 else "student-t")
    close((low, high), expected["hall_ci" if method == "hall" else "t_ci"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ci_mean", "weighted"))
def test_weighted_mean(given, expected, rtol):
    got = moments.weighted_mean(*(given[key] for key in ("sw", "sw2", "swx", "sw2x", "sw2x2")))
    close(got, (expected["mean"], expected["se_hc0"], expected["n_eff_kish"]), rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("clustered_mean"))
def test_clustered_mean(given, expected, rtol):
    got = clusters.clustered_mean(**given, level=0.95)
    close((got.mean, got.se), (expected["mean"], expected["se_cr1"]), rtol)
    close((got.low, got.high), expected["t_ci_df_Gm1"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("auc_delong_counts"))
def test_ranks_by_distinct_score(given, expected, rtol):
    p, q, level = np.array(given["pos"], float), np.array(given["neg"], float), given["conf"]
    auc, variance = ranks.roc_auc(p, q), ranks.delong_variance(p, q)
    close((auc, variance), (expected["auc"], expected["delong_var"]), rtol)
    close(intervals.wald(auc, math.sqrt(variance), level), expected["wald"], rtol)
    close(intervals.logit(auc, math.sqrt(variance), level), expected["logit"], rtol)
    gini = intervals.logit(2 * auc - 1, 2 * math.sqrt(variance), level, bounds=(-1.0, 1.0))
    close(gini, [2 * bound - 1 for bound in expected["logit"]], rtol)
    close(2 * auc - 1, expected["gini"], rtol)
    every = np.ones(p.size, dtype=bool)
    ap = ranks.average_precision(p, q, every)
    gpos, gneg = ranks.average_precision_gradient(p, q)
    se = math.sqrt(influence.variance(gpos, p) + influence.variance(gneg, q))
    close((ap, se), (expected["ap"], expected["ap_if_se"]), rtol)
    close(intervals.logit(ap, se, level), expected["ap_logit_if"], rtol)
    close(ranks.boyd_interval(ap, p.sum(), level), expected["ap_boyd_logit"], rtol)
    close(ranks.ks(p, q)[0], expected["ks"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("binned_bounds", "rare", "balanced"))
def test_ranks_by_bin(given, expected, rtol):
    p, q = np.zeros(given["B"]), np.zeros(given["B"])
    p[given["bin"]], q[given["bin"]] = given["pos"], given["neg"]
    close(ranks.roc_auc(p, q), expected["auc_mid"], rtol)
    close(ranks.roc_auc_bounds(p, q), (expected["auc_lo"], expected["auc_hi"]), rtol)
    close(ranks.richardson_error(p, q), abs(expected["auc_mid"] - expected["auc_2h"]) / 3, 1e-7)
    close(ranks.delong_variance(p, q), expected["delong_var"], rtol)
    close(ranks.average_precision(p, q, np.ones(p.size, bool)), expected["ap_tie"], rtol)
    close(ranks.average_precision(p, q), expected["ap_expected"], rtol)
    bounds = ranks.average_precision_bounds(p, q)
    close(bounds, (expected["ap_worst"], expected["ap_hi_if_ties_possible"]), rtol)
    assert bounds[0] <= expected["ap_rows"] <= expected["ap_best"] <= bounds[1]
    close(ranks.ks_bounds(p, q), (expected["ks_edges"], expected["ks_hi"]), rtol)
    assert expected["auc_lo"] <= expected["auc_rows"] <= expected["auc_hi"]


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("extras", "brunner_munzel"))
def test_delong_is_brunner_munzel(given, expected, rtol):
    p, q = np.array(given["pos"], float), np.array(given["neg"], float)
    auc, variance = ranks.roc_auc(p, q), ranks.delong_variance(p, q)
    close((auc, variance), (expected["auc"], expected["var"]), rtol)
    got = comparison.difference(auc, math.sqrt(variance), 0.5, 0.0, df=expected["df_satterthwaite"])
    close((got.z, got.p), (expected["t"], expected["p"]), rtol)
    df = expected["df_satterthwaite"]
    close(intervals.logit(auc, math.sqrt(variance), 0.95, df), expected["logit_t_ci"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("extras", "quantile_ci"))
def test_quantile_ranks(given, expected, rtol):
    got = intervals.quantile_ranks(given["n"], given["q"], 0.95)
    assert got == (expected["order_stat_lo"], expected["order_stat_hi"])


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("calibration", "calibrated", "overconf"))
def test_calibration(given, expected, rtol):
    groups, fine = given["bins15"], given["bins1000_nonempty"]
    coarse = groups["n"], groups["sum_p"], groups["sum_y"]
    close(calibration.expected_calibration_error(*coarse), expected["ece15_uniform"], rtol)
    close(calibration.debiased_l2(*coarse), expected["debiased_l2_squared_15"], rtol)
    reach, sigma, _ = calibration.ecce(fine["n"], fine["sum_p"], fine["sum_y"], fine["sum_pq"])
    close((reach, sigma), (expected["ecce_r_bins1000"], expected["sigma"]), rtol)
    sums = given["spiegelhalter_sums"]
    z, two_sided = calibration.spiegelhalter(sums["num"], sums["den"])
    close((z, two_sided), (expected["spiegelhalter_z"], expected["spiegelhalter_p"]), rtol)
    s2 = np.array(groups["sum_p"]) - np.array(groups["sum_pq"])
    parts = calibration.brier_decomposition(groups["n"], groups["sum_p"], s2, groups["sum_y"], s2)
    close(parts["reliability"], expected["brier_rel"], rtol)
    close(parts["resolution"], expected["brier_res"], rtol)
    close(parts["uncertainty"], expected["brier_unc"], rtol)
    close(parts["within_variance"], expected["brier_within_var"], 1e-3)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("calibration", "calibrated", "overconf"))
def test_ecce_tail_of_the_rows(given, expected, rtol):
    ratio = expected["ecce_r_over_sigma"]
    tail = calibration.null_tests.brownian_range_tail(ratio)
    assert tail == pytest.approx(expected["ecce_r_p"], rel=1e-6)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("calibration", "bm_tables"))
def test_range_of_brownian_motion(given, expected, rtol):
    tails = [calibration.null_tests.brownian_range_tail(x) for x in given["x"]]
    close([1 - tail for tail in tails], expected["range_bm_cdf"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("multiplicity", "bh15"))
def test_adjusted_p(given, expected, rtol):
    names = {
        "bonferroni": multiplicity.bonferroni,
        "holm": multiplicity.holm,
        "fdr_bh": multiplicity.benjamini_hochberg,
        "fdr_by": multiplicity.benjamini_yekutieli,
    }
    for name, adjust in names.items():
        adjusted = adjust(given["p"])
        close(adjusted.tolist(), expected[name]["adj"], rtol)
        assert (adjusted <= given["alpha"]).tolist() == expected[name]["reject"]


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("multiplicity", "ebh8"))
def test_e_bh(given, expected, rtol):
    rejected = multiplicity.e_bh(given["e"], given["alpha"])
    assert np.flatnonzero(rejected).tolist() == expected["rejected_idx"]


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("ranking"))
def test_mean_over_queries(given, expected, rtol):
    for name, sums in given["sums"].items():
        m = moments.from_power_sums(*sums)
        se = math.sqrt(moments.mean_variance(m))
        want = expected["metrics"][name]
        close((m.mean, se), (want["mean"], want["se"]), rtol)
        close(intervals.wald(m.mean, se, 0.95, m.n - 1), want["t_ci"], rtol)


@pytest.mark.parametrize(("given", "expected", "rtol"), cases("regression"))
def test_log_interval_of_rmse(given, expected, rtol):
    got = intervals.log(expected["rmse"], expected["se_rmse"], 0.95)
    close(got, expected["rmse_log_ci"], 1e-6)
