"""Calibration of a binary probability: do rows given 30 % turn out positive in 30 of 100 cases?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from steelyard.metrics import intervals, recalibration
from steelyard.metrics.metric import Interval, Measured
from steelyard.metrics.score_cells import of_scores, probability_mean, probable_cells
from steelyard.metrics.views import Means, ScoreCells
from steelyard.stats import calibration
from steelyard.stats import intervals as bounds

Floats = NDArray[np.float64]
GROUPS = 15
SEED = 20_260_102
DRAWS = 2000


@dataclass(frozen=True)
class Groups:
    """Bins put into groups of about equal weight.

    Attributes:
        of_bin: each bin's group.
        rows: effective rows per group.
        score, rate: mean score and share of positives per group.
        score2, product: means of score² and score·label per group.
        cells_score: mean score of the positives, then of the negatives, of each bin.
    """

    of_bin: NDArray[np.intp]
    rows: Floats
    score: Floats
    rate: Floats
    score2: Floats
    product: Floats
    cells_score: Floats

    @property
    def share(self) -> Floats:
        """Each group's share of the rows."""
        return np.asarray(self.rows / self.rows.sum(), dtype=float)

    def per_cell(self, of_group: Floats) -> Floats:
        """A number per group, for the positives and the negatives of each bin."""
        return np.tile(of_group[self.of_bin], 2)


def equal_groups(view: ScoreCells) -> Groups:
    """Put the bins into 15 groups of about equal weight."""
    weight = view.p + view.q
    of_bin = np.unique(calibration.equal_mass_groups(weight, GROUPS), return_inverse=True)[1]
    w = np.bincount(of_bin, weights=weight)
    sums = (view.score_p + view.score_q, view.p, view.score2_p + view.score2_q, view.score_p)
    score, rate, score2, product = (np.bincount(of_bin, weights=x) / w for x in sums)
    cells_score = np.concatenate([_means(view.score_p, view.p), _means(view.score_q, view.q)])
    return Groups(of_bin, w * (view.effective_rows / w.sum()), score, rate, score2, product, cells_score)


def labels(view: ScoreCells) -> Floats:
    """1 for the positives of each bin, then 0 for the negatives."""
    return np.concatenate([np.ones_like(view.p), np.zeros_like(view.q)])


def expected_calibration_error(view: ScoreCells) -> Any:
    """Mean distance between predicted and observed share of positives, over groups of like scores.

    Formula: Σ n_g/n·|mean score_g − share of positives_g| over 15 groups of equal size, less its expected excess
    Range: 0 to 1; 0 is best. Without the correction even a perfect model shows more than 0 in small samples.
    Misleads: over- and underestimates inside one group cancel; its value depends on the number of groups.
    Next: where the interval lies above 0.02 or so, recalibrate (isotonic or logistic) on other data.
    Source: Naeini et al. 2015; bias and interval by parametric bootstrap of the groups.
    """
    g = equal_groups(view)
    return calibration.debiased_ece(g.rows, g.rows * g.score, g.rows * g.rate, SEED)[0]


def calibration_error_note(view: ScoreCells) -> str:
    """What a perfectly calibrated model would show before the correction."""
    g = equal_groups(view)
    _, null = calibration.debiased_ece(g.rows, g.rows * g.score, g.rows * g.rate, SEED)
    return f"a perfectly calibrated model would show {null:.2g} here before the correction"


def calibration_error_variance(view: ScoreCells) -> float:
    """Delta method on the uncorrected error, whose bias changes little with a row."""
    g = equal_groups(view)
    gap = g.rate - g.score
    slope = g.per_cell(np.sign(gap)) * (labels(view) - g.cells_score) - float(g.share @ np.abs(gap))
    return view.variance(slope / float(view.weights.sum()))


