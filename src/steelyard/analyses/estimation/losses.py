"""Errors of a regression on rows whose labels are unknown: mean loss by segment and prediction (DLE)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.estimation.intervals import Terms, stated
from steelyard.facts import Bucket, Count, FactTable, Moments, measure_index
from steelyard.metrics import Metric
from steelyard.records import Outcome, Undefined
from steelyard.stats.label_free import KAPPA, LIGHT, shrunken_error

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEW_LABELS = 20
ENOUGH = 10.0
"""Labelled rows from which a segment's deviation is told from chance."""
ABSOLUTE, SQUARED = 0, 1
MOST_BUCKETS = 1 << 16
F = TypeVar("F", Moments, Count)


@dataclass(frozen=True, eq=False)
class Losses:
    """Cells of rows that are alike, with their absolute and squared errors.

    Attributes:
        stratum, bucket, group: (C,) segment, cluster bucket and group of predictions.
        every: (C, 3) rows, weight and squared weight of all rows.
        labelled: (C, 3) the same of rows with a label.
        loss: (C, 2) Σ w·|e| and Σ w·e² of the labelled rows.
        square: (C, 2) Σ w²·e² and Σ w²·e⁴.
        strata, groups: numbers of both.
    """

    stratum: Ints
    bucket: Ints
    group: Ints
    every: Floats
    labelled: Floats
    loss: Floats
    square: Floats
    strata: int
    groups: int

    @property
    def unknown(self) -> Floats:
        """(C, 3) rows, weight and squared weight of rows without a label."""
        return np.maximum(self.every - self.labelled, 0.0)

    def where(self, cells: NDArray[np.bool_]) -> Losses:
        """Only some of the cells."""
        columns = ("stratum", "bucket", "group", "every", "labelled", "loss", "square")
        return replace(self, **{name: getattr(self, name)[cells] for name in columns})

    def forgotten(self) -> Losses:
        """The rows that have a label, as if they had none."""
        nothing = np.zeros_like(self.loss)
        return replace(self, every=self.labelled, labelled=np.zeros_like(self.labelled), loss=nothing, square=nothing)

    def known(self) -> Losses:
        """The rows that have a label alone."""
        return replace(self, every=self.labelled)

    def pooled(self) -> Losses:
        """The same rows as one segment."""
        return replace(self, stratum=np.zeros_like(self.stratum), strata=1)


@dataclass(frozen=True, eq=False)
class Sizes:
    """Mean and variance of both losses by segment and group of predictions.

    Attributes:
        mean: (S, G, 2) shrunken means of |e| and e².
        variance: (S, G, 2) of one row's loss.
        support: (S, G) labelled rows.
        design: how many times the variance of independent rows.
        degrees: degrees of freedom of `design`.
    """

    mean: Floats
    variance: Floats
    support: Floats
    design: float = 1.0
    degrees: float = math.inf

    def of(self, rows: Losses) -> Floats:
        """(C, 2) expected losses of each cell of rows."""
        return np.asarray(self.mean[rows.stratum, rows.group])


def read_losses(
    known: tuple[Moments, FactTable, Ints], everyone: tuple[Count, FactTable, Ints], cuts: int, strata: int
) -> Losses:
    """Read labelled losses and all rows, each a fact with its cells and the segments they lie in.

    The last key is the group of the prediction, from 0 to `cuts`; rows without a finite prediction take no part.
    """
    known, everyone = _predicted(*known, cuts), _predicted(*everyone, cuts)
    parts = [_keys(fact, table, stratum) for fact, table, stratum in (known, everyone)]
    joined = np.concatenate([_joined(part, cuts) for part in parts])
    used, cell = np.unique(joined, return_inverse=True)
    split = len(parts[0])
    example = np.zeros((len(used), 3), dtype=np.int64)
    example[cell] = np.concatenate(parts)

    def summed(fact: Moments | Count, table: FactTable, power: int, factors: tuple[int, ...] = ()) -> Floats:
        where = cell[:split] if fact is known[0] else cell[split:]
        column = table.sums[:, measure_index(fact, power, factors)]
        return np.bincount(where, weights=column, minlength=len(used)).astype(float)

    moments, table = known[0], known[1]
    return Losses(
        example[:, 0],
        example[:, 1],
        example[:, 2],
        np.column_stack([summed(everyone[0], everyone[1], power) for power in range(3)]),
        np.column_stack([summed(moments, table, power) for power in range(3)]),
        np.column_stack([summed(moments, table, 1, (i,)) for i in (ABSOLUTE, SQUARED)]),
        np.column_stack([summed(moments, table, 2, (i, i)) for i in (ABSOLUTE, SQUARED)]),
        strata,
        cuts + 1,
    )


