"""Empirical Bayes: how much of an effect is left once chance is taken out, judged by all effects together."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

ITERATIONS = 100
MOST_SPREADS = 24


class Prior(NamedTuple):
    """What effects are like: a share of them is drawn from N(0, spread²), for each of some spreads, 0 among them."""

    shares: tuple[float, ...]
    spreads: tuple[float, ...]

    def kept(self, effect: float, error: float) -> float:
        """The part of an effect with this standard error that is not noise: posterior mean over effect, 0 to 1."""
        if error <= 0.0 or math.inf in self.spreads:
            return 1.0
        wide = np.array(self.spreads) ** 2 + error**2
        log = special.xlogy(1.0, np.array(self.shares)) - 0.5 * (effect**2 / wide + np.log(wide))
        belongs = np.exp(log - log.max())
        return float(belongs @ (1.0 - error**2 / wide) / belongs.sum())


def prior_of(effects: npt.ArrayLike, errors: npt.ArrayLike) -> Prior:
    """Empirical Bayes: the mixture of nothing and normal effects, small to large, that best explains those seen (EM).

    One normal would shrink a few large effects among many nulls nearly to nothing.

    Raises:
        ValueError: unless both are arrays of one shape (k,) with k ≥ 1 and positive errors.

    Source: Stephens 2017, "False discovery rates: a new deal".
    """
    x, se = np.asarray(effects, dtype=float), np.asarray(errors, dtype=float)
    if x.ndim != 1 or x.shape != se.shape or not x.size or not bool(np.all(se > 0.0)):
        raise ValueError("effects and errors must be arrays of one shape (k,), errors positive")
    smallest, largest = float(se.min()) / 2.0, 2.0 * max(float(np.abs(x).max()), float(se.min()))
    steps = min(max(math.ceil(2.0 * math.log2(largest / smallest)), 1), MOST_SPREADS)
    spreads = np.concatenate([[0.0], smallest * (largest / smallest) ** (np.arange(steps + 1) / steps)])
    wide = spreads**2 + se[:, None] ** 2
    log = -0.5 * (x[:, None] ** 2 / wide + np.log(wide))
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    shares = np.full(len(spreads), 1.0 / len(spreads))
    for _ in range(ITERATIONS):
        belongs = shares * likelihood
        belongs /= belongs.sum(axis=1, keepdims=True)
        shares = belongs.mean(axis=0)
    return Prior(tuple(shares.tolist()), tuple(spreads.tolist()))
