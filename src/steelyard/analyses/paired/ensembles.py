"""What models would reach together: the mean of their scores or predictions, or the vote of the majority."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import narwhals.stable.v2 as nw

from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.differences import gains
from steelyard.analyses.paired.sides import Sides
from steelyard.analyses.slicing import ALL_ROWS
from steelyard.data import Kind, Roles, Table
from steelyard.metrics.class_values import is_class
from steelyard.metrics.problem import Problem
from steelyard.records import Ensemble, Estimate, Standing

MEAN_OF_SCORES, MEAN_OF_PREDICTIONS, MAJORITY = "mean of scores", "mean of predictions", "majority"
TOGETHER = "sy_together"


@dataclass(frozen=True)
class Jointly:
    """An ensemble as one more model of the table: how it is made, and its roles."""

    how: str
    table: Table
    roles: Roles


def jointly(table: Table, roles: Sequence[Roles], problems: Sequence[Problem]) -> Jointly | str:
    """The table with the answers of an ensemble of the models, and its roles; or why there is none."""
    first, task = roles[0], problems[0].task
    if task in ("regression", "forecasting"):
        if not all(len(r.predictions) == 1 for r in roles):
            return "not every model predicts a number"
        made = _mean([r.predictions[0] for r in roles]).alias(TOGETHER)
        return Jointly(MEAN_OF_PREDICTIONS, _with(table, [made], Kind.NUMBER), first.updated(prediction=TOGETHER))
    if task in ("binary", "multiclass", "multilabel") and all(r.scores for r in roles):
        if not all(problem.probability for problem in problems):
            return "scores that are no probabilities have no common scale to be averaged on"
        return _of_scores(table, roles)
    if task == "binary" and len(roles) % 2 and len(roles) > 1 and all(r.predictions for r in roles):
        return _majority(table, roles)
    return "their answers have no mean, and two can have no majority"


def _of_scores(table: Table, roles: Sequence[Roles]) -> Jointly | str:
    first = roles[0]
    keys = [tuple(r.score) if isinstance(r.score, Mapping) else len(r.scores) for r in roles]
    if any(key != keys[0] for key in keys):
        return "the models have scores of different classes"
    columns = [[r.scores[i] for r in roles] for i in range(len(first.scores))]
    made = [_mean(each).alias(f"{TOGETHER}_{i}") for i, each in enumerate(columns)]
    names = [f"{TOGETHER}_{i}" for i in range(len(made))]
    score = (
        dict(zip(first.score, names, strict=True))
        if isinstance(first.score, Mapping)
        else (names[0] if len(names) == 1 else tuple(names))
    )
    cuts = [r.threshold for r in roles if r.threshold is not None]
    threshold = sum(cuts) / len(cuts) if len(cuts) == len(roles) else None
    updated = first.updated(score=score, prediction=None, threshold=threshold)
    return Jointly(MEAN_OF_SCORES, _with(table, made, Kind.NUMBER), updated)


def _majority(table: Table, roles: Sequence[Roles]) -> Jointly:
    first = roles[0]
    positive = True if first.positive is None else first.positive
    votes = reduce(
        add, (is_class(r.predictions[0], table.kinds[r.predictions[0]], positive).cast(nw.Int64) for r in roles)
    )
    made = (votes * 2 > len(roles)).alias(TOGETHER)
    labels = first.updated(prediction=TOGETHER)
    return Jointly(MAJORITY, _with(table, [made], Kind.BOOLEAN), labels)


def _mean(columns: Sequence[str]) -> nw.Expr:
    return reduce(add, (nw.col(column).cast(nw.Float64) for column in columns)) / float(len(columns))


def _with(table: Table, made: Sequence[nw.Expr], kind: Kind) -> Table:
    frame = table.frame.with_columns(*made)
    new = [c for c in frame.collect_schema().names() if c not in table.kinds]
    return replace(table, frame=frame, kinds={**table.kinds, **dict.fromkeys(new, kind)})


def ensembles(contest: Contest, sides: Sides, ranking: Sequence[Standing]) -> tuple[Ensemble, ...]:
    """Each ensemble on each metric, against the best of its members."""
    best = {s.metric: s.model for s in ranking if s.place == 1 and isinstance(s.value, Estimate)}
    members = tuple(e.name for e in contest.entrants)
    found = []
    for metric in contest.ranked:
        for pair in contest.visits:
            if pair.b.name == best.get(metric.name):
                for gain in gains(contest, sides, metric, pair, ALL_ROWS):
                    own = sides.read(pair.a, metric, ALL_ROWS, contest.grouped(metric, pair.a))
                    found.append(Ensemble(pair.a.name, members, metric.name, own[gain.slice].outcome, gain))
    return tuple(found)
