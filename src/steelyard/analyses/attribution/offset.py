"""Did only the base rate move? Two ways in which it can: at any score alike, or with all else following the truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.analyses.attribution.cubes import Cube

Floats = NDArray[np.float64]
MOSTLY = 0.5
"""Share of what moved in P(truth | group, segment) that a uniform offset must explain to be told as base rate."""
STABLE = 0.15
"""Share of what moved in (truth, group) that may lie in P(group | truth) for the truth's frequency to be all."""
STABLE_SEGMENTS = 0.25
"""The same for (truth, segment)."""
SURE = 0.001


def uniform_offset(then: Floats, now: Floats) -> Floats:
    """The offset of logit P(positive | group, segment) that the middle segment shows.

    The median over segments, weighted by their information, is not moved by a segment in which everything changed.

    Args:
        then, now: weights, of shape (…, segments, groups, 2, decisions).

    Returns:
        One offset for each leading index.
    """
    gap, weight = _logit_gap(then, now)
    information = weight.sum(axis=-1)
    by_segment = np.divide(
        (gap * weight).sum(axis=-1), information, out=np.zeros_like(information), where=information > 0
    )
    return _weighted_median(by_segment, information)


def explained_by_offset(then: Cube, now: Cube) -> bool:
    """Whether a uniform offset of the logit explains most of what is now true of rows with a given score."""
    if then.loss is not None or then.weight.shape[2] != 2:
        return False
    rows = [cube.weight * (cube.rows / cube.weight.sum()) for cube in (then, now)]
    gap, weight = _logit_gap(*rows)
    offset = uniform_offset(*rows)
    seen = float((weight > 0).sum())
    moved, left = float((weight * gap**2).sum()), float((weight * (gap - offset) ** 2).sum())
    surely = special.chdtrc(1.0, max(moved - left, 0.0)) < SURE
    return bool(surely and moved - left >= MOSTLY * (moved - seen))


def is_prior_shift(then: Cube, now: Cube) -> bool:
    """Whether P(truth) moved and, given the truth, scores and segments did not.

    Measured by likelihood ratios beyond their expectation; scores must have moved less given the truth than they did
    altogether, else it is the truth at any score that moved.
    """
    if then.loss is not None or then.weight.shape[2] < 2:
        return False
    tables = [cube.weight.sum(axis=3) * (cube.rows / cube.weight.sum()) for cube in (then, now)]
    truth = _excess([t.sum(axis=(0, 1)) for t in tables])
    if truth.p >= SURE:
        return False
    score = _excess([t.sum(axis=0) for t in tables])
    segment = _excess([t.sum(axis=1) for t in tables])
    alone = _excess([t.sum(axis=(0, 2)) for t in tables])
    given_truth = score.value - truth.value
    return (
        given_truth <= min(STABLE * score.value, alone.value)
        and segment.value - truth.value <= STABLE_SEGMENTS * segment.value
    )


class _Excess:
    """A likelihood ratio beyond its expectation under no change, and its p-value."""

    def __init__(self, statistic: float, freedom: int) -> None:
        self.value = max(statistic - freedom, 0.0)
        self.p = float(special.chdtrc(max(freedom, 1), statistic)) if freedom else 1.0


def _excess(tables: list[Floats]) -> _Excess:
    then, now = (t.ravel() for t in tables)
    n, m = float(then.sum()), float(now.sum())
    used = (then + now) > 0
    pooled = (then + now)[used] / (n + m)
    statistic = 2 * sum(
        float(special.xlogy(side[used], side[used] / (total * pooled)).sum()) for side, total in ((then, n), (now, m))
    )
    return _Excess(max(statistic, 0.0), int(used.sum()) - 1)


def _logit_gap(then: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Change of the logit in each cell, and its information; 0 where a period has no row."""
    sides = []
    for table in (then, now):
        counts = table.sum(axis=-1)
        negative, positive = counts[..., 0] + 0.5, counts[..., 1] + 0.5
        sides.append((np.log(positive / negative), 1 / positive + 1 / negative, counts.sum(axis=-1) > 0))
    both = sides[0][2] & sides[1][2]
    return np.where(both, sides[1][0] - sides[0][0], 0.0), np.where(both, 1 / (sides[0][1] + sides[1][1]), 0.0)


def _weighted_median(values: Floats, weight: Floats) -> Floats:
    order = np.argsort(values, axis=-1)
    ranked, mass = np.take_along_axis(values, order, -1), np.take_along_axis(weight, order, -1)
    passed = np.cumsum(mass, axis=-1) - mass / 2
    middle = np.argmax(passed >= mass.sum(axis=-1, keepdims=True) / 2 - 1e-12, axis=-1)
    return np.asarray(np.take_along_axis(ranked, middle[..., None], -1)[..., 0])
