"""E-values: evidence against "nothing changed" that may be looked at again at every window, whenever one likes.

An e-value is at least 0 and 1 on average where nothing changed, so it is above 1/α with probability at most α; over
time, the chance of ever seeing 1/α is at most α. All are given as natural logarithms.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.pairs import Floats

JEFFREYS = 0.5
BET = 0.8
"""Stake on small ranks: a window that ranks first makes 1.8 of 1, one that ranks last leaves 0.2."""


def dirichlet_multinomial(counts: npt.ArrayLike, shares: npt.ArrayLike, concentration: float) -> float:
    """Log e-value of counts by bin against known shares, from a Dirichlet mixture of other shares around them.

    `concentration` is how sure one is that a change is small; B/2 … B for any change. Rows must be independent.

    Raises:
        ValueError: if the arrays are malformed, a share is not positive, or concentration ≤ 0.

    Source: Lindon & Malek 2022.
    """
    a, p = np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)
    if a.ndim != 1 or a.shape != p.shape or not (np.all(a >= 0.0) and np.all(p > 0.0) and concentration > 0.0):
        raise ValueError(
            "needs counts of at least 0 and positive shares of equal length, and a positive concentration"
        )
    p = p / p.sum()
    return _log_mixture(a, concentration * p) - float(a @ np.log(p))


def two_samples(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Log e-value of counts by bin against those of a reference, whose true shares are as unknown.

    Mixtures over all shares for each sample, over the largest likelihood of one common distribution: at most 1 on
    average whatever that distribution is (universal inference), and so too at every moment while the current counts
    grow. Rows must be independent.

    Raises:
        ValueError: unless both are arrays of equal length of numbers of at least 0.

    Source: Wasserman, Ramdas & Balakrishnan 2020.
    """
    a, r = np.asarray(current, dtype=float), np.asarray(reference, dtype=float)
    if a.ndim != 1 or a.shape != r.shape or not (np.all(a >= 0.0) and np.all(r >= 0.0)):
        raise ValueError("needs two arrays of equal length of counts of at least 0")
    both = a + r
    if not both.sum():
        return 0.0
    prior = np.full(a.shape, JEFFREYS)
    common = float(np.sum(special.xlogy(both, both / both.sum())))
    return _log_mixture(a, prior) + _log_mixture(r, prior) - common


def windows_in_turn(reference: npt.ArrayLike, current: npt.ArrayLike) -> Floats:
    """Log e-process over the current windows, by betting that their statistics rank high among all before them.

    The rank u of each window among the reference windows and the current ones before it is uniform, and independent
    of earlier ranks, while nothing changes; the wealth is multiplied by 1 + BET·(1 − 2u) at each. Ties count against
    a change. Assumes exchangeable windows, not independent rows. Shape: that of `current`.

    Raises:
        ValueError: unless both are arrays of numbers.

    Source: Vovk, Nouretdinov & Gammerman 2003.
    """
    before, now = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    if before.ndim != 1 or now.ndim != 1 or np.any(np.isnan(before)) or np.any(np.isnan(now)):
        raise ValueError("needs two arrays of numbers")
    every = np.concatenate([before, now])
    seen = range(before.size, every.size)
    ranks = np.array([(1.0 + np.sum(every[:t] >= every[t])) / (t + 1.0) for t in seen], dtype=float)
    return np.cumsum(np.log1p(BET * (1.0 - 2.0 * ranks)))


def _log_mixture(counts: Floats, prior: Floats) -> float:
    """Log probability of a sequence with these counts, shares drawn from a Dirichlet distribution."""
    inside = special.gammaln(prior + counts) - special.gammaln(prior)
    return float(np.sum(inside) + special.gammaln(prior.sum()) - special.gammaln(prior.sum() + counts.sum()))
