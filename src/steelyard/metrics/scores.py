"""Metrics of a binary score: how well it ranks, and how far its probabilities are from what happened."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.metrics import intervals, thresholds
from steelyard.metrics.means import of_means, unit_mean
from steelyard.metrics.metric import Measured
from steelyard.metrics.score_cells import of_scores, probabilities, probability_mean
from steelyard.metrics.views import Means, ScoreCells
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds
from steelyard.stats import ranks

Floats = NDArray[np.float64]
SMALLEST = 1e-15
"""Probabilities are kept this far from 0 and 1 before the logarithm is taken."""
_P = f"clip(sy_score, {SMALLEST!r}, {1 - SMALLEST!r})"
LOG_LOSS = f"0 - (sy_label * log({_P}) + (1 - sy_label) * log(1 - {_P}))"
BRIER = "(sy_score - sy_label) * (sy_score - sy_label)"
FEW_POSITIVES = 200


def roc_auc(view: ScoreCells) -> Any:
    """Chance that a random positive scores higher than a random negative.

    Formula: P(score⁺ > score⁻) + ½ P(score⁺ = score⁻)
    Range: 0 to 1; 1 is best, 0.5 is no ranking at all, below 0.5 the score points the wrong way.
    Misleads: it says nothing of the threshold in use, of calibration, or of the few rows at the top;
        with rare positives a high AUC can go with few hits among the flagged.
    Next: with rare positives read average precision and lift; where AUC is fine but decisions are not,
        move the threshold or recalibrate.
    Source: scikit-learn `roc_auc_score`; DeLong et al. 1988, Sun & Xu 2014, on the logit scale with Student's t.
    """
    view.need_both_classes()
    return ranks.roc_auc(view.p, view.q)


def roc_auc_gradient(view: ScoreCells) -> Floats:
    """Placements less the AUC, over the class's weight."""
    return np.concatenate(ranks.roc_auc_gradient(view.p, view.q))


def delong(view: ScoreCells) -> float:
    """DeLong's variance; NaN where a class has one row only."""
    if min(view.effective_positives, view.effective_negatives) <= 1:
        return math.nan
    return ranks.delong_variance(view.p, view.q, view.p_squares, view.q_squares)


def roc_auc_interval(m: Measured) -> tuple[float, float, str]:
    """Logit scale, t with min(positives, negatives) − 1 degrees of freedom; Wilson's at perfect separation."""
    view: ScoreCells = m.view
    positives, negatives = view.effective_positives, view.effective_negatives
    if m.value in (0.0, 1.0):
        return *ranks.roc_auc_interval(m.value, 0.0, positives, negatives, m.level), "wilson, perfect separation"
    if m.clustered:
        return *bounds.logit(m.value, m.se, m.level, m.df), "logit, clustered"
    if math.isnan(m.se):
        return math.nan, math.nan, "delong"
    return *ranks.roc_auc_interval(m.value, m.se**2, positives, negatives, m.level), "delong, logit"


def roc_auc_discretisation(view: ScoreCells) -> float:
    """Half the AUC's room: what any order of the rows inside their bins can change."""
    low, high = ranks.roc_auc_bounds(view.p, view.q, view.atom)
    value = ranks.roc_auc(view.p, view.q)
    return max(high - value, value - low)


def gini(view: ScoreCells) -> Any:
    """Ranking power on a scale where 0 is none: twice the ROC AUC less one (also called Somers' D).

    Formula: 2·AUC − 1
    Range: −1 to 1; 1 is best, 0 is no ranking at all.
    Misleads: as ROC AUC does; it is the same number on another scale.
    Next: as for ROC AUC.
    Source: Somers 1962; interval from that of the ROC AUC.
    """
    return 2 * roc_auc(view) - 1


def gini_interval(m: Measured) -> tuple[float, float, str]:
    """The interval of the AUC on the other scale."""
    low, high, method = roc_auc_interval(replace(m, value=(m.value + 1) / 2, se=m.se / 2))
    return 2 * low - 1, 2 * high - 1, method


