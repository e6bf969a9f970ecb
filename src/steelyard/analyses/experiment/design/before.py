"""What data of before tell of a planned experiment: the baseline, the spread of a unit, what a covariate explains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.experiment.design.question import MetricKind
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.words import rows
from steelyard.data import Kind, Table, reading
from steelyard.facts import FactTable, Moments, compile_expression, measure, measure_index
from steelyard.records import ColumnError, DataError, nearest
from steelyard.records.design import Measured
from steelyard.stats.cuped import adjusted
from steelyard.stats.ratio import Joint, Variable, joint, linearised

Floats = NDArray[np.float64]
SIZE = "sy_size"
CLUSTER = "sy_cluster"
ROUNDING = 1e-12
FAR = 1e5
"""Standard deviations from 0 beyond which a mean is taken off before squares are summed."""


def measured(table: Table, metric: Metric, unit: str | None, cluster: str | None) -> tuple[MetricKind, Measured]:
    """Read the baseline of a metric, the spread of a unit, and what clusters and a covariate do to it.

    Args:
        table: rows of before; one a unit, or one an event of the column `unit`.
        metric: what is to be compared, with its covariates.
        unit: column whose equal values are one unit; a unit's rows are added up.
        cluster: column whose equal values are to be assigned together.

    Returns:
        The kind of metric this is, and what was measured.

    Raises:
        ColumnError: a column is not there, or cannot be calculated with.
        DataError: there are fewer than two units with a value, or they do not vary.
    """
    for column in (unit, cluster):
        if column is not None and column not in table.kinds:
            raise ColumnError(f"No column {column!r} in {table.description}. {nearest(column, table.kinds)}")
    names, units = _units(table, metric, unit, cluster)
    moments, zero_or_one = _moments(units, names)
    outcome, covariates = _variables(metric, None)
    for numerator, denominator in (v for v in (outcome, *covariates) if isinstance(v, tuple)):
        if moments.means[denominator] == 0.0:
            ratio = f"{metric.values[numerator]} / {metric.values[denominator]}"
            raise DataError(
                f"The denominator of {ratio} is 0 on average in {table.description}: there is no such ratio."
            )
    line = linearised(moments, [outcome])
    variance = float(line.covariance[0, 0])
    if not variance > 0.0:
        raise DataError(
            f"{metric.name!r} is {line.means[0]:g} for every unit of {table.description}: nothing varies."
        )
    kind: MetricKind = "ratio" if metric.denominator is not None else "proportion" if zero_or_one else "mean"
    found = Measured(table.description, round(moments.n), float(line.means[0]), math.sqrt(variance))
    if cluster is None:
        return kind, replace(found, correlation=_correlation(moments, outcome, covariates))
    return kind, _clustered(found, units, names, metric, variance)


def _units(table: Table, metric: Metric, unit: str | None, cluster: str | None) -> tuple[list[str], Table]:
    """One row for each unit, with the metric's values (and its cluster) as columns."""
    values = [compile_expression(text, table.kinds) for text in metric.values]
    names = [f"sy_value_{i}" for i in range(len(values))]
    keys = [nw.col(column).alias(name) for name, column in (("sy_unit", unit), (CLUSTER, cluster)) if column]
    frame = table.frame.select(*keys, *(value.alias(name) for value, name in zip(values, names, strict=True)))
    frame = frame.drop_nulls()
    if unit is not None:
        by = ["sy_unit", *([CLUSTER] if cluster else [])]
        added = [nw.col(name).sum().alias(f"{name}_sum") for name in names]
        frame = frame.group_by(*by).agg(nw.len().alias(SIZE), *added)
        frame = frame.with_columns(*(_per_unit(name, metric).alias(name) for name in names))
    kept = [*([CLUSTER] if cluster else []), *names]
    kinds = dict.fromkeys(names, Kind.NUMBER) | ({CLUSTER: table.kinds[cluster]} if cluster else {})
    return names, replace(table, frame=frame.select(*kept), kinds=kinds, rows=None, digest=None)


def _per_unit(name: str, metric: Metric) -> nw.Expr:
    """What a unit's rows become together."""
    total = nw.col(f"{name}_sum")
    if metric.how == "mean":
        return total / nw.col(SIZE)
    return (total > 0.0).cast(nw.Float64()) if metric.how == "any" else total


