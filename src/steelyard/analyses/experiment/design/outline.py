"""A planned experiment laid out: its arms, its looks, what it tells of other effects and after other times."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy import special

from steelyard.analyses.experiment.design.question import (
    Question,
    found_by,
    power,
    smallest_effect,
    smallest_margin,
    units_for,
)
from steelyard.records import Curve
from steelyard.records.design import PlannedArm, PlannedLook, PowerPoint, SmallestEffect

TIMES = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
"""Effects, as multiples of the planned one, that the plan is tried on."""
WITHIN = (0.0, 0.25, 0.5, 0.75, 0.9)
"""The same where there is a margin: how much of it the treatment truly is worse by."""
WEEKS = (1, 2, 3, 4, 6, 8, 12)
STEPS = 40
FEWEST = 2
"""Units (or clusters) of an arm whose spread can be told."""


def arms(question: Question, units: float, traffic: float | None, up: bool = True) -> tuple[PlannedArm, ...]:
    """The arms, each rounded to whole units, or whole clusters of them: up, or down where there are no more."""
    made = []
    for place, share in enumerate(question.shares):
        name = "control" if place == 0 else "treatment" if len(question.shares) == 2 else f"treatment {place}"
        assigned = max(_whole(units * share / question.cluster_size, up), FEWEST)
        clusters = assigned if question.clustered else None
        size = assigned * question.cluster_size
        per_day = None if traffic is None else traffic * share
        made.append(PlannedArm(name, share, _whole(size, up), clusters, per_day))
    return tuple(made)


def looks(question: Question, effect: float, units: float, traffic: float | None) -> tuple[PlannedLook, ...]:
    """The planned looks with their limits; none where there is one look, or looks are taken all the time."""
    plan = question.plan
    if plan is None or question.always_valid:
        return ()
    found = found_by(question, effect, units)
    rows = zip(plan.information.tolist(), plan.z.tolist(), plan.spent.tolist(), found, strict=True)
    return tuple(
        PlannedLook(
            share,
            _whole(share * units, up=True),
            None if traffic is None else share * units / traffic,
            limit,
            question.tested_sides * float(special.ndtr(-limit)),
            spent,
            chance,
        )
        for share, limit, spent, chance in rows
    )


def effects(question: Question, effect: float, units: float, traffic: float | None) -> tuple[PowerPoint, ...]:
    """What the plan does with smaller and larger effects, and the units that each would need."""
    return tuple(_point(question, other, units, traffic) for other in _others(question, effect))


def curve(question: Question, effect: float, units: float) -> Curve:
    """Power of the plan by effect, of proportions as far as they reach."""
    first, last = (0.0, 2.0 * effect) if question.test == "difference" else (-question.margin, question.margin)
    at = [_bounded(question, first + (last - first) * i / STEPS) for i in range(STEPS + 1)]
    at = list(dict.fromkeys(at))
    columns: dict[str, Sequence[float | str | None]] = {"effect": at}
    if question.baseline:
        columns["relative"] = [e / abs(question.baseline) for e in at]
    return Curve("power", {**columns, "power": [power(question, e, units) for e in at]})


def durations(question: Question, effect: float, traffic: float | None) -> tuple[SmallestEffect, ...]:
    """The smallest effect (or margin) that is found after some weeks."""
    if traffic is None:
        return ()
    made = []
    for weeks in WEEKS:
        units = weeks * 7.0 * traffic
        if question.test == "difference":
            found = smallest_effect(question, units)
        else:
            found = smallest_margin(question, effect, units)
        known = math.isfinite(found)
        share = found / abs(question.baseline) if known and question.baseline else None
        made.append(SmallestEffect(7 * weeks, math.floor(units), found if known else None, share))
    return tuple(made)


def _whole(size: float, up: bool) -> int:
    near = round(size, 6)
    return math.ceil(near) if up else math.floor(near)


def _others(question: Question, effect: float) -> list[float]:
    if question.test == "difference":
        return list(dict.fromkeys(_bounded(question, times * effect) for times in TIMES))
    return [_bounded(question, 0.0 - times * question.margin) for times in WITHIN]


def _bounded(question: Question, effect: float) -> float:
    """An effect that a proportion can have."""
    if question.kind != "proportion":
        return effect
    p = float(question.baseline or 0.0)
    return min(max(effect, -p), 1.0 - p)


def _point(question: Question, effect: float, units: float, traffic: float | None) -> PowerPoint:
    wanted = units_for(question, effect)
    known = math.isfinite(wanted)
    return PowerPoint(
        effect,
        effect / abs(question.baseline) if question.baseline else None,
        power(question, effect, units),
        math.ceil(wanted) if known else None,
        wanted / traffic if known and traffic is not None else None,
    )