def inverted(measure: Callable[[Floats, Floats], Floats]) -> Interval:
    """The values of `measure(gaps, shares)` that would not make the one seen a surprise.

    The true gaps are taken to be those seen, times a factor; the interval holds the factors for which the measure of
    the gaps with sampling noise has the seen one between its outer percentiles.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered:
            return intervals.plain(0.0, 1.0)(m)
        g = equal_groups(m.view)
        gap = g.rate - g.score
        normal = np.random.default_rng(SEED).standard_normal((DRAWS, len(gap)))
        seen = float(measure(gap[None, :], g.share)[0])
        lower = (1 - m.level) / 2

        def true(factor: float) -> Floats:
            return np.asarray(np.clip(g.score + factor * gap, 0.0, 1.0) - g.score, dtype=float)

        def surprise(factor: float, share: float) -> float:
            gaps = true(factor)
            rate = g.score + gaps
            drawn = gaps + np.sqrt(rate * (1 - rate) / g.rows) * normal
            return float(np.quantile(measure(drawn, g.share), share)) - seen

        def at(share: float) -> float:
            if surprise(0.0, share) >= 0:
                return 0.0
            far = 1.0
            while surprise(far, share) < 0:
                far *= 2
                if far > 1e6:
                    return 1.0
            factor = optimize.brentq(surprise, 0.0, far, args=(share,), xtol=1e-4)
            return float(measure(true(factor)[None, :], g.share)[0])

        low, high = at(1 - lower), at(lower)
        return low, high if high > 0 else seen, "parametric bootstrap, inverted"

    return interval


def _absolute(gaps: Floats, share: Floats) -> Floats:
    return np.abs(gaps) @ share


def _squared(gaps: Floats, share: Floats) -> Floats:
    return gaps**2 @ share


def brier_reliability(view: ScoreCells) -> Any:
    """The part of the Brier score that wrong probabilities cause, and recalibration would take away.

    Formula: Σ n_g/n·(mean score_g − share of positives_g)² over 15 groups of equal size, less its expected excess
    Range: about 0 to 1; 0 is best. The correction can bring it a little below 0.
    Misleads: it says nothing of how well the model tells rows apart: the constant answer has 0 too.
    Next: compare it with the Brier score: that share can be had by recalibrating on other data.
    Source: Murphy 1973; correction by Ferro & Fricker 2012; interval by parametric bootstrap of the groups.
    """
    return _brier_parts(view)["reliability_corrected"]


def brier_resolution(view: ScoreCells) -> Any:
    """How far the groups of like scores lie apart in what happened: the part of the Brier score a model earns.

    Formula: Σ n_g/n·(share of positives_g − prevalence)² over 15 groups of equal size, less its expected excess
    Range: about 0 to uncertainty (at most 0.25); higher is better, 0 tells nothing apart.
    Misleads: it does not see whether the probabilities are right, only that they differ where outcomes do.
    Next: where it is small beside the uncertainty, better features help more than recalibrating.
    Source: Murphy 1973; correction by Ferro & Fricker 2012; interval by the delta method.
    """
    return _brier_parts(view)["resolution_corrected"]


def brier_uncertainty(view: ScoreCells) -> Any:
    """How hard the labels are to foresee without a model: the Brier score of always answering the prevalence.

    Formula: ȳ·(1 − ȳ), ȳ the prevalence
    Range: 0 to 0.25; neither side is better: it belongs to the data.
    Misleads: it changes with the prevalence, and every Brier score with it.
    Next: judge a Brier score by its ratio to this (the Brier skill score).
    Source: Murphy 1973; interval from Wilson's for the prevalence.
    """
    rate = view.p.sum() / view.weights.sum()
    return rate * (1 - rate)


def _brier_parts(view: ScoreCells) -> calibration.BrierDecomposition:
    g = equal_groups(view)
    return calibration.brier_decomposition(
        g.rows, g.rows * g.score, g.rows * g.score2, g.rows * g.rate, g.rows * g.product
    )


def reliability_variance(view: ScoreCells) -> float:
    """Delta method on the uncorrected reliability."""
    g = equal_groups(view)
    gap = g.rate - g.score
    slope = g.per_cell(2 * gap) * (labels(view) - g.cells_score) - g.per_cell(gap**2) - float(g.share @ gap**2)
    return view.variance(slope / float(view.weights.sum()))


def resolution_variance(view: ScoreCells) -> float:
    """Delta method on the uncorrected resolution."""
    g = equal_groups(view)
    away = g.rate - float(g.share @ g.rate)
    slope = g.per_cell(2 * away) * (labels(view) - g.per_cell(g.rate)) + g.per_cell(away**2)
    return view.variance((slope - float(g.share @ away**2)) / float(view.weights.sum()))


def uncertainty_gradient(view: ScoreCells) -> Floats:
    """(1 − 2ȳ)·(y − ȳ)/n."""
    total = float(view.weights.sum())
    rate = float(view.p.sum()) / total
    return (1 - 2 * rate) * (labels(view) - rate) / total


def uncertainty_interval(m: Measured) -> tuple[float, float, str]:
    """What ȳ(1 − ȳ) takes on Wilson's interval of ȳ."""
    view: ScoreCells = m.view
    rate = float(view.p.sum() / view.weights.sum())
    if m.clustered:
        return intervals.plain(0.0, 0.25)(m)
    low, high = bounds.wilson(rate, view.effective_rows, m.level)
    ends = (low * (1 - low), high * (1 - high))
    return min(ends), 0.25 if low <= 0.5 <= high else max(ends), "wilson of the prevalence"


