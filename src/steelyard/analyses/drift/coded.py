"""Sampled rows as groups of each feature: finely for the classifier, coarsely for pairs, as numbers for kernels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.drift.sampled import Sampled
from steelyard.analyses.features import Feature
from steelyard.facts import Binned
from steelyard.stats.discriminate import Flags
from steelyard.stats.interaction import merged
from steelyard.stats.logistic import Floats, Ints

COARSE = 5
"""Groups of a column in a pair."""


@dataclass(frozen=True, eq=False)
class Coded:
    """Features of sampled rows.

    Attributes:
        features: those with more than one group among the rows.
        codes: the group of each row, numbered by those that occur; rows × features.
        widths: how many groups occur, by feature.
        ordered: whether a feature's groups are in order.
        coarse: the same in few groups; rows × features.
    """

    features: tuple[Feature, ...]
    codes: Ints
    widths: tuple[int, ...]
    ordered: tuple[bool, ...]
    coarse: Ints

    def ranks(self, column: int, reference: Flags) -> Floats:
        """The mean rank, among reference rows, of each row's group of an ordered feature; −√3 to √3."""
        counts = np.bincount(self.codes[reference, column], minlength=self.widths[column])
        middle = (np.cumsum(counts) - counts / 2.0) / max(counts.sum(), 1)
        return np.asarray(((middle - 0.5) * np.sqrt(12.0))[self.codes[:, column]])

    def points(self, second: Flags) -> Floats:
        """Rows as points: ranks of what is ordered, an axis for each group of what is not."""
        axes: list[Floats] = []
        for column, (width, ordered) in enumerate(zip(self.widths, self.ordered, strict=True)):
            if ordered:
                axes.append(self.ranks(column, ~second)[:, None])
            else:
                axes.append(np.eye(width)[self.codes[:, column]])
        return np.concatenate(axes, axis=1)


def coded(features: Sequence[Feature], rows: Sampled) -> Coded:
    """Put each row into the groups of the features; features that are all one group are left out."""
    kept, codes, widths, ordered, coarse = [], [], [], [], []
    for feature in features:
        used, code = np.unique(rows.grouped(feature.key), return_inverse=True)
        if used.size < 2:
            continue
        kept.append(feature)
        codes.append(code.ravel())
        widths.append(int(used.size))
        ordered.append(_is_ordered(feature))
        coarse.append(merged(codes[-1], widths[-1], COARSE, ordered[-1]))
    blank = np.empty((len(rows.second), 0), dtype=np.int64)
    return Coded(
        tuple(kept),
        np.stack(codes, axis=1) if codes else blank,
        tuple(widths),
        tuple(ordered),
        np.stack(coarse, axis=1) if coarse else blank,
    )


def _is_ordered(feature: Feature) -> bool:
    return isinstance(feature.key, Binned) or not any(isinstance(value, str) for value in feature.key.values)