def fit(rows: Losses, base: Sizes | None = None) -> Sizes | None:
    """Learn from labelled rows; None where they are too few.

    A cell's mean is shrunken towards that of its group of predictions, times how much larger losses are in its
    segment; with a `base` towards what that said, times how much larger losses have become.
    """
    m = rows.labelled
    if m[:, 0].sum() < FEW_LABELS:
        return None
    shape = (rows.strata, rows.groups)
    scale = m[:, 1].sum() / m[:, 2].sum()
    cell = rows.stratum * rows.groups + rows.group

    def per_cell(column: Floats) -> Floats:
        return np.bincount(cell, weights=column, minlength=shape[0] * shape[1]).reshape(shape).astype(float)

    support = per_cell(m[:, 1]) * scale
    # Σ w²e² · ΣW/Σw² is Σ w·e² without weights, near enough with them.
    moments = [rows.loss[:, 0], rows.loss[:, 1], rows.square[:, 1] * scale]
    firsts = [base.mean[..., 0], base.mean[..., 1], base.variance[..., 1] + base.mean[..., 1] ** 2] if base else None
    made = [
        _shrunken(per_cell(column) * scale, support, None if firsts is None else firsts[i])
        for i, column in enumerate(moments)
    ]
    mean = np.stack(made[:2], axis=-1)
    second = np.stack(made[1:], axis=-1)
    variance = np.maximum(second - mean**2, 0.0)
    design, degrees = _design(rows, mean, variance)
    return Sizes(mean, variance, support, design, degrees)


def heterogeneity(sizes: Sizes, rows: Losses) -> tuple[float, int]:
    """χ² of segments whose absolute errors are not those that predictions alone foretell; degrees of freedom."""
    pooled = rows.pooled()
    expected, variance = sizes.of(pooled)[:, ABSOLUTE], sizes.variance[pooled.stratum, pooled.group][:, ABSOLUTE]

    def by_stratum(column: Floats) -> Floats:
        return np.bincount(rows.stratum, weights=column, minlength=rows.strata).astype(float)

    gap = by_stratum(rows.loss[:, ABSOLUTE] - rows.labelled[:, 1] * expected)
    spread = by_stratum(rows.labelled[:, 2] * variance)
    told = (by_stratum(rows.labelled[:, 0]) >= ENOUGH) & (spread > 0)
    return float(np.sum(gap[told] ** 2 / spread[told])) / sizes.design, max(int(told.sum()) - 1, 0)


@dataclass(frozen=True, eq=False)
class Foreseen:
    """Rows, and what is to be expected of their errors."""

    rows: Losses
    sizes: Sizes

    def where(self, cells: NDArray[np.bool_]) -> Foreseen:
        """Only some of the cells."""
        return replace(self, rows=self.rows.where(cells))

    def forgotten(self) -> Foreseen:
        """The rows that have a label, as if they had none."""
        return replace(self, rows=self.rows.forgotten())

    def known(self) -> Foreseen:
        """The rows that have a label alone."""
        return replace(self, rows=self.rows.known())


