"""Facts of the loss as arrays: one axis a feature, the last one the sums that tell mean and variance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slices.groups import Groups
from steelyard.facts import Bucket, Cells, Fact, FactTable, IntegerGrid, measure_index
from steelyard.metrics import Problem
from steelyard.stats.segments import Sums

RIGHT_OR_WRONG = IntegerGrid(0, 1)
Floats = NDArray[np.float64]


def cube(fact: Fact, table: FactTable, groups: Sequence[Groups], problem: Problem) -> Floats:
    """The sums of a fact by group of each feature; rows whose loss is not known are left out.

    Shape (groups of the first feature, …, sums), or with the cluster buckets as a first axis where the fact has them.
    The sums are rows and Σl of a 0/1 loss without weights, also Σl² of another loss, and all six with weights.
    """
    first = 1 if isinstance(fact.keys[0], Bucket) else 0
    columns = _counted(fact, table, first + len(groups)) if isinstance(fact, Cells) else _summed(fact, table)
    places = [g.places(table.codes[:, first + i]) for i, g in enumerate(groups)]
    shape = [g.width for g in groups]
    if first:
        buckets, place = np.unique(table.codes[:, 0], return_inverse=True)
        places, shape = [place, *places], [len(buckets), *shape]
    flat = np.ravel_multi_index(tuple(places), shape) if len(table) else np.empty(0, dtype=np.int64)
    cells = int(np.prod(shape))
    kept = _kept(problem)
    counted = [np.bincount(flat, columns[i], cells).astype(float) for i in kept]
    return np.stack(counted, axis=-1).reshape(*shape, len(kept))


def sums_of(array: Floats) -> Sums:
    """The last axis of such an array by name."""
    place = {2: (0, 0, 0, 1, 1, 1), 3: (0, 0, 0, 1, 1, 2), 6: (0, 1, 2, 3, 4, 5)}[array.shape[-1]]
    return Sums(*(array[..., i] for i in place))


def _kept(problem: Problem) -> tuple[int, ...]:
    if problem.weighted:
        return (0, 1, 2, 3, 4, 5)
    return (0, 3) if problem.loss_counts else (0, 3, 5)


def _counted(fact: Fact, table: FactTable, place: int) -> list[Floats]:
    """The six sums of cells whose last key is a loss of 0 or 1."""
    lost = table.codes[:, place]
    known, wrong = (lost == 0) | (lost == 1), lost == 1
    rows, weight, squares = (table.sums[:, i] * known for i in _weights(fact))
    return [rows, weight, squares, weight * wrong, squares * wrong, squares * wrong]


def _summed(fact: Fact, table: FactTable) -> list[Floats]:
    """The six sums of moments of the loss."""
    power = 0 if fact.weight is None else 1
    at = [*_weights(fact), measure_index(fact, power, (0,)), *_crossed(fact)]
    return [table.sums[:, i] for i in at]


def _weights(fact: Fact) -> tuple[int, int, int]:
    return (0, 0, 0) if fact.weight is None else (0, measure_index(fact, 1, ()), measure_index(fact, 2, ()))


def _crossed(fact: Fact) -> tuple[int, int]:
    if fact.weight is None:
        return measure_index(fact, 0, (0,)), measure_index(fact, 0, (0, 0))
    return measure_index(fact, 2, (0,)), measure_index(fact, 2, (0, 0))