def _moments(table: Table, names: Sequence[str], thing: str = "unit") -> tuple[Joint, bool]:
    """Joint moments of columns, and whether the first holds zeros and ones only."""
    first = Moments(tuple(names), cubes=False, extremes=True)
    with reading(table):
        cells = measure(table, [first])[first]
    if cells.rows < 2:
        raise DataError(
            f"{table.description} has {rows(cells.rows, thing)} with a value of all that is asked. Two are the least "
            "that vary."
        )
    n, means, squares = _sums(first, cells)
    between = cells.lows[0, 0] >= 0.0 and cells.highs[0, 0] <= 1.0
    zero_or_one = between and abs(squares[0, 0] / n - means[0]) <= ROUNDING
    spread = np.sqrt(np.maximum(np.diag(squares) / n - means**2, 0.0))
    if not np.all(np.abs(means) <= FAR * spread):
        # The squares of such numbers have no digits left for how far they lie apart.
        near = Moments(tuple(f"{name} - {m!r}" for name, m in zip(names, means.tolist(), strict=True)), cubes=False)
        with reading(table):
            n, rest, squares = _sums(near, measure(table, [near])[near])
        return joint(n, means + rest, (squares - n * np.outer(rest, rest)) / (n - 1.0)), bool(zero_or_one)
    return joint(n, means, (squares - n * np.outer(means, means)) / (n - 1.0)), bool(zero_or_one)


def _sums(fact: Moments, cells: FactTable) -> tuple[float, Floats, Floats]:
    """Units, means of the values, and the sums of their products."""
    k = range(len(fact.values))
    whole = cells.sums.sum(axis=0)
    n = float(whole[measure_index(fact, 0)])
    means = np.array([whole[measure_index(fact, 0, (i,))] for i in k]) / n
    return n, means, np.array([[whole[measure_index(fact, 0, (min(i, j), max(i, j)))] for j in k] for i in k])


def _variables(metric: Metric, size: int | None) -> tuple[Variable, list[Variable]]:
    """Where a metric and its covariates stand among values, those of clusters with the clusters' `size` last.

    Sums over a cluster are held against the number of its units.
    """
    parts, more = len(metric.parts), len(metric.covariates or ())
    outcome: Variable = (0, 1) if parts == 2 else 0 if size is None else (0, size)
    if more == 2:
        return outcome, [(parts, parts + 1)]
    return outcome, [parts if size is None else (parts, size)] * more


def _clustered(found: Measured, units: Table, names: Sequence[str], metric: Metric, independent: float) -> Measured:
    """The same where whole clusters are to be assigned: what their units have in common, how their sizes vary."""
    added = [nw.col(name).sum().alias(name) for name in names]
    sizes = nw.len().cast(nw.Float64()).alias(SIZE)
    frame = units.frame.group_by(CLUSTER).agg(sizes, *added).select(SIZE, *names)
    clusters = replace(units, frame=frame, kinds=dict.fromkeys([*names, SIZE], Kind.NUMBER))
    moments, _ = _moments(clusters, [*names, SIZE], "cluster")
    outcome, covariates = _variables(metric, len(names))
    size = float(moments.means[-1])
    variation = math.sqrt(float(moments.covariance[-1, -1])) / size
    variance = float(linearised(moments, [outcome]).covariance[0, 0]) / moments.n
    effect = variance / (independent / found.units)
    room = (1.0 + variation**2) * size - 1.0
    return replace(
        found,
        clusters=round(moments.n),
        cluster_size=size,
        size_variation=variation,
        design_effect=effect,
        icc=min(max((effect - 1.0) / room, 0.0), 1.0) if room > 0.0 else 0.0,
        correlation=_correlation(moments, outcome, covariates),
    )


def _correlation(moments: Joint, outcome: Variable, covariates: Sequence[Variable]) -> float | None:
    if not covariates:
        return None
    made = adjusted([moments], outcome, covariates)
    size = math.sqrt(min(max(made.reduction, 0.0), 1.0))
    return math.copysign(size, float(made.theta[0])) if made.theta[0] else 0.0
