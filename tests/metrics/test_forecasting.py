"""Forecasts against the naive one."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.data import Roles
from steelyard.metrics import Metric, Problem
from steelyard.metrics.forecasting import METRICS
from steelyard.metrics.regression import POINT
from steelyard.records import Estimate, Undefined

PROBLEM = Problem("forecasting")
ROLES = Roles(label="y", prediction="yhat", time="day", series="shop")
BY_NAME = {m.name: m for m in METRICS if isinstance(m, Metric)}


def series(days=60, seed=0):
    rng = np.random.default_rng(seed)
    frames = []
    for shop in "ab":
        y = np.cumsum(rng.normal(0, 1, days)) + 50
        frames.append(
            pl.DataFrame(
                {
                    "shop": shop,
                    "day": [dt.datetime(2026, 1, 1) + dt.timedelta(days=i) for i in range(days)],
                    "y": y,
                    "yhat": y + rng.normal(0.3, 0.8, days),
                }
            )
        )
    return pl.concat(frames).sample(fraction=1.0, shuffle=True, seed=seed)


def test_mase_is_the_ratio_of_errors_on_the_same_rows(outcomes):
    data = series()
    found = outcomes(data, ROLES, PROBLEM, [BY_NAME["mase"]])["mase"]
    ordered = data.sort("shop", "day").with_columns(naive=(pl.col("y") - pl.col("y").shift(1).over("shop")).abs())
    kept = ordered.drop_nulls()
    error, naive = (kept["yhat"] - kept["y"]).abs().to_numpy(), kept["naive"].to_numpy()
    assert found.value == pytest.approx(error.sum() / naive.sum())
    assert found.n == 118
    residual = error - found.value * naive
    assert found.se == pytest.approx(np.sqrt((residual**2).sum()) / naive.sum())
    assert 0 < found.low < found.value < found.high


def test_forecasts_of_several_horizons_compare_within_their_own(outcomes):
    near, far = series(seed=1).with_columns(ahead=1), series(seed=1).with_columns(ahead=2)
    both = outcomes(pl.concat([near, far]), ROLES.updated(horizon="ahead"), PROBLEM, [BY_NAME["mase"]])["mase"]
    assert both.value == pytest.approx(outcomes(near, ROLES, PROBLEM, [BY_NAME["mase"]])["mase"].value)


def test_without_time_there_is_no_naive_forecast(outcomes):
    found = outcomes(series(), ROLES.updated(time=None), PROBLEM, [BY_NAME["mase"]])["mase"]
    assert isinstance(found, Undefined)
    assert "no time" in found.reason


def test_a_series_that_never_changes_has_no_mase(outcomes):
    data = series().with_columns(y=pl.lit(5.0))
    assert "no series ever changes" in outcomes(data, ROLES, PROBLEM, [BY_NAME["mase"]])["mase"].reason


def test_bias_share_is_one_where_every_forecast_is_too_high(outcomes):
    data = series()
    high = data.with_columns(yhat=pl.col("y") + 1.0)
    assert outcomes(high, ROLES, PROBLEM, [BY_NAME["bias_share"]])["bias_share"].value == 1.0
    found = outcomes(data, ROLES, PROBLEM, [BY_NAME["bias_share"]])["bias_share"]
    error = (data["yhat"] - data["y"]).to_numpy()
    assert found.value == pytest.approx(error.sum() / np.abs(error).sum())
    exact = data.with_columns(yhat=pl.col("y"))
    assert "exact" in outcomes(exact, ROLES, PROBLEM, [BY_NAME["bias_share"]])["bias_share"].reason


def test_metrics_of_regression_are_metrics_of_forecasting(outcomes):
    found = outcomes(series(), ROLES, PROBLEM, POINT)
    assert all(isinstance(o, Estimate) for o in found.values())
    assert all("forecasting" in m.tasks for m in POINT)


def test_every_metric_is_documented():
    for metric in BY_NAME.values():
        doc = metric.doc
        assert all((doc.meaning, doc.formula, doc.range, doc.misleads, doc.next, doc.source)), metric.name
