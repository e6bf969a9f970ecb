"""`experiment`: can it be trusted, did it work, how much, for whom, and what next?"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from steelyard.analyses.experiment.answers import answers_of
from steelyard.analyses.experiment.arms import Arms, arms_of
from steelyard.analyses.experiment.decision import decide
from steelyard.analyses.experiment.effects import by_arm, effects
from steelyard.analyses.experiment.heterogeneity import heterogeneity
from steelyard.analyses.experiment.integrity import integrity
from steelyard.analyses.experiment.notes import notes_of
from steelyard.analyses.experiment.posterior import posterior
from steelyard.analyses.experiment.running import running
from steelyard.analyses.experiment.settings import Given, Settings, read_settings
from steelyard.analyses.experiment.setup import MOST_TOLD, Setup
from steelyard.analyses.experiment.sums import counts_by
from steelyard.data import Table, read
from steelyard.data.reading import reading
from steelyard.evaluation.experiment_setup import Prepared, prepare
from steelyard.evaluation.preparing import versions
from steelyard.evaluation.result import Result
from steelyard.facts import measure
from steelyard.records import Answer, ConfigError, DataError, Verdict
from steelyard.records.experiment import (
    Arm,
    ArmEffect,
    Decision,
    Heterogeneity,
    IntegrityCheck,
    MetricPlan,
    Posterior,
    Running,
)


@dataclass(frozen=True, repr=False)
class Experiment(Result):
    """What an experiment showed.

    Attributes:
        subject: the data, for people.
        decision: what to do.
        arms: control first.
        metrics: what was measured, and what for.
        checks: what was found of its integrity, the failed ones first.
        effects: of every arm on every metric; of more than fifty arms those with the strongest evidence.
        heterogeneity: effects by slice.
        running: primary effects as units came in.
        posteriors: what one would bet, beside the verdict.
        answers: can it be trusted, did it work, how much, for whom, what next.
        units: units that took part.
        guesses: what was guessed, each a sentence with how to change it.
        warnings: what the reader of the data noticed.
        notes: the methods and limits that hold for this experiment, each a sentence.
        roles: what each column meant.
        settings: how results were looked at, and other constants.
        level: nominal coverage of the intervals.
        created: ISO time in UTC.
        versions: steelyard, python, polars, numpy …
    """

    kind = "experiment"

    subject: str
    decision: Decision
    arms: tuple[Arm, ...]
    metrics: tuple[MetricPlan, ...]
    checks: tuple[IntegrityCheck, ...]
    effects: tuple[ArmEffect, ...]
    heterogeneity: tuple[Heterogeneity, ...] = ()
    running: tuple[Running, ...] = ()
    posteriors: tuple[Posterior, ...] = ()
    answers: tuple[Answer, ...] = ()
    units: int = 0
    guesses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    roles: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    level: float = 0.95
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """pass: ship; fail: don't ship, or not valid; inconclusive: keep running."""
        return self.decision.verdict

    def effect(self, metric: str, arm: str | None = None) -> ArmEffect:
        """The effect on one metric, of the only arm beside the control or of the one that is named.

        Raises:
            ConfigError: there is none, or several.
        """
        found = [e for e in self.effects if e.metric == metric and arm in (None, e.arm)]
        if len(found) != 1:
            there = ", ".join(f"{e.metric} in {e.arm}" for e in self.effects[:12])
            raise ConfigError(f"There are {len(found)} effects on {metric!r}. Effects: {there}.")
        return found[0]

    def __repr__(self) -> str:
        arms = " against ".join([", ".join(a.name for a in self.arms[1:4]), self.arms[0].name])
        return f"<Experiment on {self.subject}: {arms}, {self.units:,} units; {self.decision.word}>"


def experiment(
    data: Any = None,
    *,
    metrics: Given | Sequence[Given] = (),
    guardrails: Given | Sequence[Given] = (),
    assignments: Any = None,
    outcomes: Any = None,
    arm: str | None = None,
    unit: str | None = None,
    control: str | None = None,
    expected: Mapping[str, float] | None = None,
    slices: str | Sequence[str | tuple[str, ...]] = (),
    others: str | Sequence[str] = (),
    time: str | None = None,
    outcome_time: str | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    exposed: str | None = None,
    looks: str | int | Sequence[float] | None = None,
    planned: float | None = None,
    looked: int = 0,
    every: str | None = None,
    level: float | None = None,
    config: str | os.PathLike[str] | None = None,
    sql: str | None = None,
) -> Experiment:
    """Analyse an experiment: its integrity, its effects, and what to do.

    Args:
        data: one table: unit, arm, metrics as columns, perhaps covariates, time, slices; any source or frame.
        metrics: what is measured: "revenue", "converted:primary", "revenue / sessions", "p95(latency):lower"; see
            `steelyard.analyses.experiment.metric.metric_of` for all words. Without any, all numbers.
        guardrails: metrics that must not get worse: "latency:lower:margin=2%".
        assignments: instead of `data`, a row for each unit: unit, arm, perhaps its time, slices and covariates.
        outcomes: beside either, a row for each event: unit, perhaps its time, values. Events are added up by unit;
            those before the assignment become the covariate that effects are adjusted by.
        arm, unit, time, cluster, weight: columns; guessed from their names where they are not said.
        control: the arm that others are compared with.
        expected: share of units that each arm was meant to have; equal ones where it is not said.
        slices: columns to tell effects by; a tuple of names is their intersection.
        others: columns with the arms of other experiments on the same units.
        outcome_time: column of the outcomes with the time of each.
        exposed: column that tells whether the unit could have noticed the difference.
        looks: None for one look at the end; "any" to look whenever one likes; 4 or [0.25, 0.5, 0.75, 1] for planned
            looks (with `planned`).
        planned: units in all that were planned.
        looked: looks that were taken before this one.
        every: width of the windows of time ("1d").
        level: nominal coverage of intervals (0.95).
        config: a `steelyard.toml` whose section [experiment] says what is not said here.
        sql: query to read `data` (or the assignments) from a database.

    Raises:
        SteelyardError: the data cannot be read, or is no experiment; the message says what to do.
    """
    given = Settings(
        arm, unit, time, outcome_time, cluster, weight, exposed, control, dict(expected or {}),
        _several(metrics), _several(guardrails), (slices,) if isinstance(slices, str) else tuple(slices),
        (others,) if isinstance(others, str) else tuple(others), looks, planned, looked, every, level,
    )  # fmt: skip
    given = given if config is None else given.over(read_settings(config))
    main, events = _tables(data, assignments, outcomes, sql)
    made = prepare(given, main, events)
    setup, arms, control_guess = _measured(made)
    guesses = made.guesses
    if control_guess:
        guesses = (*guesses, f"control = {arms.control!r} (guessed {control_guess}; change with --control)")
    return _result(replace(made, guesses=guesses), setup, arms, main, events)


