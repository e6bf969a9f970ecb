"""The one reading of the data: which facts are wanted, what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from steelyard.analyses import change, diagnosis, expectations, overview, performance, slices
from steelyard.analyses.checks import Check, require_metrics
from steelyard.analyses.costs import Costs
from steelyard.analyses.curves import facts as curve_facts
from steelyard.analyses.expectations import Expectation
from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.population import Population
from steelyard.analyses.study import Study
from steelyard.data import Kind, Peek, Roles, Table
from steelyard.data.check_values import without_answer
from steelyard.data.classes import listed
from steelyard.data.reading import reading
from steelyard.evaluation.plan import column_plans, features, time_extremes, window_by
from steelyard.evaluation.pose import bucket_by, pose, slices_by, spreads
from steelyard.facts import (
    Binned,
    Cells,
    Fact,
    Moments,
    Profile,
    Values,
    Window,
    columns_in,
    compile_expression,
    lacks,
    measure,
    names_in,
    text,
)
from steelyard.metrics import Metric, Problem, metrics_for
from steelyard.metrics.problem import SCORE
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import ColumnError, ColumnSummary, ConfigError, DataError, EmptyDataError, Event

CURRENT, REFERENCE = "current", "reference"
OF_LABELS_ALONE = frozenset({"prevalence"})
"""Metrics that say nothing of a model."""


@dataclass(frozen=True)
class Sources:
    """The data sets of one evaluation, and a look at each; "current" first."""

    tables: Mapping[str, Table]
    peeks: Mapping[str, Peek]

    @property
    def base(self) -> Peek:
        """The look that grids are frozen from: the reference where there is one."""
        return self.peeks.get(REFERENCE, self.peeks[CURRENT])


@dataclass(frozen=True)
class Request:
    """What is to be measured.

    Attributes:
        roles: complete roles.
        one_against_rest: every label but the positive one counts as negative, however many there are.
        only: metrics, by name or as such; None takes all of the task.
        own: metrics of the user's, beside those.
        level: nominal coverage.
        seed: of the folds and draws that verify findings; draws inside intervals have fixed seeds of their own.
        columns: whether columns are summarised.
        checks: what will be held against the metrics.
        depth: how many features a segment may combine, 2 or 3.
        window: width of the windows of time ("1d"); None for none.
        events: what is known to have happened.
        types: data type of every column, as it came, by data set.
        expectations: rules that the columns will be held against.
        population: shares that the groups of a column should have.
        costs: what decisions cost and earn.
    """

    roles: Roles
    one_against_rest: bool = False
    only: Sequence[str | Metric] | None = None
    own: tuple[Metric, ...] = ()
    level: float = 0.95
    seed: int = 0
    columns: bool = True
    checks: tuple[Check, ...] = ()
    depth: int = 2
    window: str | None = None
    events: tuple[Event, ...] = ()
    types: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    expectations: tuple[Expectation, ...] = ()
    population: Population = field(default_factory=dict)
    costs: Costs | None = None


def study_of(sources: Sources, request: Request) -> tuple[Study, list[ColumnSummary], list[str]]:
    """Measure everything, and read the metrics; also the data overview and what was left out, in words.

    Raises:
        DataError: there is no row, no answer of a model, or the label has classes that the task does not allow.
        UnknownNameError: a metric that is asked for, or that a check names, is not one of the task.
    """
    plans = column_plans(sources.tables, sources.base, request.roles) if request.columns else []
    study, rows = _measured(sources, request, plans, probability=None)
    outside = _scores_outside(study)
    if outside:
        study, rows = _measured(sources, request, plans, probability=False)
    if not study.profiles[CURRENT].rows:
        raise EmptyDataError(
            f"{sources.tables[CURRENT].description} has columns but no rows. There is nothing to evaluate."
        )
    if not request.one_against_rest:
        _refuse_third_label(study)
    study = replace(study, problem=_with_all_classes(study))
    found, left_out = performance.readings(study)
    study = replace(study, readings=(*found, *change.differences(found)))
    study = diagnosis.read(study, deeper=_asker(sources, rows) if request.depth > slices.DEPTH else None)
    summaries = [
        summary
        for name, table in sources.tables.items()
        for summary in _summaries(plans, table, study.profiles[name], name)
    ]
    return study, summaries, [*left_out, *outside]


def _measured(
    sources: Sources, request: Request, plans: Sequence[ColumnPlan], probability: bool | None
) -> tuple[Study, dict[str, Table]]:
    """The study with its profiles, and the prepared rows they were measured on."""
    roles = request.roles
    problem = pose(roles, sources.peeks, sources.tables, probability)
    problem = replace(problem, scales=spreads(sources.base))
    rows = {name: prepare_rows(table, roles, problem) for name, table in sources.tables.items()}
    problem = informed(problem, rows[CURRENT])
    study = Study(
        problem=problem,
        roles=roles,
        metrics=_metrics(problem, request),
        slices=slices_by(roles, sources.base),
        bucket=bucket_by(roles),
        level=request.level,
        seed=request.seed,
        columns=tuple(plans),
        features=features(plans, sources.base, sources.tables),
        types=request.types,
        population=request.population,
        looks=sources.peeks,
        window=window_by(request.window, request.roles, sources.tables),
        events=request.events,
        sensitive=slices_by(Roles(slices=roles.sensitive), sources.base)[1:],
        costs=request.costs,
    )
    require_metrics(request.checks, study)
    _require_answers(sources, study, request)
    wanted = [*performance.facts(study), *curve_facts(study), *_watched(study)]
    further = list(diagnosis.facts(study))
    about = [*(fact for plan in plans for fact in plan.facts()), *diagnosis.about(study)]
    about += expectations.facts(request.expectations, sources.tables[CURRENT].kinds)
    profiles = {
        name: _profile(rows[name], table, [*wanted, *askable(rows[name], further)], askable(table, about), problem)
        for name, table in sources.tables.items()
    }
    return replace(study, profiles=profiles), rows


def _asker(sources: Sources, rows: Mapping[str, Table]) -> Callable[[str, Iterable[Fact]], Profile]:
    """What measures further facts of a data set, for a question that only the first answers bring up."""

    def ask(data: str, facts: Iterable[Fact]) -> Profile:
        with reading(sources.tables[data]):
            return measure(rows[data], askable(rows[data], facts))

    return ask


def _profile(rows: Table, table: Table, wanted: Sequence[Fact], about: Sequence[Fact], problem: Problem) -> Profile:
    with reading(table):
        if problem.task != "ranking":
            return measure(rows, [*wanted, *about])
        queries, items = measure(rows, wanted), measure(table, about)
        return Profile({**items.tables, **queries.tables}, items.rows)


def askable(table: Table, facts: Iterable[Fact]) -> list[Fact]:
    """The facts that the table has columns of the right kind for and its engine can count; others are left out."""
    return [fact for fact in dict.fromkeys(facts) if _has_columns_of(table, fact) and not lacks(table, fact)]


def _has_columns_of(table: Table, fact: Fact) -> bool:
    kinds = table.kinds
    if not set(kinds).issuperset(columns_in(fact)):
        return False
    numbers = [key.column for key in fact.keys if isinstance(key, Binned)]
    times = [key.column for key in fact.keys if isinstance(key, Window)]
    return (
        all(kinds[c] in (Kind.NUMBER, Kind.BOOLEAN) for c in numbers)
        and all(kinds[c] in (Kind.NUMBER, Kind.TIME) for c in times)
        and all(_calculable(value, kinds) for value in fact.values)
    )


def _calculable(value: str, kinds: Mapping[str, Kind]) -> bool:
    """Whether an expression gives a number of these columns; text may take part in comparisons."""
    named = {name: kinds[name] for name in names_in(value)}
    if not all(kind in (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT) for kind in named.values()):
        return False
    try:
        compile_expression(value, named)
    except ColumnError:
        return False
    return True


def _require_answers(sources: Sources, study: Study, request: Request) -> None:
    """Refuse data without any answer of a model, unless a metric can do without."""
    measured = {m.name for m in study.metrics if not isinstance(m.needs(study.problem), str)}
    if measured - OF_LABELS_ALONE or (measured and request.only is not None):
        return
    table = sources.tables[CURRENT]
    said = without_answer(table, sources.peeks[CURRENT].frame, study.roles)
    if said is not None:
        free = [c for c in table.columns if c not in study.roles.used()]
        others = f" Columns without a role: {listed(free, 12)}." if free else ""
        raise DataError(f"{table.description}: {said}{others}")


def _metrics(problem: Problem, request: Request) -> tuple[Metric, ...]:
    chosen = _chosen(problem, request.only)
    taken = {m.name for m in (chosen if request.only is None else metrics_for(problem))}
    for metric in request.own:
        if metric.name in taken:
            raise ConfigError(
                f"There is already a {problem.task} metric named {metric.name!r}. Give yours another name."
            )
    return (*chosen, *request.own)


def _chosen(problem: Problem, only: Sequence[str | Metric] | None) -> tuple[Metric, ...]:
    if only is None:
        return metrics_for(problem)
    if isinstance(only, str):
        raise ConfigError(f"metrics must be a list of names or metrics, not the text {only!r}: write [{only!r}].")
    found: dict[str, Metric] = {}
    for given in only:
        metric = given if isinstance(given, Metric) else metrics_for(problem, [given])[0]
        if problem.task not in metric.tasks:
            raise ConfigError(
                f"{metric.name!r} is a metric of {', '.join(sorted(metric.tasks))}, but the task is {problem.task}."
            )
        if found.setdefault(metric.name, metric) is not metric:
            raise ConfigError(f"Two of the metrics are named {metric.name!r}. Give one of them another name.")
    return tuple(found.values())


def _watched(study: Study) -> Iterable[Fact]:
    """Facts by which a misjudged look at the data is noticed."""
    problem = study.problem
    if problem.task == "binary":
        yield Values(study.roles.labels[0])
    if problem.probability and problem.score_grid is not None:
        for column in _score_columns(problem):
            yield Moments((column,), extremes=True)


def _score_columns(problem: Problem) -> list[str]:
    if problem.task == "binary":
        return [SCORE] if problem.scored else []
    return [f"{SCORE}_{problem.classes.index(c)}" for c in problem.scored]


def _scores_outside(study: Study) -> list[str]:
    found = []
    for name, profile in study.profiles.items():
        for fact in _watched(study):
            if isinstance(fact, Moments) and len(profile[fact]):
                low, high = float(profile[fact].lows[0, 0]), float(profile[fact].highs[0, 0])
                if low < 0 or high > 1:
                    found.append(
                        f"Scores of the {name} data reach from {low:g} to {high:g}, so they are no probabilities: "
                        "metrics of calibration and log loss are left out."
                    )
    return found


def _refuse_third_label(study: Study) -> None:
    if study.problem.task != "binary":
        return
    column = study.roles.labels[0]
    for name, profile in study.profiles.items():
        values = [text(v) for v in profile[Values(column)].values(0) if v is not None]
        if len(values) > 2:
            shown = ", ".join(repr(v) for v in values[:5])
            raise DataError(
                f"The label {column!r} of the {name} data has {len(values)} values ({shown} …), so it is not binary. "
                "Say --task multiclass, or name the positive value with --positive to hold it against the rest."
            )


def _with_all_classes(study: Study) -> Problem:
    """Classes that the look at the data had missed come after those that it had seen."""
    problem = study.problem
    if problem.task != "multiclass" or not problem.decided:
        return problem
    fact = next(
        (
            f
            for p in study.profiles.values()
            for f in p.tables
            if isinstance(f, Cells) and f.cells == problem.confusion().cells
        ),
        None,
    )
    if fact is None:
        return problem
    first = len(fact.by)
    seen = {
        text(level)
        for profile in study.profiles.values()
        for key in (first, first + 1)
        for level in profile[fact].levels[key]
        if level is not None
    }
    return replace(problem, classes=(*problem.classes, *sorted(seen - set(problem.classes))))


def _summaries(plans: Sequence[ColumnPlan], table: Table, profile: Profile, name: str) -> list[ColumnSummary]:
    there = [replace(p, kind=table.kinds[p.name]) for p in plans if p.name in table.kinds]
    return overview.summaries(there, profile, name, time_extremes(table, there))
