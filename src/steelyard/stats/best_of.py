"""Which of many could be the best: multiple comparisons with the best of the others.

`values` are estimates (larger is better), `distances[k, l]` the variance of the difference of estimates k and l;
nothing else of their joint distribution matters, so that pairs compared on the same rows tell all there is to know.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.critical import quantile

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
DRAWS = 10_000
FEWEST_DRAWS = 2_000
MOST_CONTENDERS = 100
"""Beyond so many that may be the best, Bonferroni's bound is kept for all, which is only a little wider."""
_NUMBERS = 1 << 28  # numbers drawn before fewer draws have to do


class Best(NamedTuple):
    """Each value minus the best of the others, with simultaneous intervals; arrays of shape (k,).

    `low` and `high` hold all differences at once with the chance asked for; they reach to 0 where it cannot be told
    whether the value is the best. `possible` are those that may be the best: the true best is among them with at
    least that chance.
    """

    gap: Floats
    low: Floats
    high: Floats
    possible: Flags


def with_the_best(
    values: npt.ArrayLike,
    distances: npt.ArrayLike,
    level: float,
    df: float = math.inf,
    seed: int = 0,
) -> Best:
    """Compare each of k values with the best of the others, simultaneously.

    k is among those that may be the best unless one other lies above it by more than c_k standard errors of their
    difference, c_k the `level` quantile of the largest of such differences when all are equal, by simulation of their
    joint normal (Student's t) distribution.

    Args:
        values: estimates, shape (k,), k ≥ 2; larger is better.
        distances: variances of their differences, shape (k, k), symmetric with zeros on the diagonal.
        level: chance that all intervals hold, and that the true best is among the possible ones.
        df: degrees of freedom of the standard errors.
        seed: of the draws.

    Raises:
        ValueError: for fewer than two values, shapes that do not fit, numbers that are not finite, negative
            distances, df ≤ 0, or a level outside (0, 1).

    Source: Hsu 1984; Hsu 1996, "Multiple Comparisons: Theory and Methods", for unequal variances.
    """
    theta, apart = _checked(values, distances)
    errors = np.sqrt(apart)
    lead = theta[:, None] - theta[None, :]
    # Bonferroni's bound leaves more in, at no cost: only those it leaves in are worth their draws.
    others = theta.size - 1
    safe = quantile(1.0 - 2.0 * (1.0 - level) / others, df) if others > 1 else quantile(2.0 * level - 1.0, df)
    reach = np.full(theta.size, safe)
    contenders = np.flatnonzero((lead + safe * errors >= 0.0).all(axis=1))
    if others > 1 and len(contenders) <= MOST_CONTENDERS:
        reach[contenders] = np.minimum(_critical(apart, contenders, level, df, seed), safe)
    possible = np.zeros(theta.size, dtype=bool)
    possible[contenders] = (lead + reach[:, None] * errors >= 0.0).all(axis=1)[contenders]
    np.fill_diagonal(lead, np.inf)
    high = np.maximum((lead + reach[:, None] * errors).min(axis=1), 0.0)
    low = np.array([_lowest(k, lead, errors, reach, possible) for k in range(theta.size)])
    return Best(lead.min(axis=1), low, high, possible)


def _lowest(k: int, lead: Floats, errors: Floats, reach: Floats, possible: Flags) -> float:
    """Lower end for value k: 0 where it alone may be the best, else how far the possible ones may be ahead of it."""
    rivals = possible.copy()
    rivals[k] = False
    if not rivals.any():
        return 0.0
    return min(float((lead[k] - reach * errors[k])[rivals].min()), 0.0)


def _critical(apart: Floats, contenders: npt.NDArray[np.intp], level: float, df: float, seed: int) -> Floats:
    """For each contender, the `level` quantile of max over the others of (Z_l − Z_k)/se(Z_l − Z_k)."""
    rng = np.random.default_rng(seed)
    draws = int(np.clip(_NUMBERS / (len(apart) * max(len(contenders), 1)), FEWEST_DRAWS, DRAWS))
    root, errors = _root(apart), np.sqrt(apart)
    scale = np.ones(draws) if math.isinf(df) else np.sqrt(rng.chisquare(df, draws) / df)
    drawn = rng.standard_normal((draws, root.shape[1])) @ root.T
    found = np.zeros(len(contenders))
    for place, k in enumerate(contenders.tolist()):
        differs = errors[k] > 0.0
        if differs.any():
            ahead = (drawn[:, differs] - drawn[:, [k]]) / errors[k][differs]
            found[place] = float(np.quantile(ahead.max(axis=1) / scale, level))
    return np.maximum(found, 0.0)


def _root(apart: Floats) -> Floats:
    """Rows whose squared distances are `apart`, as near as numbers that were estimated pair by pair allow."""
    gram = (apart[:, :1] + apart[:1, :] - apart) / 2.0
    eigenvalues, vectors = np.linalg.eigh(gram)
    kept = eigenvalues > 1e-12 * max(float(eigenvalues.max(initial=0.0)), 0.0)
    return np.asarray(vectors[:, kept] * np.sqrt(eigenvalues[kept]), dtype=float)


def _checked(values: npt.ArrayLike, distances: npt.ArrayLike) -> tuple[Floats, Floats]:
    theta, apart = np.asarray(values, dtype=float), np.asarray(distances, dtype=float)
    if theta.ndim != 1 or theta.size < 2 or apart.shape != (theta.size, theta.size):
        raise ValueError(
            f"needs two values or more and the variance of each pair's difference, got {theta.shape}, {apart.shape}"
        )
    if not (np.isfinite(theta).all() and np.isfinite(apart).all() and bool((apart >= 0.0).all())):
        raise ValueError("values and variances must be finite, variances at least 0")
    return theta, apart