def mean_calibration(view: Means) -> Any:
    """How much too high the scores are on average (bias in the large).

    Formula: mean(score) − prevalence
    Range: −1 to 1; 0 is right, above 0 too many positives are promised.
    Misleads: 0 on the whole says nothing of the single scores: too high and too low ones cancel.
    Next: multiply it by the number of rows: so many positives too many are expected. Recalibrate if that matters.
    Source: mean of score − label; Student's t, or Hall 1992 where that is skewed.
    """
    return view.mean()


def ecce(view: ScoreCells) -> Any:
    """Largest run of one-sided miscalibration over any range of scores (Kuiper's range of the cumulative errors).

    Formula: max C − min C, C_k = Σ (label − score)/n over the k lowest scores
    Range: 0 to 1; 0 is best. In small samples even a perfect model shows more than 0: see the test in the note.
    Misleads: it grows with how many rows are concerned: a gross error on a few rows stays small.
    Next: where the test rejects, find the range of scores with the steepest run and recalibrate there.
    Source: Arrieta-Ibarra et al. 2022. Interval by the delta method, from 0 where the test does not reject.
    """
    return _walk(view)[0]


def _walk(view: ScoreCells) -> tuple[float, float, float]:
    weight = view.p + view.q
    score, score2 = view.score_p + view.score_q, view.score2_p + view.score2_q
    noise = _means(view.p_squares + view.q_squares, weight) * np.maximum(score - score2, 0.0)
    return calibration.ecce(weight, score, view.p, noise)


def ecce_note(view: ScoreCells) -> str:
    """The test of perfect calibration."""
    reach, sigma, p = _walk(view)
    by_chance = f", {reach / sigma:.3g} times the noise" if sigma > 0 else ""
    return f"test of perfect calibration: p = {p:.2g}{by_chance}"


def ecce_gradient(view: ScoreCells) -> Floats:
    """±(label − score) between the walk's lowest and highest point, less the range, over n."""
    total = float(view.weights.sum())
    walk = np.concatenate([[0.0], np.cumsum(view.p - view.score_p - view.score_q)])
    low, high = int(walk.argmin()), int(walk.argmax())
    run = np.arange(len(view.p))
    inside = ((run >= min(low, high)) & (run < max(low, high))) * (1.0 if high > low else -1.0)
    cells_score = np.concatenate([_means(view.score_p, view.p), _means(view.score_q, view.q)])
    reach = float(walk[high] - walk[low]) / total
    slope = np.tile(inside, 2) * (labels(view) - cells_score) - reach
    return np.asarray(slope / total, dtype=float)


def ecce_interval(m: Measured) -> tuple[float, float, str]:
    """Delta method; from 0 where the test does not reject."""
    low, high, method = intervals.plain(0.0, 1.0)(m)
    return (0.0 if _walk(m.view)[2] > 1 - m.level else low), high, method


def ecce_discretisation(view: ScoreCells) -> float:
    """How far the walk can stray inside a bin, on both ends."""
    stray = np.minimum(view.p - view.score_p, view.score_q)[~view.atom]
    return 2 * float(np.max(stray, initial=0.0)) / float(view.weights.sum())


def _means(sums: Floats, weight: Floats) -> Floats:
    return np.asarray(np.divide(sums, weight, out=np.zeros_like(weight), where=weight > 0))


METRICS = [
    of_scores(
        "expected_calibration_error",
        "Expected calibration error",
        expected_calibration_error,
        inverted(_absolute),
        variance=calibration_error_variance,
        direction="lower",
        needs=probable_cells,
        note=calibration_error_note,
    ),
    of_scores(
        "ecce",
        "Cumulative calibration error",
        ecce,
        ecce_interval,
        ecce_gradient,
        discretisation=ecce_discretisation,
        direction="lower",
        needs=probable_cells,
        note=ecce_note,
    ),
    *recalibration.METRICS,
    probability_mean(
        "mean_calibration",
        "Mean score less prevalence",
        mean_calibration,
        "sy_score - sy_label",
        intervals.within(intervals.mean, -1.0, 1.0),
        "target",
    ),
    of_scores(
        "brier_reliability",
        "Brier: reliability",
        brier_reliability,
        inverted(_squared),
        variance=reliability_variance,
        direction="lower",
        needs=probable_cells,
    ),
    of_scores(
        "brier_resolution",
        "Brier: resolution",
        brier_resolution,
        intervals.plain(0.0, 0.25),
        variance=resolution_variance,
        needs=probable_cells,
    ),
    of_scores(
        "brier_uncertainty",
        "Brier: uncertainty",
        brier_uncertainty,
        uncertainty_interval,
        uncertainty_gradient,
        direction="target",
        needs=probable_cells,
    ),
]
