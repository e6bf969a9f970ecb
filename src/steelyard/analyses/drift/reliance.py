"""Does a drift matter? How much the score hangs on a column, and what its move alone would do to the metric."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.drift.counts import Floats
from steelyard.analyses.drift.watched import CURRENT, REFERENCE
from steelyard.analyses.features import Feature
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Cells, Count, Fact, FactTable, IntegerGrid, Moments, measure_index
from steelyard.metrics.problem import DECISION, LOSS, SCORE
from steelyard.metrics.rows import CONFIDENCE
from steelyard.records import Estimate
from steelyard.stats import intervals

EFFECT_ON: dict[str, str] = {
    "binary": "accuracy",
    "multiclass": "accuracy",
    "multilabel": "hamming_loss",
    "regression": "mae",
    "forecasting": "mae",
}
"""The metric that is the mean of the row losses (or one less it), by task: effects are told in its units."""
FEWEST_ROWS = 100
"""Reference rows that are needed to say anything of either."""
UNUSED = 0.01
"""A share of the score's variance below this is not told from none."""


def facts(study: Study) -> Iterator[Fact]:
    """Score and loss by the groups of each feature; one count of rows each."""
    if REFERENCE not in study.looks or study.problem.task == "ranking":
        return
    answer = _answer(study)
    if answer is not None and study.features:
        yield _spread_of(answer, study)
    for feature in study.features:
        if answer is not None:
            yield _score_by(feature, answer, study)
        if study.problem.loss is not None:
            yield from dict.fromkeys((_loss_by(feature, study), _rows_by(feature, study)))


def reliance(study: Study, feature: Feature) -> float | None:
    """Share of the variance of the score (of a regression the prediction) that lies between the groups of a column.

    On the reference: η², less what chance adds (Kelley's ε²), in [0, 1]. It is what the column tells of the score by
    itself, whether the model reads it or something that goes with it; columns that go together count it twice.
    """
    answer = _answer(study)
    profile = study.profiles[REFERENCE]
    if answer is None:
        return None
    by, whole = _score_by(feature, answer, study), _spread_of(answer, study)
    if by not in profile or whole not in profile or profile[whole].rows < FEWEST_ROWS:
        return None
    table = profile[by]
    weight, first = (table.sums[:, measure_index(by, 1, f)] for f in ((), (0,)))
    overall = profile[whole].sums.sum(axis=0)
    total, mean, effective = _overall(whole, overall)
    between = float(np.sum((first / weight - mean) ** 2 * weight) / weight.sum())
    groups = len(table)
    if not total > 0 or effective <= groups:
        return None
    within = max(total - between, 0.0) * (groups - 1) / (effective - groups)
    return min(max((between - within) / total, 0.0), 1.0)


def effect(study: Study, feature: Feature, overdispersion: float) -> Estimate | None:
    """What the new mix of this column's groups alone would do to the metric, each group as good as it was.

    Σ_g (p_now − p_then)·loss_then(g) with an interval by the delta method, in units of the metric that `EFFECT_ON`
    names; groups without a known loss are taken as average.
    """
    name = EFFECT_ON.get(study.problem.task)
    losses = _losses(study, feature)
    if name is None or losses is None:
        return None
    mix = losses.now - losses.then
    n, m = losses.rows
    value = float(mix @ losses.mean)
    variance = float(mix**2 @ losses.variance)
    variance += _spread(losses.now, losses.mean) / n + _spread(losses.then, losses.mean) / m
    se = math.sqrt(max(variance, 0.0) * max(overdispersion, 1.0))
    if name == "accuracy":
        value = -value
    low, high = intervals.wald(value, se, study.level)
    note = f"{name}, by the move of this column alone"
    return Estimate(value, low, high, study.level, int(n + m), "post-stratified, delta", se=se, note=note)


@dataclass(frozen=True)
class _Losses:
    """By group: shares now and then, mean loss then with its variance; and the rows of both sides."""

    now: Floats
    then: Floats
    mean: Floats
    variance: Floats
    rows: tuple[float, float]


def _answer(study: Study) -> str | None:
    """What the model says of a row, as an expression."""
    problem = study.problem
    match problem.task:
        case "binary":
            return SCORE if problem.scored else DECISION
        case "multiclass":
            return CONFIDENCE if problem.scored else None
        case "regression" | "forecasting":
            return f"{DECISION} - {problem.label_shift[0]!r}"
        case _:
            return None


