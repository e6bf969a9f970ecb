"""From what is said of an experiment to what is asked of its units: one row each, metrics as expressions of them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.analyses.experiment.guess import covariate_of, guess_metrics, guess_settings
from steelyard.analyses.experiment.looks import looks_of
from steelyard.analyses.experiment.metric import How, Metric, metric_of
from steelyard.analyses.experiment.settings import Settings
from steelyard.analyses.experiment.setup import Setup
from steelyard.data import Kind, Peek, Roles, Table, peek
from steelyard.data.units import Units, Value, units_of, units_with_outcomes
from steelyard.evaluation.pose import numbers, slices_by, spread
from steelyard.evaluation.preparing import level_of
from steelyard.facts import Bucket, Grid, IntegerGrid, RootGrid, Window, compile_expression, names_in, quote
from steelyard.facts.windows import every as width_of
from steelyard.records import ColumnError, ConfigError, EmptyDataError
from steelyard.records.experiment import MetricPlan

EXACT = 50_000
"""Units up to which every value of a metric is kept for quantiles and ranks."""
MOST_INTEGERS = 4_096
HOUR, DAY = 3_600.0, 86_400.0
FEW_DAYS, MANY_DAYS = 3.0, 120.0


@dataclass(frozen=True)
class Prepared:
    """An experiment that is ready to be measured.

    Attributes:
        setup: what is asked.
        units: one row each, and what was found on the way to that.
        settings: what was said, and guessed.
        plans: the metrics as they were written.
        guesses: what was guessed, a sentence each.
        days: how long units came in; None where that is not known.
    """

    setup: Setup
    units: Units
    settings: Settings
    plans: tuple[MetricPlan, ...]
    guesses: tuple[str, ...]
    days: float | None = None


def prepare(given: Settings, main: Table, outcomes: Table | None) -> Prepared:
    """Guess what was not said, bring the data to one row a unit, and set the experiment up.

    Raises:
        SteelyardError: something said does not fit the data; the message says what to do.
    """
    look = peek(main)
    if not look.frame.height:
        raise EmptyDataError(f"{main.description} has columns but no rows. There is no experiment to analyse.")
    settings, guessed = guess_settings(given, main, look, outcomes)
    if not settings.metrics and not settings.guardrails:
        found, guess = guess_metrics(settings, main, outcomes)
        settings, guessed = replace(settings, metrics=found), [*guessed, guess]
    columns = dict.fromkeys([*main.columns, *(outcomes.columns if outcomes is not None else ())])
    metrics, primary = _with_roles(_unique(_metrics(settings, columns)))
    looks = looks_of(settings.looks, settings.planned, settings.looked)
    level = level_of(settings.level)
    rows, compiled, labels = _rows(settings, main, outcomes, metrics)
    look = peek(rows.table) if rows.merged else look
    compiled = tuple(_seen(metric, rows.table, look) for metric in compiled)
    window, days = _window(settings, rows.table)
    setup = Setup(
        settings.arm or "",
        compiled,
        slices_by(Roles(slices=(*settings.slices, *settings.others)), look)[1:],
        window,
        None if settings.cluster is None else Bucket(settings.cluster),
        settings.weight,
        settings.exposed,
        looks,
        level,
        labels=labels,
    )
    setup = _filled(setup, rows.table, look)
    plans = tuple(
        replace(original, proportion=made.proportion, covariates=_told(original, made, labels)).plan()
        for original, made in zip(metrics, setup.metrics, strict=True)
    )
    said = (*map(str, guessed), *([primary] if primary else ()))
    return Prepared(setup, rows, settings, plans, said, days)


def _metrics(settings: Settings, columns: Mapping[str, None]) -> list[Metric]:
    return [
        *(metric_of(given, columns) for given in settings.metrics),
        *(metric_of(given, columns, "guardrail") for given in settings.guardrails),
    ]


def _unique(metrics: Sequence[Metric]) -> Sequence[Metric]:
    names = [m.name for m in metrics]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ConfigError(f"Two metrics are called {twice!r}. Give one of them another name: {twice}:name=….")
    return metrics


def _with_roles(metrics: Sequence[Metric]) -> tuple[list[Metric], str]:
    """Every metric with its role, and what was guessed: without a primary one, the first decides."""
    free = next((m for m in metrics if m.role is None), None)
    guess = ""
    if not any(m.role == "primary" for m in metrics) and free is not None:
        guess = f"primary = {free.name!r} (guessed because it is the first metric; change with {free.name}:primary)"
    told = [replace(m, role="primary") if guess and m is free else m for m in metrics]
    return [replace(m, role=m.role or "secondary") for m in told], guess


def _rows(
    settings: Settings, main: Table, outcomes: Table | None, metrics: Sequence[Metric]
) -> tuple[Units, tuple[Metric, ...], dict[str, str]]:
    """One row a unit, the metrics as expressions of it, and what made columns are called by people."""
    arm = settings.arm or ""
    kept = _kept(settings)
    full = [_with_covariates(m, main) for m in metrics]
    if outcomes is None:
        values = _Values(main)
        made = tuple(values.of_rows(m) for m in full)
        rows = units_of(main, arm, settings.unit, values.all, kept)
        if rows.merged:
            return rows, made, values.labels
        return rows, tuple(full), {}
    events = _Values(outcomes, main)
    made = tuple(events.of_events(m, timed=_timed(settings)) for m in full)
    rows = units_with_outcomes(
        main,
        outcomes,
        arm,
        settings.unit or "",
        events.all,
        (*kept, *events.of_units),
        settings.time,
        settings.outcome_time,
    )
    there = rows.table.kinds
    made = tuple(
        m
        if all(name in there for text in m.covariates or () for name in names_in(text))
        else replace(m, covariates=())
        for m in made
    )
    return rows, made, events.labels


def _timed(settings: Settings) -> bool:
    return settings.time is not None and settings.outcome_time is not None


def _kept(settings: Settings) -> tuple[str, ...]:
    single = (settings.time, settings.cluster, settings.weight, settings.exposed)
    slices = [c for item in settings.slices for c in ((item,) if isinstance(item, str) else item)]
    return tuple(dict.fromkeys([*(c for c in single if c is not None), *slices, *settings.others]))


def _with_covariates(metric: Metric, table: Table) -> Metric:
    if metric.covariates is not None or metric.kind == "quantile":
        return replace(metric, covariates=metric.covariates or ())
    found = covariate_of(metric.parts, table.columns)
    known = [c for c in found if table.kinds[names_in(c)[0]] in (Kind.NUMBER, Kind.BOOLEAN)]
    return replace(metric, covariates=found if found and len(known) == len(found) else None)


class _Values:
    """The numbers that are made of each unit's rows or events, each once; `labels` are their names for people."""

    def __init__(self, table: Table, units: Table | None = None) -> None:
        self.table, self.units = table, units
        self.all: list[Value] = []
        self.of_units: list[str] = []
        self.labels: dict[str, str] = {}
        self._made: dict[tuple[str, How], Value] = {}

    def of_rows(self, metric: Metric) -> Metric:
        """A metric of rows that are merged: means of a unit's rows, where nothing else is said."""
        how = metric.how or "mean"
        parts = [self._value(text, how) for text in metric.parts]
        covariates = [self._value(text, "mean") for text in metric.covariates or ()]
        return self._renamed(metric, parts, [value.name for value in covariates])

    def of_events(self, metric: Metric, *, timed: bool) -> Metric:
        """A metric of events, or of the units' own columns; events before the assignment are its covariate."""
        own = set(self.units.kinds if self.units is not None else ())
        columns = set(metric.columns())
        if columns <= own and not columns <= set(self.table.kinds):
            self._keep(*columns, *(name for text in metric.covariates or () for name in names_in(text)))
            return replace(metric, covariates=metric.covariates or ())
        parts = [self._value(text, self._how(metric, text), before=timed) for text in metric.parts]
        if metric.covariates is not None:
            self._keep(*(name for text in metric.covariates for name in names_in(text)))
            return self._renamed(metric, parts, None)
        befores = [str(value.before) for value in parts] if timed and metric.kind != "quantile" else []
        return self._renamed(metric, parts, befores)

    def _how(self, metric: Metric, text: str) -> How:
        if metric.how is not None:
            return metric.how
        if metric.kind == "quantile":
            return "mean"
        named = names_in(text)
        flag = len(named) == 1 and self.table.kinds.get(named[0]) is Kind.BOOLEAN and metric.kind != "ratio"
        return "any" if flag else "sum"

    def _value(self, text: str, how: How, *, before: bool = False) -> Value:
        if (text, how) not in self._made:
            name = f"sy_value_{len(self.all)}"
            early = f"{name}_before"
            value = Value(name, compile_expression(text, self.table.kinds), how, early if before else None)
            self._made[text, how] = value
            self.all.append(value)
            self.labels |= {name: text, early: f"{how} of {text} before the assignment"}
        return self._made[text, how]

    def _keep(self, *columns: str) -> None:
        if self.units is not None:
            for column in columns:
                if column not in self.units.kinds:
                    raise ColumnError(
                        f"{column!r} is no column of {self.units.description}, where what is known before the "
                        "assignment must stand."
                    )
        self.of_units += [c for c in columns if c not in self.of_units]

    @staticmethod
    def _renamed(metric: Metric, parts: Sequence[Value], covariates: Sequence[str] | None) -> Metric:
        names = [value.name for value in parts]
        return replace(
            metric,
            numerator=names[0],
            denominator=names[1] if len(names) > 1 else None,
            covariates=metric.covariates if covariates is None else tuple(covariates),
        )


