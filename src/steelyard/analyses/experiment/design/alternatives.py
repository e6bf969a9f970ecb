"""Other ways to run a planned experiment, and what they gain or cost."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.experiment.design.question import Question, average_share, units_for
from steelyard.analyses.words import percent
from steelyard.records.design import Alternative

TYPICAL = 0.5
"""Correlation of a metric with itself before the experiment, where it was not measured."""
LOOKS = (0.25, 0.5, 0.75, 1.0)
HIGHER_POWER = 0.9


Way = tuple[str, Question]
"""What another way is called, and what it asks."""


def alternatives(question: Question, effect: float, units: float, traffic: float | None) -> tuple[Alternative, ...]:
    """What other ways need for the same effect.

    Args:
        question: what is planned.
        effect: that is to be found.
        units: in all, that the plan needs for it.
        traffic: units a day.
    """
    return tuple(_told(name, way, effect, units, traffic) for name, way in _ways(question))


def change(times: float) -> str:
    """A number of units against those planned, in words."""
    if abs(times - 1.0) < 0.005:
        return "as many"
    if times >= 2.0:
        return f"{times:.1f} times as many"
    return f"{percent(abs(times - 1.0))} {'more' if times > 1.0 else 'fewer'}"


def _ways(question: Question) -> Iterator[Way]:
    if question.correlation:
        yield "without the covariate", replace(question, correlation=0.0)
    else:
        yield f"with a covariate that correlates {TYPICAL:g} (CUPED)", replace(question, correlation=TYPICAL)
    if question.test != "equivalence":
        yield from _looks(question)
    arms = len(question.shares)
    if max(question.shares) - min(question.shares) > 1e-9:
        yield "arms of one size", replace(question, shares=(1.0 / arms,) * arms)
    if arms > 2:
        yield "one treatment against the control", replace(question, shares=(0.5, 0.5))
    if question.clustered:
        yield "units assigned one by one", replace(question, cluster_size=1.0, icc=0.0, variation=0.0)
    if question.power < HIGHER_POWER:
        yield f"a chance of {percent(HIGHER_POWER)} to find it", replace(question, power=HIGHER_POWER)


def _looks(question: Question) -> Iterator[Way]:
    once = replace(question, looks=(1.0,), always_valid=False)
    if question.sequential:
        yield "one look at the end", once
    if question.always_valid or not question.sequential:
        yield f"{len(LOOKS)} planned looks (Lan–DeMets)", replace(once, looks=LOOKS, spending="obrien_fleming")
    if not question.always_valid:
        yield "looking at any time, validly", replace(once, always_valid=True)


def _told(name: str, way: Question, effect: float, units: float, traffic: float | None) -> Alternative:
    wanted = units_for(way, effect)
    times = wanted / units
    average = times * average_share(way, effect, wanted) if way.sequential else None
    said = f"{name[0].upper()}{name[1:]}: {change(times)} units"
    if average is not None:
        said += f" at most, {change(average)} on average if the effect is there"
    days = None if traffic is None else wanted / traffic
    return Alternative(name, math.ceil(wanted), days, times, average, f"{said}.")
