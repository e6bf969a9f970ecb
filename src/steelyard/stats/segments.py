"""Segments of rows against other rows: how much worse, how surely, after a search over very many of them.

Works on arrays of `Sums`, one entry a segment, so that a hundred thousand candidates are one call.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

FAR = 30.0
"""Beyond so many standard deviations tail probabilities are no longer numbers; the closed form is used as it is."""


class Sums(NamedTuple):
    """Sums over the rows of segments that tell the mean loss l of rows with weight w and its variance.

    Attributes:
        rows, weight, squares: numbers of rows, Σw and Σw².
        loss, cross, power: Σwl, Σw²l and Σw²l².
    """

    rows: Floats
    weight: Floats
    squares: Floats
    loss: Floats
    cross: Floats
    power: Floats

    @property
    def mean(self) -> Floats:
        """Mean loss; 0 without rows."""
        return _ratio(self.loss, self.weight)

    @property
    def effective(self) -> Floats:
        """Kish's effective number of rows, (Σw)²/Σw²."""
        return _ratio(self.weight**2, self.squares)

    @property
    def variance(self) -> Floats:
        """Variance of a row's loss, so that the mean has variance `variance / effective`."""
        m = self.mean
        scatter = np.maximum(self.power - 2.0 * m * self.cross + m * m * self.squares, 0.0)
        return _ratio(scatter, self.squares)

    def minus(self, other: "Sums") -> "Sums":
        """Sums of the rows that are not in a part; what rounding makes negative is 0."""
        return Sums(*(np.maximum(a - b, 0.0) for a, b in zip(self, other, strict=True)))


def gap(inside: Sums, rest: Sums, effect: npt.ArrayLike = 1.0) -> tuple[Floats, Floats]:
    """Mean loss inside minus outside, and its standard error; `effect` is the design effect of clusters."""
    variance = _ratio(inside.variance, inside.effective) + _ratio(rest.variance, rest.effective)
    return inside.mean - rest.mean, np.sqrt(variance * np.asarray(effect, dtype=float))


def worse_share(inside: Sums, rest: Sums, effect: npt.ArrayLike = 1.0) -> Floats:
    """How surely a share of rows (a 0/1 loss) is larger inside than in the rest: as standard normal deviations.

    The smaller of two: the deviation of a binomial tail whose n is enlarged by the finite population, so that its
    variance is that of the hypergeometric law, and the score test. Each has the heavier tail where the other's is
    too light. Far out, where tails are no numbers, the signed root of the likelihood ratio stands for the first.

    Source: Fisher 1935 (the conditional test), Hoeffding 1963 (binomial and hypergeometric tails).
    """
    n, m = _deflated(inside, effect), _deflated(rest, effect)
    share, other = inside.mean, rest.mean
    pooled = _ratio(n * share + m * other, n + m)
    enlarged = _ratio(n * (n + m), m)
    score = _ratio(share - other, np.sqrt(pooled * (1.0 - pooled) * (_ratio(1.0, n) + _ratio(1.0, m))))
    root = np.sqrt(2.0 * np.maximum(n * _divergence(share, pooled) + m * _divergence(other, pooled), 0.0))
    k = share * enlarged
    tail = special.betainc(np.maximum(k, 1e-12), enlarged - k + 1.0, pooled)
    exact = np.where(root < FAR, -special.ndtri(np.clip(tail, 1e-290, 1.0)), root)
    return np.where((share > other) & (n > 0) & (m > 0), np.minimum(score, exact), 0.0)


def worse_mean(inside: Sums, rest: Sums, effect: npt.ArrayLike = 1.0) -> Floats:
    """How surely a mean loss is larger inside than in the rest: as standard normal deviations.

    Student's t with the larger of the two variances inside, so that rows which happen to be alike make nothing sure,
    and n − 1 degrees of freedom.

    Source: Welch 1947; the deviation of t after Wallace 1959.
    """
    n, m = _deflated(inside, effect), _deflated(rest, effect)
    variance = _ratio(np.maximum(inside.variance, rest.variance), n) + _ratio(rest.variance, m)
    t = _ratio(inside.mean - rest.mean, np.sqrt(variance))
    return np.where((t > 0) & (n > 1) & (m > 1), normal_of_t(np.maximum(t, 0.0), np.maximum(n - 1.0, 1.0)), 0.0)


