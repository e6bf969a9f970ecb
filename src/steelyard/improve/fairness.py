"""Other decisions by group: for every attribute what could be had, proved on rows that did not choose it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType

import numpy as np

from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed
from steelyard.improve import fixed, group_calibration, measures, programme, rejection
from steelyard.improve.frontier import Question, Tried, bounds, tried
from steelyard.improve.groups import GroupCells, cells_of
from steelyard.improve.measures import CALIBRATION, RATES, Objective, gained, lost
from steelyard.improve.outcomes import Sums, effect, gap, gap_change, outcome
from steelyard.improve.selection import Choice, chosen
from steelyard.improve.telling import Told, Verdict, proposal
from steelyard.records import EVERYTHING, DataError, Effect, Estimate, Move, Outcome, Proposal, Slice, Step

WAYS: tuple[ModuleType, ...] = (programme, fixed, rejection)
FEW_ROWS = 10
"""Rows of either class below which a group gets no rule of its own and is not compared."""


@dataclass(frozen=True)
class Wish:
    """What is wished for.

    Attributes:
        criteria: names of what equal treatment is to mean.
        tolerance: gaps up to here count as none.
        objective: what is kept high: "accuracy", "balanced_accuracy" or "value"; None chooses by costs and threshold.
    """

    criteria: tuple[str, ...]
    tolerance: float
    objective: str | None = None


def propose(study: Study, by: SliceBy, wish: Wish) -> list[Proposal]:
    """What could be done so that groups fare alike, by one attribute or intersection of several.

    Raises:
        DataError: there is no yes-or-no problem with labels, scores and decisions, or fewer than two groups have
            enough rows.
        ConfigError: a criterion or objective is not known.
    """
    cells = cells_of(study, by)
    scope = _scope(cells, by)
    found: list[Proposal] = []
    both = CALIBRATION in wish.criteria and len(wish.criteria) > 1
    for name in wish.criteria:
        if name == CALIBRATION:
            found += group_calibration.propose(study, cells, scope, by.columns, impossible=both)
            continue
        question = Question(
            cells, scope, measures.criterion(name), _objective(study, cells, wish.objective), study.level, study.seed
        )
        found += _proposals(study, question, by, wish.tolerance, impossible=both)
    return found


def _proposals(
    study: Study, question: Question, by: SliceBy, tolerance: float, *, impossible: bool
) -> list[Proposal]:
    present = question.present()
    about = Told(study, question, by.columns, tolerance, present, impossible=impossible)
    if isinstance(present, Estimate) and present.high <= tolerance:
        return [proposal(about, Verdict.NOT_NEEDED)]
    allowed = bounds(present, tolerance)
    found = []
    for way in WAYS:
        steps = tried(question, way.learn, allowed)
        if steps:
            rows = int(question.cells.rows.sum())
            choice = chosen(steps, present, tolerance, rows)
            verdict = Verdict.NOTHING if choice.place is None else Verdict.PROPOSED
            found.append((choice, _filled(about, way, question, steps, choice, verdict)))
    proposed = [one for choice, one in found if choice.place is not None]
    certain = [one for choice, one in found if choice.below]
    return certain or proposed or [one for _, one in found[:1]] or [proposal(about, Verdict.TOO_FEW)]


def _filled(
    about: Told, way: ModuleType, question: Question, steps: Sequence[Tried], choice: Choice, verdict: Verdict
) -> Proposal:
    at = steps[choice.closest if choice.place is None else choice.place]
    effects, moves = tuple(_effects(question, at)), tuple(_moves(question, at.sums))
    measure = question.objective.measure
    deployed = Step(0.0, outcome(measure.before, at.sums, measure, question.level), about.present)
    return proposal(
        about,
        verdict,
        way=(way.NAME, way.TITLE),
        steps=steps,
        choice=choice,
        effects=effects,
        moves=moves,
        deployed=deployed,
        learned=_in_sample(question, at),
    )


def _in_sample(question: Question, at: Tried) -> tuple[Outcome, Outcome]:
    """Quality and gap on the rows that the final rule was learned from: too good, told as such."""
    sums, measure = question.sums(at.fitted.chances), question.objective.measure
    quality = outcome(measure.after, sums, measure, question.level)
    return quality, gap(question.criterion, sums, question.scope, question.level)


def _effects(question: Question, at: Tried) -> Iterator[Effect]:
    """The gap first, then what is kept high and the rates, overall and by group."""
    present = question.present()
    yield Effect(f"gap:{question.criterion.name}", present, at.gap, gap_change(present, at.gap))
    told = {m.name: m for m in (question.objective.measure, *RATES.values())}
    whole = at.sums.of(slice(None))
    for measure in told.values():
        yield effect(measure, whole, question.level)
    for place in question.scope:
        one = at.sums.of([place])
        for measure in told.values():
            yield effect(measure, one, question.level, question.cells.groups[place])


def _moves(question: Question, sums: Sums) -> Iterator[Move]:
    rate = RATES["selection_rate"]
    parts: list[tuple[Slice, Sums]] = [(EVERYTHING, sums.of(slice(None)))]
    parts += [(question.cells.groups[place], sums.of([place])) for place in question.scope]
    for where, one in parts:
        shares = (outcome([r], one, rate, question.level) for r in (gained(), lost()))
        yield Move(where, int(one.rows.sum()), *shares)


def _scope(cells: GroupCells, by: SliceBy) -> tuple[int, ...]:
    counts = cells.counts()[: len(cells.groups)]
    enough = np.flatnonzero(counts.min(axis=1, initial=np.inf) >= FEW_ROWS) if len(counts) else np.empty(0, dtype=int)
    if len(enough) < 2:
        name = " × ".join(by.columns)
        shown = listed(
            [f"{g.items[-1][1]}: {c[1]:,.0f} and {c[0]:,.0f}" for g, c in zip(cells.groups, counts, strict=True)]
        )
        raise DataError(
            f"Nothing is compared by {name}: at least two groups need {FEW_ROWS} positive and {FEW_ROWS} negative "
            f"rows with label, score and decision each. There are {shown or 'none'}."
        )
    return tuple(enough.tolist())


def _objective(study: Study, cells: GroupCells, name: str | None) -> Objective:
    costs = study.costs
    if name is None:
        name = "value" if costs is not None and costs.decides_binary and costs.constant else "accuracy"
        if name == "accuracy" and cells.unit and cells.threshold is not None and 0 < cells.threshold < 1:
            return measures.weighted_accuracy(cells.threshold)
    weight = np.bincount(cells.label, weights=cells.weight, minlength=2)
    return measures.objective(name, (float(weight[0]), float(weight[1])), costs)
