"""ROC-AUC from counts per score bin: value, gradient, and what the binning can have hidden."""

import numpy as np
import numpy.typing as npt

from steelyard.stats.ranks.counts import Flags, Floats, atoms, counts


def placements(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Placement values (V10, V01) per bin, ties counting half.

    V10_b is the share of negatives below a positive in bin b, V01_b the share of positives above a negative
    in bin b; both of shape (B,).

    Raises:
        ValueError: if a class is empty or the counts are malformed.

    Source: DeLong, DeLong & Clarke-Pearson 1988; Sun & Xu 2014.
    """
    p, q = counts(p, q)
    below = (np.cumsum(q) - q / 2.0) / q.sum()
    above = (np.cumsum(p[::-1])[::-1] - p / 2.0) / p.sum()
    return below, above


def roc_auc(p: npt.ArrayLike, q: npt.ArrayLike) -> float:
    """P(score of a positive > score of a negative) + ½ P(equal), in [0, 1].

    Scores in one bin count as tied, which biases continuous bins towards ½ by O(width²).

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    p, q = counts(p, q)
    below, _ = placements(p, q)
    return float((p * below).sum() / p.sum())


def roc_auc_gradient(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Gradient of `roc_auc` in the weight of the positives and of the negatives of each bin.

    ((V10 − AUC)/P, (V01 − AUC)/N), both of shape (B,).

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    p, q = counts(p, q)
    below, above = placements(p, q)
    auc = float((p * below).sum() / p.sum())
    return (below - auc) / p.sum(), (above - auc) / q.sum()


def roc_auc_bounds(p: npt.ArrayLike, q: npt.ArrayLike, atom: npt.ArrayLike | None = None) -> tuple[float, float]:
    """The least and greatest AUC that any order of the rows inside their bins can give.

    Bins flagged by `atom` hold one tied score and add nothing to the width.

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    p, q = counts(p, q)
    hidden = float((p * q)[~atoms(atom, p.size)].sum() / (p.sum() * q.sum()))
    middle = roc_auc(p, q)
    return max(middle - hidden / 2.0, 0.0), min(middle + hidden / 2.0, 1.0)


def richardson_error(p: npt.ArrayLike, q: npt.ArrayLike, atom: npt.ArrayLike | None = None) -> float:
    """Estimated binning error of `roc_auc`: |AUC_h − AUC_2h| / 3, neighbouring bins merged for AUC_2h.

    The continuous bins must be equally wide on the score axis, empty ones included; bins flagged by `atom`
    hold one tied score and are never merged. An estimate, not a bound; good when rows are many to a bin.

    Raises:
        ValueError: if a class is empty or the counts are malformed.

    Source: Richardson 1911, for an error of order h².
    """
    p, q = counts(p, q)
    starts = _pair_starts(atoms(atom, p.size))
    return abs(roc_auc(p, q) - roc_auc(np.add.reduceat(p, starts), np.add.reduceat(q, starts))) / 3.0


def _pair_starts(tied: Flags) -> npt.NDArray[np.intp]:
    index = np.arange(tied.size)
    last_atom = np.maximum.accumulate(np.where(tied, index, -1))
    return np.flatnonzero(tied | ((index - last_atom) % 2 == 1))
