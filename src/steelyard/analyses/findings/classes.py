"""Which classes are mixed up, missed, or made up?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from steelyard.analyses.curves.cells import decided
from steelyard.analyses.curves.shares import share
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, percent, rows, shown
from steelyard.metrics import Confusion
from steelyard.records import Estimate, Finding, Recommendation, Severity
from steelyard.stats import intervals

MOST_PAIRS = 3
EXCESS = 2.0
LEAST_SHARE = 0.10
FEW_ROWS = 30


def classes(study: Study) -> list[Finding]:
    """Pairs of classes that stand for much of the errors, classes that are seldom found, classes that are absent."""
    found = decided(study, "current")
    if study.problem.task != "multiclass" or found is None:
        return []
    view = found.view
    return [*_pairs(study, view), *_missed(study, view), *_absent(view)]


def _pairs(study: Study, view: Confusion) -> Iterator[Finding]:
    table = view.table.astype(float)
    wrong = table - np.diag(np.diag(table))
    errors = float(wrong.sum())
    k = int(((table.sum(axis=0) + table.sum(axis=1)) > 0).sum())
    if k < 3 or not errors > 0:
        return
    effective = errors * view.effective_rows / float(view.total)
    # How errors would spread if each row's wrong answers were shared out as all wrong answers are.
    expected = _independent(wrong)
    level = 1 - (1 - study.level) / (k * (k - 1))
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    for flat in order.tolist():
        i, j = divmod(flat, table.shape[1])
        part = float(wrong[i, j]) / errors
        low, _ = intervals.wilson(part, effective, level)
        if part < LEAST_SHARE or low < EXCESS / (k * (k - 1)) or low <= float(expected[i, j]):
            continue
        value, lo, hi = share(float(wrong[i, j]), float(table[i].sum()), float(view.squares[i].sum()), study.level)
        estimate = Estimate(value, lo, hi, study.level, int(view.counts[i].sum()), "wilson")
        a, b = view.classes[i], view.classes[j]
        back = float(wrong[j, i] / table[j].sum()) if table[j].sum() > 0 else 0.0
        yield Finding(
            f"confused-pair:{a}→{b}",
            "confused-pair",
            severity.of_errors(part),
            f"{a} → {b}",
            f"{a} is taken for {b}: {shown(estimate, True)} of all {a}, which is {percent(part)} of all errors. The "
            f"other way round it happens to {percent(back)} of {b}.",
            Recommendation(
                f"Look at some {a} that were taken for {b}: if people disagree too, mend the definition or the "
                "labels; if not, add features or examples that tell the two apart.",
                f"Up to {percent(part)} fewer errors if the two were told apart.",
            ),
            f"{rows(float(view.counts[i, j]))}; at least {percent(low)} of all errors (Wilson, Bonferroni over "
            f"{k * (k - 1)} pairs), where {percent(float(expected[i, j]))} would be expected if wrong answers did "
            "not depend on the class.",
            estimate=estimate,
            impact=part,
        )


def _independent(wrong: np.ndarray) -> np.ndarray:
    """Shares of quasi-independence: the margins of the errors, nothing on the diagonal (iterative fitting)."""
    rows_of, columns_of = wrong.sum(axis=1), wrong.sum(axis=0)
    fitted = 1.0 - np.eye(len(wrong))
    for _ in range(50):
        for axis, margin in ((1, rows_of[:, None]), (0, columns_of[None, :])):
            sums = fitted.sum(axis=axis, keepdims=True)
            fitted = fitted * margin / np.where(sums > 0, sums, 1.0)
    return fitted / max(float(wrong.sum()), 1e-300)


def _missed(study: Study, view: Confusion) -> Iterator[Finding]:
    table = view.table.astype(float)
    accuracy = float(np.diag(table).sum() / table.sum())
    level = 1 - (1 - study.level) / max(len(view.classes), 1)
    for i, name in enumerate(view.classes):
        total = float(table[i].sum())
        if view.counts[i].sum() < FEW_ROWS:
            continue
        value, low, high = share(float(table[i, i]), total, float(view.squares[i].sum()), level)
        if high >= 0.5 * accuracy:
            continue
        value, low, high = share(float(table[i, i]), total, float(view.squares[i].sum()), study.level)
        estimate = Estimate(value, low, high, study.level, int(view.counts[i].sum()), "wilson")
        lost = (total - float(table[i, i])) / max(float(table.sum() - np.diag(table).sum()), 1e-300)
        said = np.argsort(-(table[i] * (np.arange(len(table)) != i)), kind="stable")[0]
        yield Finding(
            f"class-recall:{name}",
            "class-recall",
            severity.by_bounds(lost, 0.25, 0.03),
            name,
            f"{name} is seldom recognised: {shown(estimate, True)} of its {rows(estimate.n)}, while "
            f"{percent(accuracy)} are right over all classes. It is mostly taken for {view.classes[int(said)]}.",
            Recommendation(
                f"Give {name} more weight or more examples in training, or lower what it takes to answer {name}; "
                "judge by balanced accuracy, which such classes move.",
                f"{percent(lost)} of all errors are rows of {name}.",
            ),
            estimate=estimate,
            impact=0.5 * lost,
        )


def _absent(view: Confusion) -> Iterator[Finding]:
    actual, said = view.counts.sum(axis=1), view.counts.sum(axis=0)
    for kind, mask, sentence, advice in (
        (
            "never-true",
            (actual == 0) & (said > 0),
            "predicted, but never the truth",
            "Check that labels and predictions name classes alike; if they do, nothing can be said about these "
            "classes.",
        ),
        (
            "never-predicted",
            (said == 0) & (actual >= FEW_ROWS),
            "never predicted, though it occurs",
            "Check that the model was trained on these classes and that they are named alike in labels and "
            "predictions.",
        ),
    ):
        names = [view.classes[i] for i in np.flatnonzero(mask).tolist()]
        if not names:
            continue
        count = float(said[mask].sum() if kind == "never-true" else actual[mask].sum())
        part = count / view.rows
        yield Finding(
            f"class-missing:{kind}",
            "class-missing",
            severity.of_rows(part) if part > 0 else Severity.LOW,
            listed(names),
            f"{listed(names)} {'is' if len(names) == 1 else 'are'} {sentence}: {rows(count)} ({percent(part)}).",
            Recommendation(advice),
            impact=part,
        )
