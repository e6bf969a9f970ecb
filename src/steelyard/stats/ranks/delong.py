"""How far the ROC-AUC of a sample strays: variance, covariance of two models, interval."""

import numpy as np
import numpy.typing as npt

from steelyard.stats.comparison import Difference, difference
from steelyard.stats.intervals.proportions import wilson
from steelyard.stats.intervals.transforms import logit
from steelyard.stats.ranks.counts import Floats, counts
from steelyard.stats.ranks.roc import placements, roc_auc


def delong_variance(
    p: npt.ArrayLike,
    q: npt.ArrayLike,
    p2: npt.ArrayLike | None = None,
    q2: npt.ArrayLike | None = None,
) -> float:
    """DeLong's variance of the AUC: S10/P + S01/N.

    S10 is the sample variance of the placements V10 over the positives, S01 that of V01 over the negatives.
    With weights, `p2` and `q2` are the sums of squared weights per bin (default: `p`, `q`, rows of weight 1)
    and a class contributes Σ p2·(V10 − AUC)²/P² · m/(m − 1) with m = P²/Σp2 its effective number of rows.

    Raises:
        ValueError: if the counts are malformed or a class has no more than one effective row.

    Source: DeLong et al. 1988; Sun & Xu 2014.
    """
    p, q = counts(p, q)
    below, above = placements(p, q)
    auc = float((p * below).sum() / p.sum())
    squared_p = p if p2 is None else np.asarray(p2, dtype=float)
    squared_q = q if q2 is None else np.asarray(q2, dtype=float)
    return _spread("positive", p, squared_p, below - auc) + _spread("negative", q, squared_q, above - auc)


def delong_covariance(joint_p: npt.ArrayLike, joint_q: npt.ArrayLike) -> float:
    """DeLong's covariance of the AUCs of two models A and B that scored the same rows.

    `joint_p[a, b]` and `joint_q[a, b]` count the positives and negatives in score bin a of A and b of B;
    shape (bins of A, bins of B). Bins may be coarse: where some thirty on a side hold rows, the covariance is
    within about 1 % of the exact one.

    Raises:
        ValueError: if the arrays are not of one 2-D shape or a class has no more than one row.

    Source: DeLong et al. 1988.
    """
    positives, negatives = np.asarray(joint_p, dtype=float), np.asarray(joint_q, dtype=float)
    if positives.ndim != 2 or positives.shape != negatives.shape:
        raise ValueError(
            f"joint counts must have one shape (bins A, bins B), got {positives.shape} and {negatives.shape}"
        )
    P, N = float(positives.sum()), float(negatives.sum())
    if not (P > 1.0 and N > 1.0):
        raise ValueError(f"a covariance of AUCs needs more than one row of each class, got {P:g} and {N:g}")
    below_a, above_a = _centred(positives.sum(axis=1), negatives.sum(axis=1))
    below_b, above_b = _centred(positives.sum(axis=0), negatives.sum(axis=0))
    s10 = float(below_a @ positives @ below_b) / (P - 1.0)
    s01 = float(above_a @ negatives @ above_b) / (N - 1.0)
    return s10 / P + s01 / N


def delong_difference(joint_p: npt.ArrayLike, joint_q: npt.ArrayLike) -> Difference:
    """DeLong's test of equal AUCs of two models A and B that scored the same rows: A minus B.

    `joint_p[a, b]` and `joint_q[a, b]` count the positives and negatives in score bin a of A and b of B; exact where
    each bin holds one score.

    Raises:
        ValueError: if the arrays are not of one 2-D shape or a class has no more than one row.

    Source: DeLong et al. 1988.
    """
    positives, negatives = np.asarray(joint_p, dtype=float), np.asarray(joint_q, dtype=float)
    covariance = delong_covariance(positives, negatives)
    margins = [(positives.sum(axis=axis), negatives.sum(axis=axis)) for axis in (1, 0)]
    (auc_a, se_a), (auc_b, se_b) = ((roc_auc(p, q), float(np.sqrt(delong_variance(p, q)))) for p, q in margins)
    return difference(auc_a, se_a, auc_b, se_b, covariance)


def roc_auc_interval(auc: float, variance: float, n_pos: float, n_neg: float, level: float) -> tuple[float, float]:
    """Interval of an AUC: logit scale, Student's t with min(n_pos, n_neg) − 1 degrees of freedom.

    At 0 or 1 (perfect separation) DeLong's variance is 0 and says nothing; then Wilson's interval of the
    m = min(n_pos, n_neg) disjoint positive–negative pairs, all of them ordered alike.

    Raises:
        ValueError: unless 0 ≤ auc ≤ 1, variance ≥ 0, and both classes have rows (more than one if auc is
            inside (0, 1)).
    """
    fewer = min(n_pos, n_neg)
    if auc in (0.0, 1.0):
        return wilson(auc, fewer, level)
    if not fewer > 1.0:
        raise ValueError(f"an AUC interval needs more than one row of each class, got {n_pos:g} and {n_neg:g}")
    if not variance >= 0.0:
        raise ValueError(f"a variance must be at least 0, got {variance!r}")
    return logit(auc, float(np.sqrt(variance)), level, fewer - 1.0)


def _spread(name: str, weight: Floats, squared: Floats, deviation: Floats) -> float:
    total = float(weight.sum())
    effective = total**2 / float(squared.sum())
    if not effective > 1.0:
        raise ValueError(f"the variance of an AUC needs more than one {name} row, got {effective:g} (effective)")
    return float((squared * deviation**2).sum()) / total**2 * effective / (effective - 1.0)


def _centred(p: Floats, q: Floats) -> tuple[Floats, Floats]:
    below, above = placements(p, q)
    auc = roc_auc(p, q)
    return below - auc, above - auc
