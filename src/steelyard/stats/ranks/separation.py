"""Kolmogorov–Smirnov separation of the two classes' scores."""

import numpy as np
import numpy.typing as npt

from steelyard.stats.ranks.counts import Floats, atoms, counts


def ks(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[float, int]:
    """Greatest gap between the two distribution functions at the bin edges, and the bin whose end has it.

    (max_b |F1_b − F0_b|, the first such b), F the share of a class at or below bin b; value in [0, 1].

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    f1, f0 = _distributions(p, q)
    gap = np.abs(f1 - f0)
    where = int(gap.argmax())
    return float(gap[where]), where


def ks_bounds(p: npt.ArrayLike, q: npt.ArrayLike, atom: npt.ArrayLike | None = None) -> tuple[float, float]:
    """The least and greatest KS that any order of the rows inside their bins can give.

    Least: the gap at the edges. Greatest: inside a bin one class may come wholly before the other,
    max_b max(|F1_b − F0_{b−1}|, |F1_{b−1} − F0_b|). Bins flagged by `atom` hold one tied score and add
    nothing.

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    f1, f0 = _distributions(p, q)
    low = float(np.abs(f1 - f0).max())
    before1, before0 = np.concatenate(([0.0], f1[:-1])), np.concatenate(([0.0], f0[:-1]))
    inside = np.maximum(np.abs(f1 - before0), np.abs(before1 - f0))[~atoms(atom, f1.size)]
    return low, min(float(inside.max(initial=low)), 1.0)


def _distributions(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    p, q = counts(p, q)
    return np.cumsum(p) / p.sum(), np.cumsum(q) / q.sum()
