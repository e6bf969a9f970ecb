"""Average precision from counts per score bin: value, gradient, bounds, interval."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import quantile
from steelyard.stats.intervals.proportions import wilson
from steelyard.stats.ranks.counts import Floats, atoms, counts


def average_precision(p: npt.ArrayLike, q: npt.ArrayLike, atom: npt.ArrayLike | None = None) -> float:
    """Mean precision at the positives, descending by score; in (0, 1].

    Inside a continuous bin the positives are taken to lie evenly among the negatives, so that the k-th of
    p_b positives has on average k·q_b/(p_b + 1) of the bin's negatives above it:
    AP = (1/P) Σ_b Σ_{k=1..p_b} (T + k)/(T + k + F + k·q_b/(p_b + 1)), with T, F the positives and negatives
    in higher bins. The sum over k has a closed form, which also defines it for fractional counts. Bins
    flagged by `atom` (shape (B,)) hold one tied score and give p_b·(T + p_b)/(T + p_b + F + q_b), as
    scikit-learn does.

    Raises:
        ValueError: if a class is empty or the counts are malformed.

    Source: Boyd, Eng & Page 2013; Davis & Goadrich 2006.
    """
    p, q = counts(p, q)
    T, F = _above(p), _above(q)
    ordered = _ordered_sum(T, T + F, 1.0 + q / (p + 1.0), p)
    return float(np.where(atoms(atom, p.size), _tied_sum(T, F + q, p), ordered).sum() / p.sum())


def average_precision_gradient(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Gradient of the average precision (all bins tied) in the positives and the negatives of each bin.

    With T, F inclusive counts from the top, r = T/(T + F): for a positive in bin j
    (r_j − AP + Σ_{b ≤ j} p_b·F_b/(T_b + F_b)²)/P, for a negative −Σ_{b ≤ j} p_b·T_b/(T_b + F_b)²/P.
    Both of shape (B,).

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    p, q = counts(p, q)
    T, F = _above(p) + p, _above(q) + q
    rows = T + F
    seen = np.where(rows > 0.0, rows, 1.0)
    precision = np.where(rows > 0.0, T / seen, 1.0)
    P = float(p.sum())
    value = float(p @ precision) / P
    gain, loss = np.cumsum(p * F / seen**2), np.cumsum(p * T / seen**2)
    return (precision - value + gain) / P, -loss / P


def average_precision_bounds(
    p: npt.ArrayLike, q: npt.ArrayLike, atom: npt.ArrayLike | None = None
) -> tuple[float, float]:
    """The least and greatest average precision that rows inside their bins can give, ties allowed.

    Least: negatives first, then the positives one by one. Greatest: positives first and tied. Bins flagged
    by `atom` hold one tied score and add nothing to the width.

    Raises:
        ValueError: if a class is empty or the counts are malformed.
    """
    p, q = counts(p, q)
    T, F = _above(p), _above(q)
    tied = atoms(atom, p.size)
    exact = _tied_sum(T, F + q, p)
    # With fewer than one row to a bin (small weights) the continued sum could pass the tied one.
    worst = np.minimum(_ordered_sum(T, T + F + q, np.ones_like(p), p), exact)
    low = np.where(tied, exact, worst)
    high = np.where(tied, exact, _tied_sum(T, F, p))
    return float(low.sum() / p.sum()), min(float(high.sum() / p.sum()), 1.0)


def boyd_interval(ap: float, n_pos: float, level: float) -> tuple[float, float]:
    """Binomial-logit interval of an average precision: expit(logit(ap) ± z/sqrt(n_pos·ap·(1 − ap))).

    At 0 or 1, where the logit is infinite, Wilson's interval of `ap` in `n_pos` rows.

    Raises:
        ValueError: unless 0 ≤ ap ≤ 1, n_pos > 0 and 0 < level < 1.

    Source: Boyd, Eng & Page 2013.
    """
    if not (0.0 < ap < 1.0 and n_pos > 0.0):
        return wilson(ap, n_pos, level)
    centre = math.log(ap) - math.log1p(-ap)
    half = quantile(level) / math.sqrt(n_pos * ap * (1.0 - ap))
    return float(special.expit(centre - half)), float(special.expit(centre + half))


def _above(x: Floats) -> Floats:
    return np.cumsum(x[::-1])[::-1] - x


def _tied_sum(T: Floats, F: Floats, p: Floats) -> Floats:
    rows = T + p + F
    return p * (T + p) / np.where(rows > 0.0, rows, 1.0)


def _ordered_sum(T: Floats, D: Floats, c: Floats, p: Floats) -> Floats:
    """Σ_{k=1..p} (T + k)/(D + c·k), which is p/c + (T − D/c)/c · Σ_{k=1..p} 1/(D/c + k)."""
    x = D / c
    return (p + (T - x) * _harmonic(x, p)) / c


def _harmonic(x: Floats, p: Floats) -> Floats:
    """Σ_{k=1..p} 1/(x + k) = ψ(x + p + 1) − ψ(x + 1), without its cancellation when x is large."""
    a, b = x + 0.5, x + p + 0.5
    series = (
        np.log1p(p / a) + (b**-2 - a**-2) / 24.0 - 7.0 * (b**-4 - a**-4) / 960.0 + 31.0 * (b**-6 - a**-6) / 8064.0
    )
    return np.where(x > 50.0, series, special.digamma(x + p + 1.0) - special.digamma(x + 1.0))
