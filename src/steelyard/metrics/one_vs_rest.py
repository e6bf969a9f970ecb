"""Ranking metrics of several classes or labels: one ranking each, averaged.

The rankings are of the same rows, and what their errors have in common cannot be read from separate tables; so the
standard errors are added as if they moved together (Cauchy–Schwarz), which errs on the wide side. With clusters the
jackknife needs no such bound.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics import scores as of_one
from steelyard.metrics.confusions import FEW_ROWS
from steelyard.metrics.metric import Interval, Measured, Metric, Needs, Reader
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import scores
from steelyard.metrics.score_cells import unlabelled
from steelyard.metrics.views import ScoreCells, Together
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds
from steelyard.stats import ranks

Floats = NDArray[np.float64]
MOST_PAIRED = 30
"""Beyond so many classes their pairs are not compared."""


def unscored(problem: Problem) -> str:
    """Why the scores of all classes cannot be read, or ""."""
    if not problem.scored:
        return "there are no scores"
    missing = [name for name in problem.classes if name not in problem.scored]
    return f"there is no score for {missing[0]!r}" if missing else ""


def class_scores(problem: Problem) -> tuple[Fact, ...] | str:
    """Label × score of each class."""
    facts = tuple(problem.class_scores(i) for i in range(len(problem.classes)))
    return unscored(problem) or unlabelled(problem) or facts


def label_scores(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells of each label that has a score."""
    labels = tuple(i for i, name in enumerate(problem.classes) if name in problem.scored)
    return tuple(problem.cells(f"_{i}") for i in labels) or "there are no scores"


