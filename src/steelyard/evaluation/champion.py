"""Another model on the same rows, to hold this one against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from steelyard.analyses.paired import Contest, Entrant, Sides, gains
from steelyard.analyses.study import Study
from steelyard.data import Roles, Table, read
from steelyard.evaluation.contests import field_of, measured
from steelyard.evaluation.matching import ANSWERS, Matched, answers_of, of_columns, of_tables
from steelyard.evaluation.measuring import CURRENT, Request, Sources
from steelyard.metrics import Metric
from steelyard.records import ConfigError, Estimate, Outcome, Reading

CHAMPION, GAIN = "champion", "gain"


def against(champion: Any, sources: Sources, request: Request, study: Study) -> list[Reading]:
    """Readings of the champion ("champion"), and this model minus it, paired by row ("gain").

    Both are read on the rows that both models have an answer for.

    Args:
        champion: a source of its predictions, joined by id; or its columns in the data, {"prediction": …,
            "score": …, "threshold": …}.
        sources: the data.
        request: what was asked for.
        study: what was read of this model.

    Raises:
        SteelyardError: the champion cannot be read, or its rows not be matched; the message says what to do.
    """
    current = sources.tables[CURRENT]
    matched = _matched(champion, current, request.roles)
    posed = field_of(matched, {CURRENT: study.problem})
    asked = Contest(
        posed.entrants,
        study.metrics,
        slices=study.slices,
        clusters=study.bucket,
        units=matched.units,
        level=study.level,
    )
    contest = measured(asked, posed)
    note = " ".join(matched.warnings)
    return [_noted(reading, note) for reading in _readings(contest)]


def _matched(champion: Any, current: Table, roles: Roles) -> Matched:
    if isinstance(champion, Mapping) and set(champion) <= set(ANSWERS):
        mine = {"prediction": roles.prediction, "score": roles.score}
        return of_columns(current, roles, {CHAMPION: champion, CURRENT: mine})
    if roles.id is None:
        raise ConfigError(
            "The champion's rows are matched by id, and there is no id. Name the column that identifies a row, --id "
            "or Roles(id=…); or, where the champion's answers are in the data itself, say which columns: "
            'champion={"prediction": …, "score": …}.'
        )
    table = read(champion)
    tables = {CHAMPION: table, CURRENT: current}
    return of_tables(tables, {CURRENT: roles, CHAMPION: answers_of(table, roles)}, CURRENT)


def _readings(contest: Contest) -> Iterator[Reading]:
    sides, (theirs, _), (pair,) = contest.sides(), contest.entrants, contest.pairs
    for metric in contest.metrics:
        for by in contest.bys(metric):
            yield from _own(contest, sides, metric, theirs, by)
            for gain in gains(contest, sides, metric, pair, by):
                yield Reading(gain.metric, gain.outcome, gain.slice, GAIN)


def _own(contest: Contest, sides: Sides, metric: Metric, entrant: Entrant, by: Any) -> Iterator[Reading]:
    for where, side in sides.read(entrant, metric, by, contest.grouped(metric, entrant)).items():
        yield Reading(metric.name, side.outcome, where, CHAMPION)


def _noted(reading: Reading, note: str) -> Reading:
    """The reading with a word on rows that were left out."""
    outcome: Outcome = reading.outcome
    if not note or not isinstance(outcome, Estimate):
        return reading
    return replace(reading, outcome=replace(outcome, note=f"{outcome.note} {note}".strip()))
