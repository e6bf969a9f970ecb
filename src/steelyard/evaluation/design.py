"""`design`: how many units, how long, how looked at, and what that would tell."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from steelyard.analyses.experiment.design import outline, telling
from steelyard.analyses.experiment.design.alternatives import alternatives
from steelyard.analyses.experiment.design.asking import Asked, asked, kind_of
from steelyard.analyses.experiment.design.before import measured
from steelyard.analyses.experiment.design.inputs import Number
from steelyard.analyses.experiment.design.question import (
    MetricKind,
    Question,
    Test,
    average_share,
    power,
    smallest_effect,
    units_for,
)
from steelyard.analyses.experiment.metric import metric_of
from steelyard.data import read
from steelyard.evaluation.preparing import versions
from steelyard.evaluation.result import Result
from steelyard.records import ConfigError, Curve, Verdict
from steelyard.records.design import Alternative, Measured, PlannedArm, PlannedLook, PowerPoint, SmallestEffect

Solved = Literal["units", "effect", "power"]
MOST_UNITS = 1e12


@dataclass(frozen=True, repr=False)
class Design(Result):
    """A planned experiment.

    Attributes:
        subject: the metric and the change, in a few words.
        solved: what was asked: the "units" for an effect, the "effect" (or margin) that units find, or the "power" of
            units for an effect.
        sentence: the answer.
        metric: its name.
        metric_kind: "proportion", "mean" or "ratio".
        test: "difference", "noninferiority" or "equivalence".
        margin: of the last two, absolute.
        baseline: the control's value; None where it is not known.
        sd: standard deviation of a unit.
        effect: treatment minus control: to be found, or (with a margin) truly there.
        relative: the same as a share of the baseline.
        power: chance to find it with these units.
        wanted_power: chance that was asked for.
        alpha: chance of a false alarm over all looks, arms and metrics.
        sides: of the test.
        arms: with their units.
        units: in all.
        traffic: units a day.
        days: until all units are there.
        average_units: used on average where the effect is there and looks may stop early.
        looks: planned looks with their limits.
        always_valid: whether results may be looked at all the time.
        effects: what the plan does with other effects.
        durations: the smallest effect (or margin) found after some weeks.
        curve: power by effect.
        alternatives: other ways to run it.
        assumptions: what the numbers rest on.
        warnings: what to mind.
        measured: what was read from data of before.
        level: of the intervals that the analysis will show: 1 − alpha.
        settings: the arguments, to plan it again.
        created: when, ISO in UTC.
        versions: of what it was made with.
    """

    kind = "design"

    subject: str
    solved: Solved
    sentence: str
    metric: str
    metric_kind: MetricKind
    test: Test
    margin: float
    baseline: float | None
    sd: float
    effect: float
    relative: float | None
    power: float
    wanted_power: float
    alpha: float
    sides: int
    arms: tuple[PlannedArm, ...]
    units: int
    traffic: float | None
    days: float | None
    average_units: int
    looks: tuple[PlannedLook, ...]
    always_valid: bool
    effects: tuple[PowerPoint, ...]
    durations: tuple[SmallestEffect, ...]
    curve: Curve
    alternatives: tuple[Alternative, ...]
    assumptions: tuple[str, ...]
    warnings: tuple[str, ...]
    measured: Measured | None
    level: float
    settings: Mapping[str, Any] = field(default_factory=dict)
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """Whether the units that were given are enough; None where they were what was asked."""
        if self.solved != "power":
            return None
        return Verdict.PASS if self.power >= self.wanted_power else Verdict.FAIL


def design(
    metric: str = "proportion",
    *,
    name: str | None = None,
    baseline: Number | None = None,
    sd: float | None = None,
    mde: Number | None = None,
    margin: Number | None = None,
    test: Test | None = None,
    power: Number = 0.8,
    alpha: Number = 0.05,
    sides: Literal[1, 2] = 2,
    arms: int | None = None,
    allocation: str | Sequence[float] | None = None,
    metrics: int = 1,
    traffic: Number | None = None,
    days: float | None = None,
    units: float | None = None,
    correlation: float | None = None,
    cluster_size: float | None = None,
    icc: float | None = None,
    looks: str | int | Sequence[float] | None = None,
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming",
    always_valid: bool = False,
    data: Any = None,
    sql: str | None = None,
    unit: str | None = None,
    cluster: str | None = None,
    covariate: str | None = None,
) -> Design:
    """Plan an experiment: the units that find an effect, the effect that units find, or the power of both.

    Args:
        metric: "proportion", "mean" or "ratio"; with `data` a column or an expression of columns, as in
            `revenue / sessions`.
        name: of the metric, for people.
        baseline: the control's value.
        sd: standard deviation of one unit; of a ratio R = X/Y, that of (X − R·Y)/Ȳ.
        mde: the smallest effect that is to be found: absolute (0.006, "0.6 points") or a share of the baseline
            ("5%").
            With a margin: the difference that truly is there, 0 where it is left out.
        margin: how much worse is still good enough, absolute or a share; asks for non-inferiority.
        test: "difference", "noninferiority" or "equivalence"; the second where there is a margin.
        power: chance to find the effect.
        alpha: chance of a false alarm in all.
        sides: of the test; with a margin, 2 tests one-sided at alpha/2, as the analysis' intervals do.
        arms: how many, the control among them; 2 where nothing is said.
        allocation: their shares in any unit, the control first: "80/20".
        metrics: primary metrics that share alpha.
        traffic: units that can be assigned a day; "140k/week".
        days: how long it may last.
        units: how many there are in all.
        correlation: of the metric with a covariate from before (CUPED).
        cluster_size: units that are assigned together.
        icc: correlation of two units of a cluster.
        looks: planned looks: how many, or their shares of the units, the last 1; "any" for `always_valid`.
        spending: how planned looks spend alpha: hardly any at first, or about as much each time.
        always_valid: whether results are looked at all the time.
        data: rows of before, from which baseline, sd, clusters and correlation are read where they are not said.
        sql: the query to read from a database URL.
        unit: column of the data whose equal values are one unit; its rows are added up.
        cluster: column of the data whose equal values are assigned together.
        covariate: column of the data known before the experiment.

    Returns:
        A `Design`.

    Raises:
        ConfigError: an argument cannot be used, is missing, or contradicts another.
        SteelyardError: the data cannot be read, or does not allow it.
    """
    given = {name: value for name, value in locals().items() if name not in ("data", "sql")}
    known, kind, found = _measured(metric, data, sql, unit, cluster, covariate)
    wanted = asked(kind, found, given)
    return _designed(name or known, wanted, found, {k: v for k, v in given.items() if v is not None})


def _measured(
    metric: str, data: Any, sql: str | None, unit: str | None, cluster: str | None, covariate: str | None
) -> tuple[str, MetricKind, Measured | None]:
    """The metric's name and kind, and what the data tell of it."""
    if data is None:
        for name, value in (("unit", unit), ("cluster", cluster), ("covariate", covariate), ("sql", sql)):
            if value is not None:
                raise ConfigError(
                    f"{name} is about data of before, and there are none. Give data=…, or leave it out."
                )
        kind = kind_of(metric)
        return kind, kind, None
    table = read(data, query=sql)
    said = metric if covariate is None else {"metric": metric, "covariate": covariate}
    asked_for = metric_of(said, table.columns)
    if asked_for.kind == "quantile":
        raise ConfigError(
            f"{metric!r} is a quantile, whose power depends on more than moments. Plan for a mean or a share."
        )
    kind, found = measured(table, asked_for, unit, cluster)
    return asked_for.name, kind, found


