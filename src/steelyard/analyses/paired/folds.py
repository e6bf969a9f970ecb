"""Models over the folds of a cross-validation, whose training sets overlap."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.entrants import Entrant
from steelyard.analyses.paired.judging import word
from steelyard.facts import Category, Fact
from steelyard.metrics import Metric
from steelyard.metrics.estimate import value_of
from steelyard.records import Estimate, FoldGain, Undefined, UndefinedMetricError
from steelyard.stats.resampled_t import corrected_t


def facts(contest: Contest, fold: str) -> Iterator[Fact]:
    """What the metrics need, fold by fold."""
    for metric in contest.ranked:
        for entrant in contest.entrants:
            yield from map(entrant.asks, _wanted(entrant, metric, fold))


def over_folds(contest: Contest, fold: str, test_share: float | None) -> tuple[FoldGain, ...]:
    """Every pair on every ranked metric, by the corrected resampled t-test.

    Args:
        contest: the models.
        fold: the column that says which fold a row was tested in.
        test_share: share of all rows that a fold tests on; None takes one round of folds of equal size.
    """
    found: list[FoldGain] = []
    for metric in contest.ranked:
        scores = {e.name: _by_fold(contest, e, metric, fold) for e in contest.entrants}
        found += [_gain(contest, metric, p.a.name, p.b.name, scores, test_share) for p in contest.pairs]
    return tuple(found)


def _gain(
    contest: Contest,
    metric: Metric,
    model: str,
    against: str,
    scores: dict[str, dict[object, float]],
    test_share: float | None,
) -> FoldGain:
    a, b = scores[model], scores[against]
    shared = [fold for fold in a if fold in b]
    if len(shared) < 2:
        why = f"{metric.title} has a value of both models in {len(shared)} folds; two are needed at least"
        return FoldGain(metric.name, model, against, len(shared), Undefined(why), word="undefined")
    share = 1.0 / len(shared) if test_share is None else test_share
    test = corrected_t([a[f] for f in shared], [b[f] for f in shared], share, contest.level)
    outcome = Estimate(
        test.difference, test.low, test.high, contest.level, len(shared), "corrected resampled t", se=test.se
    )
    said = word(outcome, test.p, 1.0 - contest.level, metric.direction)
    return FoldGain(metric.name, model, against, len(shared), outcome, test.p, test.naive_p, said)


def _wanted(entrant: Entrant, metric: Metric, fold: str) -> tuple[Fact, ...]:
    needs = metric.needs(entrant.problem)
    if isinstance(needs, str):
        return ()
    return tuple(msgspec.structs.replace(fact, by=(Category(fold),)) for fact in needs)


def _by_fold(contest: Contest, entrant: Entrant, metric: Metric, fold: str) -> dict[object, float]:
    """The metric's value in each fold that has one."""
    wanted = _wanted(entrant, metric, fold)
    tables = [contest.joint[entrant.asks(fact)] for fact in wanted if entrant.asks(fact) in contest.joint]
    if not tables or len(tables) < len(wanted):
        return {}
    found: dict[object, float] = {}
    for level in tables[0].levels[0]:
        if level is None:
            continue
        places = [table.levels[0].index(level) if level in table.levels[0] else -1 for table in tables]
        parts = [t.where(np.asarray(t.codes[:, 0] == at)) for t, at in zip(tables, places, strict=True)]
        try:
            found[level] = value_of(metric, metric.read(wanted, parts, entrant.problem))
        except UndefinedMetricError:
            continue
    return found
