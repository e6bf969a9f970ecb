"""Can rows of two samples be told apart? A classifier that is tried on rows it has not seen says how well.

The classifier is an additive logistic regression: an effect for each group of each column, and for each cell of the
pairs of columns whose association changed most in the rows it is trained on. Its cross-fitted ROC-AUC is 1/2 where
nothing differs (classifier two-sample test; Lopez-Paz & Oquab 2017).

Every pair of rows serves twice in cross-fitting, once with each as the unseen one, so that without any difference
the variance of the cross-fitted AUC is twice that of DeLong, whatever the number of folds. It is doubled here
throughout, which is right at 1/2 and cautious elsewhere.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import quantile
from steelyard.stats.interaction import association_change, pair_cubes
from steelyard.stats.intervals.transforms import logit
from steelyard.stats.logistic import Coded, Design, Floats, Ints, fit_logistic
from steelyard.stats.ranks import placements, roc_auc_interval

Flags = npt.NDArray[np.bool_]

FOLDS = 5
RIDGE = 8.0
"""Penalty of squared effects: their prior standard deviation is 0.35 on the scale of a logit."""
MOST_PAIRS = 5
PAIR_P = 0.05
"""Largest p-value, times the number of pairs, of an association that gets terms of its own."""
REUSE = 2.0
"""Variance of a cross-fitted AUC over that of DeLong."""


class Separation(NamedTuple):
    """How well two samples are told apart: the AUC, its interval, and p of 1/2 against a greater one."""

    auc: float
    low: float
    high: float
    se: float
    p: float


class Unseen(NamedTuple):
    """Scores of rows by models that have not seen them.

    Attributes:
        scores: of shape (rows,).
        without: the same without what a column adds, alone and in pairs; rows × columns.
        pairs: the pairs of columns with terms of their own, and in how many folds.
    """

    scores: Floats
    without: Floats
    pairs: dict[tuple[int, int], int]


class Carried(NamedTuple):
    """How much of the AUC is lost without a column, with its interval; arrays of shape (columns,)."""

    loss: Floats
    low: Floats
    high: Floats


def folds_of(second: Flags, seed: int, clusters: Ints | None = None, count: int = FOLDS) -> Ints:
    """The fold of every row: rows of each sample evenly by chance; rows of one cluster in one fold."""
    rng = np.random.default_rng(seed)
    fold = np.empty(second.size, dtype=np.int64)
    if clusters is not None:
        distinct, first, which = np.unique(clusters, return_index=True, return_inverse=True)
        return np.asarray(folds_of(second[first], seed, None, min(count, distinct.size))[which.ravel()])
    for sample in (False, True):
        own = np.flatnonzero(second == sample)
        fold[own] = rng.permutation(own.size) % count
    return fold


def unseen_scores(design: Design, second: Flags, fold: Ints, ridge: float = RIDGE) -> Floats:
    """Score each row by the model of the other folds, without intercepts, so that folds compare.

    Raises:
        ValueError: if the rows outside of a fold are all of one sample.
    """
    scores = np.zeros(second.size)
    for k in np.unique(fold):
        held = fold == k
        model = fit_logistic(design.take(~held), second[~held], ridge)
        scores[held] = design.take(held).scores(model.beta)
    return scores


def unseen_additive(
    codes: Ints, widths: tuple[int, ...], coarse: Ints, second: Flags, fold: Ints, ridge: float = RIDGE
) -> Unseen:
    """Score each row by the additive model of the other folds.

    `codes` (rows × columns) are groups of each column, `coarse` the same in few groups, for pairs.

    Raises:
        ValueError: if the rows outside of a fold are all of one sample.
    """
    single = Coded.of(codes, widths)
    groups = int(coarse.max(initial=0)) + 1
    scores, without = np.zeros(second.size), np.zeros(codes.shape)
    chosen: dict[tuple[int, int], int] = {}
    for k in np.unique(fold):
        held = fold == k
        pairs = _strongest(coarse[~held], groups, second[~held])
        design = single.beside(_cells(coarse, groups, pairs)) if pairs else single
        model = fit_logistic(design.take(~held), second[~held], ridge)
        terms = design.take(held).terms(model.beta)
        scores[held] = terms.sum(axis=1)
        involved = terms[:, : codes.shape[1]].copy()
        for place, pair in enumerate(pairs):
            involved[:, list(pair)] += terms[:, [codes.shape[1] + place]]
            chosen[pair] = chosen.get(pair, 0) + 1
        without[held] = scores[held][:, None] - involved
    return Unseen(scores, without, chosen)


def separation(scores: npt.ArrayLike, second: Flags, level: float, clusters: Ints | None = None) -> Separation:
    """The AUC of cross-fitted scores; with clusters, as independent units, its variance is that between them.

    Raises:
        ValueError: if a sample has fewer than two rows, or there are fewer than three clusters.

    Source: DeLong et al. 1988; Obuchowski 1997 for clusters.
    """
    auc, influence = _influence(np.asarray(scores, dtype=float), second)
    variance, units = _variance(influence, second, clusters)
    se = float(np.sqrt(variance))
    if clusters is None:
        low, high = roc_auc_interval(auc, variance, int(second.sum()), int((~second).sum()), level)
    elif 0.0 < auc < 1.0:
        low, high = logit(auc, se, level, units - 1.0)
    else:
        low, high = roc_auc_interval(auc, 0.0, units / 2.0, units / 2.0, level)
    beyond = (auc - 0.5) / se if se > 0.0 else np.inf * np.sign(auc - 0.5) if auc != 0.5 else 0.0
    p = special.stdtr(units - 1.0, -beyond) if clusters is not None else special.ndtr(-beyond)
    return Separation(auc, low, high, se, float(p))


def carried(unseen: Unseen, second: Flags, level: float, clusters: Ints | None = None) -> Carried:
    """What the AUC loses when what a column adds is taken out of the scores, by the paired DeLong variance.

    Raises:
        ValueError: if a sample has fewer than two rows, or there are fewer than three clusters.
    """
    auc, influence = _influence(unseen.scores, second)
    columns = unseen.without.shape[1]
    loss, half = np.zeros(columns), np.zeros(columns)
    for j in range(columns):
        other, theirs = _influence(unseen.without[:, j], second)
        variance, units = _variance(influence - theirs, second, clusters)
        df = units - 1.0 if clusters is not None else np.inf
        loss[j], half[j] = auc - other, quantile(level, df) * np.sqrt(variance)
    return Carried(loss, loss - half, loss + half)


def _strongest(coarse: Ints, groups: int, second: Flags) -> list[tuple[int, int]]:
    if coarse.shape[1] < 2 or groups < 2:
        return []
    pairs, cubes = pair_cubes(coarse, groups, second)
    found = association_change(cubes)
    order = np.argsort(found.p, kind="stable")[:MOST_PAIRS]
    return [pairs[i] for i in order.tolist() if found.p[i] * len(pairs) <= PAIR_P]


def _cells(coarse: Ints, groups: int, pairs: list[tuple[int, int]]) -> Coded:
    first, other = np.array(pairs).T
    return Coded.of(coarse[:, first] * groups + coarse[:, other], (groups * groups,) * len(pairs))


def _influence(scores: Floats, second: Flags) -> tuple[float, Floats]:
    values, which = np.unique(scores, return_inverse=True)
    p, q = (np.bincount(which, weights=side, minlength=values.size) for side in (second, ~second))
    below, above = placements(p, q)
    auc = float(p @ below / p.sum())
    return auc, np.where(second, (below[which] - auc) / p.sum(), (above[which] - auc) / q.sum())


def _variance(influence: Floats, second: Flags, clusters: Ints | None) -> tuple[float, int]:
    if clusters is None:
        sides = [influence[second], influence[~second]]
        if min(side.size for side in sides) < 2:
            raise ValueError("each sample needs at least two rows")
        return REUSE * sum(float(side @ side) * side.size / (side.size - 1) for side in sides), second.size
    sums = np.bincount(np.unique(clusters, return_inverse=True)[1].ravel(), weights=influence)
    if sums.size < 3:
        raise ValueError(f"needs at least three clusters, got {sums.size}")
    return REUSE * float(sums @ sums) * sums.size / (sums.size - 1), sums.size
