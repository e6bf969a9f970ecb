"""Metrics of a decision between several classes, and of the scores behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Category, Cells, Fact, FactTable
from steelyard.metrics import calibration, intervals, one_vs_rest
from steelyard.metrics.class_measures import (
    F1,
    JACCARD,
    PRECISION,
    RECALL,
    Measure,
    Totals,
    macro,
    macro_slopes,
    weighted,
    weighted_slopes,
)
from steelyard.metrics.confusions import (
    FEW_ROWS,
    accuracy,
    accuracy_gradient,
    agreement_interval,
    balanced_accuracy,
    balanced_accuracy_gradient,
    cohen_kappa,
    kappa,
    kappa_gradient,
    matthews,
    matthews_corrcoef,
    matthews_gradient,
    recalls_interval,
    two_by_two,
)
from steelyard.metrics.means import mean_gradient, of_means, share_of_rows
from steelyard.metrics.metric import Family, Interval, Measured, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import confusion
from steelyard.metrics.rows import BRIER, CONFIDENCE, CORRECT, RANK, TRUE_SCORE
from steelyard.metrics.score_cells import read_scores, unlabelled
from steelyard.metrics.scores import SMALLEST, certain_and_wrong
from steelyard.metrics.views import Confusion, Means, ScoreCells

Floats = NDArray[np.float64]
MULTICLASS = frozenset({"multiclass"})


def decided(problem: Problem) -> tuple[Fact, ...] | str:
    """The table of labels and decisions, or why there is none."""
    if not problem.decided:
        return "there are no predictions"
    return unlabelled(problem) or (problem.confusion(),)


def read_confusion(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
    """Read the K × K table."""
    return confusion(facts[0], tables[0], problem.classes)


def of_confusion(
    name: str,
    title: str,
    value: Callable[[Confusion], Any],
    interval: Interval,
    gradient: Callable[[Confusion], Floats],
) -> Metric:
    """A metric of the K × K table; its documentation is the docstring of `value`."""
    return Metric(
        name,
        title,
        MULTICLASS,
        "higher",
        decided,
        read_confusion,
        value,
        interval,
        gradient=gradient,
        note=small_classes,
        docstring=value.__doc__ or "",
    )


def small_classes(c: Confusion) -> str:
    """A caution that names classes with few rows, or none."""
    rows = c.counts.sum(axis=1)
    few = [f"{name} ({n:.0f})" for name, n in zip(c.classes, rows, strict=True) if n < FEW_ROWS]
    more = f" and {len(few) - 5} more" if len(few) > 5 else ""
    return f"classes with few rows: {', '.join(few[:5])}{more}" if few else ""


def totals(c: Confusion) -> Totals:
    """Hits, labels and decisions of each class."""
    return Totals(np.diagonal(c.table), c.table.sum(axis=1), c.table.sum(axis=0))


def logit_or_wilson(m: Measured) -> tuple[float, float, str]:
    """Logit scale; where nothing varies (all right or all wrong) Wilson's, by class."""
    if m.se > 0 or m.value not in (0.0, 1.0):
        return _logit(m)
    several = int((m.view.table.sum(axis=1) > 0).sum()) > 1
    return _by_class(m) if several else share_of_rows(m)


_logit, _by_class = intervals.logit(), recalls_interval()


def averaged(measure: Measure, average: str) -> Metric:
    """The macro, weighted or micro average of a measure of each class."""
    of, slopes = {
        "macro": (macro, macro_slopes),
        "weighted": (weighted, weighted_slopes),
        "micro": (lambda _, t: t.hits.sum() / t.actual.sum(), None),
    }[average]

    def value(c: Confusion) -> Any:
        return of(measure, totals(c))

    def gradient(c: Confusion) -> Floats:
        if slopes is None:
            return accuracy_gradient(c)
        s = slopes(measure, totals(c))
        return np.asarray((np.diag(s.hits) + s.actual[:, None] + s.decided[None, :]).ravel(), dtype=float)

    is_accuracy = average == "micro" or (measure is RECALL and average == "weighted")
    name = measure.title.split()[0].lower()
    value.__doc__ = f"""{_MEANING[average].format(measure.meaning)}

    Formula: {_FORMULA[average].format(measure.formula)}
    Range: 0 to 1; 1 is best.
    Misleads: {"with one label a row it is the accuracy under another name." if is_accuracy else _MISLEADS[average]}
    Next: look at the classes one by one: the one with most lost rows is where to begin.
    Source: scikit-learn `{name}_score(average="{average}")`; {_SOURCE[is_accuracy]}.
    """
    if is_accuracy:
        interval: Interval = share_of_rows
    else:
        interval = _by_class if (measure, average) == (RECALL, "macro") else logit_or_wilson
    return of_confusion(f"{name}_{average}", f"{measure.title}, {average}", value, interval, gradient)


_MEANING = {
    "macro": "Mean over the classes of a measure of each: {}.",
    "weighted": "Mean over the classes, by their rows, of a measure of each: {}.",
    "micro": "One measure over all classes together: {}; with one label a row it equals the accuracy.",
}
_FORMULA = {
    "macro": "mean over classes of {}; a class never decided counts 0, one that does not occur is left out",
    "weighted": "Σ rows of the class · {} / n; a class never decided counts 0",
    "micro": "{}, each summed over the classes = rows decided rightly / n",
}
_MISLEADS = {
    "macro": "a class with ten rows weighs as much as one with a million.",
    "weighted": "a rare class that is never found hardly shows.",
}
_SOURCE = {True: "interval by Wilson 1927", False: "interval by the delta method (Takahashi et al. 2022)"}


