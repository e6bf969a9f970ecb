"""Evaluate a table of predictions: read it once, and gather what was found."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast, get_args

from steelyard.analyses.answers import answers
from steelyard.analyses.checks import Check, run_checks
from steelyard.analyses.cost import value_metric
from steelyard.analyses.costs import Costs, parse_costs
from steelyard.analyses.curves import curves
from steelyard.analyses.expectations import results as expected
from steelyard.analyses.findings import findings
from steelyard.analyses.study import Study
from steelyard.data import Roles, peek, read
from steelyard.data.derive import derived
from steelyard.evaluation.champion import against
from steelyard.evaluation.config import Config
from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.events import Events, read_events
from steelyard.evaluation.labels import Labelled, maturity, with_labels
from steelyard.evaluation.measuring import CURRENT, Request, Sources, study_of
from steelyard.evaluation.method import constants, headline, notes
from steelyard.evaluation.plan import types_of
from steelyard.evaluation.preparing import (
    Checks,
    guessed,
    level_of,
    merged,
    require_task,
    settings_of,
    sources_of,
    versions,
    warnings_of,
    with_all_columns,
)
from steelyard.evaluation.published import published
from steelyard.metrics import Metric
from steelyard.metrics.expression import from_expression
from steelyard.metrics.metric import Direction
from steelyard.records import ConfigError, Curve


def evaluate(
    data: Any,
    roles: Roles | None = None,
    *,
    reference: Any = None,
    champion: Any = None,
    costs: Costs | Mapping[str, Any] | None = None,
    checks: Checks = (),
    config: str | os.PathLike[str] | Config | None = None,
    metrics: Sequence[str | Metric] | None = None,
    sql: str | None = None,
    reference_sql: str | None = None,
    labels: Any = None,
    on: str | Sequence[str] | None = None,
    level: float | None = None,
    min_cell: int | None = None,
    seed: int = 0,
    columns: bool = True,
    depth: int = 2,
    window: str | None = None,
    events: Events = (),
) -> Evaluation:
    """Evaluate a model from its predictions.

    Args:
        data: a path, glob, URL, list of paths, or any data frame with labels and predictions.
        roles: what the columns mean; what is not said is guessed, and the guess is part of the result.
        reference: data to compare with (training, last quarter); same kinds of source. Grids are frozen from it.
        champion: another model to hold against: its predictions of the same rows, joined by id (a source), or its
            columns in the data ({"prediction": …, "score": …}).
        costs: what decisions cost and earn: {"fp": -25, "fn": -300, "currency": "EUR"}; see `Costs`.
        checks: bounds to hold metrics against: "roc_auc >= 0.8", tables of the same, or a `steelyard.toml`.
        config: a `steelyard.toml` with roles, own metrics and checks; `roles` given here come first.
        metrics: names of the metrics to measure, or metrics of your own; None measures all of the task.
        sql: the query to read from a database URL.
        reference_sql: the same for the reference.
        labels: labels of the current data from a source of their own, joined by id; rows whose label has not come
            keep a missing one.
        on: the column or columns that labels are joined by; the id, or the one name that both have, by default.
        level: nominal coverage of the intervals; 0.95 where nothing is said.
        min_cell: do not show groups of fewer rows than this, nor what they could be worked out from, so that the
            result can be published; 0 shows all.
        seed: of the folds and draws that verify findings; draws inside intervals have fixed seeds of their own.
        columns: whether every column is looked at: the data overview, data quality, drift, segments and causes.
        depth: how many features a segment that is found may combine: 2, or 3 for a second, longer look.
        window: width of windows of time ("1d", "6h", "1w", "1mo"; a number for a numeric time column): every metric
            and drift as a series, with control limits.
        events: what is known to have happened (deployments, incidents): a CSV file with time, kind and title, or
            `Event` objects; causes are dated against them.

    Returns:
        An `Evaluation`.

    Raises:
        SteelyardError: the data cannot be read, is empty, or does not fit its roles; the message says what to do.
    """
    settings, bounds = settings_of(config, checks)
    given = merged(roles or Roles(), settings.roles)
    require_task(given)
    current = read(data, query=sql)
    joined = None if labels is None else with_labels(current, labels, given, on)
    if joined is not None:
        current, given = joined.table, joined.roles
    sources = sources_of(current, reference, reference_sql)
    complete, guesses = guessed(sources, given)
    complete = _with_slices_of(bounds, complete)
    complete = _sliced_by_sensitive(complete)
    types = {name: types_of(table) for name, table in sources.tables.items()}
    sources, lacking = with_all_columns(sources, complete)
    sources, complete = _derived(sources, complete)
    warnings = [*lacking, *warnings_of(sources, complete)]
    priced = parse_costs(costs) or settings.costs
    worth = value_metric(priced)
    request = Request(
        roles=complete,
        one_against_rest=given.positive is not None,
        only=metrics,
        own=(*(_own(name, said) for name, said in settings.metrics.items()), *([worth] if worth is not None else [])),
        level=level_of(level if level is not None else settings.level),
        seed=seed,
        columns=columns,
        checks=tuple(bounds),
        depth=_depth(depth),
        window=window,
        events=read_events(events),
        types=types,
        expectations=settings.expectations,
        population=settings.population,
        costs=priced,
    )
    study, summaries, left_out = study_of(sources, request)
    if champion is not None:
        study = replace(study, readings=(*study.readings, *against(champion, sources, request, study)))
    study = published(study, settings.min_cell if min_cell is None else min_cell)
    found = findings(study)
    return Evaluation(
        subject=sources.tables[CURRENT].description,
        task=study.problem.task,
        roles=complete.given(),
        rows={name: profile.rows for name, profile in study.profiles.items()},
        readings=study.readings,
        guesses=tuple(str(guess) for guess in guesses),
        headline=headline(study),
        answers=answers(study, found),
        findings=tuple(found),
        checks=(*run_checks(bounds, study), *expected(study, settings.expectations)),
        drifts=study.drifts,
        segments=study.segments,
        series=study.series,
        attributions=study.attributions,
        fairness=study.fairness,
        money=study.money,
        uncertainty=study.uncertainty,
        curves=(*curves(study), *_maturity(joined, study)),
        columns=tuple(summaries),
        warnings=tuple(dict.fromkeys([*warnings, *_without_value(request, study), *left_out])),
        notes=notes(study),
        level=study.level,
        seed=seed,
        digest=sources.tables[CURRENT].digest,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        versions=versions(),
        settings={**constants(study), **({"config": settings.path} if settings.path else {})},
    )


def _maturity(joined: Labelled | None, study: Study) -> Iterator[Curve]:
    """How long labels take to come, where their times are known."""
    curve = None if joined is None else maturity(joined, study.roles, study.level)
    if curve is not None:
        yield curve


def _derived(sources: Sources, roles: Roles) -> tuple[Sources, Roles]:
    """The data sets with what can be told of their texts, images and vectors, as columns."""
    tables, complete = derived(sources.tables, roles)
    if all(tables[name] is table for name, table in sources.tables.items()):
        return sources, complete
    return Sources(tables, {name: peek(table) for name, table in tables.items()}), complete


def _with_slices_of(checks: Sequence[Check], roles: Roles) -> Roles:
    """Roles with the slices that checks name, so that whoever asks of a slice need not ask to slice."""
    known = [frozenset([s] if isinstance(s, str) else s) for s in roles.slices]
    asked = dict.fromkeys(c.columns for c in checks if c.columns and frozenset(c.columns) not in known)
    items = [columns[0] if len(columns) == 1 else columns for columns in asked]
    return roles.updated(slices=(*roles.slices, *items)) if items else roles


def _sliced_by_sensitive(roles: Roles) -> Roles:
    """Roles with the sensitive attributes as slices, so that every metric is read by group."""
    more = [column for column in roles.sensitive if column not in roles.slices]
    return roles.updated(slices=(*roles.slices, *more)) if more else roles


def _without_value(request: Request, study: Study) -> list[str]:
    """A user's own metrics that this data lacks something for: most likely a slip of the pen."""
    missing = {m.name: m.needs(study.problem) for m in request.own}
    return [f"Your metric {name!r} has no value: {why}" for name, why in missing.items() if isinstance(why, str)]


def _own(name: str, said: Mapping[str, str]) -> Metric:
    direction = said.get("direction", "lower")
    if direction not in get_args(Direction):
        raise ConfigError(f"The direction of the metric {name} is higher, lower or target, not {direction!r}.")
    return from_expression(name, said["expression"], title=said.get("title"), direction=cast("Direction", direction))


def _depth(depth: int) -> int:
    if depth not in (2, 3):
        raise ConfigError(f"Segments combine up to 2 features, or 3 where that is asked for; depth is not {depth!r}.")
    return depth
