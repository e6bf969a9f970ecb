"""Metrics of predicted numbers against scikit-learn, SciPy, statsmodels and the shared vectors."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats
from sklearn import metrics as oracle

from steelyard.data import Roles
from steelyard.metrics import Metric, Problem, estimate
from steelyard.metrics.averages import NUMBERS, PartialMeans
from steelyard.metrics.estimate import gradient_of, standard_error
from steelyard.metrics.predicted_quantiles import quantile_metrics
from steelyard.metrics.regression import METRICS, POINT
from steelyard.metrics.views import Means
from steelyard.records import Estimate, Undefined
from steelyard.stats import clusters, intervals

ROLES = Roles(label="y", prediction="yhat")
PROBLEM = Problem("regression", error_scale=0.8, label_shift=(10.0, 3.0))
BY_NAME = {m.name: m for m in POINT}
ORACLES = {
    "mae": oracle.mean_absolute_error,
    "mse": oracle.mean_squared_error,
    "rmse": oracle.root_mean_squared_error,
    "r2": oracle.r2_score,
    "mape": oracle.mean_absolute_percentage_error,
    "rmsle": oracle.root_mean_squared_log_error,
    "explained_variance": oracle.explained_variance_score,
    "pearson_r": lambda y, yhat, **_: float(np.corrcoef(y, yhat)[0, 1]),
    "bias": lambda y, yhat, sample_weight=None: float(np.average(yhat - y, weights=sample_weight)),
    "wape": lambda y, yhat, **_: float(np.abs(yhat - y).sum() / np.abs(y).sum()),
    "smape": lambda y, yhat, **_: float(np.mean(2 * np.abs(yhat - y) / (np.abs(y) + np.abs(yhat)))),
}
WEIGHED = ("mae", "mse", "rmse", "r2", "mape", "rmsle", "explained_variance", "bias")
VECTORS = Path(__file__).parents[1] / "vectors"


def sample(n=400, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.gamma(4.0, 2.5, n) + 1.0
    return pl.DataFrame({"y": y, "yhat": np.maximum(y + rng.normal(0.2, 1.3, n), 0.1), "w": rng.integers(1, 5, n)})


def case(name):
    return json.loads((VECTORS / f"{name}.json").read_text())["cases"]


@pytest.mark.parametrize("name", ORACLES)
def test_value_is_the_oracles(outcomes, name):
    for seed, n in enumerate((2, 5, 10, 400)):
        data = sample(n, seed)
        found = outcomes(data, ROLES, PROBLEM, [BY_NAME[name]])[name]
        if isinstance(found, Estimate):
            assert found.value == pytest.approx(
                ORACLES[name](data["y"].to_numpy(), data["yhat"].to_numpy()), rel=1e-9
            )
            assert found.n == n
            assert found.low < found.value < found.high
    assert isinstance(found, Estimate)


@pytest.mark.parametrize("name", WEIGHED)
def test_weighted_value_is_the_oracles(outcomes, name):
    data = sample(300, 3)
    found = outcomes(data, ROLES.updated(weight="w"), replace(PROBLEM, weighted=True), [BY_NAME[name]])[name]
    y, yhat, w = (data[c].to_numpy() for c in ("y", "yhat", "w"))
    assert found.value == pytest.approx(ORACLES[name](y, yhat, sample_weight=w), rel=1e-9)
    assert found.effective_n == pytest.approx(w.sum() ** 2 / (w**2).sum())


@pytest.mark.parametrize("metric", POINT, ids=lambda m: m.name)
def test_weights_of_two_give_the_value_of_rows_twice(outcomes, metric):
    data = sample(60, 5)
    twice = outcomes(pl.concat([data, data]), ROLES, PROBLEM, [metric])[metric.name]
    weighed = outcomes(
        data.with_columns(w=pl.lit(2.0)), ROLES.updated(weight="w"), replace(PROBLEM, weighted=True), [metric]
    )[metric.name]
    assert weighed.value == pytest.approx(twice.value, rel=1e-9)
    # But they are no more rows: the interval is that of the rows once.
    once = outcomes(data, ROLES, PROBLEM, [metric])[metric.name]
    assert weighed.se == pytest.approx(once.se, rel=1e-6)
    assert weighed.n == 60


@pytest.mark.parametrize("metric", POINT, ids=lambda m: m.name)
def test_rows_without_label_or_prediction_are_left_out(outcomes, metric):
    data = sample(80, 6)
    holes = pl.DataFrame({"y": [None, 3.0, math.nan], "yhat": [2.0, None, 1.0], "w": [1, 1, 1]})
    found = outcomes(pl.concat([data, holes]), ROLES, PROBLEM, [metric])[metric.name]
    plain = outcomes(data, ROLES, PROBLEM, [metric])[metric.name]
    assert found.value == pytest.approx(plain.value, rel=1e-12)
    assert found.n == 80


@pytest.mark.parametrize("metric", POINT, ids=lambda m: m.name)
def test_one_row_has_no_interval(outcomes, metric):
    found = outcomes(sample(1), ROLES, PROBLEM, [metric])[metric.name]
    assert isinstance(found, Undefined)


@pytest.mark.parametrize("metric", POINT, ids=lambda m: m.name)
def test_no_row_is_no_value(outcomes, metric):
    found = outcomes(sample(4).with_columns(y=pl.lit(None, pl.Float64)), ROLES, PROBLEM, [metric])[metric.name]
    assert found == Undefined("there is no row it could be computed from")


@pytest.mark.parametrize("metric", [m for m in POINT if m.name != "median_absolute_error"], ids=lambda m: m.name)
def test_gradient_is_the_numerical_one_and_turns_no_scale(view_of, metric):
    view = view_of(sample(50, 7), ROLES, PROBLEM, metric)
    gradient = gradient_of(metric, view)
    assert gradient @ view.weights == pytest.approx(0.0, abs=1e-9)
    ahead, behind = (
        np.array([metric.value(view.replaced(view.weights + h * e)) for e in np.eye(len(gradient))])
        for h in (1e-4, -1e-4)
    )
    assert gradient == pytest.approx((ahead - behind) / 2e-4, rel=1e-5, abs=1e-9)


def test_standard_errors_are_those_of_the_vectors():
    given, wanted = case("regression")[0]["input"], case("regression")[0]["expected"]
    n = given["n"]

    def means(*values_and_squares):
        k = len(values_and_squares)
        sums = np.array([n, *(v for v, _ in values_and_squares)])
        products = np.zeros((k + 1, k + 1))
        products[0] = products[:, 0] = sums
        for i, (_, square) in enumerate(values_and_squares):
            products[i + 1, i + 1] = square
        return Means(sums, products, np.zeros(k), n, tuple("abcdef"[:k]))

    squares = means((given["se2"], given["se4"]))
    rmse = BY_NAME["rmse"]
    assert rmse.value(squares) == pytest.approx(wanted["rmse"])
    se = math.sqrt(squares.variance(rmse.gradient(squares)))
    assert se == pytest.approx(wanted["se_rmse"], rel=1e-9)
    assert intervals.log(wanted["rmse"], se, 0.95) == pytest.approx(wanted["rmse_log_ci"], rel=1e-9)
    absolute = means((given["sabs"], given["se2"]))
    assert math.sqrt(absolute.variance(np.array([-wanted["mae"], 1.0]) / n)) == pytest.approx(
        wanted["se_mae"], rel=1e-9
    )
    # R² about the labels' mean: d, e, d², e², d·e, of which only the squares' products matter.
    joint = means((0.0, 0.0), (0.0, 0.0), (given["sd2"], given["sd4"]), (given["se2"], given["se4"]), (0.0, 0.0))
    joint.products[3, 4] = joint.products[4, 3] = given["se2d2"]
    r2 = BY_NAME["r2"]
    assert r2.value(joint) == pytest.approx(wanted["r2"], rel=1e-9)
    assert standard_error(r2, joint) == pytest.approx(wanted["se_r2"], rel=1e-9)


def test_interval_of_a_mean_is_students(outcomes):
    data = sample(200, 8)
    found = outcomes(data, ROLES, PROBLEM, [BY_NAME["bias"]])["bias"]
    errors = (data["yhat"] - data["y"]).to_numpy()
    wanted = stats.t.interval(0.95, 199, errors.mean(), stats.sem(errors))
    assert (found.low, found.high) == pytest.approx(wanted, rel=1e-9)


def test_weighted_standard_error_is_that_of_weighted_least_squares(outcomes):
    data = sample(150, 9)
    found = outcomes(data, ROLES.updated(weight="w"), replace(PROBLEM, weighted=True), [BY_NAME["mae"]])["mae"]
    errors = (data["yhat"] - data["y"]).abs().to_numpy()
    fit = sm.WLS(errors, np.ones(150), weights=data["w"].to_numpy()).fit(cov_type="HC0")
    assert found.value == pytest.approx(fit.params[0], rel=1e-12)
    assert found.se == pytest.approx(fit.bse[0], rel=1e-9)


@pytest.mark.parametrize("given", [c for c in case("ci_mean") if c["id"] == "weighted"], ids=lambda c: c["id"])
def test_weighted_mean_of_the_vectors(given):
    i, wanted = given["input"], given["expected"]
    products = np.array([[i["sw2"], i["sw2x"]], [i["sw2x"], i["sw2x2"]]])
    view = Means(np.array([i["sw"], i["swx"]]), products, np.zeros(1), i["n"], ("x",))
    mean = view.mean()
    assert mean == pytest.approx(wanted["mean"])
    assert math.sqrt(view.variance(np.array([-mean, 1.0]) / i["sw"])) == pytest.approx(wanted["se_hc0"], rel=1e-9)
    assert view.effective_rows == pytest.approx(wanted["n_eff_kish"])


def test_clusters_of_one_bucket_each_agree_with_statsmodels(view_of):
    groups = 40
    rng = np.random.default_rng(10)
    level = np.repeat(rng.normal(0, 1, groups), 12)
    y = rng.normal(20, 3, 12 * groups)
    data = pl.DataFrame({"y": y, "yhat": y + level + rng.normal(0, 0.5, len(y)), "g": np.repeat(range(groups), 12)})
    whole = view_of(data, ROLES, PROBLEM, BY_NAME["bias"])
    parts = [view_of(data.filter(pl.col("g") != g), ROLES, PROBLEM, BY_NAME["bias"]) for g in range(groups)]
    found = estimate(BY_NAME["bias"], whole, parts=parts)
    fit = sm.OLS((data["yhat"] - data["y"]).to_numpy(), np.ones(len(y))).fit(
        cov_type="cluster", cov_kwds={"groups": data["g"].to_numpy()}
    )
    assert found.se == pytest.approx(fit.bse[0], rel=2e-3)
    assert "clustered" in found.method
    n = np.full(groups, 12.0)
    s = data.group_by("g", maintain_order=True).agg((pl.col("yhat") - pl.col("y")).sum().alias("s"))["s"].to_numpy()
    exact = clusters.clustered_mean(groups, n.sum(), s.sum(), s @ s, s @ n, n @ n, 0.95)
    assert (found.se, found.low) == pytest.approx((exact.se, exact.low), rel=1e-6)


def test_labels_of_zero_are_left_out_of_mape_and_counted(outcomes):
    data = pl.concat([sample(20, 11).select("y", "yhat"), pl.DataFrame({"y": [0.0, 0.0], "yhat": [1.0, 0.0]})])
    found = outcomes(data, ROLES, PROBLEM, [BY_NAME["mape"], BY_NAME["smape"], BY_NAME["wape"]])
    assert found["mape"].n == 20
    assert found["mape"].note == "2 of 22 rows are left out: their label is 0"
    assert found["smape"].n == 22
    nothing = outcomes(
        pl.DataFrame({"y": [0.0] * 4, "yhat": [1.0, 2.0, 1.0, 0.0]}), ROLES, PROBLEM, [BY_NAME["wape"]]
    )
    assert nothing["wape"] == Undefined("every label is 0, so there is nothing to take a share of")


def test_labels_that_do_not_vary_leave_nothing_to_explain(outcomes):
    data = pl.DataFrame({"y": [1234.5] * 30, "yhat": np.linspace(1230, 1240, 30)})
    found = outcomes(data, ROLES, PROBLEM, POINT)
    for name in ("r2", "explained_variance", "pearson_r"):
        assert isinstance(found[name], Undefined)
        assert found[name].reason.startswith("every label is the same")
    assert isinstance(found["mae"], Estimate)
    same = outcomes(data.rename({"y": "yhat", "yhat": "y"}), ROLES, PROBLEM, [BY_NAME["pearson_r"], BY_NAME["r2"]])
    assert same["pearson_r"].reason.startswith("every prediction is the same")
    assert isinstance(same["r2"], Estimate)


def test_perfect_predictions(outcomes):
    data = sample(30, 12).with_columns(yhat=pl.col("y"))
    found = outcomes(data, ROLES, PROBLEM, POINT)
    for name in ("mae", "mse", "rmse", "bias", "mape", "smape", "wape", "rmsle"):
        assert found[name].value == 0.0, name
    assert found["r2"].value == 1.0
    assert found["pearson_r"].value == pytest.approx(1.0)


def test_labels_far_from_zero_keep_their_digits(outcomes):
    data = sample(200, 13).with_columns(pl.col("y", "yhat") + 1e9)
    found = outcomes(
        data, ROLES, replace(PROBLEM, label_shift=(1e9 + 10, 3.0)), [BY_NAME["r2"], BY_NAME["pearson_r"]]
    )
    y, yhat = data["y"].to_numpy(), data["yhat"].to_numpy()
    assert found["r2"].value == pytest.approx(oracle.r2_score(y, yhat), rel=1e-9)
    assert found["pearson_r"].value == pytest.approx(np.corrcoef(y, yhat)[0, 1], rel=1e-9)


def test_median_is_known_to_its_bin_and_bounded_by_order_statistics(outcomes):
    data = sample(1000, 14)
    found = outcomes(data, ROLES, PROBLEM, [BY_NAME["median_absolute_error"]])["median_absolute_error"]
    errors = np.sort((data["yhat"] - data["y"]).abs().to_numpy())
    assert abs(found.value - np.median(errors)) <= found.discretisation < 0.06
    assert found.low == pytest.approx(errors[468], abs=0.06)
    assert found.high == pytest.approx(errors[530], abs=0.06)
    assert found.method == "order statistics"


def test_logarithms_of_numbers_below_minus_one_are_refused(outcomes):
    data = pl.DataFrame({"y": [1.0, -2.0, 3.0], "yhat": [1.0, 2.0, 2.0]})
    assert outcomes(data, ROLES, PROBLEM, [BY_NAME["rmsle"]])["rmsle"].reason.endswith("rows with one: 1")


def test_without_predictions_there_is_a_reason(outcomes):
    found = outcomes(sample(20), Roles(label="y"), PROBLEM, POINT)
    assert {type(o) for o in found.values()} == {Undefined}
    assert "no prediction" in found["mae"].reason


def test_an_interval_of_rmse_is_the_root_of_that_of_mse(outcomes):
    found = outcomes(sample(70, 15), ROLES, PROBLEM, [BY_NAME["rmse"], BY_NAME["mse"]])
    assert found["rmse"].low ** 2 == pytest.approx(found["mse"].low)
    assert found["rmse"].high ** 2 == pytest.approx(found["mse"].high)


QUANTILES = Problem("regression", quantiles=(0.1, 0.5, 0.9), error_scale=0.8)
QUANTILE_ROLES = Roles(label="y", prediction="q2", quantiles={0.1: "q1", 0.5: "q2", 0.9: "q3"})


def with_quantiles(n=300, seed=20):
    rng = np.random.default_rng(seed)
    centre = rng.gamma(4.0, 2.5, n)
    y = centre + rng.normal(0, 1, n)
    return pl.DataFrame({"y": y, "q1": centre - 1.2, "q2": centre, "q3": centre + 1.1})


def test_quantile_metrics_are_the_oracles(outcomes):
    data = with_quantiles()
    found = outcomes(data, QUANTILE_ROLES, QUANTILES, quantile_metrics(QUANTILES))
    y, low, middle, high = (data[c].to_numpy() for c in ("y", "q1", "q2", "q3"))
    losses = [oracle.mean_pinball_loss(y, q, alpha=a) for a, q in ((0.1, low), (0.5, middle), (0.9, high))]
    assert found["mean_pinball_loss_0.1"].value == pytest.approx(losses[0])
    assert found["mean_pinball_loss_0.9"].value == pytest.approx(losses[2])
    assert found["mean_pinball_loss"].value == pytest.approx(np.mean(losses))
    assert found["quantile_coverage_0.9"].value == pytest.approx(np.mean(y <= high))
    inside = np.mean((low <= y) & (y <= high))
    assert found["interval_coverage"].value == pytest.approx(inside)
    assert (found["interval_coverage"].low, found["interval_coverage"].high) == pytest.approx(
        intervals.wilson(inside, 300, 0.95)
    )
    assert found["interval_width"].value == pytest.approx(2.3)
    fines = np.maximum(low - y, 0) + np.maximum(y - high, 0)
    assert found["interval_score"].value == pytest.approx(np.mean(high - low + 2 / 0.2 * fines))


def test_rows_that_lack_a_quantile_or_the_label_do_not_count(outcomes):
    data = with_quantiles(50)
    holes = pl.DataFrame({"y": [None, 3.0, 3.0], "q1": [1.0, None, 1.0], "q2": [2.0] * 3, "q3": [1.0, 1.0, None]})
    found = outcomes(pl.concat([data, holes]), QUANTILE_ROLES, QUANTILES, quantile_metrics(QUANTILES))
    assert {name: o.n for name, o in found.items()} == {
        "mean_pinball_loss": 50,
        "mean_pinball_loss_0.1": 51,
        "quantile_coverage_0.1": 51,
        "mean_pinball_loss_0.5": 52,
        "quantile_coverage_0.5": 52,
        "mean_pinball_loss_0.9": 51,
        "quantile_coverage_0.9": 51,
        "interval_coverage": 50,
        "interval_width": 51,
        "interval_score": 50,
    }


def test_one_sided_quantiles_make_no_interval():
    names = [m.name for m in quantile_metrics(Problem("regression", quantiles=(0.9, 0.95)))]
    assert "interval_coverage" not in names
    assert quantile_metrics(Problem("binary")) == ()


def test_every_metric_is_documented():
    for metric in [*(m for m in METRICS if isinstance(m, Metric)), *quantile_metrics(QUANTILES)]:
        doc = metric.doc
        assert all((doc.meaning, doc.formula, doc.range, doc.misleads, doc.next, doc.source)), metric.name
        assert metric.tasks == NUMBERS


def test_partial_means_know_what_is_left_out():
    view = PartialMeans(np.array([3.0, 1.0]), np.eye(2), np.zeros(1), 3, ("a",), offered=5)
    assert view.left_out == 2
    assert view.replaced(np.array([1.0, 1.0])).left_out == 2
