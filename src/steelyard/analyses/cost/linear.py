"""Means of values that hang on the cell alone: intervals from the cells' counts."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from steelyard.analyses.cost.ledger import Floats
from steelyard.metrics.intervals import SMALL_CELL, posterior
from steelyard.metrics.views import kish
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats import intervals, resampling

LEAST_BUCKETS = 5


def mean_of_cells(
    weight: Floats, squares: Floats, values: Floats, rows: int, level: float, parts: Floats | None = None
) -> Outcome:
    """Mean of a value that each row has by its cell: Σ W·v / Σ W.

    Student's t, corrected for skewness where it matters (Hall); draws from a Dirichlet posterior where one of the
    values is held by fewer than five rows; the delete-a-group jackknife over clusters.

    Args:
        weight, squares: Σw and Σw² of every cell that could hold rows; shape (cells,).
        values: value of a row of each cell; shape (cells,).
        rows: rows in all.
        level: nominal coverage.
        parts: Σw by cluster bucket and cell; None for independent rows.
    """
    total = float(weight.sum())
    if not total > 0:
        return Undefined("there is no row it could be computed from")
    mean = float(weight @ values) / total
    n = kish(weight, squares)
    made = Estimate(mean, mean, mean, level, rows, "", effective_n=n)
    if parts is not None:
        return jackknifed(made, parts @ values, parts.sum(axis=1))
    held, held_squares, distinct = _by_value(weight, squares, values)
    count = np.divide(held**2, held_squares, out=np.zeros_like(held), where=held_squares > 0)
    if len(distinct) > 1 and count.min() < SMALL_CELL:
        draws = posterior(held, held_squares)
        means = draws @ distinct / draws.sum(axis=1)
        return ended(made, *resampling.percentile(means, level), "dirichlet, small cells", float(means.std()))
    gaps = values - mean
    se = math.sqrt(float(squares @ gaps**2)) / total
    return from_spread(made, se, _skewness(weight / total, gaps), n)


def from_spread(made: Estimate, se: float, skewness: float, n: float, telling: float | None = None) -> Outcome:
    """The interval of a mean by its standard error (of the delta method), skewness and effective rows.

    `telling` are the effective rows whose value is not 0 by construction: no more of them speak of the spread.
    """
    telling = n if telling is None else min(telling, n)
    if telling <= 1:
        return Undefined(f"its value is {made.value:.6g}, but there are too few rows for an interval")
    # The delta method divides by n where the variance of a sample divides by n − 1.
    se *= math.sqrt(telling / (telling - 1))
    return ended(made, *intervals.mean_interval(made.value, se, skewness, n, made.level, telling - 1), se)


def jackknifed(made: Estimate, top: Floats, bottom: Floats) -> Outcome:
    """The interval of Σ top / Σ bottom over cluster buckets."""
    if len(top) < LEAST_BUCKETS:
        return Undefined(f"only {len(top)} groups of clusters; {LEAST_BUCKETS} are needed for an interval")
    rest = bottom.sum() - bottom
    if not (rest > 0).all():
        return Undefined("all rows are in one group of clusters, so there is no interval")
    se, df = resampling.jackknife((top.sum() - top) / rest)
    return ended(made, *intervals.wald(made.value, se, made.level, df), "student t, clustered", se)


def ended(made: Estimate, low: float, high: float, method: str, se: float) -> Estimate:
    """The estimate with its interval, which holds the value."""
    return replace(made, low=min(low, made.value), high=max(high, made.value), method=method, se=se)


def _by_value(weight: Floats, squares: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    distinct, which = np.unique(np.round(values, 12), return_inverse=True)
    held, held_squares = (
        np.bincount(which.ravel(), weights=column, minlength=len(distinct)).astype(float)
        for column in (weight, squares)
    )
    return held, held_squares, distinct


def _skewness(share: Floats, gaps: Floats) -> float:
    variance = float(share @ gaps**2)
    return float(share @ gaps**3) / variance**1.5 if variance > 1e-300 else 0.0