def read_classes(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Together:
    """Each class against the rest."""
    names = problem.classes
    parts = tuple(scores(f, t, name) for f, t, name in zip(facts, tables, names, strict=True))
    return Together(parts, names, parts[0].rows, parts[0].effective_rows)


def read_labels(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Together:
    """Each label on its own."""
    names = tuple(name for name in problem.classes if name in problem.scored)
    parts = tuple(scores(f, t) for f, t in zip(facts, tables, strict=True))
    most = max(parts, key=lambda part: part.rows)
    return Together(parts, names, most.rows, most.effective_rows)


def read_pairs(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Together:
    """Each class against each other one, by its own score."""
    whole = scores(facts[0], tables[0], problem.classes[0])
    names, parts = [], []
    for fact, table, one in zip(facts, tables, problem.classes, strict=True):
        for other in problem.classes:
            if other != one:
                names.append(f"{one} against {other}")
                parts.append(scores(fact, table, one, (other,)))
    return Together(tuple(parts), tuple(names), whole.rows, whole.effective_rows)


def usable(view: Together) -> NDArray[np.bool_]:
    """Which parts have rows of both kinds.

    Raises:
        UndefinedMetricError: none has.
    """
    both = np.array([np.real(part.p.sum()) > 0 and np.real(part.q.sum()) > 0 for part in view.parts], dtype=bool)
    if not both.any():
        raise UndefinedMetricError("no class has both rows of its own and others")
    return both


def plain_shares(view: Together) -> Floats:
    """Equal shares of the usable parts."""
    both = usable(view)
    return np.asarray(both / both.sum(), dtype=float)


def class_shares(view: Together) -> Floats:
    """Shares of the usable parts by the rows of their class."""
    rows = np.where(usable(view), [part.p.sum() / part.weights.sum() for part in view.parts], 0.0)
    return np.asarray(rows / rows.sum(), dtype=float)


def average(of: Callable[[ScoreCells], float], view: Together, shares: Floats) -> float:
    """Σ share · value over the usable parts."""
    return float(sum(share * of(part) for share, part in zip(shares, view.parts, strict=True) if share > 0))


def gradient(of: Callable[[ScoreCells], Floats], view: Together, shares: Floats) -> Floats:
    """The parts' gradients, one after the other, each times its share."""
    each = zip(shares, view.parts, strict=True)
    return np.concatenate([share * of(part) if share > 0 else np.zeros(len(part.weights)) for share, part in each])


def shares_gradient(view: Together, value: float) -> Floats:
    """What the classes' own weights add to the gradient of a weighted average of ROC AUCs."""
    both = usable(view)
    total = sum(part.p.sum() / part.weights.sum() for part, ok in zip(view.parts, both, strict=True) if ok)
    made = []
    for part, ok in zip(view.parts, both, strict=True):
        if not ok:
            made.append(np.zeros(len(part.weights)))
            continue
        weight, share = part.weights.sum(), part.p.sum() / part.weights.sum()
        slope = np.concatenate([np.full(len(part.p), 1 - share), np.full(len(part.q), -share)]) / weight
        made.append((of_one.roc_auc(part) - value) / total * slope)
    return np.concatenate(made)


def delong(part: ScoreCells) -> float:
    """DeLong's variance; for a class of one row the greatest it can be, A(1 − A)."""
    found = of_one.delong(part)
    if not math.isnan(found):
        return found
    auc = ranks.roc_auc(part.p, part.q)
    return auc * (1 - auc)


def together(variance: Callable[[ScoreCells], float], view: Together, shares: Floats) -> float:
    """(Σ share · standard error)²."""
    return average(lambda part: math.sqrt(variance(part)), view, shares) ** 2


def macro_interval(variance: Callable[[ScoreCells], float], shares: Callable[[Together], Floats]) -> Interval:
    """Logit scale, with Student's t of the part that adds most; Wilson's of the smallest class if none varies."""

    def interval(m: Measured) -> tuple[float, float, str]:
        view: Together = m.view
        if m.clustered:
            return *bounds.logit(m.value, m.se, m.level, m.df), "logit, clustered"
        share = shares(view)
        rows = [min(part.effective_positives, part.effective_negatives) for part in view.parts]
        if m.se == 0 or m.value in (0.0, 1.0):
            fewest = min(n for n, s in zip(rows, share, strict=True) if s > 0)
            return *bounds.wilson(m.value, fewest, m.level), "wilson of the smallest class"
        added = [s * math.sqrt(variance(p)) if s > 0 else 0.0 for s, p in zip(share, view.parts, strict=True)]
        df = max(rows[int(np.argmax(added))] - 1, 1.0)
        return *bounds.logit(m.value, m.se, m.level, df), "logit, conservative"

    return interval


def of_parts(
    name: str,
    title: str,
    task: str,
    value: Callable[[Together], Any],
    needs: Needs,
    read: Reader,
    each: Callable[[Together], Floats],
    variance: Callable[[ScoreCells], float],
    discretisation: Callable[[ScoreCells], float],
    shares: Callable[[Together], Floats] = plain_shares,
    of_all: Callable[[Together], float] | None = None,
    sliced: bool = True,
) -> Metric:
    """An average over parts; `each` is its gradient, `variance` that of a part's value, `of_all` the average's."""
    return Metric(
        name,
        title,
        frozenset({task}),
        "higher",
        needs,
        read,
        value,
        macro_interval(variance, shares),
        gradient=each,
        variance=of_all or (lambda view: together(variance, view, shares(view))),
        discretisation=lambda view: average(discretisation, view, shares(view)),
        note=left_out,
        sliced=sliced,
        docstring=value.__doc__ or "",
    )


def left_out(view: Together) -> str:
    """A caution about classes that cannot be ranked, or have few rows."""
    both = usable(view)
    absent = [name for name, ok in zip(view.names, both, strict=True) if not ok]
    few = [
        f"{name} ({p.positives})"
        for name, p, ok in zip(view.names, view.parts, both, strict=True)
        if ok and p.positives < FEW_ROWS
    ]
    said = [
        f"{text}: {', '.join(names[:5])}{' …' if len(names) > 5 else ''}"
        for text, names in (("left out, as rows are of one kind only", absent), ("few rows", few))
        if names
    ]
    return "; ".join(said)


def roc_auc_macro(view: Together) -> Any:
    """Mean over classes of the chance that a row of the class has a higher score for it than another row.

    Formula: mean over classes of the ROC AUC of the class against the rest
    Range: 0 to 1; 1 is best, 0.5 is no ranking at all.
    Misleads: each class counts alike, a rare one too; how probabilities of one row compare is not looked at.
    Next: find the class with the lowest AUC; its errors are the ones to look into.
    Source: scikit-learn `roc_auc_score` (macro, one against the rest); DeLong et al. 1988, errors added.
    """
    return average(of_one.roc_auc, view, plain_shares(view))


def roc_auc_weighted(view: Together) -> Any:
    """As the macro average of the classes' ROC AUC, but each class counts by its rows.

    Formula: Σ share of the class · ROC AUC of the class against the rest
    Range: 0 to 1; 1 is best, 0.5 is no ranking at all.
    Misleads: a rare class that is ranked badly hardly shows.
    Next: compare with the macro average: if that is lower, rare classes are ranked worse.
    Source: scikit-learn `roc_auc_score(multi_class="ovr", average="weighted")`; DeLong et al. 1988, errors added.
    """
    return average(of_one.roc_auc, view, class_shares(view))


def roc_auc_ovo(view: Together) -> Any:
    """Mean over pairs of classes of the chance that a row of one is told from a row of the other by its score.

    Formula: mean over ordered pairs of the ROC AUC of the first class's score among rows of the two
    Range: 0 to 1; 1 is best, 0.5 is no ranking at all. Prevalence does not matter.
    Misleads: a pair of rare classes counts as much as one of frequent classes.
    Next: look at the confusion matrix for the pairs that are mixed up.
    Source: Hand & Till 2001; scikit-learn `roc_auc_score(multi_class="ovo")`; DeLong et al. 1988, errors added.
    """
    return average(of_one.roc_auc, view, plain_shares(view))


def average_precision_macro(view: Together) -> Any:
    """Mean over classes of the average precision of each against the rest.

    Formula: mean over classes of Σ precision at each row of the class / rows of the class
    Range: 0 to 1; 1 is best. A random order reaches the mean of the classes' shares.
    Misleads: a rare class has a low value by itself; compare each with its share.
    Next: look at the class that lies least above its share of rows.
    Source: scikit-learn `average_precision_score(average="macro")`; delta method, errors added.
    """
    return average(of_one.average_precision, view, plain_shares(view))


def _auc_gradient(view: Together) -> Floats:
    return gradient(of_one.roc_auc_gradient, view, plain_shares(view))


def _weighted_auc_gradient(view: Together) -> Floats:
    of_ranks = gradient(of_one.roc_auc_gradient, view, class_shares(view))
    return of_ranks + shares_gradient(view, roc_auc_weighted(view))


def _weighted_auc_variance(view: Together) -> float:
    """DeLong's, or, where that is more, what comes of the classes' shares as well."""
    of_ranks = together(delong, view, class_shares(view))
    return max(of_ranks, view.variance(_weighted_auc_gradient(view)))


def _precision_gradient(view: Together) -> Floats:
    return gradient(of_one.average_precision_gradient, view, plain_shares(view))


def _precision_variance(part: ScoreCells) -> float:
    return part.variance(of_one.average_precision_gradient(part))


def paired(problem: Problem) -> tuple[Fact, ...] | str:
    """Label × score of each class, if there are not too many pairs."""
    if len(problem.classes) > MOST_PAIRED:
        return f"{len(problem.classes)} classes have too many pairs (it is computed up to {MOST_PAIRED} classes)"
    return class_scores(problem)


def metrics(task: str) -> list[Metric]:
    """The averages for one task."""
    auc = (delong, of_one.roc_auc_discretisation)
    precision = (_precision_variance, of_one.average_precision_discretisation)
    if task == "multilabel":
        where: tuple[Needs, Reader] = (label_scores, read_labels)
        return [
            of_parts("roc_auc_macro", "ROC AUC, macro", task, roc_auc_macro, *where, _auc_gradient, *auc),
            of_parts(
                "average_precision_macro",
                "Average precision, macro",
                task,
                average_precision_macro,
                *where,
                _precision_gradient,
                *precision,
            ),
        ]
    where = (class_scores, read_classes)
    return [
        of_parts(
            "roc_auc_ovr", "ROC AUC, each class against the rest", task, roc_auc_macro, *where, _auc_gradient, *auc
        ),
        of_parts(
            "roc_auc_ovr_weighted",
            "ROC AUC, each class against the rest, by rows",
            task,
            roc_auc_weighted,
            *where,
            _weighted_auc_gradient,
            *auc,
            class_shares,
            _weighted_auc_variance,
        ),
        of_parts(
            "roc_auc_ovo",
            "ROC AUC, pairs of classes",
            task,
            roc_auc_ovo,
            paired,
            read_pairs,
            _auc_gradient,
            *auc,
            sliced=False,
        ),
        of_parts(
            "average_precision_macro",
            "Average precision, macro",
            task,
            average_precision_macro,
            *where,
            _precision_gradient,
            *precision,
        ),
    ]
