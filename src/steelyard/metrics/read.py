"""From the cells of a fact to the view a metric reads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Binned, Cells, FactTable, Histogram, LogitGrid, Moments, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.facts.levels import Level
from steelyard.metrics.views import Confusion, Distribution, Means, ScoreCells

Floats = NDArray[np.float64]


def _columns(fact: Cells | Histogram, table: FactTable) -> tuple[Floats, Floats, Floats]:
    """Rows, Σw and Σw² of every cell."""
    return (
        table.sums[:, measure_index(fact, 0)],
        table.sums[:, measure_index(fact, 1)],
        table.sums[:, measure_index(fact, 2)],
    )


def confusion(fact: Cells, table: FactTable, classes: tuple[str, ...]) -> Confusion:
    """Read label × decision; rows that lack either are left out, further keys are summed over."""
    place = {name: i for i, name in enumerate(classes)}
    first = len(fact.by)
    actual = _places(table, first, place)
    predicted = _places(table, first + 1, place)
    known = (actual >= 0) & (predicted >= 0)
    rows, weight, square = _columns(fact, table)
    k = len(classes)
    flat = actual[known] * k + predicted[known]
    made = [
        np.bincount(flat, weights=s[known], minlength=k * k).astype(float).reshape(k, k)
        for s in (weight, square, rows)
    ]
    return Confusion(made[0], made[1], made[2], classes)


def margin(fact: Cells, table: FactTable, classes: tuple[str, ...], key: int = 0) -> Confusion:
    """Read one key alone (0 the label, 1 the decision) as a table of one column: rows by class."""
    at = _places(table, len(fact.by) + key, {name: i for i, name in enumerate(classes)})
    known = at >= 0
    rows, weight, square = _columns(fact, table)
    made = [
        np.bincount(at[known], weights=s[known], minlength=len(classes)).astype(float)[:, None]
        for s in (weight, square, rows)
    ]
    return Confusion(made[0], made[1], made[2], classes)


def _places(table: FactTable, key: int, place: dict[str, int]) -> NDArray[np.int64]:
    levels = table.levels[key]
    lookup = np.array([-1 if v is None else place.get(text(v), -1) for v in levels] or [-1])
    return np.asarray(lookup[table.codes[:, key]], dtype=np.int64)


def scores(
    fact: Cells, table: FactTable, positive: str = "1", negatives: tuple[str, ...] | None = None
) -> ScoreCells:
    """Read positive and negative weight by ascending score.

    `positive` names the class that counts as positive; `negatives` those that count as negative
    (None: every other one; for one-against-one comparisons name the other class).
    """
    first, last = len(fact.by), len(fact.keys) - 1
    kind = _kinds(table.levels[first], positive, negatives)[table.codes[:, first]]
    key, index = fact.keys[last], table.codes[:, last]
    if isinstance(key, Binned):
        keep = (index != MISSING) & (kind >= 0)
        bins, place = np.unique(index[keep], return_inverse=True)
        left, right = key.grid.edges(bins)
        probability = isinstance(key.grid, LogitGrid)
    else:
        used, place = np.unique(index, return_inverse=True)
        numbers = np.array([_number(table.levels[last][code]) for code in used.tolist()])
        keep = ~np.isnan(numbers)[place] & (kind >= 0)
        bins, place = np.unique(place[keep], return_inverse=True)
        left = right = numbers[bins]
        probability = bool(len(left)) and bool(left.min() >= 0 and left.max() <= 1)
    rows, weight, square = _columns(fact, table)
    is_p = kind[keep] == 1

    def per_bin(column: Floats, which: NDArray[np.bool_]) -> Floats:
        return np.bincount(place[which], weights=column[keep][which], minlength=len(bins)).astype(float)

    sums = [table.sums[:, measure_index(fact, 1, (i,))] for i in range(2)]
    return ScoreCells(
        p=per_bin(weight, is_p),
        q=per_bin(weight, ~is_p),
        p_squares=per_bin(square, is_p),
        q_squares=per_bin(square, ~is_p),
        p_counts=per_bin(rows, is_p),
        q_counts=per_bin(rows, ~is_p),
        left=left,
        right=right,
        score_p=per_bin(sums[0], is_p),
        score_q=per_bin(sums[0], ~is_p),
        score2_p=per_bin(sums[1], is_p),
        score2_q=per_bin(sums[1], ~is_p),
        probability=probability,
    )


def _kinds(labels: Sequence[Level], positive: str, negatives: tuple[str, ...] | None) -> NDArray[np.int64]:
    """1 for the positive label, 0 for negative ones, -1 for those that take no part."""

    def kind(label: Level) -> int:
        if label is None:
            return -1
        if text(label) == positive:
            return 1
        return 0 if negatives is None or text(label) in negatives else -1

    return np.array([kind(label) for label in labels] or [-1], dtype=np.int64)


def _number(level: Level) -> float:
    return np.nan if level is None or isinstance(level, str) else float(level)


def means(fact: Moments, table: FactTable) -> Means:
    """Read the sums of a `Moments` fact over all its cells."""
    total = table.sums.sum(axis=0)
    k = len(fact.values)

    def at(power: int, factors: tuple[int, ...]) -> float:
        return float(total[measure_index(fact, power, factors)])

    sums = np.array([at(1, ()), *(at(1, (i,)) for i in range(k))])
    products = np.empty((k + 1, k + 1))
    products[0, 0] = at(2, ())
    for i in range(k):
        products[0, i + 1] = products[i + 1, 0] = at(2, (i,))
        for j in range(i, k):
            products[i + 1, j + 1] = products[j + 1, i + 1] = at(2, (i, j))
    cubes = np.array([at(1, (i, i, i)) for i in range(k)]) if fact.cubes else np.zeros(k)
    highs = table.highs.max(axis=0, initial=-np.inf)
    return Means(sums, products, cubes, int(at(0, ())), fact.values, highs)


def distribution(fact: Histogram, table: FactTable) -> Distribution:
    """Read the bins of a `Histogram`; missing left out, the outermost bins keep their infinite edge."""
    last = len(fact.keys) - 1
    index = table.codes[:, last]
    keep = index != MISSING
    bins, place = np.unique(index[keep], return_inverse=True)
    rows, weight, square = _columns(fact, table)
    left, right = fact.grid.edges(bins)
    made = [np.bincount(place, weights=c[keep], minlength=len(bins)).astype(float) for c in (weight, square)]
    return Distribution(made[0], made[1], left, right, int(rows[keep].sum()))
