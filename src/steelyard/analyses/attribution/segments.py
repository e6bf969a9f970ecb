"""Which feature, which segment: the change of a metric told by the groups of every feature, to first order.

The metric's slope, averaged over both periods, makes of every row a value whose mean changes as the metric does
(exactly for shares and means, to second order for others). Of a mean, each feature's groups tell mix, and what is
now true of rows with a given score, in closed form with standard errors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.attribution.cubes import Cube, Mask, Pair
from steelyard.analyses.attribution.offset import explained_by_offset, is_prior_shift, uniform_offset
from steelyard.analyses.attribution.yardsticks import Yardstick
from steelyard.records import UndefinedMetricError
from steelyard.stats import decomposition
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.decomposition import DECISION, GROUP, TRUTH
from steelyard.stats.multiplicity import benjamini_hochberg

Floats = NDArray[np.float64]
FALSE_DISCOVERIES = 0.05
CLEARLY = 2.0
"""Standard errors that a group's own part must be away from 0."""
FEWEST_ROWS = 20.0
"""Rows a segment must have in both data sets to be told of."""


@dataclass(frozen=True)
class ByFeature:
    """A change of a metric by the groups of one feature.

    Attributes:
        pair: the cubes.
        mix: what came of groups that grew or shrank, by group.
        mix_se: standard error of its sum.
        concept: what came of rows with the same score being otherwise true (or wrong), by group, a uniform offset
            of the base rate aside.
        concept_se: its standard errors.
        held: mean share of each group over both data sets.
    """

    pair: Pair
    mix: Floats
    mix_se: float
    concept: Floats
    concept_se: Floats
    held: Floats

    @property
    def known(self) -> Mask:
        """Groups with enough rows in both data sets."""
        then, now = self.pair.then, self.pair.now
        sizes = [cube.segments / cube.weight.sum() * cube.rows for cube in (then, now)]
        return np.asarray(np.minimum(*sizes) >= FEWEST_ROWS)

    @cached_property
    def excess(self) -> Floats:
        """By how much a group's part exceeds its share of the whole."""
        return np.asarray(self.concept - self.held * self.concept.sum())

    @cached_property
    def excess_se(self) -> Floats:
        """Standard errors of `excess`."""
        squares = self.concept_se**2
        own = (1 - 2 * self.held) * squares
        return np.asarray(np.sqrt(np.maximum(own + self.held**2 * squares.sum(), 0.0)))

    @property
    def mix_p(self) -> float:
        """Of no mix at all."""
        return _p(float(self.mix.sum()), self.mix_se)

    def segment_p(self) -> Floats:
        """Of each group changing as all others did."""
        return np.array(
            [
                _p(float(e), float(s)) if known else 1.0
                for e, s, known in zip(self.excess, self.excess_se, self.known, strict=True)
            ]
        )


@dataclass(frozen=True)
class Told:
    """A feature after all were tested together.

    Attributes:
        by: the feature.
        mix_q: of its mix.
        segment_q: of each of its groups.
    """

    by: ByFeature
    mix_q: float
    segment_q: Floats

    @property
    def name(self) -> str:
        """The feature."""
        return self.by.pair.feature.name

    @property
    def mix(self) -> float:
        """Its mix where it is clear, else 0."""
        return float(self.by.mix.sum()) if self.mix_q <= FALSE_DISCOVERIES else 0.0

    @property
    def clear(self) -> Mask:
        """Groups that clearly changed, and clearly more than the rest."""
        apart = (self.segment_q <= FALSE_DISCOVERIES) & (self.by.concept * self.by.excess > 0)
        return np.asarray(apart & (np.abs(self.by.concept) > CLEARLY * self.by.concept_se))

    @property
    def concentration(self) -> float:
        """How unevenly its groups carry the change at a given score: what the clear ones have beyond their share."""
        excess = self.by.excess[self.clear]
        return float(max(excess[excess > 0].sum(), -excess[excess < 0].sum())) if len(excess) else 0.0

    @property
    def moved(self) -> float:
        """How far its groups moved: Jensen–Shannon divergence beyond what chance makes of it."""
        then, now = self.by.pair.then, self.by.pair.now
        chance = (len(self.by.held) - 1) * (1 / then.rows + 1 / now.rows) / 8
        return float(decomposition.surprise(then.segments, now.segments).sum()) - chance


def tell(pairs: Sequence[Pair], yard: Yardstick) -> list[Told]:
    """Every feature's mix and segments, tested together at a false discovery rate of 5 %."""
    found = [by_feature(pair, yard) for pair in pairs if _has_value(pair, yard)]
    if not found:
        return []
    mix_q = benjamini_hochberg(np.array([by.mix_p for by in found]))
    each = [by.segment_p() for by in found]
    segment_q = np.split(benjamini_hochberg(np.concatenate(each)), np.cumsum([len(p) for p in each])[:-1])
    return [Told(by, float(q), s) for by, q, s in zip(found, mix_q, segment_q, strict=True)]


def _has_value(pair: Pair, yard: Yardstick) -> bool:
    """Whether the metric has a value in both periods; on the rows that a defect left it may have none."""
    try:
        yard.value(pair.then.joint, False)
        yard.value(pair.now.joint, True)
    except UndefinedMetricError:
        return False
    return True


