"""Rates of many groups, some of them small: each group borrows strength from all others (empirical Bayes)."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail

Floats = npt.NDArray[np.float64]

LEAST = 1e-2
"""A prior counts for at least so many rows."""
HALVINGS = 26
NEWTON = 30
CLOSE = 1e-10


class BetaPrior(NamedTuple):
    """What the rates of groups are like: Beta(alpha, beta), worth alpha + beta rows."""

    alpha: float
    beta: float

    def shrunken(self, k: npt.ArrayLike, n: npt.ArrayLike, level: float) -> tuple[Floats, Floats, Floats]:
        """Posterior mean and equal-tailed credible interval of each group's rate; three arrays of shape (groups,).

        The prior is taken as known, so intervals are somewhat narrow where groups are few.

        Raises:
            ValueError: unless 0 ≤ k ≤ n, of one shape (groups,), and 0 < level < 1.
        """
        successes, rows = _checked(k, n)
        a, b = self.alpha + successes, self.beta + rows - successes
        out = tail(level)
        low, high = special.betaincinv(a, b, out), 1.0 - special.betaincinv(b, a, out)
        return a / (a + b), np.asarray(low, dtype=float), np.asarray(high, dtype=float)


def beta_prior(k: npt.ArrayLike, n: npt.ArrayLike) -> BetaPrior:
    """The Beta distribution of rates that best explains `k` successes of `n` rows in each group (maximum likelihood).

    Where groups differ no more than chance makes them, the likelihood rises without end in alpha + beta. The prior
    then counts for as many rows as there are in all and no more, so that a shrunken rate is never surer than the
    rate of all rows together. Its mean likewise stays half a row away from 0 and 1.

    Args:
        k: successes, shape (groups,); effective ones need not be whole.
        n: rows, of the same shape.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, of one shape (groups,), and some n > 0.

    Source: Griffiths 1973 for the likelihood; Efron & Morris 1973, Casella 1985 for its use.
    """
    successes, rows = _checked(k, n)
    used = rows > 0.0
    if not used.any():
        raise ValueError("a prior needs at least one group with rows")
    counts = _Counts(successes[used], rows[used])
    total = float(rows.sum())
    mean = float(successes.sum()) / total
    if mean in (0.0, 1.0):
        mean = (float(successes.sum()) + 0.5) / (total + 1.0)
        return BetaPrior(total * mean, total * (1.0 - mean))
    low, high = math.log(LEAST), math.log(max(total, 2.0 * LEAST))
    for worth in (high, low):
        mean = counts.mean_at(math.exp(worth), mean)
        rising = counts.slope(math.exp(worth), mean) > 0.0
        if rising == (worth == high):
            return BetaPrior(math.exp(worth) * mean, math.exp(worth) * (1.0 - mean))
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        mean = counts.mean_at(math.exp(middle), mean)
        low, high = (middle, high) if counts.slope(math.exp(middle), mean) > 0.0 else (low, middle)
    worth = math.exp((low + high) / 2.0)
    return BetaPrior(worth * mean, worth * (1.0 - mean))


class _Counts(NamedTuple):
    """Successes and rows, and the derivatives of their beta-binomial likelihood."""

    k: Floats
    n: Floats

    def slope(self, worth: float, mean: float) -> float:
        """∂ log-likelihood / ∂(alpha + beta) at this mean; at the best mean for this worth, along the ridge."""
        of_a, of_b = self._by_parts(worth, mean)
        return mean * of_a + (1.0 - mean) * of_b

    def mean_at(self, worth: float, start: float) -> float:
        """The mean of the likeliest prior of this worth, by Newton's method between bounds.

        The derivative falls strictly, so there is one root at most.
        """
        edge = 0.5 / (float(self.n.sum()) + 1.0)
        low, high = edge, 1.0 - edge
        mean = min(max(start, low), high)
        for _ in range(NEWTON):
            of_a, of_b = self._by_parts(worth, mean)
            if of_a > of_b:
                low = mean
            else:
                high = mean
            step = (of_a - of_b) / self._bend(worth, mean)
            tried = mean + step
            if not low <= tried <= high:
                tried = (low + high) / 2.0
            done = abs(tried - mean) <= CLOSE
            mean = tried
            if done:
                break
        return mean

    def _by_parts(self, worth: float, mean: float) -> tuple[float, float]:
        """∂ log-likelihood / ∂alpha and ∂beta."""
        a, b = worth * mean, worth * (1.0 - mean)
        both = np.sum(special.psi(worth + self.n)) - self.n.size * special.psi(worth)
        of_a = np.sum(special.psi(a + self.k)) - self.n.size * special.psi(a) - both
        of_b = np.sum(special.psi(b + self.n - self.k)) - self.n.size * special.psi(b) - both
        return float(of_a), float(of_b)

    def _bend(self, worth: float, mean: float) -> float:
        """How fast ∂alpha − ∂beta falls as the mean rises."""
        a, b = worth * mean, worth * (1.0 - mean)
        fall = 2.0 * CLOSE
        for at, more in ((a, self.k), (b, self.n - self.k)):
            fall += float(self.n.size * special.zeta(2.0, at) - np.sum(special.zeta(2.0, at + more)))
        return worth * fall


def _checked(k: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    successes, rows = np.asarray(k, dtype=float), np.asarray(n, dtype=float)
    if successes.ndim != 1 or successes.shape != rows.shape:
        raise ValueError(f"k and n must have one shape (groups,), got {successes.shape} and {rows.shape}")
    if not bool(np.all((successes >= 0.0) & (successes <= rows))):
        raise ValueError("successes must lie between 0 and the rows of their group")
    return successes, rows
