"""Confident learning: how many labels are wrong, from scores that have not seen them."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.critical import quantile
from steelyard.stats.intervals import wilson

Floats = npt.NDArray[np.float64]


class LabelNoise(NamedTuple):
    """What confident learning says of labels.

    Attributes:
        joint: (K, K), the estimated joint share of given label i and true class j; sums to 1.
        share: the estimated share of wrong labels, 1 − trace of `joint`.
        low, high: its interval.
        excess: the share of rows whose label contradicts a confident score, beyond those that the scores themselves
            allow for (a score of 0.95 allows one in twenty).
        excess_low, excess_high: its interval, as if the scores were right.
        contradicted: rows (or weight) whose label contradicts a confident score.
        thresholds: (K,), the score from which on a class counts as confident: its mean over the rows labelled so.
    """

    joint: Floats
    share: float
    low: float
    high: float
    excess: float
    excess_low: float
    excess_high: float
    contradicted: float
    thresholds: Floats


def label_noise(
    labels: npt.ArrayLike, scores: npt.ArrayLike, level: float, weight: npt.ArrayLike | None = None
) -> LabelNoise | None:
    """Estimate the share of wrong labels; None where some class has no row or no confident row.

    A row is confident in class j if its score of j is at least the mean score of j among the rows labelled j; of
    several such classes the one of the highest score counts. The counts of label × confident class, scaled so that
    each label keeps its rows, estimate the joint distribution of given and true labels. It cannot tell wrong labels
    from cases that are hard by nature or from scores that are too sure: `excess` is what calibrated scores leave
    unexplained. Scores must be out of sample; thresholds are taken as known in the intervals.

    Args:
        labels: (n,) classes as 0 … K − 1.
        scores: (n, K) probabilities of the classes.
        level: nominal coverage of the intervals.
        weight: (n,) rows that each entry stands for; 1 each by default.

    Raises:
        ValueError: the shapes do not fit, or a label is not one of the classes.

    Source: Northcutt, Jiang & Chuang 2021, "Confident learning: estimating uncertainty in dataset labels".
    """
    given, p = np.asarray(labels, dtype=np.int64), np.asarray(scores, dtype=float)
    w = np.ones(len(given)) if weight is None else np.asarray(weight, dtype=float)
    if p.ndim != 2 or given.shape != p.shape[:1] or w.shape != given.shape:
        raise ValueError(
            f"needs labels (n,), scores (n, K) and weights (n,), got {given.shape}, {p.shape}, {w.shape}"
        )
    k = p.shape[1]
    if len(given) and not (given.min() >= 0 and given.max() < k):
        raise ValueError(f"labels must be from 0 to {k - 1}")
    rows = np.bincount(given, weights=w, minlength=k)
    if k < 2 or not np.all(rows > 0):
        return None
    own = p[np.arange(len(given)), given]
    thresholds = np.bincount(given, weights=w * own, minlength=k) / rows
    open_to = np.where(p >= thresholds, p, -1.0)
    confident = open_to.argmax(axis=1)
    sure = open_to[np.arange(len(given)), confident] >= 0
    counts = np.bincount(given[sure] * k + confident[sure], weights=w[sure], minlength=k * k).reshape(k, k)
    held = counts.sum(axis=1)
    if not np.all(held > 0):
        return None
    prior = rows / rows.sum()
    joint = counts / held[:, None] * prior[:, None]
    share = float(min(max(1.0 - np.trace(joint), 0.0), 1.0))
    off = 1.0 - np.diag(counts) / held
    variance = float(np.sum(prior**2 * off * (1 - off) / held))
    n = share * (1 - share) / variance if variance > 0 else float(held.sum())
    low, high = wilson(share, n, level)
    wrong = sure & (confident != given)
    best = open_to[sure, confident[sure]]
    excess = float(w[wrong].sum() - np.dot(w[sure], 1 - best)) / float(rows.sum())
    half = quantile(level) * math.sqrt(float(np.dot(w[sure], best * (1 - best)))) / float(rows.sum())
    return LabelNoise(
        joint, share, low, high, excess, excess - half, excess + half, float(w[wrong].sum()), thresholds
    )
