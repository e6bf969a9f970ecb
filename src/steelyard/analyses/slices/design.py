"""How much less rows of clusters tell than independent ones: design effects of a feature's conditions."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.slices.cubes import Floats, sums_of
from steelyard.analyses.slices.groups import Mask
from steelyard.stats.segments import Sums, gap

FEWEST_GROUPS = 8
"""Groups of clusters without which the effect cannot be told, and no segment is."""


def design_effects(bucketed: Floats, conditions: Mask) -> Floats | None:
    """Variance of each condition's gap to the rest, by leaving out each group of clusters, over that of rows alone.

    Of each condition the largest of its own, the feature's average and 1. None where there are too few groups.

    Args:
        bucketed: cluster buckets × groups of the feature × sums.
        conditions: conditions × groups of the feature.
    """
    used = len(bucketed)
    if used < FEWEST_GROUPS:
        return None
    inside = np.einsum("cg,bgs->bcs", conditions.astype(float), bucketed)
    total = bucketed.sum(axis=1)
    left = sums_of(inside.sum(axis=0)[None] - inside)
    rest = sums_of((total.sum(axis=0)[None] - total)[:, None, :]).minus(left)
    without, _ = gap(left, rest)
    jackknifed = (used - 1) / used * np.sum((without - without.mean(axis=0)) ** 2, axis=0)
    whole = sums_of(inside.sum(axis=0))
    everything = Sums(*(part.sum(axis=0) for part in sums_of(total)))
    _, error = gap(whole, everything.minus(whole))
    own = np.divide(jackknifed, error**2, out=np.ones(len(error)), where=error > 0)
    told = (whole.rows > 0) & (error > 0)
    average = float(own[told].mean()) if told.any() else 1.0
    return np.asarray(np.maximum(np.maximum(own, average), 1.0))
