"""Means of row values per group, cluster-robust where rows come in clusters."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import FactTable, Moments, measure_index
from steelyard.stats import intervals, resampling

Floats = NDArray[np.float64]
FEW_CLUSTERS = 5


@dataclass(frozen=True)
class GroupSums:
    """Sums of a `Moments` fact by group (row) and value (column).

    Attributes:
        rows, weight, squares: of each group.
        first: Σ w·v. second: Σ w²·v² (Σ v² without weights). cross: Σ w²·v (Σ v without weights).
        joint: Σ w²·v₁·v₂ of the first two values; zeros where there is one.
    """

    rows: Floats
    weight: Floats
    squares: Floats
    first: Floats
    second: Floats
    cross: Floats
    joint: Floats

    def mean(self, value: int) -> Floats:
        """Mean of one value per group."""
        means: Floats = self.first[:, value] / self.weight
        return means


def group_sums(fact: Moments, table: FactTable, group: NDArray[np.int64], groups: int) -> GroupSums:
    """Add the cells of each group up; `group` is each cell's, −1 for none."""
    keep = group >= 0

    def total(power: int, factors: tuple[int, ...] = ()) -> Floats:
        column = table.sums[keep, measure_index(fact, power, factors)]
        return np.bincount(group[keep], weights=column, minlength=groups).astype(float)

    k = range(len(fact.values))
    return GroupSums(
        total(0),
        total(1),
        total(2),
        np.column_stack([total(1, (i,)) for i in k]),
        np.column_stack([total(2, (i, i)) for i in k]),
        np.column_stack([total(2, (i,)) for i in k]),
        total(2, (0, 1)) if len(k) > 1 else np.zeros(groups),
    )


def mean_intervals(
    whole: GroupSums, value: int, level: float, parts: list[GroupSums]
) -> tuple[Floats, Floats, Floats]:
    """(mean, low, high) of one value per group: Student's t, by jackknife over buckets where there are some."""
    mean = whole.mean(value)
    low, high = np.full(len(mean), np.nan), np.full(len(mean), np.nan)
    for g in range(len(mean)):
        se, df = _spread(whole, value, g, parts)
        if df > 0:
            low[g], high[g] = intervals.wald(float(mean[g]), se, level, df)
    return mean, low, high


def _spread(whole: GroupSums, value: int, g: int, parts: list[GroupSums]) -> tuple[float, float]:
    if parts:
        weight = np.array([whole.weight[g] - p.weight[g] for p in parts])
        first = np.array([whole.first[g, value] - p.first[g, value] for p in parts])
        there = weight > 0
        return resampling.jackknife(first[there] / weight[there]) if there.sum() >= FEW_CLUSTERS else (0.0, 0.0)
    mean, weight_of = whole.mean(value)[g], whole.weight[g]
    scatter = whole.second[g, value] - 2 * mean * whole.cross[g, value] + mean * mean * whole.squares[g]
    effective = weight_of**2 / whole.squares[g]
    if not effective > 1:
        return 0.0, 0.0
    return math.sqrt(max(float(scatter), 0.0) * effective / (effective - 1)) / float(weight_of), float(effective - 1)
