"""Selective prediction: answer where the model is sure, pass on the rest. From right and wrong rows by confidence.

All functions take the weights `right` and `wrong` per bin in ascending order of confidence, shape (B,); rows of one
bin count as tied, in random order.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.ranks.counts import Floats, counts
from steelyard.stats.ranks.roc import roc_auc, roc_auc_gradient


class RiskCoverage(NamedTuple):
    """Share answered and share of errors among it, when every row from a bin on is answered; most certain first."""

    coverage: Floats
    risk: Floats
    wrong: Floats
    rows: Floats
    bins: npt.NDArray[np.intp]


def risk_coverage(right: npt.ArrayLike, wrong: npt.ArrayLike) -> RiskCoverage:
    """The risk–coverage curve, a point a filled bin; `bins` are the bins from which on rows are answered.

    Raises:
        ValueError: if the counts are malformed or there is no row.

    Source: El-Yaniv & Wiener 2010.
    """
    p, q = _checked(right, wrong)
    bins = np.flatnonzero(p + q > 0.0)[::-1]
    rows, errors = np.cumsum((p + q)[bins]), np.cumsum(q[bins])
    return RiskCoverage(rows / rows[-1], errors / rows, errors, rows, bins)


def aurc(right: npt.ArrayLike, wrong: npt.ArrayLike) -> float:
    """Area under the risk–coverage curve: (1/n)·Σ_k risk of the k most certain rows, expected over random ties.

    In [0, 1]; 0 is best. With e the error rate no order can be better than about e + (1 − e)·ln(1 − e).

    Raises:
        ValueError: if the counts are malformed or there is no row.

    Source: Geifman, Uziel & El-Yaniv 2019.
    """
    p, q = _checked(right, wrong)
    before = _Before.of(p, q)
    return float(before.area(q).sum() / before.n.sum())


def aurc_bounds(right: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[float, float]:
    """The least and greatest AURC that any order of the rows inside their bins can give.

    Raises:
        ValueError: if the counts are malformed or there is no row.
    """
    p, q = _checked(right, wrong)
    none = np.zeros_like(p)
    best = aurc(_beside(none, p), _beside(q, none))
    worst = aurc(_beside(p, none), _beside(none, q))
    return best, worst


def aurc_gradient(right: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Gradient of `aurc` in the weight of the right and of the wrong rows of each bin, both of shape (B,).

    Raises:
        ValueError: if the counts are malformed or there is no row.
    """
    p, q = _checked(right, wrong)
    at = _Before.of(p, q)
    total = float(at.n.sum())
    value = float(at.area(q).sum() / total)
    by_rows, by_wrong, by_more, by_more_wrong = at.slopes(q)
    # A row of a bin is before those of all bins of less confidence.
    later_rows, later_wrong = (np.cumsum(x) - x for x in (by_rows, by_wrong))
    more_right = by_more + later_rows
    more_wrong = by_more + by_more_wrong + later_rows + later_wrong
    return (more_right - value) / total, (more_wrong - value) / total


def augrc(right: npt.ArrayLike, wrong: npt.ArrayLike) -> float:
    """Area under the generalised risk–coverage curve: the mean chance that a row is answered and wrong.

    (1 − AUROC of failure)·accuracy·error + error²/2, in [0, ½]; 0 is best.

    Raises:
        ValueError: if the counts are malformed or all rows are right, or wrong.

    Source: Traub et al., NeurIPS 2024.
    """
    p, q = counts(right, wrong)
    error = float(q.sum() / (p.sum() + q.sum()))
    return (1.0 - roc_auc(p, q)) * (1.0 - error) * error + error**2 / 2.0


def augrc_gradient(right: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Gradient of `augrc` in the weight of the right and of the wrong rows of each bin, both of shape (B,).

    Raises:
        ValueError: as `augrc`.
    """
    p, q = counts(right, wrong)
    total = float(p.sum() + q.sum())
    error, auc = float(q.sum()) / total, roc_auc(p, q)
    slope = (1.0 - auc) * (1.0 - 2.0 * error) + error
    by_right, by_wrong = roc_auc_gradient(p, q)
    spread = -(1.0 - error) * error
    return spread * by_right - slope * error / total, spread * by_wrong + slope * (1.0 - error) / total


class _Before(NamedTuple):
    """Rows n of each bin, and rows N and wrong rows W that come before it: those of more confidence."""

    n: Floats
    N: Floats
    W: Floats

    @classmethod
    def of(cls, p: Floats, q: Floats) -> "_Before":
        n = p + q
        return cls(n, np.cumsum(n[::-1])[::-1] - n, np.cumsum(q[::-1])[::-1] - q)

    def area(self, q: Floats) -> Floats:
        """Σ_{j ≤ n} (W + j·q/n)/(N + j), with Σ 1/(N + j) = ψ(N + n + 1) − ψ(N + 1)."""
        sums, share = self._sums, self._share(q)
        return self.W * sums + share * (self.n - self.N * sums)

    def slopes(self, q: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Derivatives of `area` in N, in W, in the bin's own rows, and in its own wrong rows."""
        sums, share = self._sums, self._share(q)
        end = special.polygamma(1, self.N + self.n + 1.0)
        moved = end - special.polygamma(1, self.N + 1.0)
        in_n = self.W * moved - share * (sums + self.N * moved)
        full = self.n > 0.0
        rest = np.divide(self.n - self.N * sums, self.n, out=_limit(self.N), where=full)
        in_rows = self.W * end + share * (1.0 - self.N * end) - share * rest
        return np.where(full, in_n, 0.0), np.where(full, sums, 0.0), in_rows, rest

    @property
    def _sums(self) -> Floats:
        sums: Floats = special.digamma(self.N + self.n + 1.0) - special.digamma(self.N + 1.0)
        return sums

    def _share(self, q: Floats) -> Floats:
        return np.divide(q, self.n, out=np.zeros_like(q), where=self.n > 0.0)


def _beside(first: Floats, second: Floats) -> Floats:
    """Each bin as two: the one that comes first has the less confidence."""
    return np.column_stack([first, second]).ravel()


def _limit(N: Floats) -> Floats:
    """(n − N·(ψ(N + n + 1) − ψ(N + 1)))/n as n goes to 0."""
    limit: Floats = 1.0 - N * special.polygamma(1, N + 1.0)
    return limit


def _checked(right: npt.ArrayLike, wrong: npt.ArrayLike) -> tuple[Floats, Floats]:
    p, q = np.asarray(right, dtype=float), np.asarray(wrong, dtype=float)
    if p.ndim != 1 or p.shape != q.shape or not (np.all(p >= 0.0) and np.all(q >= 0.0)):
        raise ValueError("right and wrong rows per bin must be two arrays of one shape (bins,), none negative")
    if not (p.sum() + q.sum()) > 0.0:
        raise ValueError("selective prediction needs a row at least, got none")
    return p, q