def _told(original: Metric, made: Metric, labels: Mapping[str, str]) -> tuple[str, ...]:
    """The covariates of a metric, by the names that people gave."""
    if original.covariates:
        return original.covariates
    return tuple(quote(labels.get(name, name)) for text in made.covariates or () for name in names_in(text))


def _seen(metric: Metric, table: Table, look: Peek) -> Metric:
    """A metric that knows whether it is a share; refused where it is no number, or a quantile of no plain column."""
    for text in metric.values:
        compile_expression(text, table.kinds)
    if metric.kind == "quantile" and metric.numerator != quote(names_in(metric.numerator)[0]):
        raise ConfigError(f"The quantile {metric.name!r} must be of a plain column, e.g. p95(latency).")
    if metric.kind in ("ratio", "quantile"):
        return replace(metric, proportion=False)
    known = _values_of(metric.numerator, table, look)
    share = bool(len(known)) and bool(np.isin(known, (0.0, 1.0)).all()) and metric.how != "sum"
    return replace(metric, proportion=share)


def _filled(setup: Setup, table: Table, look: Peek) -> Setup:
    """With shifts, grids, and covariates that miss nothing."""
    shifts: dict[str, float] = {}
    labels = dict(setup.labels)
    metrics = []
    for metric in setup.metrics:
        covariates = []
        for text in metric.covariates or ():
            known = _values_of(text, table, look)
            centre = float(np.median(known)) if len(known) else 0.0
            whole = f"where(is_missing({text}), {centre!r}, {text})"
            covariates.append(whole)
            shifts[whole] = centre
            labels[whole] = labels.get(text, text)
        made = replace(metric, covariates=tuple(covariates))
        metrics.append(made)
        if metric.kind == "quantile" or metric.proportion:
            continue
        for text in metric.parts:
            known = _values_of(text, table, look)
            shifts[text] = float(np.median(known)) if len(known) else 0.0
    grids = {name: _grid(look.frame[name], look.complete) for name in _ranked(metrics, table)}
    return replace(setup, metrics=tuple(metrics), shifts=shifts, grids=grids, labels=labels)