def by_feature(pair: Pair, yard: Yardstick) -> ByFeature:
    """One feature's groups, where the metric has a value in both periods."""
    slope = mean_slope(pair, yard)
    then, now = (Rows.of(cube, slope, pair) for cube in (pair.then, pair.now))
    whole = decomposition.kitagawa(then.groups, now.groups)
    held = (then.groups.share + now.groups.share) / 2
    concept, spread = _concept(pair, then, now, slope)
    return ByFeature(pair, whole.mix, whole.mix_se, held * concept, held * np.sqrt(spread), held)


def mean_slope(pair: Pair, yard: Yardstick) -> Floats:
    """The metric's slope, averaged over both periods."""
    return (yard.slope(pair.then.joint, False) + yard.slope(pair.now.joint, True)) / 2


@dataclass(frozen=True)
class Rows:
    """The value that the slope makes of rows, by segment and group.

    Attributes:
        weight: Σw, of shape (segments, groups).
        mean: of the value.
        variance: of the value over rows.
        rows: effective number of rows of the data set.
    """

    weight: Floats
    mean: Floats
    variance: Floats
    rows: float

    @classmethod
    def of(cls, cube: Cube, slope: Floats, pair: Pair) -> Rows:
        """Those of a cube; at a given score and truth, decisions are those of both periods together."""
        weight = cube.weight.sum(axis=(2, 3))
        if cube.loss is not None and cube.spread is not None:
            by = slope[None, :, 0, 0]
            return cls(weight, by * cube.loss[:, :, 0, 0], by**2 * cube.spread[:, :, 0, 0], cube.rows)
        value = _without_decisions(slope, pair)
        truth = decomposition.mean_given(cube.weight.sum(axis=3, keepdims=True), weight[:, :, None, None])[..., 0]
        mean = (truth * value).sum(axis=2)
        return cls(weight, mean, np.maximum((truth * value**2).sum(axis=2) - mean**2, 0.0), cube.rows)

    @cached_property
    def groups(self) -> decomposition.Groups:
        """The same by segment."""
        total = self.weight.sum(axis=1)
        safe = np.where(total > 0, total, 1.0)
        inside = self.weight / safe[:, None]
        mean = (inside * self.mean).sum(axis=1)
        second = (inside * (self.variance + self.mean**2)).sum(axis=1)
        return decomposition.Groups(total, mean, np.maximum(second - mean**2, 0.0), self.rows)

    @property
    def counts(self) -> Floats:
        """Effective rows in each cell."""
        return np.asarray(self.weight * (self.rows / self.weight.sum()))


def _concept(pair: Pair, then: Rows, now: Rows, slope: Floats) -> tuple[Floats, Floats]:
    """Change of the mean value at a given score, by segment, and its variance."""
    before = then.mean if pair.then.loss is not None else _at_offset(pair, slope)
    both = (then.weight > 0) & (now.weight > 0)
    inside = sum(side.weight / np.maximum(side.groups.weight, 1e-300)[:, None] for side in (then, now)) / 2
    gap = np.where(both, now.mean - before, 0.0)
    # The variance of both periods together stands in cell by cell: few rows that agree are not certain.
    pooled = (then.counts * then.variance + now.counts * now.variance) / np.maximum(then.counts + now.counts, 1e-300)
    middle = (then.counts * then.mean + now.counts * now.mean) / np.maximum(then.counts + now.counts, 1e-300)
    between = (then.counts * (then.mean - middle) ** 2 + now.counts * (now.mean - middle) ** 2) / np.maximum(
        then.counts + now.counts, 1e-300
    )
    noise = np.divide(
        (pooled + between) * (then.counts + now.counts), then.counts * now.counts, out=np.zeros_like(gap), where=both
    )
    return (inside * gap).sum(axis=1), (inside**2 * noise).sum(axis=1)


def _at_offset(pair: Pair, slope: Floats) -> Floats:
    """Mean value of the reference by segment and group, had the base rate moved by what all segments share."""
    weight = pair.then.weight.sum(axis=3, keepdims=True)
    truth = decomposition.mean_given(weight, weight.sum(axis=2, keepdims=True), (GROUP,))[..., 0]
    moved = is_prior_shift(pair.then, pair.now) or explained_by_offset(pair.then, pair.now)
    if moved and truth.shape[2] == 2:
        by = uniform_offset(*(c.weight * (c.rows / c.weight.sum()) for c in (pair.then, pair.now)))
        positive = decomposition.shifted(truth[:, :, 1:], by)
        truth = np.concatenate([1 - positive, positive], axis=2)
    return np.asarray((truth * _without_decisions(slope, pair)).sum(axis=2))


def _without_decisions(slope: Floats, pair: Pair) -> Floats:
    """The slope by group and truth, at the decisions that both periods together take there."""
    if slope.shape[2] == 1:
        return slope[None, :, :, 0]
    weight = sum(c.weight.sum(axis=0, keepdims=True) / c.weight.sum() for c in (pair.then, pair.now))
    rule = decomposition.conditional(np.asarray(weight), DECISION, (GROUP, TRUTH))
    return np.asarray((rule * slope).sum(axis=3))


def _p(value: float, se: float) -> float:
    return two_sided_p(value / se) if se > 0 and math.isfinite(value) else 1.0
