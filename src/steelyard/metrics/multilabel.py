"""Metrics of several yes-or-no labels a row, together: each label's own are those of a binary problem."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable, Moments
from steelyard.metrics import binary, intervals, one_vs_rest
from steelyard.metrics.class_measures import F1, PRECISION, RECALL, Measure, Totals, each, macro, macro_slopes
from steelyard.metrics.confusions import FEW_ROWS, ratio
from steelyard.metrics.means import mean_gradient, of_means, ratio_of_means, read_means, share_of_rows, unit_mean
from steelyard.metrics.metric import Direction, Family, Interval, Measured, Metric
from steelyard.metrics.problem import DECISION, LABEL, Problem
from steelyard.metrics.read import confusion
from steelyard.metrics.views import Confusion, Means, Together
from steelyard.stats import intervals as bounds

Floats = NDArray[np.float64]
MULTILABEL = frozenset({"multilabel"})
JOINT = 8
"""Up to so many labels the macro averages know how labels' errors go together; the fact grows with the square."""


def undecided(problem: Problem) -> str:
    """Why there are no labels beside decisions, or ""."""
    if not problem.decided:
        return "there are no predictions, and no threshold to make them from scores"
    absent = problem.columns and any(y not in problem.columns for y, _ in _pairs(problem))
    return "there are no labels" if absent else ""