def _ranked(metrics: Iterable[Metric], table: Table) -> list[str]:
    """Plain columns of numbers whose values are kept in order."""
    named = [m.numerator for m in metrics if m.kind in ("mean", "quantile") and names_in(m.numerator)]
    found = dict.fromkeys(names_in(text)[0] for text in named if text == quote(names_in(text)[0]))
    return [name for name in found if table.kinds[name] is Kind.NUMBER]


def _grid(column: pl.Series, complete: bool) -> Grid | None:
    values = numbers(column)
    finite = values[np.isfinite(values)]
    if complete and len(values) <= EXACT:
        return None
    if column.dtype.is_integer() and len(finite) and int(finite.max()) - int(finite.min()) < MOST_INTEGERS:
        return IntegerGrid(int(finite.min()), int(finite.max()))
    return RootGrid(*spread(values))


def _values_of(text: str, table: Table, look: Peek) -> np.ndarray:
    """The finite values of an expression in the look."""
    frame = nw.from_native(look.frame.lazy()).select(compile_expression(text, table.kinds).alias("value"))
    values = frame.collect().to_native()["value"].drop_nulls().to_numpy()
    found: np.ndarray = values[np.isfinite(values)]
    return found


def _window(settings: Settings, table: Table) -> tuple[Window | None, float | None]:
    """The windows of time, and how many days units came in."""
    column = settings.time
    if column is None:
        if settings.every is not None:
            raise ConfigError("Windows need the time of the assignment: time=…, or --time.")
        return None, None
    kind = table.kinds[column]
    if kind not in (Kind.TIME, Kind.NUMBER):
        raise ColumnError(f"The time {column!r} of {table.description} is {kind}; times or numbers are needed.")
    time = nw.col(column)
    asked = table.frame.select(time.min().alias("low"), time.max().alias("high")).collect("polars").to_native()
    low, high = asked.row(0)
    if low is None:
        return None, None
    if kind is Kind.NUMBER:
        width = max(math.ceil((high - low + 1) / 60.0), 1)
        return Window(column, settings.every or str(width)), None
    days = max((high - low).total_seconds() / DAY, HOUR / DAY)
    auto = "1h" if days < FEW_DAYS else "1d" if days <= MANY_DAYS else "1w"
    every = settings.every or auto
    width_of(every)
    return Window(column, every), days
