"""Metrics of a binary score against scikit-learn, SciPy and the shared vectors."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn import metrics as oracle

from steelyard.data import Roles
from steelyard.facts import LogitGrid, RootGrid
from steelyard.metrics import Problem, ScoreCells, estimate
from steelyard.metrics.scores import METRICS
from steelyard.metrics.thresholds import lift_at, precision_at, recall_at, recall_at_precision
from steelyard.records import Estimate, Undefined

BY_NAME = {m.name: m for m in METRICS}
PROBLEM = Problem("binary", ("0", "1"), ("1",), decided=False)
ROLES = Roles(label="y", score="p")
VECTORS = Path(__file__).parents[1] / "vectors"


def cases(name):
    return json.loads((VECTORS / f"{name}.json").read_text())["cases"]


def rows(n=600, seed=0, digits=3, base=-1.0):
    rng = np.random.default_rng(seed)
    logit = rng.normal(base, 1.5, n)
    p = np.round(1 / (1 + np.exp(-logit)), digits)
    return pl.DataFrame({"y": (rng.random(n) < p).astype(int), "p": p, "w": rng.uniform(0.2, 3, n)})


def cells(p, q, left, right):
    p, q, left, right = (np.asarray(x, dtype=float) for x in (p, q, left, right))
    middle = (left + right) / 2
    return ScoreCells(p, q, p, q, p, q, left, right, p * middle, q * middle, p * middle**2, q * middle**2)


def top_share(y, p, share):
    """Positives among the top rows, ties at the cut counted in part."""
    k, cut = share * len(y), np.sort(p)[::-1][math.ceil(share * len(y) - 1e-9) - 1]
    above, tied = p > cut, p == cut
    return y[above].sum() + (k - above.sum()) * y[tied].mean()


def best_recall(y, p, precision):
    pr, rc, _ = oracle.precision_recall_curve(y, p)
    return rc[pr >= precision].max()


ORACLES = {
    "roc_auc": oracle.roc_auc_score,
    "average_precision": oracle.average_precision_score,
    "gini": lambda y, p: 2 * oracle.roc_auc_score(y, p) - 1,
    "ks": lambda y, p: stats.ks_2samp(p[y == 1], p[y == 0]).statistic,
    "log_loss": oracle.log_loss,
    "brier": oracle.brier_score_loss,
    "brier_skill_score": lambda y, p: 1 - oracle.brier_score_loss(y, p) / (y.mean() * (1 - y.mean())),
    "lift_at_10pct": lambda y, p: top_share(y, p, 0.1) / y.sum() / 0.1,
    "recall_at_10pct": lambda y, p: top_share(y, p, 0.1) / y.sum(),
    "precision_at_10pct": lambda y, p: top_share(y, p, 0.1) / (0.1 * len(y)),
    "recall_at_precision_90": lambda y, p: best_recall(y, p, 0.9),
}
WEIGHED = ("roc_auc", "average_precision", "log_loss", "brier")


def test_every_metric_has_an_oracle():
    assert set(ORACLES) == set(BY_NAME)


@pytest.mark.parametrize("name", ORACLES)
def test_value(outcomes, name):
    for seed, digits in ((0, 3), (1, 1), (2, 6)):
        frame = rows(seed=seed, digits=digits)
        found = outcomes(frame, ROLES, PROBLEM, [BY_NAME[name]])[name]
        assert found.value == pytest.approx(ORACLES[name](frame["y"].to_numpy(), frame["p"].to_numpy()), rel=1e-9)
        assert found.discretisation == 0


@pytest.mark.parametrize("name", WEIGHED)
def test_weighted_value(outcomes, name):
    frame = rows()
    y, p, w = (frame[c].to_numpy() for c in ("y", "p", "w"))
    found = outcomes(frame, replace(ROLES, weight="w"), replace(PROBLEM, weighted=True), [BY_NAME[name]])[name]
    assert found.value == pytest.approx(ORACLES[name](y, p, sample_weight=w), rel=1e-9)


@pytest.mark.parametrize("name", ORACLES)
def test_binned_is_within_its_stated_error(outcomes, name):
    for seed in range(4):
        frame = rows(seed=seed, digits=12)
        y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
        found = outcomes(frame, ROLES, replace(PROBLEM, score_grid=LogitGrid((0.5,))), [BY_NAME[name]])[name]
        assert found.value == pytest.approx(ORACLES[name](y, p), abs=found.discretisation + 1e-9)
        assert found.discretisation < 0.1 * (10 if name == "lift_at_10pct" else 1)


def test_any_real_score_ranks(outcomes):
    frame = rows().with_columns(p=(pl.col("p") / (1 - pl.col("p").clip(0.001, 0.999))).log())
    problem = replace(PROBLEM, probability=False, score_grid=RootGrid(0.0, 1.0))
    found = outcomes(frame, ROLES, problem, METRICS)
    auc = oracle.roc_auc_score(frame["y"], frame["p"])
    assert found["roc_auc"].value == pytest.approx(auc, abs=found["roc_auc"].discretisation)
    assert found["brier"] == Undefined("the scores are not probabilities")
    assert found["log_loss"] == Undefined("the scores are not probabilities")


@pytest.mark.parametrize("case", cases("auc_delong_counts"), ids=lambda case: case["id"])
def test_ranking_vectors(case):
    given, expected = case["input"], case["expected"]
    if "auc" not in expected or "bin_or_score" not in given:
        pytest.skip("a case of another kind")
    view = cells(given["pos"], given["neg"], given["bin_or_score"], given["bin_or_score"])
    auc, ap = estimate(BY_NAME["roc_auc"], view), estimate(BY_NAME["average_precision"], view)
    assert auc.value == pytest.approx(expected["auc"], rel=1e-9)
    assert auc.se**2 == pytest.approx(expected["delong_var"], rel=1e-9)
    assert ap.value == pytest.approx(expected["ap"], rel=1e-9)
    assert ap.se == pytest.approx(expected["ap_if_se"], rel=1e-6)
    assert estimate(BY_NAME["ks"], view).value == pytest.approx(expected["ks"], rel=1e-9)
    assert estimate(BY_NAME["gini"], view).value == pytest.approx(expected["gini"], rel=1e-9)
    pair = (expected["ap_logit_if"], expected["ap_boyd_logit"])
    if sum(given["pos"]) < 50:
        assert ap.low == pytest.approx(min(x[0] for x in pair), rel=1e-6)
        assert ap.high == pytest.approx(max(x[1] for x in pair), rel=1e-6)
    else:
        assert (ap.low, ap.high) == pytest.approx(pair[0], rel=1e-6)


@pytest.mark.parametrize(
    "case", [c for c in cases("binned_bounds") if "auc_mid" in c["expected"]], ids=lambda c: c["id"]
)
def test_binned_vectors(case):
    given, expected = case["input"], case["expected"]
    low, high = given["logit_range"]
    step = (high - low) / given["B"]
    edges = 1 / (1 + np.exp(-(low + step * np.asarray(given["bin"], dtype=float))))
    ends = 1 / (1 + np.exp(-(low + step * (np.asarray(given["bin"]) + 1.0))))
    view = cells(given["pos"], given["neg"], edges, ends)
    auc, ap, ks = (estimate(BY_NAME[n], view) for n in ("roc_auc", "average_precision", "ks"))
    assert auc.value == pytest.approx(expected["auc_mid"], rel=1e-9)
    assert auc.discretisation == pytest.approx(expected["auc_hi"] - expected["auc_mid"], rel=1e-9)
    assert auc.se**2 == pytest.approx(expected["delong_var"], rel=1e-9)
    assert ap.value == pytest.approx(expected["ap_expected"], rel=1e-9)
    assert ks.value == pytest.approx(expected["ks_edges"], rel=1e-9)
    assert ks.value + ks.discretisation == pytest.approx(expected["ks_hi"], rel=1e-9)
    for found, rows_value in ((auc, "auc_rows"), (ap, "ap_rows"), (ks, "ks_rows")):
        assert abs(found.value - expected[rows_value]) <= found.discretisation


def test_auc_interval_is_delongs_on_the_logit_scale():
    frame = rows(80)
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    auc = oracle.roc_auc_score(y, p)
    t = stats.brunnermunzel(p[y == 0], p[y == 1]).statistic
    scores = np.unique(p)
    view = cells(*(np.array([(p[y == k] == s).sum() for s in scores]) for k in (1, 0)), scores, scores)
    found = estimate(BY_NAME["roc_auc"], view)
    assert found.se == pytest.approx((auc - 0.5) / abs(t), rel=1e-9)
    half = stats.t.ppf(0.975, min(y.sum(), (1 - y).sum()) - 1) * found.se / (auc * (1 - auc))
    centre = np.log(auc / (1 - auc))
    assert (found.low, found.high) == pytest.approx(tuple(1 / (1 + np.exp(-(centre + s * half))) for s in (-1, 1)))


def test_perfect_separation_still_leaves_doubt(outcomes):
    frame = pl.DataFrame({"y": [0] * 20 + [1] * 12, "p": [0.1] * 20 + [0.9] * 12})
    found = outcomes(frame, ROLES, PROBLEM, METRICS)
    assert found["recall_at_precision_90"].low == 0  # twelve hits do not prove a precision of 90 %
    for name in ("roc_auc", "average_precision", "gini", "ks"):
        assert found[name].value == 1
        assert 0.3 < found[name].low < 1
    assert "perfect separation" in found["roc_auc"].method


@pytest.mark.parametrize("label", [0, 1])
def test_one_class_has_no_ranking(outcomes, label):
    found = outcomes(pl.DataFrame({"y": [label] * 30, "p": np.linspace(0.1, 0.9, 30)}), ROLES, PROBLEM, METRICS)
    absent = "positive" if label == 0 else "negative"
    for name in ("roc_auc", "average_precision", "gini", "ks", "lift_at_10pct", "recall_at_precision_90"):
        assert found[name] == Undefined(f"there are no {absent} rows")
    assert isinstance(found["brier_skill_score"], Undefined)
    assert isinstance(found["log_loss"], Estimate)


def test_a_class_of_one_row_has_a_value_but_no_interval(outcomes):
    frame = pl.DataFrame({"y": [0, 0, 0, 1, 0], "p": [0.1, 0.5, 0.3, 0.4, 0.2]})
    found = outcomes(frame, ROLES, PROBLEM, [BY_NAME["roc_auc"]])["roc_auc"]
    assert found == Undefined("its value is 0.75, but there are too few rows for an interval")


def test_small_classes_are_marked(outcomes):
    frame = pl.DataFrame({"y": [0] * 40 + [1] * 5, "p": np.linspace(0.05, 0.95, 45)})
    assert outcomes(frame, ROLES, PROBLEM, [BY_NAME["ks"]])["ks"].note == "insufficient: only 5 positive rows"


def test_certain_and_wrong(outcomes):
    frame = pl.DataFrame({"y": [0, 1] * 20, "p": [0.0, 1.0] * 19 + [0.0, 0.0]})
    found = outcomes(frame, ROLES, PROBLEM, [BY_NAME["log_loss"]])["log_loss"]
    assert found.value == pytest.approx(-math.log(1e-15) / 40, rel=1e-3)
    assert "no chance" in found.note
    calm = outcomes(rows(), ROLES, PROBLEM, [BY_NAME["log_loss"]])["log_loss"]
    assert calm.note == ""


def test_rows_without_label_or_score_are_left_out(outcomes):
    frame = rows(50)
    holes = frame.with_columns(
        y=pl.when(pl.arange(pl.len()) < 5).then(None).otherwise("y"),
        p=pl.when(pl.arange(pl.len()) > 44).then(None).otherwise("p"),
    )
    for name, found in outcomes(holes, ROLES, PROBLEM, METRICS).items():
        expected = outcomes(frame[5:45], ROLES, PROBLEM, [BY_NAME[name]])[name]
        assert (found.value, found.low, found.high, found.n) == pytest.approx(
            (expected.value, expected.low, expected.high, 40)
        )


def test_makers_name_what_they_make():
    assert [m.name for m in (lift_at(0.01), recall_at(0.2), precision_at(0.005), recall_at_precision(0.5))] == [
        "lift_at_1pct",
        "recall_at_20pct",
        "precision_at_0_5pct",
        "recall_at_precision_50",
    ]


def test_too_few_rows_for_a_share():
    view = cells([1, 1], [3, 2], [0.2, 0.7], [0.2, 0.7])
    assert estimate(lift_at(0.1), view) == Undefined("10% of 7 rows is less than one row")


def test_wrong_way_round_is_below_one_half(outcomes):
    frame = rows().with_columns(p=1 - pl.col("p"))
    assert outcomes(frame, ROLES, PROBLEM, [BY_NAME["roc_auc"]])["roc_auc"].high < 0.5