def _spread_of(answer: str, study: Study) -> Moments:
    return Moments((answer,), weight=study.problem.weight, cubes=False)


def _score_by(feature: Feature, answer: str, study: Study) -> Cells:
    return Cells((), (feature.key,), (answer,), study.problem.weight)


def _loss_by(feature: Feature, study: Study) -> Cells:
    weight = study.problem.weight
    if study.problem.loss_counts:
        return Cells((Binned(LOSS, IntegerGrid(0, 1)),), (feature.key,), weight=weight)
    return Cells((), (feature.key,), (LOSS, f"{LOSS} * {LOSS}"), weight)


def _rows_by(feature: Feature, study: Study) -> Fact:
    """All rows by group, those without a loss too: cells of a loss that is a key hold them already."""
    return _loss_by(feature, study) if study.problem.loss_counts else Count((feature.key,), study.problem.weight)


def _overall(fact: Moments, sums: Floats) -> tuple[float, float, float]:
    """(variance, mean, effective rows)."""
    weight, squares = float(sums[measure_index(fact, 1)]), float(sums[measure_index(fact, 2)])
    mean = float(sums[measure_index(fact, 1, (0,))]) / weight
    # Weighted facts keep Σ w²·v² only: with the weights' own Σ w² it tells the same variance, near enough.
    scatter = sums[measure_index(fact, 2, (0, 0))] - 2 * mean * sums[measure_index(fact, 2, (0,))] + mean**2 * squares
    return float(scatter) / squares, mean, weight**2 / squares


def _losses(study: Study, feature: Feature) -> _Losses | None:
    if study.problem.loss is None:
        return None
    loss, rows = _loss_by(feature, study), _rows_by(feature, study)
    now, then = (study.profiles[data] for data in (CURRENT, REFERENCE))
    if rows not in now or rows not in then or loss not in then:
        return None
    codes = np.unique(np.concatenate([t[rows].codes[:, 0] for t in (now, then)]))
    (a, n), (r, m) = (_rows(rows, t[rows], codes) for t in (now, then))
    weight, squares, first, second = _sums(loss, then[loss], codes)
    if min(n, m) < FEWEST_ROWS or not a.sum() > 0 or not r.sum() > 0 or not weight.sum() > 0:
        return None
    overall = first.sum() / weight.sum()
    known = weight > 0
    mean = np.divide(first, weight, out=np.full(len(codes), overall), where=known)
    scatter = np.divide(second, weight, out=np.zeros(len(codes)), where=known) - np.where(known, mean**2, 0.0)
    effective = np.divide(weight**2, squares, out=np.ones(len(codes)), where=squares > 0)
    return _Losses(a / a.sum(), r / r.sum(), mean, np.maximum(scatter, 0.0) / effective, (n, m))


def _rows(fact: Fact, table: FactTable, codes: np.ndarray) -> tuple[Floats, float]:
    """Weight by group, and the effective rows of all."""
    weight, squares = (table.sums[:, measure_index(fact, power)] for power in (1, 2))
    by = np.bincount(np.searchsorted(codes, table.codes[:, 0]), weights=weight, minlength=len(codes)).astype(float)
    total = float(weight.sum())
    return by, total**2 / float(squares.sum()) if total > 0 else 0.0


def _sums(fact: Cells, table: FactTable, codes: np.ndarray) -> tuple[Floats, Floats, Floats, Floats]:
    """Σw, Σw², Σw·loss, Σw·loss² by group, over rows with a loss."""
    place = np.searchsorted(codes, table.codes[:, 0])
    weight, squares = (table.sums[:, measure_index(fact, power)] for power in (1, 2))
    if fact.values:
        first, second = (table.sums[:, measure_index(fact, 1, (i,))] for i in (0, 1))
    else:
        known = (table.codes[:, -1] == 0) | (table.codes[:, -1] == 1)
        weight, squares = weight * known, squares * known
        first = second = weight * (table.codes[:, -1] == 1)
    made = [
        np.bincount(place, weights=c, minlength=len(codes)).astype(float) for c in (weight, squares, first, second)
    ]
    return made[0], made[1], made[2], made[3]


def _spread(share: Floats, value: Floats) -> float:
    mean = float(share @ value)
    return max(float(share @ value**2) - mean**2, 0.0)