def log_loss(view: Means) -> Any:
    """Mean surprise at what happened: minus the logarithm of the probability the true class was given.

    Formula: −mean(ln p of the true class), p at least 1e-15
    Range: 0 upwards; 0 is best. Equal probabilities for K classes reach ln K.
    Misleads: a few confident mistakes can outweigh everything else.
    Next: compare with the entropy of the classes' shares; if worse, look at the calibration and recalibrate.
    Source: scikit-learn `log_loss`; Student's t, or Hall 1992 where the losses are skewed.
    """
    return view.mean()


def brier(view: Means) -> Any:
    """Mean squared distance of the probabilities from what happened, summed over the classes.

    Formula: mean over rows of Σ_c (p_c − 1{class is c})²
    Range: 0 to 2; 0 is best. For two classes it is twice the binary Brier score.
    Misleads: with one dominant class it is small for every model.
    Next: compare with always answering the classes' shares, which reaches 1 − Σ share².
    Source: Brier 1950; scikit-learn `brier_score_loss`; Student's t, or Hall 1992 where the errors are skewed.
    """
    return view.mean()


def row_values(*expressions: str, probability: bool = True) -> Callable[[Problem], tuple[str, ...] | str]:
    """Row expressions that need a score for every class."""

    def needs(problem: Problem) -> tuple[str, ...] | str:
        missing = one_vs_rest.unscored(problem)
        if missing or not (probability and not problem.probability):
            return missing or unlabelled(problem) or expressions
        return "the scores are not probabilities"

    return needs


def top_k(k: int) -> Metric:
    """Share of rows whose class is among the k with the highest scores."""

    def value(view: Means) -> Any:
        return view.mean()

    value.__doc__ = f"""Share of rows whose class is among the {k} with the highest scores.

    Formula: rows where fewer than {k} classes score higher than the true one / n
    Range: 0 to 1; 1 is best. Guessing reaches {k}/K.
    Misleads: with few classes it is high for every model. Ties with the true class count in its favour.
    Next: it is what a list of {k} suggestions would achieve; if users see one only, read the accuracy.
    Source: scikit-learn `top_k_accuracy_score`; interval by Wilson 1927.
    """
    made = of_means(
        f"top_{k}_accuracy",
        f"Top-{k} accuracy",
        "multiclass",
        row_values(f"{RANK} <= {k}", probability=False),
        value,
        share_of_rows,
        gradient=mean_gradient,
        cubes=False,
    )
    return replace(made, parameters=(("k", k),))


def top_k_metrics(problem: Problem) -> Sequence[Metric]:
    """Top-k accuracy for each cutoff below the number of classes."""
    if problem.task != "multiclass":
        return ()
    return [top_k(k) for k in problem.cutoffs if 1 < k < len(problem.classes)]


def confident(problem: Problem) -> tuple[Fact, ...] | str:
    """Cells of the largest score, and whether it was right."""
    found = row_values(CONFIDENCE)(problem)
    if isinstance(found, str):
        return found
    if not problem.decided:
        return "there are no predictions"
    values = tuple(f"where(is_missing({CONFIDENCE}), 0, {v})" for v in (CONFIDENCE, f"{CONFIDENCE} * {CONFIDENCE}"))
    keys = (Category(CORRECT), problem.score_key(CONFIDENCE))
    return (Cells(keys, values=values, weight=problem.weight),)


def top_label_calibration_error(view: ScoreCells) -> Any:
    """Mean distance between the largest probability and how often it is right, over groups of like probabilities.

    Formula: Σ n_g/n·|mean confidence_g − accuracy_g| over 15 groups of equal size, less its expected excess
    Range: 0 to 1; 0 is best. Without the correction even a perfect model shows more than 0 in small samples.
    Misleads: it looks at the chosen class only: the other probabilities can be far off.
    Next: where the interval lies above 0.02 or so, recalibrate (temperature scaling) on other data.
    Source: Guo et al. 2017; bias and interval by parametric bootstrap of the groups.
    """
    return calibration.expected_calibration_error(view)


METRICS: list[Metric | Family] = [
    of_confusion("accuracy", "Accuracy", accuracy, share_of_rows, accuracy_gradient),
    of_confusion(
        "balanced_accuracy", "Balanced accuracy", balanced_accuracy, recalls_interval(), balanced_accuracy_gradient
    ),
    *(averaged(measure, of) for measure in (PRECISION, RECALL, F1) for of in ("macro", "micro", "weighted")),
    averaged(JACCARD, "macro"),
    of_confusion(
        "matthews_corrcoef",
        "Matthews correlation",
        matthews_corrcoef,
        agreement_interval(two_by_two(matthews)),
        matthews_gradient,
    ),
    of_confusion("cohen_kappa", "Cohen's kappa", cohen_kappa, agreement_interval(two_by_two(kappa)), kappa_gradient),
    *one_vs_rest.metrics("multiclass"),
    of_means(
        "log_loss",
        "Log loss",
        "multiclass",
        row_values(f"0 - log(clip({TRUE_SCORE}, {SMALLEST!r}, 1))"),
        log_loss,
        intervals.within(intervals.mean, 0.0),
        "lower",
        mean_gradient,
        note=certain_and_wrong,
        extremes=True,
    ),
    of_means(
        "brier",
        "Brier score",
        "multiclass",
        row_values(BRIER),
        brier,
        intervals.within(intervals.mean, 0.0, 2.0),
        "lower",
        mean_gradient,
    ),
    replace(
        next(m for m in calibration.METRICS if m.name == "expected_calibration_error"),
        title="Expected calibration error, top label",
        tasks=MULTICLASS,
        needs=confident,
        read=read_scores,
        docstring=top_label_calibration_error.__doc__ or "",
    ),
    top_k_metrics,
]
