"""Better, worse, or not told: what an effect says, for what its metric is there for."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.words import half_width, number, p_text, percent, points, rows
from steelyard.records import Estimate, Undefined, Verdict
from steelyard.records.experiment import ArmEffect
from steelyard.stats.lift import Lift
from steelyard.stats.power import rows_to_settle

OUT_OF_REACH = 50.0
"""Times the units so far beyond which more of them are no advice."""


@dataclass(frozen=True)
class Found:
    """One arm and metric before its verdict.

    Attributes:
        metric: what was measured.
        effect: what is told of it.
        lift: the difference, at the level that its family of questions asks for; None where there is none.
        units: of the arm and the control together.
        share: of all units that those were meant to be.
        wide: the level that the intervals were made at.
        together: p-value that knows of the other arms already.
    """

    metric: Metric
    effect: ArmEffect
    lift: Lift | None = None
    units: int = 0
    share: float = 1.0
    wide: float = 0.95
    together: float | None = None


def judged(setup: Setup, found: Found) -> ArmEffect:
    """The effect with its verdict, its sentence, and the units that would settle it."""
    effect = found.effect
    if found.lift is None or isinstance(effect.difference, Undefined):
        return replace(effect, sentence=_unknown(found.metric, effect))
    made = _guarded(setup, found) if found.metric.role == "guardrail" else _decided(setup, found)
    return replace(made, sentence=_told(found.metric, made))


def _decided(setup: Setup, found: Found) -> ArmEffect:
    """A metric that is to be improved."""
    effect, lift = found.effect, found.lift
    p = effect.adjusted_p if effect.adjusted_p is not None else effect.p
    if lift is not None and p is not None and p < 1.0 - setup.level:
        return replace(effect, verdict=Verdict.PASS if _gain(found.metric, lift.value) > 0 else Verdict.FAIL)
    return replace(effect, verdict=Verdict.INCONCLUSIVE, rows_needed=_needed(found, 0.0))


def _guarded(setup: Setup, found: Found) -> ArmEffect:
    """A metric that must not get worse, by more than its margin."""
    effect, metric, lift = found.effect, found.metric, found.lift
    told = effect.relative if metric.margin is not None and metric.relative else effect.difference
    if lift is None or isinstance(told, Undefined):
        return replace(effect, verdict=Verdict.INCONCLUSIVE)
    if metric.margin is None:
        harm = effect.p is not None and effect.p < 1.0 - setup.level and _gain(metric, lift.value) < 0
        return replace(effect, verdict=Verdict.FAIL if harm else Verdict.PASS)
    worst, best = sorted((_gain(metric, told.low), _gain(metric, told.high)))
    edge = _edge(found, told)
    p = _p_of_violation(setup, found, edge)
    if worst > -metric.margin:
        return replace(effect, verdict=Verdict.PASS, p=p, adjusted_p=None)
    verdict = Verdict.FAIL if best < -metric.margin else Verdict.INCONCLUSIVE
    needed = _needed(found, edge) if verdict is Verdict.INCONCLUSIVE else None
    return replace(effect, verdict=verdict, p=p, adjusted_p=None, rows_needed=needed)


def _edge(found: Found, told: Estimate) -> float:
    """The margin as a difference, on the side that is worse."""
    metric = found.metric
    scale = 1.0
    if metric.relative and isinstance(found.effect.base, Estimate):
        scale = abs(found.effect.base.value)
    return (-1.0 if metric.better == "higher" else 1.0) * float(metric.margin or 0.0) * scale


def _p_of_violation(setup: Setup, found: Found, edge: float) -> float | None:
    """p of "worse by the margin or more": below 1 − level just where the interval clears the margin."""
    if found.lift is None:
        return None
    if _gain(found.metric, found.lift.value - edge) <= 0:
        return 1.0
    return setup.looks.p(found.lift, setup.level, found.units, found.share, edge)


def _needed(found: Found, bound: float) -> int | None:
    """Units in all that would settle it if the effect stayed; None where no number of them is in reach."""
    lift = found.lift
    if lift is None or not lift.se > 0.0:
        return None
    needed = rows_to_settle(lift.value, lift.se, float(found.units), bound, found.wide)
    return int(needed) if math.isfinite(needed) else None


def _in_reach(effect: ArmEffect) -> bool:
    """Whether the units that would settle it are no more than so many times those there are."""
    units = effect.difference.n if isinstance(effect.difference, Estimate) else 0
    return (effect.rows_needed or 0) <= OUT_OF_REACH * units


def _gain(metric: Metric, change: float) -> float:
    """A change as an improvement: negative where it is for the worse."""
    return change if metric.better == "higher" else -change


def change_of(metric: Metric, effect: ArmEffect) -> str:
    """How much it changed, with its interval: "+3.5 % (1.2 % to 5.9 %)"."""
    told, share = effect.relative, True
    if isinstance(told, Undefined):
        told, share = effect.difference, False
    if isinstance(told, Undefined):
        return told.reason
    half = half_width(told) / 4.0  # so that an end beside zero keeps its side of it
    write: Callable[[float, float, bool], str] = (
        percent if share else points if metric.kind == "proportion" else number
    )
    low, high = write(told.low, half, True), write(told.high, half, True)
    return f"{write(told.value, half, True)} ({low} to {high})"


def margin_of(metric: Metric) -> str:
    """The margin of a guardrail in words."""
    if metric.margin is None:
        return ""
    return percent(metric.margin) if metric.relative else number(metric.margin)


def _told(metric: Metric, effect: ArmEffect) -> str:
    p = effect.adjusted_p if effect.adjusted_p is not None else effect.p
    why = "" if p is None else f", {p_text(p, 'p' if p == effect.p else 'adjusted p')}"
    start = f"{metric.name} in {effect.arm}: {change_of(metric, effect)}"
    if metric.role == "guardrail" and metric.margin is not None:
        # p is of a violation, so that it says nothing for one.
        why = "" if effect.verdict is Verdict.FAIL else why
        return f"{start}, {_WITHIN[effect.verdict]} its margin of {margin_of(metric)}{why}."
    if metric.role == "guardrail":
        harm = effect.verdict is Verdict.FAIL
        return f"{start}; {'worse' if harm else 'no harm was found, and without a margin none is ruled out'}{why}."
    more = ""
    if effect.verdict is Verdict.INCONCLUSIVE and effect.rows_needed is not None and _in_reach(effect):
        more = f" If it stayed there, about {rows(effect.rows_needed, 'unit')} in all would show it."
    return f"{start}; {_SHOWN[effect.verdict]}{why}.{more}"


_SHOWN = {Verdict.PASS: "better", Verdict.FAIL: "worse", Verdict.INCONCLUSIVE: "no difference is shown"}
_WITHIN = {
    Verdict.PASS: "not worse by more than",
    Verdict.FAIL: "worse by more than",
    Verdict.INCONCLUSIVE: "not yet shown to be within",
}


def _unknown(metric: Metric, effect: ArmEffect) -> str:
    why = effect.difference.reason if isinstance(effect.difference, Undefined) else "it has no value"
    return f"{metric.name} in {effect.arm} cannot be compared: {why}."
