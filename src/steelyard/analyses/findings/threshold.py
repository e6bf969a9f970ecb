"""Would another threshold decide better?"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import folds
from steelyard.analyses.curves.cells import Scored, decided, scored
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import number, percent
from steelyard.records import Estimate, Finding, Recommendation
from steelyard.stats import influence, intervals

Floats = NDArray[np.float64]
LEAST_GAIN = 0.01
NO_LOSS = 0.005
FEW = 20
"""Positives or negatives below which no threshold is proposed."""

Goal = Callable[..., object]


def f1(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    """F1."""
    return 2 * tp / (2 * tp + fp + fn)


def balanced_accuracy(tp: Floats, fp: Floats, fn: Floats, tn: Floats) -> Floats:
    """Mean of recall and specificity."""
    return (tp / (tp + fn) + tn / (tn + fp)) / 2


GOALS: dict[str, tuple[str, Callable[[Floats, Floats, Floats, Floats], Floats]]] = {
    "f1": ("F1", f1),
    "balanced_accuracy": ("balanced accuracy", balanced_accuracy),
}


@dataclass(frozen=True)
class Better:
    """A threshold chosen on all rows, and what choosing one so gained on held-out rows."""

    goal: str
    threshold: float
    before: float
    after: float
    gain: Estimate
    now: Floats
    then: Floats


def thresholds(study: Study) -> list[Finding]:
    """A better threshold for F1, else for balanced accuracy, where the gain is certain on held-out rows.

    Where costs are given money decides (`findings.money`), and this steps back.
    """
    problem = study.problem
    if problem.task != "binary" or problem.threshold is None:
        return []
    if study.costs is not None and study.costs.decides_binary:
        return []
    one, found = scored(study, "current"), decided(study, "current")
    if one is None or found is None or min(one.view.positives, one.view.negatives) < FEW:
        return []
    auc = study.estimate("roc_auc")
    if auc is None or auc.low <= 0.5:
        return []
    better = [b for name in GOALS if (b := find_better(one, name, problem.threshold)) is not None]
    return [_finding(problem.threshold, better)] if better else []


def find_better(one: Scored, goal: str, deployed: float) -> Better | None:
    """Choose on four folds, judge on the fifth, five times; None where the gain may be nothing."""
    value = GOALS[goal][1]
    made = folds(one, one.study.seed)
    if not made:
        return None
    view = one.view
    now = view.left >= deployed
    joint = np.zeros(8)
    for fold in made:
        chosen = np.arange(len(view.left)) >= best_place(fold.train_p, fold.train_q, value)
        joint += _joint(fold.test_p, fold.test_q, now, chosen)
    gain = _gain(joint, value, one)
    if not (gain.low > 0 and gain.value >= LEAST_GAIN):
        return None
    # F1 grows by flagging nearly everything where positives are common; that is no better decision.
    balance = [float(balanced_accuracy(*_table(joint, which))) for which in (0, 1)]
    if balance[1] < balance[0] - NO_LOSS:
        return None
    place = best_place(view.p, view.q, value)
    chosen = np.arange(len(view.left)) >= place
    before, after = _table(_joint(view.p, view.q, now, now), 0), _table(_joint(view.p, view.q, now, chosen), 1)
    return Better(
        goal,
        float(view.left[place]),
        float(value(*_table(joint, 0))),
        float(value(*_table(joint, 1))),
        gain,
        before,
        after,
    )


def best_place(p: Floats, q: Floats, value: Callable[[Floats, Floats, Floats, Floats], Floats]) -> int:
    """The first bin that is flagged; ties go to the middle of the best stretch."""
    tp, fp = np.cumsum(p[::-1])[::-1], np.cumsum(q[::-1])[::-1]
    made = value(tp, fp, p.sum() - tp, q.sum() - fp)
    best = np.flatnonzero(made >= np.nanmax(made) - 1e-12)
    return int(best[len(best) // 2])


def _joint(p: Floats, q: Floats, now: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> Floats:
    """Weight by label (positive first), deployed decision and chosen decision."""
    return np.array(
        [w[(now == a) & (chosen == b)].sum() for w in (p, q) for a in (True, False) for b in (True, False)]
    )


def _table(joint: Floats, which: int) -> Floats:
    """TP, FP, FN and TN of the deployed (0) or the chosen (1) decision."""
    cube = joint.reshape(2, 2, 2)
    by = cube.sum(axis=2 if which == 0 else 1)
    return np.array([by[0, 0], by[1, 0], by[0, 1], by[1, 1]])


def _gain(joint: Floats, value: Callable[[Floats, Floats, Floats, Floats], Floats], one: Scored) -> Estimate:
    def difference(cells: Floats) -> Floats:
        return value(*_table(cells, 1)) - value(*_table(cells, 0))

    gradient = influence.gradient(difference, joint)
    # The design effect of weights; that of clusters is in the folds' choice, and bounded by the jackknife elsewhere.
    effect = float(one.view.weights.sum()) / one.view.effective_rows
    se = math.sqrt(float(joint @ gradient**2) * effect)
    gain = float(difference(joint))
    low, high = intervals.wald(gain, se, one.study.level)
    return Estimate(gain, low, high, one.study.level, one.view.rows, "cross-fitted, delta method", se=se)


def _finding(deployed: float, better: list[Better]) -> Finding:
    b = better[0]
    title, at = GOALS[b.goal][0], number(b.threshold, 0.01)
    half = max(b.gain.se or 0.0, 0.001)
    lines = []
    for name, other in (("recall", 2), ("precision", 1)):
        old, new = (_ratio(t[0], t[0] + t[other]) for t in (b.now, b.then))
        lines.append(f"{name} {'rises' if new > old else 'falls'} from {percent(old, 0.01)} to {percent(new, 0.01)}")
    flagged = [percent(float((t[0] + t[1]) / t.sum()), 0.005) for t in (b.now, b.then)]
    low, high = number(b.gain.low, half, sign=True), number(b.gain.high, half, sign=True)
    more = "".join(
        f" For {GOALS[o.goal][0]} the best is {number(o.threshold, 0.01)} (+{number(o.gain.value, half)})."
        for o in better[1:]
    )
    return Finding(
        id=f"threshold:{b.goal}",
        kind="threshold",
        severity=severity.of_threshold(b.gain.value),
        subject=b.goal,
        sentence=(
            f"A threshold of {at} instead of {deployed:g} decides better: {title} {number(b.after, half)} instead of "
            f"{number(b.before, half)}, on rows that did not choose it.{more}"
        ),
        recommendation=Recommendation(
            f"If {title} is what counts, move the threshold to {at}: {' and '.join(lines)}, and {flagged[1]} of the "
            f"rows are flagged instead of {flagged[0]}. If misses and false alarms have costs, choose by those.",
            f"{title} +{number(b.gain.value, half)} ({low} to {high}).",
            True,
        ),
        detail=(
            "Chosen on four fifths of the rows and judged on the last, five times; the interval of the paired gain "
            "is by the delta method. The trade-off is that of the threshold chosen on all rows, on all rows."
        ),
        estimate=b.gain,
        impact=min(b.gain.value, 1.0),
    )


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 else 0.0