def added(terms: Sequence[str]) -> str:
    """The sum of many expressions, as a tree that stays shallow."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({added(terms[:half])} + {added(terms[half:])})"


def _pairs(problem: Problem) -> list[tuple[str, str]]:
    return [(f"{LABEL}_{i}", f"{DECISION}_{i}") for i in range(len(problem.classes))]


def _known(y: str, d: str, value: str) -> str:
    """A value of one label, 0 where its label or decision is missing: the row then counts for its other labels."""
    return f"where(is_missing({y}) or is_missing({d}), 0, {value})"


def over_labels(problem: Problem) -> tuple[str, ...] | str:
    """Per row: true positives, labels, decisions and known pairs, over all its labels."""
    pairs = _pairs(problem)
    return undecided(problem) or (
        added([_known(y, d, f"{y} * {d}") for y, d in pairs]),
        added([_known(y, d, y) for y, d in pairs]),
        added([_known(y, d, d) for y, d in pairs]),
        added([_known(y, d, "1") for y, d in pairs]),
    )


def of_row(expression: Callable[[str, str, str], str]) -> Callable[[Problem], tuple[str, ...] | str]:
    """One value per row, from its hits, labels and decisions; rows that miss one of them are left out."""

    def needs(problem: Problem) -> tuple[str, ...] | str:
        pairs = _pairs(problem)
        hits, actual, decided = (
            added([f"{y} * {d}" for y, d in pairs]),
            added([y for y, _ in pairs]),
            added([d for _, d in pairs]),
        )
        return undecided(problem) or (expression(hits, actual, decided),)

    return needs


def _share(part: str, whole: str) -> str:
    """A share that is 0 where there is nothing."""
    return f"where({whole} == 0, 0, {part} / {whole})"


def precision_micro(view: Means) -> Any:
    """Of all labels that were given, the share that is right, over all rows and labels together.

    Formula: Σ TP / Σ (TP + FP) over labels
    Range: 0 to 1; 1 is best.
    Misleads: frequent labels decide it; a rare one can be always wrong unseen.
    Next: compare with the macro average; if that is lower, look at the rare labels.
    Source: scikit-learn `precision_score(average="micro")`; interval by Wilson, n from the rows' spread.
    """
    return ratio(view.sums[1], view.sums[3], "no label was given")


def recall_micro(view: Means) -> Any:
    """Of all labels that are true, the share that was found, over all rows and labels together.

    Formula: Σ TP / Σ (TP + FN) over labels
    Range: 0 to 1; 1 is best.
    Misleads: frequent labels decide it; a rare one can be always missed unseen.
    Next: compare with the macro average; if that is lower, look at the rare labels.
    Source: scikit-learn `recall_score(average="micro")`; interval by Wilson, n from the rows' spread.
    """
    return ratio(view.sums[1], view.sums[2], "no label is true")


def f1_micro(view: Means) -> Any:
    """Harmonic mean of precision and recall, over all rows and labels together.

    Formula: 2·Σ TP / Σ (2·TP + FP + FN) over labels
    Range: 0 to 1; 1 is best.
    Misleads: frequent labels decide it.
    Next: read precision and recall to see which of the two lowers it, and label by label where.
    Source: scikit-learn `f1_score(average="micro")`; Wilson on Jaccard, n from the rows' spread.
    """
    return ratio(2 * view.sums[1], view.sums[2] + view.sums[3], "no label is true and none was given")


def f1_micro_gradient(view: Means) -> Floats:
    """Of 2·TP/(labels + decisions)."""
    below = float(view.sums[2] + view.sums[3])
    value = 2 * float(view.sums[1]) / below
    return np.array([0.0, 2.0, -value, -value, 0.0]) / below


def hamming_loss(view: Means) -> Any:
    """Share of single yes-or-no decisions that are wrong, over all rows and labels.

    Formula: Σ (FP + FN) / (rows · labels)
    Range: 0 to 1; 0 is best.
    Misleads: with many rare labels it is near 0 even if no label is ever given.
    Next: compare with giving no label at all: the mean share of true labels.
    Source: scikit-learn `hamming_loss`; interval by Wilson, n from the rows' spread.
    """
    _, hits, actual, decided, known = view.sums
    return ratio(actual + decided - 2 * hits, known, "there is no label with a decision")


def hamming_gradient(view: Means) -> Floats:
    """Of (labels + decisions − 2·TP)/known."""
    known = float(view.sums[4])
    return np.array([0.0, -2.0, 1.0, 1.0, -float(hamming_loss(view))]) / known


def subset_accuracy(view: Means) -> Any:
    """Share of rows where every label is right (exact match).

    Formula: rows without any wrong label / rows
    Range: 0 to 1; 1 is best.
    Misleads: one wrong label of a hundred counts as much as a hundred; it falls with the number of labels.
    Next: read the Hamming loss to see how many labels are wrong in a row.
    Source: scikit-learn `accuracy_score` for multilabel; interval by Wilson 1927.
    """
    return view.mean()


def jaccard_samples(view: Means) -> Any:
    """Mean over rows of the share of labels that are both true and given, among those that are either.

    Formula: mean over rows of TP / (TP + FP + FN); a row without any label, true or given, counts 0
    Range: 0 to 1; 1 is best, where every row has a label.
    Misleads: rows that rightly get no label count as 0, as in scikit-learn.
    Next: if many rows have no label, read the subset accuracy or the micro averages instead.
    Source: scikit-learn `jaccard_score(average="samples")`; Student's t, or Hall 1992.
    """
    return view.mean()


def f1_samples(view: Means) -> Any:
    """Mean over rows of the F1 of the row's labels.

    Formula: mean over rows of 2·TP / (2·TP + FP + FN); a row without any label, true or given, counts 0
    Range: 0 to 1; 1 is best, where every row has a label.
    Misleads: rows that rightly get no label count as 0, as in scikit-learn.
    Next: if many rows have no label, read the subset accuracy or the micro averages instead.
    Source: scikit-learn `f1_score(average="samples")`; Student's t, or Hall 1992.
    """
    return view.mean()


def per_label(problem: Problem) -> tuple[Fact, ...] | str:
    """Joint sums of all labels while they are few, else each label's cells."""
    reason = undecided(problem)
    if reason:
        return reason
    if len(problem.classes) > JOINT:
        return tuple(problem.cells(f"_{i}") for i in range(len(problem.classes)))
    values = tuple(
        value for y, d in _pairs(problem) for value in (_known(y, d, f"{y} * {d}"), _known(y, d, y), _known(y, d, d))
    )
    return (Moments(values, weight=problem.weight, cubes=False),)