def worsened(
    inside: Sums, rest: Sums, inside_then: Sums, rest_then: Sums, effect: npt.ArrayLike = 1.0
) -> tuple[Floats, Floats]:
    """By how much more the mean loss rose inside than in the rest, and how surely, as standard normal deviations.

    Student's t on the difference of the differences of independent data sets. Of each side the larger of its two
    variances, then and now, is used for both, with the smaller number of rows less one as degrees of freedom.
    """
    rise = (inside.mean - rest.mean) - (inside_then.mean - rest_then.mean)
    variance = np.zeros(np.shape(rise))
    for now, then in ((inside, inside_then), (rest, rest_then)):
        larger = np.maximum(now.variance, then.variance)
        # Half a success more on either side: nothing lost then must not make any loss now certain.
        rows = np.minimum(_deflated(now, effect), _deflated(then, effect))
        floor = _ratio(np.maximum(now.power, then.power), np.maximum(now.squares, then.squares)) / (rows + 2.0)
        variance += np.maximum(larger, floor) * (
            _ratio(1.0, _deflated(now, effect)) + _ratio(1.0, _deflated(then, effect))
        )
    t = _ratio(rise, np.sqrt(variance))
    few = np.minimum(_deflated(inside, effect), _deflated(inside_then, effect))
    sure = normal_of_t(np.maximum(t, 0.0), np.maximum(few - 1.0, 1.0))
    return rise, np.where((t > 0) & (few > 1), sure, 0.0)


def normal_of_t(t: npt.ArrayLike, df: npt.ArrayLike) -> Floats:
    """The standard normal deviation with about the tail of Student's t; exact to 1 % in the tail, never overflows.

    Source: Wallace 1959, "Bounds on normal approximations to Student's and the chi-square distributions".
    """
    t, df = np.asarray(t, dtype=float), np.asarray(df, dtype=float)
    return np.asarray((8.0 * df + 1.0) / (8.0 * df + 3.0) * np.sqrt(df * np.log1p(t * t / df)))


def tail_of(deviation: npt.ArrayLike) -> Floats:
    """One-sided p of a standard normal deviation."""
    return np.asarray(special.ndtr(-np.asarray(deviation, dtype=float)))


def deviation_of(p: npt.ArrayLike) -> Floats:
    """The standard normal deviation with this one-sided tail."""
    return np.asarray(-special.ndtri(np.asarray(p, dtype=float)))


def sliceline_score(share: float, lift: float, alpha: float = 0.95) -> float:
    """SliceLine's score of a slice with `share` of the rows and `lift` times the mean error of all rows.

    α·(lift − 1) − (1 − α)·(1/share − 1): above 0 where a slice is worse than average, for its size.

    Raises:
        ValueError: unless 0 < share ≤ 1 and 0 ≤ α ≤ 1.

    Source: Sagadeeva & Boehm 2021.
    """
    if not (0.0 < share <= 1.0 and 0.0 <= alpha <= 1.0):
        raise ValueError(f"needs a share in (0, 1] and alpha in [0, 1], got {share!r} and {alpha!r}")
    return alpha * (lift - 1.0) - (1.0 - alpha) * (1.0 / share - 1.0)


def divergence_t(k: float, n: float, k_all: float, n_all: float) -> float:
    """DivExplorer's t of the divergence k/n − k_all/n_all: Welch's, with the variances of Beta(k + 1, n − k + 1).

    Holds a slice against all rows, itself included, so it is no test; it ranks.

    Raises:
        ValueError: unless 0 ≤ k ≤ n for both.

    Source: Pastor, de Alfaro & Baralis 2021.
    """
    if not (0.0 <= k <= n and 0.0 <= k_all <= n_all):
        raise ValueError(f"needs 0 ≤ k ≤ n, got {k!r} of {n!r} and {k_all!r} of {n_all!r}")
    (mean, var), (mean_all, var_all) = _beta(k + 1.0, n - k + 1.0), _beta(k_all + 1.0, n_all - k_all + 1.0)
    return (mean - mean_all) / math.sqrt(var + var_all)


def _beta(a: float, b: float) -> tuple[float, float]:
    return a / (a + b), a * b / ((a + b) ** 2 * (a + b + 1.0))


def _deflated(sums: Sums, effect: npt.ArrayLike) -> Floats:
    return np.asarray(sums.effective / np.asarray(effect, dtype=float))


def _divergence(p: Floats, q: Floats) -> Floats:
    """Kullback–Leibler of Bernoulli(p) from Bernoulli(q); 0 where q is 0 or 1, as p is then too."""
    inner = (q > 0.0) & (q < 1.0)
    q = np.where(inner, q, 0.5)
    p = np.clip(p, 0.0, 1.0)
    found = special.xlogy(p, p / q) + special.xlogy(1.0 - p, (1.0 - p) / (1.0 - q))
    return np.asarray(np.where(inner, found, 0.0))


def _ratio(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """a/b, 0 where b is 0."""
    top, bottom = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.asarray(np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0.0))
