"""How likely a hit is, by score, decision and segment: learnt from rows with labels, applied to rows without."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.analyses.estimation.cells import Tally
from steelyard.stats import label_free

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_GROUPS = 40
"""Groups that scores are cut into; inside a group the score's own slope is kept."""
ROWS_BY_GROUP = 100
"""Labelled rows that a group of scores should have."""
CERTAIN = 1e-6
"""Scores are taken for probabilities no nearer to 0 and 1 than this."""
FEW_LABELS = 20
"""Labelled rows below which nothing is learnt."""
ENOUGH = 5.0
"""Expected hits and misses (harmonically) from which a segment's deviation is told from chance."""


@dataclass(frozen=True, eq=False)
class Chances:
    """P(hit | score, decision, segment).

    Attributes:
        cuts: of the scores into groups.
        decisions: number of classes that can be decided.
        from_score: whether the score itself is the first guess; else `rate` is.
        rate: share of hits over all labelled rows.
        calibration: the offsets from the first guess.
        design: how many times the variance of independent rows; from clusters, else 1.
        degrees: degrees of freedom of `design`.
        base: what was known before these labels came; None without.
    """

    cuts: Floats
    decisions: int
    from_score: bool
    rate: float
    calibration: label_free.Calibration
    design: float = 1.0
    degrees: float = math.inf
    base: Chances | None = None

    @property
    def support(self) -> Floats:
        """(S, G) labelled rows behind each cell of the calibration."""
        return self.calibration.support

    def cell(self, tally: Tally) -> Ints:
        """The cell of the calibration that each cell of rows belongs to."""
        return np.asarray(tally.stratum * self.calibration.support.shape[1] + _group(tally, self.cuts))

    def of(self, tally: Tally) -> Floats:
        """Probability of a hit in each cell of rows."""
        prior = _prior(tally, self.from_score, self.rate, self.base)
        return self.calibration.probability(prior, tally.stratum, _group(tally, self.cuts))


def fit(tally: Tally, decisions: int, from_score: bool, base: Chances | None = None) -> Chances | None:
    """Learn from the labelled rows; None where they are too few."""
    rows = tally.labelled[:, 0].sum()
    if rows < FEW_LABELS:
        return None
    weight, squares = tally.labelled[:, 1], tally.labelled[:, 2]
    scale = float(weight.sum() / squares.sum())
    m, k = weight * scale, tally.hit[:, 1] * scale
    rate = float((k.sum() + 0.5) / (m.sum() + 1.0))
    cuts = _cuts(tally.score, m)
    shape = (tally.strata, (decisions + 1) * (len(cuts) + 2))
    prior, group = _prior(tally, from_score, rate, base), _group(tally, cuts)
    calibration = label_free.calibrate(prior, tally.stratum, group, k, m, shape)
    c = calibration.probability(prior, tally.stratum, group)
    design, degrees = _design(tally, c)
    return Chances(cuts, decisions, from_score, rate, calibration, design, degrees, base)


def heterogeneity(chances: Chances, tally: Tally) -> tuple[float, int]:
    """χ² of segments whose hits are not those that scores alone foretell, and its degrees of freedom.

    `chances` were learnt without segments; `tally` has them.
    """
    c = chances.of(tally.pooled())
    weight, squares = tally.labelled[:, 1], tally.labelled[:, 2]

    def by_stratum(column: Floats) -> Floats:
        return np.bincount(tally.stratum, weights=column, minlength=tally.strata).astype(float)

    gap = by_stratum(tally.hit[:, 1] - weight * c)
    variance = by_stratum(squares * c * (1 - c))
    told = by_stratum(tally.labelled[:, 0] * c * (1 - c)) >= ENOUGH
    chi2 = float(np.sum(gap[told] ** 2 / variance[told])) / chances.design
    return chi2, max(int(told.sum()) - 1, 0)


def _prior(tally: Tally, from_score: bool, rate: float, base: Chances | None) -> Floats:
    if base is not None:
        return base.of(tally)
    if not from_score:
        return np.full(len(tally.score), rate)
    return np.where(np.isnan(tally.score), rate, np.clip(tally.score, CERTAIN, 1 - CERTAIN))


def _cuts(score: Floats, rows: Floats) -> Floats:
    """Cut points of groups of about equal numbers of labelled rows."""
    known = ~np.isnan(score) & (rows > 0)
    if not known.any():
        return np.zeros(0)
    order = np.argsort(score[known], kind="stable")
    values, cumulative = score[known][order], np.cumsum(rows[known][order])
    groups = int(np.clip(cumulative[-1] / ROWS_BY_GROUP, 1, MOST_GROUPS))
    at = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, groups) / groups)
    return np.unique(values[at])


def _group(tally: Tally, cuts: Floats) -> Ints:
    """Decision × group of scores; the last group is for rows without a score."""
    width = len(cuts) + 2
    known = np.searchsorted(cuts, np.where(np.isnan(tally.score), 0.0, tally.score), side="right")
    return (tally.decision + 1) * width + np.where(np.isnan(tally.score), width - 1, known)


def _design(tally: Tally, c: Floats) -> tuple[float, float]:
    """How much more labels vary by cluster than independent ones would (Kish's design effect), at least 1."""
    buckets = np.unique(tally.bucket)
    independent = float(np.sum(tally.labelled[:, 2] * c * (1 - c)))
    if len(buckets) < 2 or independent <= 0:
        return 1.0, math.inf
    residual = np.bincount(tally.bucket, weights=tally.hit[:, 1] - tally.labelled[:, 1] * c)
    among = float(np.sum(residual**2)) * len(buckets) / (len(buckets) - 1)
    return max(among / independent, 1.0), len(buckets) - 1.0


def p_of(chi2: float, degrees: int) -> float:
    """p of a χ² this large by chance."""
    return float(special.chdtrc(degrees, chi2)) if degrees > 0 else 1.0