def _result(made: Prepared, setup: Setup, arms: Arms, main: Table, events: Table | None) -> Experiment:
    found = effects(setup, arms)
    checks = integrity(setup, arms, made.units, made.settings.unit)
    decision = decide(setup, arms, checks, found, made.days)
    shown = _strongest(found, arms)
    by_slice = heterogeneity(setup, arms)
    kept = tuple(name for name in arms.treated if name in {e.arm for e in shown})
    plans = tuple(replace(plan, kind=metric.kind) for plan, metric in zip(made.plans, setup.metrics, strict=True))
    subject = main.description if events is None else f"{main.description} with {events.description}"
    return Experiment(
        subject,
        decision,
        tuple(arm for arm in arms.all if arm.control or arm.name in kept),
        plans,
        checks,
        shown,
        by_slice,
        running(setup, arms),
        posterior(setup, kept, arms.control),
        answers_of(setup, arms, checks, found, by_slice, decision),
        arms.units,
        made.guesses,
        tuple(dict.fromkeys(made.units.table.warnings)),
        notes_of(setup, arms, made.units, len(arms.treated) - len(kept)),
        _said(
            made.settings, ("arm", "unit", "time", "outcome_time", "cluster", "weight", "exposed", "slices", "others")
        ),
        _said(made.settings, ("control", "expected", "looks", "planned", "looked")) | _windows(setup),
        setup.level,
        dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        versions(),
    )


def _measured(made: Prepared) -> tuple[Setup, Arms, str]:
    """The setup with its facts, the arms, and how the control was guessed."""
    table = made.units.table
    with reading(table):
        setup = replace(made.setup, profile=measure(table, made.setup.facts()))
    setup = replace(setup, metrics=tuple(_honest(setup, m) for m in setup.metrics))
    counts = counts_by(setup, setup.counted()).get((), {})
    if not counts and made.units.several_arms:
        raise DataError(
            f"Every {made.settings.unit!r} is in several arms, so no unit is left. Is it the column that names "
            "the unit? "
            "Name it: unit=…, or --unit."
        )
    arms, guess = arms_of(counts, setup.arm, made.settings.control, made.settings.expected)
    return setup, arms, guess


def _honest(setup: Setup, metric: Any) -> Any:
    """A metric that was taken for a share from a look, and has other values than 0 and 1, is a mean."""
    if metric.kind != "proportion":
        return metric
    for sums in by_arm(setup, metric).values():
        if not np.isclose(float(sums.second[0, 0]), float(sums.crossed[0]), rtol=1e-9):
            return replace(metric, proportion=False)
    return metric


def _tables(data: Any, assignments: Any, outcomes: Any, sql: str | None) -> tuple[Table, Table | None]:
    if (data is None) == (assignments is None):
        raise ConfigError(
            "Give either one table of units (data), or the assignments beside the outcomes. "
            + ("There is neither." if data is None else "There are both.")
        )
    if assignments is not None and outcomes is None:
        raise ConfigError("Assignments alone tell no outcome. Give outcomes=…, or --outcomes, or one table as data.")
    main = read(data if data is not None else assignments, query=sql)
    return main, None if outcomes is None else read(outcomes)


def _several(given: Given | Sequence[Given]) -> tuple[Given, ...]:
    return (given,) if isinstance(given, str | Mapping) or not isinstance(given, Sequence) else tuple(given)


def _strongest(found: Sequence[ArmEffect], arms: Arms) -> tuple[ArmEffect, ...]:
    """All effects; of very many arms those of the arms with the smallest p-values."""
    if len(arms.treated) <= MOST_TOLD:
        return tuple(found)
    least: dict[str, float] = {}
    for effect in found:
        least[effect.arm] = min(least.get(effect.arm, 1.0), effect.p if effect.p is not None else 1.0)
    kept = set(sorted(least, key=lambda arm: least[arm])[:MOST_TOLD])
    return tuple(effect for effect in found if effect.arm in kept)


def _said(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    silent = Settings()
    return {
        f.name: value
        for f in fields(settings)
        if f.name in names and (value := getattr(settings, f.name)) != getattr(silent, f.name)
    }


def _windows(setup: Setup) -> dict[str, Any]:
    return {} if setup.window is None else {"windows": setup.window.every}
