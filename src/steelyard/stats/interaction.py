"""Did the association of two columns change between two samples, beyond what their own distributions did?

A cube holds the rows of both samples by the codes of two columns; shape (2, I, J), sample 0 first. The model without
three-way interaction lets both columns move on their own and keeps their odds ratios; what a cube has beyond it is
the change of the association. Many cubes of one shape are fitted at once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.pairs import Floats

Ints = npt.NDArray[np.int64]

_ROUNDS = 60
_CLOSE = 1e-6


class Association(NamedTuple):
    """Tests of many cubes; arrays of shape (cubes,).

    Attributes:
        statistic: Pearson's chi-square of the cube against the model without three-way interaction.
        df: degrees of freedom, (I' − 1)(J' − 1) with the codes that both samples have.
        p: of an unchanged association.
    """

    statistic: Floats
    df: Ints
    p: Floats

    def widened(self, by: npt.ArrayLike) -> "Association":
        """The same where counts vary `by` times as much as those of independent rows (clusters, windows)."""
        statistic = self.statistic / np.asarray(by, dtype=float)
        return Association(statistic, self.df, _tail(statistic, self.df))


def merged(codes: Ints, width: int, most: int, ordered: bool) -> Ints:
    """Codes in at most `most` groups: neighbours of about equal rows where ordered, else the commonest and others."""
    counts = np.bincount(codes, minlength=width)
    if ordered:
        middle = (np.cumsum(counts) - counts / 2.0) / max(codes.size, 1)
        group = np.minimum((middle * most).astype(np.int64), most - 1)
    else:
        place = np.empty(width, dtype=np.int64)
        place[np.argsort(-counts, kind="stable")] = np.arange(width)
        group = np.minimum(place, most - 1)
    return np.asarray(group[codes])


def pair_cubes(codes: Ints, groups: int, second: npt.NDArray[np.bool_]) -> tuple[list[tuple[int, int]], Floats]:
    """Every pair of columns with its cube.

    `codes` is rows × columns, each below `groups`; `second` says which rows are of sample 1. Cubes have the shape
    (pairs, 2, groups, groups).
    """
    columns = codes.shape[1]
    first, other = np.triu_indices(columns, 1)
    # Not by a matrix product: that takes threads, which wait for each other at full load.
    counted = [_with_later(codes[second == bool(sample)], groups) for sample in (0, 1)]
    return list(zip(first.tolist(), other.tolist(), strict=True)), np.stack(counted, axis=1)


def _with_later(codes: Ints, groups: int) -> Floats:
    """Rows by the codes of each column and of each column after it; shape (pairs, groups, groups)."""
    columns, size = codes.shape[1], groups * groups
    start = size * np.arange(columns)
    found = [
        np.bincount(
            (groups * codes[:, [i]] + codes[:, i + 1 :] + start[: columns - i - 1]).ravel(),
            minlength=size * (columns - i - 1),
        )
        for i in range(columns - 1)
    ]
    return np.concatenate([np.zeros(0), *found]).reshape(-1, groups, groups)


def fitted_without_change(cubes: npt.ArrayLike) -> Floats:
    """Expected cubes when the association is that of both samples together; iterative proportional fitting.

    Shape (cubes, 2, I, J) in and out; the sums over each of the three directions are those of the cube.

    Source: Deming & Stephan 1940; Bishop, Fienberg & Holland 1975.
    """
    observed = np.asarray(cubes, dtype=float)
    margins = [observed.sum(axis=axis, keepdims=True) for axis in (1, 2, 3)]
    fitted = np.where(observed.sum(axis=1, keepdims=True) > 0.0, np.ones_like(observed), 0.0)
    largest = max(float(observed.max(initial=0.0)), 1.0)
    for _ in range(_ROUNDS):
        before = fitted
        for axis, margin in zip((1, 2, 3), margins, strict=True):
            held = fitted.sum(axis=axis, keepdims=True)
            fitted = fitted * np.divide(margin, held, out=np.zeros_like(held), where=held > 0.0)
        if float(np.abs(fitted - before).max(initial=0.0)) <= _CLOSE * largest:
            break
    return fitted


def association_change(cubes: npt.ArrayLike) -> Association:
    """Test each cube for a change of the association.

    Raises:
        ValueError: unless the shape is (cubes, 2, I, J) and every count is at least 0.
    """
    observed = np.asarray(cubes, dtype=float)
    if observed.ndim != 4 or observed.shape[1] != 2 or not np.all(observed >= 0.0):
        raise ValueError(f"needs counts of shape (cubes, 2, I, J), got {observed.shape}")
    fitted = fitted_without_change(observed)
    parts = np.divide((observed - fitted) ** 2, fitted, out=np.zeros_like(fitted), where=fitted > 0.0)
    statistic = parts.sum(axis=(1, 2, 3))
    df = _levels(observed.sum(axis=3)) * _levels(observed.sum(axis=2))
    return Association(np.where(df > 0, statistic, 0.0), df, _tail(statistic, df))


def _tail(statistic: Floats, df: Ints) -> Floats:
    return np.asarray(np.where(df > 0, special.chdtrc(np.maximum(df, 1), statistic), 1.0))


def _levels(margin: Floats) -> Ints:
    """Codes that both samples have, less one; shape (cubes, 2, I) to (cubes,)."""
    shared: Ints = np.maximum(np.sum(np.all(margin > 0.0, axis=1), axis=1, dtype=np.int64) - 1, 0)
    return shared
