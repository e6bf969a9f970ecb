"""The expected table of rows without labels, and how far what is read from it may be off."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.label_free.calibration import KAPPA
from steelyard.stats.label_free.counts import Floats, Ints, ratio


def expected_confusion(rows: npt.ArrayLike, probability: npt.ArrayLike, decision: npt.ArrayLike) -> Floats:
    """Expected 2 × 2 table, label by row and decision by column, of cells whose labels are unknown.

    Confidence-based performance estimation (CBPE; NannyML): E[TP] = Σ n·c over the cells that are decided 1.
    """
    n, c = np.asarray(rows, dtype=float), np.asarray(probability, dtype=float)
    said = np.asarray(decision, dtype=float)
    return np.array(
        [
            [float(np.sum(n * (1 - c) * (1 - said))), float(np.sum(n * (1 - c) * said))],
            [float(np.sum(n * c * (1 - said))), float(np.sum(n * c * said))],
        ]
    )


class Uncertainty(NamedTuple):
    """What the spread of a label-free estimate is made of.

    Attributes:
        labels: from labels that are not known, though their probabilities are; 0 for the population's value.
        rows: from rows that were drawn; 0 for the value these very rows will have.
        reference: from probabilities that were learnt from finitely many labels.
    """

    labels: float
    rows: float
    reference: float

    @property
    def variance(self) -> float:
        """All of it."""
        return self.labels + self.rows + self.reference


def realised_uncertainty(
    slope_hit: npt.ArrayLike,
    slope_miss: npt.ArrayLike,
    probability: npt.ArrayLike,
    weights: npt.ArrayLike,
    squares: npt.ArrayLike,
    cell: Ints,
    support: npt.ArrayLike,
    kappa: float = KAPPA,
) -> Uncertainty:
    """Spread of (estimate − the value that these rows will have once their labels are there).

    With δ the metric's slope for a hit less that for a miss, at the expected table, D the sum of W·δ in a cell of
    the calibration and m its labelled rows: Σ U·δ²·c(1−c) + Σ_cell D²·c(1−c)/(m + κ + 1). Where `support` tells
    strata and groups, what cells were shrunken towards counts as an error they share: with L = D·κ/(m+κ) the second
    sum is then Σ c(1−c)·[m·(D/(m+κ) + L_s/m_s + L_g/m_g − L./m.)² + L²/(κ+1)], sums over stratum, group and all.

    Args:
        slope_hit, slope_miss: (C,) ∂metric/∂weight of a row of that cell, were it a hit or a miss.
        probability: (C,) of a hit.
        weights, squares: (C,) weight and squared weights of rows whose label is unknown.
        cell: (C,) the cell of the calibration whose error these rows share.
        support: labelled rows behind each cell of the calibration: (cells,), or (strata, groups).
        kappa: rows of prior belief.
    """
    delta = np.asarray(slope_hit, dtype=float) - np.asarray(slope_miss, dtype=float)
    c, u = np.asarray(probability, dtype=float), np.asarray(squares, dtype=float)
    labels = float(np.sum(u * delta**2 * c * (1 - c)))
    return Uncertainty(labels, 0.0, _reference_variance(delta, c, weights, cell, support, kappa))


def population_uncertainty(
    slope_hit: npt.ArrayLike,
    slope_miss: npt.ArrayLike,
    probability: npt.ArrayLike,
    weights: npt.ArrayLike,
    squares: npt.ArrayLike,
    cell: Ints,
    support: npt.ArrayLike,
    kappa: float = KAPPA,
) -> Uncertainty:
    """Spread of (estimate − the value on all rows of the same kind): Σ U·(c·g₁ + (1−c)·g₀)² + the reference's part.

    Arguments as for `realised_uncertainty`.
    """
    hit, miss = np.asarray(slope_hit, dtype=float), np.asarray(slope_miss, dtype=float)
    c, u = np.asarray(probability, dtype=float), np.asarray(squares, dtype=float)
    rows = float(np.sum(u * (c * hit + (1 - c) * miss) ** 2))
    return Uncertainty(0.0, rows, _reference_variance(hit - miss, c, weights, cell, support, kappa))


def _reference_variance(
    delta: Floats, c: Floats, weights: npt.ArrayLike, cell: Ints, support: npt.ArrayLike, kappa: float
) -> float:
    w, m = np.asarray(weights, dtype=float), np.asarray(support, dtype=float)
    spread = c * (1 - c)

    def per_cell(column: Floats) -> Floats:
        return np.bincount(cell, weights=column, minlength=m.size).astype(float).reshape(m.shape)

    total = per_cell(w)
    mean = ratio(per_cell(w * c), total)
    # A cell's rate moves its rows by their own c(1−c), relative to the mean of these: ∂c/∂rate under a common offset.
    pull = ratio(per_cell(w * delta * spread), ratio(per_cell(w * spread), total))
    if m.ndim == 1:
        return float(np.sum(pull**2 * mean * (1 - mean) / (m + kappa + 1.0)))
    rate = np.where(total > 0, mean, ratio((m * mean).sum(axis=1), (m * (total > 0)).sum(axis=1))[:, None])
    return float(np.sum(rate * (1 - rate) * shrunken_error(pull, m, kappa)))


def shrunken_error(pull: Floats, support: Floats, kappa: float = KAPPA) -> Floats:
    """Variance of Σ pull·mean over shrunken cell means, by cell, in units of one row's variance in that cell.

    Cells are (strata, groups). What a cell is shrunken towards is learnt from the rows of its stratum and of its
    group, so that cells share that error: m·(pull/(m+κ) + L_s/m_s + L_g/m_g − L./m.)² + L²/(κ+1), L = pull·κ/(m+κ).
    """
    m = support
    lent = pull * kappa / (m + kappa)
    common = (
        ratio(lent.sum(axis=1), m.sum(axis=1))[:, None]
        + ratio(lent.sum(axis=0), m.sum(axis=0))[None, :]
        - ratio(lent.sum(), m.sum())
    )
    return np.asarray(m * (pull / (m + kappa) + common) ** 2 + lent**2 / (kappa + 1.0))