def outcome(metric: Metric, foreseen: Foreseen, terms: Terms) -> Outcome | None:
    """MAE, MSE or RMSE on these rows once their labels are there; None for any other metric."""
    rows, sizes = foreseen.rows, foreseen.sizes
    which = {"mae": ABSOLUTE, "mse": SQUARED, "rmse": SQUARED}.get(metric.name)
    if which is None:
        return None
    total = float(rows.every[:, 1].sum())
    if total <= 0:
        return Undefined("there is no row it could be computed from")
    unknown = rows.unknown
    mean, spread = (of[rows.stratum, rows.group, which] for of in (sizes.mean, sizes.variance))
    value = float(rows.loss[:, which].sum() + unknown[:, 1] @ mean) / total
    shape = sizes.support.shape
    cell = rows.stratum * shape[1] + rows.group
    weight = np.bincount(cell, weights=unknown[:, 1], minlength=sizes.support.size).astype(float)
    learnt = sizes.variance[..., which] * shrunken_error(np.asarray(weight.reshape(shape)), sizes.support)
    variance = float(unknown[:, 2] @ spread + learnt.sum()) / total**2 * sizes.design
    if metric.name == "rmse":
        value, variance = math.sqrt(value), variance / (4 * value) if value > 0 else 0.0
    effective = total**2 / float(rows.every[:, 2].sum())
    return stated(metric, value, variance, sizes.degrees, round(float(rows.every[:, 0].sum())), effective, terms)


def _shrunken(total: Floats, support: Floats, base: Floats | None) -> Floats:
    """(S, G) means shrunken towards a first guess, which is scaled to each segment."""
    if base is None:
        whole = _ratio(total.sum(), support.sum())
        of_group = (total.sum(axis=0) + LIGHT * whole) / (support.sum(axis=0) + LIGHT)
        base = np.broadcast_to(of_group, total.shape)
    expected = (support * base).sum(axis=1)
    typical = _ratio(expected, support.sum(axis=1))
    grown = _ratio(total.sum(axis=1) + LIGHT * typical, expected + LIGHT * typical)
    prior = base * np.where(support.sum(axis=1) > 0, grown, 1.0)[:, None]
    return np.asarray((total + KAPPA * prior) / (support + KAPPA))


def _design(rows: Losses, mean: Floats, variance: Floats) -> tuple[float, float]:
    buckets = np.unique(rows.bucket)
    at = rows.stratum, rows.group
    independent = float(np.sum(rows.labelled[:, 2] * variance[at][:, ABSOLUTE]))
    if len(buckets) < 2 or independent <= 0:
        return 1.0, math.inf
    residual = rows.loss[:, ABSOLUTE] - rows.labelled[:, 1] * mean[at][:, ABSOLUTE]
    among = float(np.sum(np.bincount(rows.bucket, weights=residual) ** 2)) * len(buckets) / (len(buckets) - 1)
    return max(among / independent, 1.0), len(buckets) - 1.0


def _predicted(fact: F, table: FactTable, stratum: Ints, cuts: int) -> tuple[F, FactTable, Ints]:
    there = (table.codes[:, -1] >= 0) & (table.codes[:, -1] <= cuts)
    return fact, table.where(there), stratum[there]


def _keys(fact: Moments | Count, table: FactTable, stratum: Ints) -> Ints:
    bucketed = bool(fact.keys) and isinstance(fact.keys[0], Bucket)
    bucket = table.codes[:, 0] if bucketed else np.zeros(len(table), dtype=np.int64)
    return np.column_stack([stratum, bucket, table.codes[:, -1]])


def _joined(keys: Ints, cuts: int) -> Ints:
    return (keys[:, 0] * MOST_BUCKETS + keys[:, 1]) * (cuts + 1) + keys[:, 2]


def _ratio(top: Floats | float, bottom: Floats | float) -> Floats:
    a, b = np.broadcast_arrays(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float))
    return np.asarray(np.divide(a, b, out=np.ones(a.shape), where=b > 0))
