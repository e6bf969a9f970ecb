"""Shares with intervals, cluster-robust where rows come in clusters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steelyard.stats import intervals, resampling

Floats = NDArray[np.float64]
FEW_CLUSTERS = 5


def share(
    hits: float, total: float, squares: float, level: float, parts: tuple[Floats, Floats] | None = None
) -> tuple[float, float, float]:
    """Wilson's interval of hits/total as (value, low, high).

    Args:
        hits, total: weights.
        squares: squared row weights of `total`, for the effective number of rows.
        level: nominal coverage.
        parts: hits and totals by cluster bucket; None for independent rows.
    """
    value = min(max(hits / total, 0.0), 1.0)
    effective = total * total / squares
    if parts is None or len(parts[0]) < FEW_CLUSTERS:
        return value, *intervals.wilson(value, effective, level)
    rest_hits, rest_total = hits - parts[0], total - parts[1]
    there = rest_total > 0
    se, df = resampling.jackknife(rest_hits[there] / rest_total[there]) if there.sum() > 1 else (0.0, 1.0)
    if se > 0 and 0 < value < 1:
        effective = min(effective, value * (1 - value) / se**2)
    return value, *intervals.wilson(value, effective, level, df)