def average_precision(view: ScoreCells) -> Any:
    """Mean precision over all thresholds at which another positive is found (area under precision–recall).

    Formula: Σ precision at each positive / number of positives, from the highest score down
    Range: 0 to 1; 1 is best. A random order reaches the prevalence.
    Misleads: it depends on the prevalence; compare it only on like data, and always with the prevalence.
    Next: divide it by the prevalence to see what the ranking adds; read recall at the precision you need.
    Source: scikit-learn `average_precision_score`; Boyd, Eng & Page 2013: of two intervals the wider below 200
        positives. Inside a bin of several scores the expected order is taken.
    """
    view.need_both_classes()
    return ranks.average_precision(*_as_rows(view), view.atom)


def average_precision_gradient(view: ScoreCells) -> Floats:
    """The gradient where all bins are tied; in bins of several scores nearly the same."""
    return np.concatenate(ranks.average_precision_gradient(view.p, view.q))


def average_precision_discretisation(view: ScoreCells) -> float:
    """What any order of the rows inside their bins can change."""
    p, q = _as_rows(view)
    low, high = ranks.average_precision_bounds(p, q, view.atom)
    value = ranks.average_precision(p, q, view.atom)
    return max(high - value, value - low)


def average_precision_interval(m: Measured) -> tuple[float, float, str]:
    """Logit scale; with few positives at least as wide as Boyd's binomial interval."""
    positives = m.view.effective_positives
    low, high = bounds.logit(m.value, m.se, m.level, m.df)
    method = "logit, clustered" if m.clustered else "logit"
    if positives >= FEW_POSITIVES and m.se > 0:
        return low, high, method
    a, b = ranks.boyd_interval(m.value, positives, m.level)
    return min(low, a), max(high, b), f"{method}, at least boyd"


def _as_rows(view: ScoreCells) -> tuple[Floats, Floats]:
    """Weights on the scale of rows: the expected order inside a bin depends on how many rows it holds."""
    scale = view.rows / view.weights.sum()
    return view.p * scale, view.q * scale


def ks(view: ScoreCells) -> Any:
    """Greatest gap between the shares of positives and negatives below a score (Kolmogorov–Smirnov).

    Formula: max over thresholds of |F⁺(s) − F⁻(s)|; for a score that ranks well, of recall − false positive rate
    Range: 0 to 1; 1 is best, 0 is no separation.
    Misleads: it looks at one threshold, the most favourable one, and lies above 0 by chance in small samples.
    Next: look at the threshold where the gap is; it is the best one only if both errors cost alike.
    Source: SciPy `ks_2samp`; interval by inverting the two-sample test (on the wide side).
    """
    view.need_both_classes()
    return ranks.ks(view.p, view.q)[0]


def ks_gradient(view: ScoreCells) -> Floats:
    """±(1{below} − F)/class weight at the place of the gap."""
    _, at = ranks.ks(view.p, view.q)
    below = (np.arange(len(view.p)) <= at).astype(float)
    f1, f0 = float(below @ view.p / view.p.sum()), float(below @ view.q / view.q.sum())
    sign = 1.0 if f1 >= f0 else -1.0
    return sign * np.concatenate([(below - f1) / view.p.sum(), (f0 - below) / view.q.sum()])


def ks_interval(m: Measured) -> tuple[float, float, str]:
    """All separations the two-sample test would not reject: value ± k·√(1/P + 1/N)."""
    if m.clustered:
        return intervals.plain(0.0, 1.0)(m)
    view: ScoreCells = m.view
    reach = special.kolmogi(1 - m.level) * math.sqrt(1 / view.effective_positives + 1 / view.effective_negatives)
    return max(m.value - reach, 0.0), min(m.value + reach, 1.0), "kolmogorov band"


