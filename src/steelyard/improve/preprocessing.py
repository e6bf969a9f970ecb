"""Before training: weights, rows or columns of the training data that no longer tie the label to the group.

Each function returns what to train with, and knows nothing of the model; `reductions.train_fair` says what training
with it does to rows that took no part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Count, FactTable, measure_index
from steelyard.facts import text as level_text
from steelyard.improve.grouping import floats, listed, text
from steelyard.records import DataError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Cell = tuple[str, str]
RANK = 1e-10
"""Singular values below this share of the largest are rounding."""


@dataclass(frozen=True)
class Reweighing:
    """Weights by group and label under which the two are independent.

    Attributes:
        weights: w(g, y) = P(g)·P(y) / P(g, y), by (group, label) as a reader sees them.
        shares: P(y | g) before, by the same; afterwards it is P(y) in every group.
    """

    weights: Mapping[Cell, float]
    shares: Mapping[Cell, float]

    def of(self, label: Any, group: Any) -> Floats:
        """The weight of each row, shape (rows,).

        Raises:
            DataError: a pair of group and label was not among those that the weights are for, or lengths differ.
        """
        cells = _pairs(label, group)
        unknown = next((cell for cell in cells if cell not in self.weights), None)
        if unknown is not None:
            raise DataError(
                f"There is no weight for the group {unknown[0]!r} with the label {unknown[1]!r}: no such row was "
                "counted."
            )
        return np.array([self.weights[cell] for cell in cells])

    def __str__(self) -> str:
        """Say what the weights do."""
        most, least = max(self.weights.items(), key=lambda i: i[1]), min(self.weights.items(), key=lambda i: i[1])
        return (
            f"Rows of group {most[0][0]} with label {most[0][1]} count {most[1]:.3g} times, those of group "
            f"{least[0][0]} with label {least[0][1]} {least[1]:.3g} times; every group then has the same share of "
            "each label."
        )


def reweigh(label: Any, group: Any) -> Reweighing:
    """Weights that make label and group independent in the training data.

    Args:
        label: one a row.
        group: one a row; a missing one is a group of its own.

    Raises:
        DataError: there are no rows, or not as many labels as groups.

    Source: Kamiran & Calders 2012, "Data preprocessing techniques for classification without discrimination".
    """
    return _reweighing(_counted(_pairs(label, group)))


def reweigh_counts(fact: Count, table: FactTable) -> Reweighing:
    """The same from a count of rows by group columns and, last, the label: data of any size, read once.

    Raises:
        DataError: there are no rows.
    """
    weight = table.sums[:, measure_index(fact, 1)]
    keys = [[level_text(value) for value in table.values(i)] for i in range(len(fact.keys))]
    counts: dict[Cell, float] = {}
    for cell, one in zip(zip(*keys, strict=True), weight.tolist(), strict=True):
        counts[(" & ".join(cell[:-1]), cell[-1])] = one
    return _reweighing(counts)


def resample(label: Any, group: Any, seed: int) -> Ints:
    """Rows to train with, drawn so that label and group are independent: some twice or more, some not at all.

    For models that take no weights. Each pair of group and label gets as many rows as its weight calls for: all of
    its rows as often as goes, the rest drawn without replacement.

    Returns:
        Places of the rows, ascending, about as many as before.

    Raises:
        DataError: there are no rows, or not as many labels as groups.

    Source: Kamiran & Calders 2012, uniform sampling.
    """
    cells = _pairs(label, group)
    weights = _reweighing(_counted(cells)).weights
    rng = np.random.default_rng(seed)
    places: dict[Cell, list[int]] = {}
    for place, cell in enumerate(cells):
        places.setdefault(cell, []).append(place)
    drawn = []
    for cell in sorted(places):
        held = np.array(places[cell])
        whole, rest = divmod(round(weights[cell] * len(held)), len(held))
        drawn += [np.repeat(held, whole), rng.choice(held, size=rest, replace=False)]
    return np.sort(np.concatenate(drawn)).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Decorrelation:
    """Columns with what the sensitive ones say of them taken out.

    Attributes:
        centre: means of the sensitive columns, shape (sensitive,).
        slopes: of every column on them, shape (sensitive, columns).
        alpha: how much is taken out, 1 is all.
        explained: share of each column's variance that the sensitive ones told, shape (columns,).
    """

    centre: Floats
    slopes: Floats
    alpha: float
    explained: Floats

    def transform(self, columns: Any, sensitive: Any) -> Floats:
        """The columns of other rows with the same taken out, shape (rows, columns).

        Raises:
            DataError: there are not as many columns as were learned from.
        """
        x, s = _matrix(columns, "columns"), _matrix(sensitive, "sensitive columns")
        if (s.shape[1], x.shape[1]) != self.slopes.shape or len(s) != len(x):
            raise DataError(
                f"Learned from {self.slopes.shape[1]} columns and {self.slopes.shape[0]} sensitive ones, given "
                f"{x.shape[1]} and {s.shape[1]} ({len(x):,} and {len(s):,} rows)."
            )
        return x - self.alpha * (s - self.centre) @ self.slopes

    def __str__(self) -> str:
        """Say what is taken out."""
        return (
            f"The sensitive columns tell {self.explained.max():.1%} of the variance of the column they tell most of, "
            f"and {self.explained.mean():.1%} on average; {self.alpha:.0%} of it is taken out. What they tell in "
            "other than straight lines stays."
        )


def remove_correlation(columns: Any, sensitive: Any, alpha: float = 1.0) -> Decorrelation:
    """Learn what the sensitive columns tell of the others in straight lines, to take it out (least squares).

    Args:
        columns: numbers, shape (rows, columns).
        sensitive: numbers (0 and 1 for groups), shape (rows,) or (rows, sensitive).
        alpha: how much is taken out: 0 nothing, 1 all.

    Raises:
        DataError: they are not numbers, or not of as many rows; or alpha is not between 0 and 1.

    Source: as Fairlearn's CorrelationRemover.
    """
    x, s = _matrix(columns, "columns"), _matrix(sensitive, "sensitive columns")
    if len(x) != len(s) or not len(x):
        raise DataError(f"There are {len(x):,} rows of columns and {len(s):,} of sensitive ones.")
    if not 0 <= alpha <= 1:
        raise DataError(f"alpha says how much is taken out, from 0 to 1, not {alpha!r}.")
    centre = s.mean(axis=0)
    slopes = np.linalg.lstsq(s - centre, x, rcond=RANK)[0]
    spread = x.var(axis=0)
    told = ((s - centre) @ slopes).var(axis=0)
    explained = np.divide(told, spread, out=np.zeros_like(spread), where=spread > 0)
    return Decorrelation(centre, slopes, alpha, explained)


def _counted(cells: Sequence[Cell]) -> dict[Cell, float]:
    return {cell: float(rows) for cell, rows in Counter(cells).items()}


def _reweighing(counts: Mapping[Cell, float]) -> Reweighing:
    total = sum(counts.values())
    if not total > 0:
        raise DataError("There are no rows to weigh.")
    by_group: dict[str, float] = {}
    by_label: dict[str, float] = {}
    for (group, label), rows in counts.items():
        by_group[group] = by_group.get(group, 0.0) + rows
        by_label[label] = by_label.get(label, 0.0) + rows
    filled = {cell: rows for cell, rows in counts.items() if rows > 0}
    weights = {(g, y): by_group[g] * by_label[y] / (total * rows) for (g, y), rows in filled.items()}
    return Reweighing(weights, {(g, y): rows / by_group[g] for (g, y), rows in filled.items()})


def _pairs(label: Any, group: Any) -> list[Cell]:
    labels, groups = ([text(value) for value in listed(given)] for given in (label, group))
    if len(labels) != len(groups):
        raise DataError(f"There are {len(labels):,} labels, but {len(groups):,} groups.")
    return list(zip(groups, labels, strict=True))


def _matrix(given: Any, what: str) -> Floats:
    values = np.asarray(given)
    if values.ndim == 1:
        return floats(values, what)[:, None]
    if values.ndim != 2:
        raise DataError(f"{what} must have rows and columns, not the shape {values.shape}.")
    made = np.column_stack([floats(values[:, i], what) for i in range(values.shape[1])])
    if np.isnan(made).any():
        raise DataError(f"{what} must be numbers without a missing one.")
    return made
