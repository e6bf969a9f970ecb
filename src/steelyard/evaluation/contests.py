"""From matched rows to a contest of models: classes, grids, what is wanted, and the one reading of the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from steelyard.analyses.paired import Contest, Entrant, facts, side_by_side
from steelyard.analyses.paired.ensembles import Jointly, jointly
from steelyard.data import Peek, Roles, Table, peek
from steelyard.data.reading import reading
from steelyard.evaluation.matching import Matched
from steelyard.evaluation.measuring import askable
from steelyard.evaluation.pose import numbers, pose, spread, spreads
from steelyard.facts import Category, CutGrid, Fact, Profile, measure, text
from steelyard.metrics import Problem
from steelyard.metrics.problem import DECISION, LABEL
from steelyard.records import EmptyDataError

COARSE = 24
"""Groups of about equal size that a score is cut into where two are counted jointly."""


@dataclass(frozen=True)
class Field:
    """The models of a contest, posed but not measured.

    Attributes:
        table: the matched rows, with the row columns of every model.
        entrants: the models.
        guests: their ensemble, where there is one.
        without: why there is no ensemble, "" where there is one or none was asked for.
        look: some of the matched rows.
    """

    table: Table
    entrants: tuple[Entrant, ...]
    look: Peek
    guests: tuple[Entrant, ...] = ()
    without: str = ""


def field_of(matched: Matched, problems: Mapping[str, Problem] | None = None, *, together: bool = False) -> Field:
    """Pose the problem of every model, and put their row columns side by side.

    Args:
        matched: the rows, and the roles of each model.
        problems: problems that are posed already, by model.
        together: whether an ensemble of the models is a guest.
    """
    known, table = dict(problems or {}), matched.table
    look = peek(table)
    posed = {name: known.get(name) or _posed(table, look, roles) for name, roles in matched.roles.items()}
    roles = dict(matched.roles)
    made = jointly(table, list(roles.values()), list(posed.values())) if together else ""
    if isinstance(made, Jointly):
        table, roles[made.how] = made.table, made.roles
        look = peek(table)
        posed[made.how] = _posed(table, look, made.roles)
    classes = tuple(dict.fromkeys(name for problem in posed.values() for name in problem.classes))
    models = [_entrant(name, roles[name], replace(problem, classes=classes), look) for name, problem in posed.items()]
    joint, everyone = side_by_side(table, models)
    count = len(matched.roles)
    return Field(joint, everyone[:count], look, everyone[count:], made if isinstance(made, str) else "")


def measured(contest: Contest, posed: Field, further: Iterable[Fact] = ()) -> Contest:
    """The contest with what was measured, in one reading of the data.

    Args:
        contest: what is compared.
        posed: the models' rows.
        further: facts that are wanted beside those of the contest.

    Raises:
        EmptyDataError: there is no row.
    """
    table = posed.table
    with reading(table):
        joint = measure(table, askable(table, [*facts(contest), *further]))
    if not joint.rows:
        raise EmptyDataError(f"{table.description} has no row that all models share. Nothing can be compared.")
    return _with_all_classes(replace(contest, joint=joint))


def _posed(table: Table, look: Peek, roles: Roles) -> Problem:
    problem = pose(roles, {"current": look}, {"current": table})
    return replace(problem, scales=spreads(look))


def _entrant(name: str, roles: Roles, problem: Problem, look: Peek) -> Entrant:
    if problem.task != "binary" or not roles.scores:
        return Entrant(name, roles, problem)
    scores = numbers(look.frame[roles.scores[0]])
    scores = scores[np.isfinite(scores)]
    if not len(scores):
        return Entrant(name, roles, problem)
    cuts = sorted(set(np.quantile(scores, np.arange(1, COARSE) / COARSE).tolist()))
    return Entrant(name, roles, problem, cuts=CutGrid(tuple(cuts)), scale=spread(scores))


def _with_all_classes(contest: Contest) -> Contest:
    """The contest whose models know the classes that the look at the data had missed."""
    first = contest.entrants[0].problem
    if first.task != "multiclass":
        return contest
    everyone = (*contest.entrants, *contest.guests)
    names = {column for e in everyone for c, column in e.columns.items() if c in (LABEL, DECISION)}
    seen = {text(level) for fact in contest.joint.tables for level in _levels(fact, contest.joint, names)}
    classes = (*first.classes, *sorted(seen - set(first.classes)))
    known = [replace(e, problem=replace(e.problem, classes=classes)) for e in everyone]
    count = len(contest.entrants)
    return replace(contest, entrants=tuple(known[:count]), guests=tuple(known[count:]))


def _levels(fact: Fact, joint: Profile, names: set[str]) -> list[Any]:
    return [
        level
        for key, levels in zip(fact.keys, joint[fact].levels, strict=True)
        if isinstance(key, Category) and key.column in names
        for level in levels
        if level is not None
    ]
