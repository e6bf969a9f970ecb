"""Error by predicted value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import bucketed, over_all
from steelyard.analyses.curves.cumulative import plain
from steelyard.analyses.curves.means import GroupSums, group_sums, mean_intervals
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Moments, RootGrid
from steelyard.metrics.problem import DECISION, ERROR
from steelyard.records import Curve
from steelyard.stats.calibration import equal_mass_groups

GROUPS = 12
VALUES = (DECISION, ERROR, f"abs({ERROR})")


@dataclass(frozen=True)
class ByPrediction:
    """Sums per group of rows by ascending prediction; the values are prediction, error and |error|."""

    whole: GroupSums
    parts: list[GroupSums]


def by_prediction_fact(study: Study) -> Moments | None:
    """Moments of the error by bin of the prediction; None where there is no prediction."""
    problem = study.problem
    if problem.task not in ("regression", "forecasting") or ERROR not in problem.columns:
        return None
    key = Binned(DECISION, RootGrid(*problem.label_shift))
    fact = over_all(Moments(VALUES, weight=problem.weight, cubes=False), study)
    return Moments(VALUES, by=(*fact.by, key), weight=problem.weight, cubes=False)


def by_prediction(study: Study, data: str, groups: int = GROUPS) -> ByPrediction | None:
    """Read groups of about equal weight by prediction."""
    fact = by_prediction_fact(study)
    if fact is None or fact not in study.profiles[data]:
        return None
    table = study.profiles[data][fact]
    if not table.rows:
        return None
    bins, place = np.unique(table.codes[:, -1], return_inverse=True)
    fine = group_sums(fact, table, place.astype(np.int64).ravel(), len(bins))
    merged = equal_mass_groups(fine.weight, groups).astype(np.int64)
    _, merged = np.unique(merged, return_inverse=True)
    count = int(merged.max()) + 1

    def sums(cells: NDArray[np.int64]) -> NDArray[np.int64]:
        return merged[np.searchsorted(bins, cells)].astype(np.int64)

    parts = [group_sums(fact, part, sums(part.codes[:, -1]), count) for part in bucketed(fact, table)]
    return ByPrediction(group_sums(fact, table, merged[place.ravel()].astype(np.int64), count), parts)


def error_by_prediction(study: Study, data: str) -> Curve | None:
    """Bias (predicted − actual, as the metric `bias`) with its interval, and MAE, by mean prediction."""
    found = by_prediction(study, data)
    if found is None:
        return None
    bias, low, high = mean_intervals(found.whole, 1, study.level, found.parts)
    return Curve(
        "error_by_prediction",
        {
            "predicted": plain(found.whole.mean(0)),
            "bias": plain(bias),
            "bias_low": plain(low),
            "bias_high": plain(high),
            "mae": plain(found.whole.mean(2)),
            "n": plain(found.whole.rows),
        },
        data,
        notes={"bias": "predicted − actual"},
    )
