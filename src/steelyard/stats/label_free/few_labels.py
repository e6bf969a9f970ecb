"""A few labels: how to use them best, and which rows to label."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.label_free.counts import Ints

ROUNDING = 1e-12


class Rectified(NamedTuple):
    """A mean with few labels and many predictions of it.

    Attributes:
        value, se: the estimate and its standard error.
        power: how much the predictions are trusted, λ; 0 leaves the labelled rows alone.
    """

    value: float
    se: float
    power: float


class Pairs(NamedTuple):
    """Sums over labelled rows of the truth y and its prediction f."""

    n: float
    y: float
    y2: float
    f: float
    f2: float
    yf: float


def prediction_powered_mean(labelled: Pairs, n: float, f: float, f2: float) -> Rectified:
    """Mean of y over all rows from few labelled ones and `n` others of which only the prediction f is known (PPI++).

    θ = λ·mean_N(f) + mean_n(y − λf) with λ = Cov(y, f)/((1 + n/N)·Var f); SE² = λ²·Var_N(f)/N + Var_n(y − λf)/n.
    Valid whatever the quality of f if the labelled rows are a random sample of all, and never less precise, in
    large samples, than their mean alone.

    Args:
        labelled: sums over the labelled rows.
        n, f, f2: number, Σf and Σf² of the other rows.

    Raises:
        ValueError: there are fewer than two labelled rows, or no others.

    Source: Angelopoulos, Duchi & Zrnic 2023, arXiv 2311.01453.
    """
    k = labelled
    if not (k.n > 1 and n > 0):
        raise ValueError(f"prediction-powered means need two labelled rows and others, got {k.n:g} and {n:g}")
    cov = (k.yf - k.y * k.f / k.n) / (k.n - 1)
    var_y, var_f = _variance(k.n, k.y, k.y2), _variance(k.n, k.f, k.f2)
    overall = _variance(k.n + n, k.f + f, k.f2 + f2)
    power = cov / ((1 + k.n / n) * overall) if overall > 0 else 0.0
    spread = max(var_y - 2 * power * cov + power**2 * var_f, 0.0)
    se = math.sqrt(power**2 * _variance(n, f, f2) / n + spread / k.n)
    return Rectified(power * f / n + (k.y - power * k.f) / k.n, se, power)


def neyman_allocation(budget: int, rows: npt.ArrayLike, spread: npt.ArrayLike) -> Ints:
    """How many rows of each cell to label so that their weighted mean is known best: n ∝ N·spread.

    No cell gets more than it has; what is left over goes to the others. Rounded by largest remainder.

    Args:
        budget: labels in all.
        rows: (B,) unlabelled rows.
        spread: (B,) standard deviation of what is measured inside the cell, e.g. √(c(1−c))·|δ|.

    Source: Neyman 1934.
    """
    most, sd = np.asarray(rows, dtype=float), np.asarray(spread, dtype=float)
    given = np.zeros(len(most))
    open_ = (most > 0) & (sd > 0)
    left = float(min(budget, most[open_].sum()))
    while left > 0 and open_.any():
        want = np.where(open_, most * sd, 0.0)
        want = left * want / want.sum()
        over = open_ & (want >= most)
        if not over.any():
            given += want
            break
        given[over] = most[over]
        left -= float(most[over].sum())
        open_ &= ~over
    whole = np.floor(given + ROUNDING * np.maximum(given, 1.0))
    missing = round(float(given.sum())) - int(whole.sum())
    whole[np.argsort(whole - given, kind="stable")[: max(missing, 0)]] += 1
    return np.asarray(whole, dtype=np.int64)


def stratified_se(rows: npt.ArrayLike, spread: npt.ArrayLike, labelled: npt.ArrayLike) -> float:
    """Standard error of a mean over all rows when `labelled` rows of each cell are labelled at random.

    √Σ (N/ΣN)²·spread²/n·(1 − n/N); infinite where a cell that varies has none.
    """
    most, sd, n = (np.asarray(x, dtype=float) for x in (rows, spread, labelled))
    varies = (most > 0) & (sd > 0)
    if not varies.any():
        return 0.0
    if (n[varies] <= 0).any():
        return math.inf
    share = most[varies] / most.sum()
    return math.sqrt(float(np.sum(share**2 * sd[varies] ** 2 / n[varies] * (1 - n[varies] / most[varies]))))


def _variance(n: float, total: float, squares: float) -> float:
    return max(squares - total**2 / n, 0.0) / (n - 1) if n > 1 else 0.0