def read_labels(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Means | Together:
    """Read the joint sums, or one 2 × 2 table per label."""
    if isinstance(facts[0], Moments):
        return read_means(facts, tables, problem)
    parts = tuple(confusion(f, t, binary.CLASSES) for f, t in zip(facts, tables, strict=True))
    most = max(parts, key=lambda part: part.rows)
    return Together(parts, problem.classes, most.rows, most.effective_rows)


def totals(view: Means | Together) -> Totals:
    """Hits, labels and decisions of each label."""
    if isinstance(view, Means):
        return Totals(*view.sums[1:].reshape(-1, 3).T)
    parts: tuple[Confusion, ...] = view.parts
    return Totals(*np.array([[c.tp, c.tp + c.fn, c.tp + c.fp] for c in parts]).T)


def averaged(measure: Measure) -> Metric:
    """The macro average of a measure over labels."""
    name = measure.title.split()[0].lower()

    def value(view: Means | Together) -> Any:
        return macro(measure, totals(view))

    def gradient(view: Means | Together) -> Floats:
        s = macro_slopes(measure, totals(view))
        if isinstance(view, Means):
            return np.concatenate([[0.0], np.stack(s, axis=1).ravel()])
        return np.stack([0 * s.hits, s.decided, s.actual, s.hits + s.actual + s.decided], axis=1).ravel()

    def note(view: Means | Together) -> str:
        t = totals(view)
        _, _, counted = each(measure, t)
        absent = int((~counted).sum())
        few = int(((np.real(t.actual) < FEW_ROWS) & counted).sum())
        said = [f"{absent} labels left out, as they never occur"] if absent else []
        said += [f"{few} labels with fewer than {FEW_ROWS} rows"] if few else []
        return "; ".join(said)

    value.__doc__ = f"""Mean over the labels of a measure of each: {measure.meaning}.

    Formula: mean over labels of {measure.formula}; a label never given counts 0, one that never occurs is left out
    Range: 0 to 1; 1 is best.
    Misleads: a label with ten rows weighs as much as one with a million.
    Next: look at the labels one by one: the frequent one with the lowest value is where to begin.
    Source: scikit-learn `{name}_score(average="macro")`; delta method, beyond {JOINT} labels with errors added.
    """
    return Metric(
        f"{name}_macro",
        f"{measure.title}, macro",
        MULTILABEL,
        "higher",
        per_label,
        read_labels,
        value,
        _macro_interval,
        gradient=gradient,
        note=note,
        docstring=value.__doc__,
    )


def _macro_interval(m: Measured) -> tuple[float, float, str]:
    if m.se == 0 and m.value in (0.0, 1.0):
        t = totals(m.view)
        fewest = float(np.min(t.actual[np.real(t.actual) > 0], initial=m.view.effective_rows))
        return *bounds.wilson(m.value, fewest, m.level), "wilson of the smallest label"
    return intervals.logit()(m)


def micro(
    name: str,
    title: str,
    value: Callable[[Means], Any],
    gradient: Callable[[Means], Floats],
    interval: Interval = share_of_rows,
    direction: Direction = "higher",
) -> Metric:
    """A metric of the sums over all labels."""
    return of_means(name, title, "multilabel", over_labels, value, interval, direction, gradient, cubes=False)


METRICS: list[Metric | Family] = [
    micro("precision_micro", "Precision, micro", precision_micro, ratio_of_means(1, 3)),
    micro("recall_micro", "Recall, micro", recall_micro, ratio_of_means(1, 2)),
    micro("f1_micro", "F1, micro", f1_micro, f1_micro_gradient, intervals.f1(lambda view: view.effective_rows)),
    averaged(PRECISION),
    averaged(RECALL),
    averaged(F1),
    micro("hamming_loss", "Hamming loss", hamming_loss, hamming_gradient, direction="lower"),
    of_means(
        "subset_accuracy",
        "Exact matches",
        "multilabel",
        of_row(lambda hits, actual, decided: f"{actual} + {decided} - 2 * {hits} == 0"),
        subset_accuracy,
        share_of_rows,
        gradient=mean_gradient,
        cubes=False,
    ),
    of_means(
        "jaccard_samples",
        "Jaccard index, mean over rows",
        "multilabel",
        of_row(lambda hits, actual, decided: _share(hits, f"({actual} + {decided} - {hits})")),
        jaccard_samples,
        unit_mean,
        gradient=mean_gradient,
    ),
    of_means(
        "f1_samples",
        "F1, mean over rows",
        "multilabel",
        of_row(lambda hits, actual, decided: _share(f"2 * {hits}", f"({actual} + {decided})")),
        f1_samples,
        unit_mean,
        gradient=mean_gradient,
    ),
    *one_vs_rest.metrics("multilabel"),
]
