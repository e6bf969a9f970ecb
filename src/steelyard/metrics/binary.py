"""Metrics of a binary decision: functions of TP, FP, FN and TN."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics import intervals
from steelyard.metrics.confusions import (
    accuracy,
    accuracy_gradient,
    agreement_interval,
    balanced_accuracy,
    balanced_accuracy_gradient,
    cohen_kappa,
    few,
    kappa,
    kappa_gradient,
    matthews,
    matthews_corrcoef,
    matthews_gradient,
    ratio,
    ratio_gradient,
    recalls,
    recalls_interval,
    small_cells,
    two_by_two,
)
from steelyard.metrics.metric import Direction, Interval, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import confusion, margin
from steelyard.metrics.score_cells import unlabelled
from steelyard.metrics.views import Confusion
from steelyard.records import UndefinedMetricError

BINARY = frozenset({"binary"})
CLASSES = ("0", "1")
CELLS = ("tn", "fp", "fn", "tp")
Floats = NDArray[np.float64]


def decided_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with decisions, or why there are none."""
    if not problem.decided:
        return "there are no predictions, and no threshold to make them from scores"
    return unlabelled(problem) or (problem.cells(),)


def read_confusion(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
    """Read the 2 × 2 table."""
    return confusion(facts[0], tables[0], CLASSES)


def of_confusion(
    name: str,
    title: str,
    value: Callable[[Confusion], Any],
    interval: Interval,
    gradient: Callable[[Confusion], Floats] | None = None,
    direction: Direction = "higher",
    note: Callable[[Confusion], str] | None = None,
) -> Metric:
    """A metric of the 2 × 2 table; its documentation is the docstring of `value`."""
    return Metric(
        name,
        title,
        BINARY,
        direction,
        decided_cells,
        read_confusion,
        value,
        interval,
        gradient=gradient,
        note=note,
        docstring=value.__doc__ or "",
    )


def share(
    name: str,
    title: str,
    value: Callable[[Confusion], Any],
    top: str,
    bottom: str,
    direction: Direction = "higher",
) -> Metric:
    """A share of rows, `top` of `bottom` (cells by name, "tp fp"), with Wilson's interval."""
    mask = cells(bottom) > 0
    return of_confusion(
        name,
        title,
        value,
        intervals.proportion(lambda c: c.support(mask)),
        ratio_gradient(cells(top), cells(bottom)),
        direction,
        lambda c: few(c.counts[mask].sum()),
    )


def cells(names: str) -> Floats:
    """1 in the named cells of the 2 × 2 table, 0 elsewhere."""
    return np.array([float(cell in names.split()) for cell in CELLS]).reshape(2, 2)


def small_cell_note(c: Confusion) -> str:
    """A caution that names the smallest of the four cells where it is small."""
    if not small_cells(c):
        return ""
    names = ("true negatives", "false positives", "false negatives", "true positives")
    smallest = int(c.counts.argmin())
    return f"small cells: {c.counts.ravel()[smallest]:.0f} {names[smallest]}"


def precision(c: Confusion) -> Any:
    """Of the rows that were flagged, the share that was truly positive; the rest are false alarms.

    Formula: TP / (TP + FP)
    Range: 0 to 1; 1 is best. Flagging at random reaches the prevalence.
    Misleads: it depends on the prevalence: the same model looks worse where positives are rarer.
    Next: if too low for those who act on the flags, raise the threshold and see what recall that costs.
    Source: scikit-learn `precision_score`; interval by Wilson 1927.
    """
    return ratio(c.tp, c.tp + c.fp, "nothing was predicted positive")


def recall(c: Confusion) -> Any:
    """Of the rows that were truly positive, the share that was found (sensitivity, true positive rate).

    Formula: TP / (TP + FN)
    Range: 0 to 1; 1 is best.
    Misleads: flagging everything gives 1. Read it with precision or the false positive rate.
    Next: look at the slices with the lowest recall; lower the threshold if misses cost more than false alarms.
    Source: scikit-learn `recall_score`; interval by Wilson 1927.
    """
    return ratio(c.tp, c.tp + c.fn, "there are no positive labels")


def specificity(c: Confusion) -> Any:
    """Of the rows that were truly negative, the share that was left alone (true negative rate).

    Formula: TN / (TN + FP)
    Range: 0 to 1; 1 is best.
    Misleads: where negatives are many, 0.99 can still mean more false alarms than hits. Read precision too.
    Next: multiply 1 − specificity by the daily number of negatives: those are the false alarms to handle.
    Source: Yerushalmy 1947; interval by Wilson 1927.
    """
    return ratio(c.tn, c.tn + c.fp, "there are no negative labels")


def npv(c: Confusion) -> Any:
    """Of the rows that were not flagged, the share that was truly negative (negative predictive value).

    Formula: TN / (TN + FN)
    Range: 0 to 1; 1 is best. Never flagging reaches 1 − prevalence.
    Misleads: with rare positives it is near 1 whatever the model does.
    Next: compare it with 1 − prevalence; only what lies above is the model's own work.
    Source: interval by Wilson 1927.
    """
    return ratio(c.tn, c.tn + c.fn, "nothing was predicted negative")


def false_positive_rate(c: Confusion) -> Any:
    """Of the rows that were truly negative, the share that was flagged.

    Formula: FP / (FP + TN) = 1 − specificity
    Range: 0 to 1; 0 is best.
    Misleads: a small rate of a large number is a large number of false alarms.
    Next: raise the threshold until the false alarms can be handled, and check the recall that is left.
    Source: interval by Wilson 1927.
    """
    return ratio(c.fp, c.fp + c.tn, "there are no negative labels")


def false_negative_rate(c: Confusion) -> Any:
    """Of the rows that were truly positive, the share that was missed.

    Formula: FN / (FN + TP) = 1 − recall
    Range: 0 to 1; 0 is best.
    Misleads: flagging everything gives 0. Read it with precision.
    Next: look at the missed rows by slice; lower the threshold if misses cost more than false alarms.
    Source: interval by Wilson 1927.
    """
    return ratio(c.fn, c.fn + c.tp, "there are no positive labels")


def jaccard(c: Confusion) -> Any:
    """Of the rows that were flagged or truly positive, the share that was both.

    Formula: TP / (TP + FP + FN)
    Range: 0 to 1; 1 is best. Always at most F1, which ranks models in the same order.
    Misleads: it ignores true negatives, and falls with prevalence.
    Next: read precision and recall to see which of the two kinds of error lowers it.
    Source: scikit-learn `jaccard_score`; interval by Wilson, as TP is binomial given TP + FP + FN.
    """
    return ratio(c.tp, c.tp + c.fp + c.fn, "nothing is positive, in the labels or the predictions")


def youden(c: Confusion) -> Any:
    """How much more often positives are flagged than negatives (informedness, Youden's J).

    Formula: recall + specificity − 1
    Range: −1 to 1; 1 is best, 0 is what flagging without looking reaches.
    Misleads: it counts a missed positive as heavily as many false alarms together when positives are rare.
    Next: weigh the two errors by their cost instead, if the costs are known.
    Source: Youden 1950; interval by MOVER on Wilson's (Newcombe 1998).
    """
    each, _ = recalls(c)
    return each.sum() - 1


def positive_likelihood_ratio(c: Confusion) -> Any:
    """How many times likelier a flag is for a positive than for a negative.

    Formula: recall / (1 − specificity)
    Range: 0 upwards; higher is better, 1 is no information. Above 10 a flag is strong evidence.
    Misleads: it does not say how likely a flagged row is positive: that takes the prevalence too.
    Next: multiply the odds of being positive before the flag by it: these are the odds after.
    Source: scikit-learn `class_likelihood_ratios`; interval on the log scale, Dirichlet in small cells.
    """
    each, _ = recalls(c)
    if np.real(c.fp) <= 0:
        raise UndefinedMetricError("it is infinite: there are no false positives")
    return each[1] / (1 - each[0])


def diagnostic_odds_ratio(c: Confusion) -> Any:
    """Odds of a flag among positives over the odds of a flag among negatives.

    Formula: (TP·TN) / (FP·FN)
    Range: 0 upwards; higher is better, 1 is no information.
    Misleads: it is symmetric in the two kinds of error, and infinite as soon as one of them does not occur.
    Next: use it to compare models or studies; to act, read recall and precision.
    Source: Glas et al. 2003; interval on the log scale, Dirichlet in small cells.
    """
    for count, name in (
        (c.fp, "false positives"),
        (c.fn, "false negatives"),
        (c.tp, "true positives"),
        (c.tn, "true negatives"),
    ):
        if np.real(count) <= 0:
            raise UndefinedMetricError(f"it cannot be computed: there are no {name}")
    return c.tp * c.tn / (c.fp * c.fn)


def selection_rate(c: Confusion) -> Any:
    """Share of rows that were flagged, with or without a label.

    Formula: rows predicted positive / rows with a prediction
    Range: 0 to 1; neither side is better.
    Misleads: a rate that stays the same can hide that other rows are flagged than before.
    Next: compare it with the prevalence and with the work that can be handled; compare it between groups.
    Source: Fairlearn `selection_rate`; interval by Wilson 1927.
    """
    return ratio(c.table[1, 0], c.total, "there are no rows with a prediction")


def prevalence(c: Confusion) -> Any:
    """Share of rows whose label is positive.

    Formula: positive labels / rows with a label
    Range: 0 to 1; neither side is better.
    Misleads: labels that arrive late are often of one kind, which moves this share without any change outside.
    Next: if it moved, expect precision and accuracy to move with it; recall and ROC AUC need not.
    Source: interval by Wilson 1927.
    """
    return ratio(c.table[1, 0], c.total, "there are no rows with a label")


def fbeta(beta: float) -> Metric:
    """F-beta: one number for precision and recall, recall counting `beta` times as much; register it."""
    square = float(beta) ** 2
    name = f"f{beta:g}".replace(".", "_")
    top = (1 + square) * cells("tp")
    bottom = top + cells("fp") + square * cells("fn")

    def value(c: Confusion) -> Any:
        return ratio(
            (1 + square) * c.tp,
            (1 + square) * c.tp + c.fp + square * c.fn,
            "nothing is positive, in the labels or the predictions",
        )

    def many(draws: Floats) -> Floats:
        return np.asarray((draws @ top.ravel()) / (draws @ bottom.ravel()), dtype=float)

    mask = bottom > 0
    interval = (
        intervals.f1(lambda c: c.support(mask))
        if square == 1
        else intervals.or_dirichlet(
            intervals.logit(), lambda c: bool(c.counts[mask].min() < intervals.SMALL_CELL), many
        )
    )
    heavier = {True: "precision and recall count alike", False: f"recall counts {beta:g} times as much as precision"}
    value.__doc__ = f"""Mean of precision and recall, near the smaller of the two; {heavier[square == 1]}.

    Formula: (1 + β²)·TP / ((1 + β²)·TP + FP + β²·FN), β = {beta:g}
    Range: 0 to 1; 1 is best. Flagging everything reaches (1 + β²)·prevalence / (1 + β²·prevalence).
    Misleads: it ignores true negatives and falls with prevalence, so compare only on like data.
    Next: read precision and recall; move the threshold towards the one that matters more.
    Source: scikit-learn `fbeta_score`; interval by {
        "Wilson on Jaccard (Lam, Gopal & Qian, arXiv 2309.14621)"
        if square == 1
        else "the delta method on the logit scale, Dirichlet in small cells"
    }.
    """
    return Metric(
        name,
        f"F{beta:g}",
        BINARY,
        "higher",
        decided_cells,
        read_confusion,
        value,
        interval,
        gradient=ratio_gradient(top, bottom),
        note=lambda c: few(c.counts[mask].sum()),
        docstring=value.__doc__,
        parameters=(("beta", float(beta)),),
    )


def of_margin(name: str, title: str, value: Callable[[Confusion], Any], key: int) -> Metric:
    """A share read from the labels (key 0) or the decisions (key 1) alone."""

    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        if key:
            return (problem.cells(),) if problem.decided else decided_cells(problem)
        return unlabelled(problem) or (problem.cells(),)

    def read(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
        return margin(facts[0], tables[0], CLASSES, key)

    return Metric(
        name,
        title,
        BINARY,
        "target",
        needs,
        read,
        value,
        intervals.proportion(lambda c: c.effective_rows),
        gradient=ratio_gradient(np.array([[0.0], [1.0]]), np.ones((2, 1))),
        docstring=value.__doc__ or "",
    )


def _youden_gradient(c: Confusion) -> Floats:
    return 2 * balanced_accuracy_gradient(c)


def _likelihood_ratios(tables: NDArray[Any]) -> NDArray[Any]:
    actual = tables.sum(axis=-1)
    return np.asarray(tables[:, 1, 1] / actual[:, 1] / (tables[:, 0, 1] / actual[:, 0]))


def _odds_ratios(tables: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(tables[:, 1, 1] * tables[:, 0, 0] / (tables[:, 0, 1] * tables[:, 1, 0]))


METRICS = [
    of_confusion(
        "accuracy", "Accuracy", accuracy, intervals.proportion(lambda c: c.effective_rows), accuracy_gradient
    ),
    of_confusion(
        "balanced_accuracy",
        "Balanced accuracy",
        balanced_accuracy,
        recalls_interval(),
        balanced_accuracy_gradient,
        note=small_cell_note,
    ),
    share("precision", "Precision", precision, "tp", "tp fp"),
    share("recall", "Recall", recall, "tp", "tp fn"),
    share("specificity", "Specificity", specificity, "tn", "tn fp"),
    share("npv", "Negative predictive value", npv, "tn", "tn fn"),
    fbeta(1),
    fbeta(2),
    fbeta(0.5),
    of_confusion(
        "matthews_corrcoef",
        "Matthews correlation",
        matthews_corrcoef,
        agreement_interval(two_by_two(matthews)),
        matthews_gradient,
        note=small_cell_note,
    ),
    of_confusion(
        "cohen_kappa",
        "Cohen's kappa",
        cohen_kappa,
        agreement_interval(two_by_two(kappa)),
        kappa_gradient,
        note=small_cell_note,
    ),
    share("jaccard", "Jaccard index", jaccard, "tp", "tp fp fn"),
    share("false_positive_rate", "False positive rate", false_positive_rate, "fp", "fp tn", "lower"),
    share("false_negative_rate", "False negative rate", false_negative_rate, "fn", "fn tp", "lower"),
    of_confusion("youden", "Youden's J", youden, recalls_interval(1.0, -1.0), _youden_gradient, note=small_cell_note),
    of_confusion(
        "positive_likelihood_ratio",
        "Positive likelihood ratio",
        positive_likelihood_ratio,
        intervals.or_dirichlet(intervals.log, small_cells, two_by_two(_likelihood_ratios)),
        note=small_cell_note,
    ),
    of_confusion(
        "diagnostic_odds_ratio",
        "Diagnostic odds ratio",
        diagnostic_odds_ratio,
        intervals.or_dirichlet(intervals.log, small_cells, two_by_two(_odds_ratios)),
        note=small_cell_note,
    ),
    of_margin("selection_rate", "Share predicted positive", selection_rate, 1),
    of_margin("prevalence", "Prevalence", prevalence, 0),
]
