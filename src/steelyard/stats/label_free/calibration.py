"""How often a hit follows a prior probability, learnt from labelled cells by group of scores and by stratum."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.label_free.counts import Floats, Ints, ratio

KAPPA = 5.0
"""Rows of prior belief that a cell is shrunken by."""
NEWTON_STEPS = 100
LIGHT = 0.5
"""The same for whole groups and whole strata, which rest on more rows: no more than keeps them finite."""
ROUNDS = 5
"""Times that group and stratum are fitted in turn."""
FARTHEST = 40.0
"""Offsets beyond this many logits are certainty in double precision."""
TOLERANCE = 1e-12
CERTAIN = 1e-12
"""Prior probabilities are kept this far from 0 and 1."""


class Calibration(NamedTuple):
    """P(hit | prior, stratum, group) as offsets on the logit scale.

    Attributes:
        of_group: (G,) what holds in every stratum.
        of_stratum: (S,) what holds in every group of a stratum.
        of_cell: (S, G) the rest, shrunken towards 0.
        support: (S, G) labelled rows each cell rests on.
        kappa: rows of prior belief.
    """

    of_group: Floats
    of_stratum: Floats
    of_cell: Floats
    support: Floats
    kappa: float

    def probability(self, prior: npt.ArrayLike, stratum: Ints, group: Ints) -> Floats:
        """Probability of a hit in each cell; shape of `prior`."""
        offset = self.of_group[group] + self.of_stratum[stratum] + self.of_cell[stratum, group]
        return np.asarray(special.expit(_logit(prior) + offset))


def calibrate(
    prior: npt.ArrayLike,
    stratum: Ints,
    group: Ints,
    hits: npt.ArrayLike,
    rows: npt.ArrayLike,
    shape: tuple[int, int],
    kappa: float = KAPPA,
) -> Calibration:
    """Learn from labelled cells how often a hit follows a prior probability, by group and by stratum.

    Offsets of the groups of scores and of the strata (recalibration in the large) are fitted in turn; then each cell
    gets one more, so that its expected hits are the shrunken ones, m·(k + κ·expected)/(m + κ). A cell without
    labelled rows keeps what its group and its stratum say of it. Conditional means are honoured on every stratum and
    every group at once, which is multicalibration (Hébert-Johnson et al. 2018).

    Args:
        prior: (C,) a first guess in (0, 1), such as the model's own score.
        stratum, group: (C,) places below `shape`.
        hits, rows: (C,) effective labelled rows, and how many of them were hits.
        shape: numbers of strata and of groups.
        kappa: rows of prior belief in what group and stratum say of a cell.
    """
    base, k, m = _logit(prior), np.asarray(hits, dtype=float), np.asarray(rows, dtype=float)
    strata, groups = shape
    of_group, of_stratum = np.zeros(groups), np.zeros(strata)
    for _ in range(ROUNDS):
        of_group = logit_offsets(base + of_stratum[stratum], group, k, m, groups, LIGHT)
        of_stratum = logit_offsets(base + of_group[group], stratum, k, m, strata, LIGHT)
    base = base + of_group[group] + of_stratum[stratum]
    cell = stratum * groups + group
    of_cell = logit_offsets(base, cell, k, m, strata * groups, kappa)
    support = np.bincount(cell, weights=m, minlength=strata * groups).astype(float)
    return Calibration(of_group, of_stratum, of_cell.reshape(shape), support.reshape(shape), kappa)


def logit_offsets(
    base: npt.ArrayLike, part: Ints, hits: npt.ArrayLike, rows: npt.ArrayLike, parts: int, kappa: float = KAPPA
) -> Floats:
    """Offset of each part's logits that makes its expected hits the shrunken ones; 0 where it has no rows.

    Solves Σ m·expit(base + o) = m·(k + κ·p)/(m + κ) in each part, p the mean of expit(base), by Newton's method
    inside a bracket. Returns shape (parts,).
    """
    logits, k, m = (np.asarray(x, dtype=float) for x in (base, hits, rows))

    def per_part(column: Floats) -> Floats:
        return np.bincount(part, weights=column, minlength=parts).astype(float)

    total = per_part(m)
    full = total > 0
    expected = per_part(m * special.expit(logits))
    target = np.where(full, total * ratio(per_part(k) + kappa * ratio(expected, total), total + kappa), 0.0)
    low, high, offset = np.full(parts, -FARTHEST), np.full(parts, FARTHEST), np.zeros(parts)
    for _ in range(NEWTON_STEPS):
        c = special.expit(logits + offset[part])
        gap = per_part(m * c) - target
        if np.all(np.abs(gap) <= TOLERANCE * np.maximum(total, 1.0)):
            break
        low, high = np.where(gap < 0, offset, low), np.where(gap > 0, offset, high)
        slope = per_part(m * c * (1.0 - c))
        newton = offset - np.divide(gap, slope, out=np.full(parts, np.inf), where=slope > 0)
        offset = np.where((newton > low) & (newton < high), newton, (low + high) / 2.0)
    return np.where(full, offset, 0.0)


def _logit(p: npt.ArrayLike) -> Floats:
    return np.asarray(special.logit(np.clip(np.asarray(p, dtype=float), CERTAIN, 1 - CERTAIN)))
