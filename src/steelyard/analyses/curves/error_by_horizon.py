"""Error by how far ahead a forecast looked."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import bucketed, over_all
from steelyard.analyses.curves.cumulative import plain
from steelyard.analyses.curves.means import group_sums, mean_intervals
from steelyard.analyses.study import Study
from steelyard.facts import Category, FactTable, Moments
from steelyard.metrics.problem import ERROR
from steelyard.records import Curve

HORIZON = "sy_horizon"
MOST = 100
VALUES = (f"abs({ERROR})", f"{ERROR} * {ERROR}")


def by_horizon_fact(study: Study) -> Moments | None:
    """Moments of the error by horizon; None where there is no horizon."""
    problem = study.problem
    if not problem.horizon or not {ERROR, HORIZON} <= problem.columns:
        return None
    fact = over_all(Moments(VALUES, weight=problem.weight, cubes=False), study)
    return Moments(VALUES, by=(*fact.by, Category(HORIZON)), weight=problem.weight, cubes=False)


def error_by_horizon(study: Study, data: str) -> Curve | None:
    """MAE with its interval, and RMSE, by steps ahead; at most 100 horizons."""
    fact = by_horizon_fact(study)
    if fact is None or fact not in study.profiles[data]:
        return None
    table = study.profiles[data][fact]
    steps = np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in table.levels[-1]])
    known = np.flatnonzero(~np.isnan(steps))
    known = known[np.argsort(steps[known], kind="stable")][:MOST]
    if not len(known) or not table.rows:
        return None
    place = np.full(len(steps), -1, dtype=np.int64)
    place[known] = np.arange(len(known))

    def groups(part: FactTable) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return place[part.codes[:, -1]]

    whole = group_sums(fact, table, groups(table), len(known))
    parts = [group_sums(fact, part, groups(part), len(known)) for part in bucketed(fact, table)]
    mae, low, high = mean_intervals(whole, 0, study.level, parts)
    return Curve(
        "error_by_horizon",
        {
            "horizon": plain(steps[known]),
            "mae": plain(mae),
            "mae_low": plain(low),
            "mae_high": plain(high),
            "rmse": plain(np.sqrt(whole.mean(1))),
            "n": plain(whole.rows),
        },
        data,
    )