def ks_discretisation(view: ScoreCells) -> float:
    """What any order of the rows inside their bins can add."""
    low, high = ranks.ks_bounds(view.p, view.q, view.atom)
    return high - low


def log_loss(view: Means) -> Any:
    """Mean surprise at what happened: minus the logarithm of the probability that was given to it.

    Formula: −mean(y·ln p + (1 − y)·ln(1 − p)), p kept within [1e-15, 1 − 1e-15]
    Range: 0 upwards; 0 is best. The constant answer reaches the entropy of the prevalence, 0.693 at one half.
    Misleads: a few confident mistakes can outweigh everything else; its size depends on the prevalence.
    Next: compare with the constant answer; if worse, look at the calibration curve and recalibrate.
    Source: scikit-learn `log_loss`; Student's t, or Hall 1992 where the losses are skewed.
    """
    return view.mean()


def certain_and_wrong(view: Means) -> str:
    """A caution where a row was given probability 0 for what happened."""
    at_bound = len(view.highs) and view.highs[0] > -math.log(2 * SMALLEST)
    return "a row was given no chance for what happened; its loss counts as 34.5" if at_bound else ""


def brier(view: Means) -> Any:
    """Mean squared distance of the probability from what happened (0 or 1).

    Formula: mean((p − y)²)
    Range: 0 to 1; 0 is best. The constant answer reaches prevalence·(1 − prevalence), 0.25 at one half.
    Misleads: with rare positives it is small for every model; compare it with the constant answer (Brier skill).
    Next: split it into reliability (mend by recalibrating) and resolution (mend by better features).
    Source: scikit-learn `brier_score_loss`; Student's t, or Hall 1992 where the errors are skewed.
    """
    return view.mean()


def brier_skill_score(view: Means) -> Any:
    """Share of the constant answer's Brier score that the model takes away.

    Formula: 1 − mean((p − y)²) / (ȳ·(1 − ȳ)), ȳ the prevalence
    Range: up to 1; 1 is best, 0 is no better than always answering the prevalence, below 0 is worse.
    Misleads: it compares with the prevalence of this very data, which nobody knew beforehand.
    Next: below 0, recalibrate first; if it stays low, the features carry little.
    Source: Murphy 1973; interval on the log scale of the ratio.
    """
    rate = view.mean(1)
    if not 0 < np.real(rate) < 1:
        raise UndefinedMetricError("the labels are of one class only")
    return 1 - view.mean(0) / (rate * (1 - rate))


def brier_skill_interval(m: Measured) -> tuple[float, float, str]:
    """Log scale of 1 − skill, the ratio of the two Brier scores."""
    low, high, method = intervals.log(replace(m, value=1 - m.value))
    return 1 - high, 1 - low, f"{method} of the ratio"


METRICS = [
    of_scores("roc_auc", "ROC AUC", roc_auc, roc_auc_interval, roc_auc_gradient, delong, roc_auc_discretisation),
    of_scores(
        "average_precision",
        "Average precision",
        average_precision,
        average_precision_interval,
        average_precision_gradient,
        discretisation=average_precision_discretisation,
    ),
    of_scores(
        "gini",
        "Gini",
        gini,
        gini_interval,
        lambda v: 2 * roc_auc_gradient(v),
        lambda v: 4 * delong(v),
        lambda v: 2 * roc_auc_discretisation(v),
    ),
    of_scores("ks", "Kolmogorov–Smirnov", ks, ks_interval, ks_gradient, discretisation=ks_discretisation),
    probability_mean(
        "log_loss", "Log loss", log_loss, LOG_LOSS, intervals.within(intervals.mean, 0.0), note=certain_and_wrong
    ),
    probability_mean("brier", "Brier score", brier, BRIER, unit_mean),
    of_means(
        "brier_skill_score",
        "Brier skill score",
        "binary",
        probabilities(BRIER, "sy_label"),
        brier_skill_score,
        brier_skill_interval,
        cubes=False,
    ),
    *thresholds.METRICS,
]
