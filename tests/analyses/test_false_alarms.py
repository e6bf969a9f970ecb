"""Where nothing is wrong, findings appear no more often than they say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import sqrt

import polars as pl
import pytest

from steelyard.analyses.findings import findings
from steelyard.analyses.study import Study
from steelyard.data import Roles

Make = Callable[..., pl.DataFrame]
Studying = Callable[..., Study]
METRICS = ["roc_auc", "average_precision", "accuracy", "recall", "precision", "f1", "brier", "log_loss"]
PROMISED = {"weak-slice": 0.10, "change": 0.05, "calibration": 0.01, "bias": 0.01, "quantile-coverage": 0.01}


def alarms(
    make: Make, study_from: Studying, roles: Roles, seeds: int, rows: int, only: list[str] | None
) -> Counter[str]:
    counted: Counter[str] = Counter()
    for seed in range(seeds):
        study = study_from(make(rows, 2 * seed), roles, make(rows, 2 * seed + 1), only=only)
        counted.update({f.kind for f in findings(study)})
    return counted


def hold(counted: Counter[str], seeds: int) -> None:
    assert not counted["analysis-failed"]
    for kind, rate in PROMISED.items():
        # Three standard errors of simulation above what is promised.
        assert counted[kind] <= seeds * rate + 3 * sqrt(seeds * rate * (1 - rate)), (kind, counted[kind] / seeds)


BINARY = Roles(label="y", score="p", task="binary", slices=["site", "sex", "age", ("sex", "age")])
NUMBERS = Roles(label="y", prediction="pred", task="regression", slices=["site"], quantiles={0.1: "low", 0.9: "high"})
OF_NUMBERS = ["mae", "rmse", "r2", "bias"]


def test_binary_quick(binary_rows: Make, study_from: Studying) -> None:
    hold(alarms(binary_rows, study_from, BINARY, 40, 600, METRICS), 40)


def test_regression_quick(regression_rows: Make, study_from: Studying) -> None:
    hold(alarms(regression_rows, study_from, NUMBERS, 40, 600, OF_NUMBERS), 40)


@pytest.mark.prove
@pytest.mark.parametrize("rows", [500, 2000])
def test_binary(binary_rows: Make, study_from: Studying, rows: int) -> None:
    hold(alarms(binary_rows, study_from, BINARY, 200, rows, METRICS), 200)


@pytest.mark.prove
def test_rare_positives(binary_rows: Make, study_from: Studying) -> None:
    def rare(n: int, seed: int) -> pl.DataFrame:
        return binary_rows(n, seed, 1.0, -3.5)

    hold(alarms(rare, study_from, BINARY, 200, 2000, METRICS), 200)


@pytest.mark.prove
def test_weighted(binary_rows: Make, study_from: Studying) -> None:
    hold(alarms(binary_rows, study_from, BINARY.updated(weight="w"), 200, 1000, METRICS), 200)


@pytest.mark.prove
def test_clusters(binary_rows: Make, study_from: Studying) -> None:
    def repeated(n: int, seed: int) -> pl.DataFrame:
        """Every row five times: a cluster of rows that are all alike."""
        rows = binary_rows(n // 5, seed).with_columns(user=pl.int_range(n // 5))
        return pl.concat([rows] * 5)

    roles = BINARY.updated(cluster="user", slices=["site", "sex"])
    hold(alarms(repeated, study_from, roles, 60, 4000, METRICS), 60)


@pytest.mark.prove
def test_regression(regression_rows: Make, study_from: Studying) -> None:
    hold(alarms(regression_rows, study_from, NUMBERS, 200, 800, OF_NUMBERS), 200)
