"""From facts to arms: the joint moments of a metric's values, by arm and whatever else units were cut by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import Setup
from steelyard.facts import Bucket, Fact, FactTable, Key, Moments, measure_index, text
from steelyard.stats.ratio import Joint, Variable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDING = 1e-13
"""A variance below this share of the mean square is what rounding leaves of values that are all the same."""


@dataclass(frozen=True)
class Sums:
    """Sums over units that add: of one arm, a slice of it, a window.

    Attributes:
        rows: units.
        weight: Σw by bucket; one number where units stand alone.
        first: Σw·vᵢ by bucket; buckets × values.
        squared: Σw².
        crossed: Σw²·vᵢ.
        second: Σw²·vᵢ·vⱼ.
        clustered: whether buckets hold whole clusters.
        keys: the bucket of each row of `weight` and `first`.
    """

    rows: int
    weight: Floats
    first: Floats
    squared: float
    crossed: Floats
    second: Floats
    clustered: bool
    keys: Ints

    def __add__(self, other: Sums) -> Sums:
        """Units of both; buckets of one number come together."""
        keys, place = np.unique(np.concatenate([self.keys, other.keys]), return_inverse=True)
        weight, first = np.zeros(len(keys)), np.zeros((len(keys), self.first.shape[1]))
        np.add.at(weight, place, np.concatenate([self.weight, other.weight]))
        np.add.at(first, place, np.concatenate([self.first, other.first]))
        return Sums(
            self.rows + other.rows,
            weight,
            first,
            self.squared + other.squared,
            self.crossed + other.crossed,
            self.second + other.second,
            self.clustered,
            keys,
        )

    @property
    def effective(self) -> float:
        """Units after weights (Kish), or clusters."""
        if self.clustered:
            return float(len(self.keys))
        return float(self.weight.sum()) ** 2 / self.squared if self.squared > 0 else 0.0

    def joint(self, shift: Floats) -> Joint | None:
        """Means and covariance of the values, such that covariance over n is that of the means; None of one unit."""
        n, total = self.effective, float(self.weight.sum())
        if not (n > 1.0 and total > 0.0):
            return None
        mean = self.first.sum(axis=0) / total
        if self.clustered:
            rest = self.first - np.outer(self.weight, mean)
            spread = rest.T @ rest
        else:
            spread = (
                self.second - np.outer(mean, self.crossed) - np.outer(self.crossed, mean)
            ) + self.squared * np.outer(mean, mean)
        covariance = spread / total**2 * n / (n - 1.0) * n
        still = np.diag(covariance) <= ROUNDING * np.diag(self.second) / max(self.squared, 1.0)
        covariance[still, :] = covariance[:, still] = 0.0
        return Joint(n, mean + shift, covariance)


def outcome_of(metric: Metric) -> Variable:
    """Where the metric stands among its values."""
    return 0 if metric.denominator is None else (0, 1)


def covariates_of(metric: Metric) -> list[Variable]:
    """Where its covariates stand among its values: one, or the ratio of two."""
    start = len(metric.parts)
    match len(metric.covariates or ()):
        case 0:
            return []
        case 1:
            return [start]
        case _:
            return [(start, start + 1)]


def shift_of(setup: Setup, metric: Metric) -> Floats:
    """What was taken off each of a metric's values."""
    return np.array([setup.shift(value) for value in metric.values])


def sums_by(setup: Setup, metric: Metric, *keys: Key) -> dict[tuple[int | str, ...], Sums]:
    """Sums of a metric by (code of each key …, arm)."""
    fact = setup.summed(metric, *keys)
    return sums_in(fact, setup.profile[fact], len(keys) + 1)


def sums_in(fact: Moments, table: FactTable, depth: int) -> dict[tuple[int | str, ...], Sums]:
    """Sums in a table by its first `depth` keys, the last of which is the arm."""
    index = _Index(fact)
    return {
        (*codes[:-1], text(table.levels[depth - 1][codes[-1]])): index.sums(table, cells)
        for codes, cells in groups(table, depth)
    }


def groups(table: FactTable, depth: int) -> Iterator[tuple[tuple[int, ...], slice]]:
    """The cells that share the codes of their first keys; tables are sorted by their keys."""
    if not len(table):
        return
    codes = table.codes[:, :depth]
    starts = np.flatnonzero(np.concatenate([[True], np.any(codes[1:] != codes[:-1], axis=1)]))
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(codes)], strict=True):
        yield tuple(codes[start].tolist()), slice(start, stop)


def counts_by(setup: Setup, fact: Fact) -> dict[tuple[int, ...], dict[str, int]]:
    """Units by arm, for each combination of the other keys."""
    table = setup.profile[fact]
    found: dict[tuple[int, ...], dict[str, int]] = {}
    for codes, rows in zip(table.codes.tolist(), table.sums[:, 0].tolist(), strict=True):
        found.setdefault(tuple(codes[:-1]), {})[text(table.levels[-1][codes[-1]])] = int(rows)
    return found


class _Index:
    """Places of a fact's sums."""

    def __init__(self, fact: Moments) -> None:
        k = range(len(fact.values))
        self.clustered = isinstance(fact.by[-1], Bucket)
        self.weight, self.squared = (measure_index(fact, power) for power in (1, 2))
        self.first = [measure_index(fact, 1, (i,)) for i in k]
        self.crossed = [measure_index(fact, 2, (i,)) for i in k]
        self.second = [[measure_index(fact, 2, (min(i, j), max(i, j))) for j in k] for i in k]

    def sums(self, table: FactTable, cells: slice) -> Sums:
        rows = table.sums[cells]
        whole = rows.sum(axis=0)
        kept = rows if self.clustered else whole[None, :]
        keys = table.codes[cells, -1] if self.clustered else np.zeros(1, dtype=np.int64)
        return Sums(
            int(whole[0]),
            kept[:, self.weight],
            kept[:, self.first],
            float(whole[self.squared]),
            whole[self.crossed],
            whole[np.array(self.second)],
            self.clustered,
            keys,
        )