def _designed(name: str, wanted: Asked, found: Measured | None, settings: Mapping[str, Any]) -> Design:
    question, traffic = wanted.question, wanted.traffic
    solved, effect, units = _solved(wanted)
    arms = outline.arms(question, units, traffic, up=solved == "units")
    total = sum(arm.units for arm in arms)
    days = None if traffic is None else total / traffic
    reached = power(question, effect, total)
    return Design(
        subject=_subject(name, question, effect),
        solved=solved,
        sentence=_sentence(solved, question, effect, arms, days, reached),
        metric=name,
        metric_kind=question.kind,
        test=question.test,
        margin=question.margin,
        baseline=question.baseline,
        sd=float(question.sd or 0.0),
        effect=effect,
        relative=effect / abs(question.baseline) if question.baseline else None,
        power=reached,
        wanted_power=question.power,
        alpha=question.alpha,
        sides=question.sides,
        arms=arms,
        units=total,
        traffic=traffic,
        days=days,
        average_units=math.ceil(total * average_share(question, effect, total)),
        looks=outline.looks(question, effect, total, traffic),
        always_valid=question.always_valid,
        effects=outline.effects(question, effect, total, traffic),
        durations=outline.durations(question, effect, traffic),
        curve=outline.curve(question, effect, total),
        alternatives=alternatives(question, effect, units_for(question, effect), traffic),
        assumptions=tuple(telling.assumptions(question, effect, total)),
        warnings=tuple(telling.warnings(question, effect, arms, days, found)),
        measured=found,
        level=1.0 - question.alpha,
        settings=dict(settings),
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        versions=versions(),
    )


def _solved(wanted: Asked) -> tuple[Solved, float, float]:
    """What was asked for, the effect and the units in all."""
    question, effect, units = wanted.question, wanted.effect, wanted.units
    if effect is None:
        units = float(units or 0.0)
        effect = smallest_effect(question, units)
        if not math.isfinite(effect):
            raise ConfigError(
                f"{units:,.0f} units find no change of a proportion of {question.baseline:g} with a chance of "
                f"{question.power:g}. More units are needed, or a lower power."
            )
        return "effect", effect, units
    if units is not None:
        return "power", effect, units
    units = units_for(question, effect)
    if not units <= MOST_UNITS:
        raise ConfigError(f"An effect of {effect:g} takes more than {MOST_UNITS:,.0f} units. Choose a larger one.")
    return "units", effect, units


def _sentence(
    solved: Solved, question: Question, effect: float, arms: tuple[PlannedArm, ...], days: float | None, chance: float
) -> str:
    if solved == "units":
        return telling.needs(question, effect, arms, days)
    if solved == "effect":
        return telling.finds(question, effect, arms, days)
    total = sum(arm.units for arm in arms)
    return telling.reaches(question, effect, chance, total, units_for(question, effect))


def _subject(name: str, question: Question, effect: float) -> str:
    if question.test == "difference":
        return f"{name}: {telling.change(question, effect)}"
    word = "not worse by" if question.test == "noninferiority" else "within"
    return f"{name}: {word} {telling.change(question, question.margin).replace('+', '')}"
