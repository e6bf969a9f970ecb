"""A planned experiment in words: what it needs, what it rests on, what to mind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from steelyard.analyses.experiment.design.question import (
    ANYTIME_LOOKS,
    Question,
    average_share,
    peeked_false_alarms,
)
from steelyard.analyses.words import NBSP, percent, rows
from steelyard.analyses.words import number as digits
from steelyard.records.design import Measured, PlannedArm
from steelyard.stats.many_arms import MOST
from steelyard.stats.sequential import BURN_IN

WEEK, LONG, MANY_DAYS = 7.0, 56.0, 10_000
FEW_CLUSTERS, FEW_SUCCESSES = 20, 10
DAILY = 14
"""Looks of somebody who looks every day for two weeks."""
UNRELIABLE = 30
_BY: Mapping[str, str] = {
    "proportion": "the score test",
    "mean": "Student's t, both arms varying alike",
    "ratio": "the delta method, both arms varying alike",
}


def number(value: float, sign: bool = False) -> str:
    """A number that was chosen, not measured: without the zeros at its end."""
    written = digits(value, sign=sign)
    return written.rstrip("0").rstrip(".") if "." in written else written


def chance(share: float) -> str:
    """A chance that was chosen, as a percentage."""
    return f"{number(100.0 * share)}{NBSP}%"


def amount(question: Question, value: float, sign: bool = False) -> str:
    """A value of the metric: proportions as percentages."""
    if question.kind == "proportion":
        return f"{number(100.0 * value, sign=sign)}{NBSP}%"
    return number(value, sign=sign)


def change(question: Question, effect: float) -> str:
    """An effect, with its share of the baseline: "+0.6 points (+5 %)"."""
    shown, unit = (100.0 * effect, f"{NBSP}points") if question.kind == "proportion" else (effect, "")
    told = f"{number(shown, sign=True)}{unit}"
    return f"{told} ({share(effect / abs(question.baseline))})" if question.baseline and effect else told


def share(value: float) -> str:
    """A relative effect: "+5 %"."""
    return f"{number(100.0 * value, sign=True)}{NBSP}%"


def needs(question: Question, effect: float, arms: tuple[PlannedArm, ...], days: float | None) -> str:
    """How many units the plan needs, and for what."""
    total = sum(arm.units for arm in arms)
    clusters = "" if not question.clustered else f" in {rows(sum(a.clusters or 0 for a in arms), 'cluster')}"
    what = f"to {_find(question, effect)} with a chance of {chance(question.power)} and {_alarms(question)}"
    return f"{rows(total, 'unit')}{clusters}{_each(arms)}, are needed {what}{_lasting(days)}."


def finds(question: Question, effect: float, arms: tuple[PlannedArm, ...], days: float | None) -> str:
    """The smallest effect that a number of units finds."""
    total = sum(arm.units for arm in arms)
    return (
        f"{rows(total, 'unit')}{_each(arms)}, find a change of {change(question, effect)} or more "
        f"with a chance of {chance(question.power)} and {_alarms(question)}{_lasting(days)}."
    )


def reaches(question: Question, effect: float, power: float, units: int, enough: float) -> str:
    """How good a number of units is for an effect."""
    lead = f"{rows(units, 'unit')} have a chance of {_reached(power)} to {_find(question, effect)}"
    if power >= question.power:
        return f"{lead}: at least the {chance(question.power)} that is wanted."
    enough_told = rows(math.ceil(enough), "unit")
    return f"{lead}, less than the {chance(question.power)} that is wanted; {enough_told} would reach it."


def assumptions(question: Question, effect: float, units: float) -> Iterator[str]:
    """What the numbers rest on."""
    yield _test(question)
    if question.metrics > 1:
        yield f"The {question.metrics} primary metrics share the {chance(question.alpha)} of false alarms equally."
    treatments = len(question.shares) - 1
    if treatments > 1:
        how = "Dunnett's limit" if question.tested_sides == 2 and treatments <= MOST else "Bonferroni's limit"
        yield (
            f"Each of {treatments} treatments is compared with the control; {how} ({question.limit:.2f} standard "
            "errors) keeps the false alarms of all together. The power is that of the smallest treatment."
        )
    if question.clustered:
        grown = question.inflation / (1.0 - question.correlation**2)
        yield (
            f"Clusters of {number(question.cluster_size)} units are assigned together; two units of one correlate by "
            f"{number(question.icc)}, so that the variance is {number(grown)} times that of single units."
        )
    if question.correlation:
        yield (
            f"The metric is adjusted by a covariate from before that correlates {number(question.correlation)} with "
            f"it, which takes {percent(question.correlation**2)} off its variance (CUPED)."
        )
    yield from _looking(question, effect, units)
    yield "Units come evenly over time, and the effect is the same all along."


def warnings(
    question: Question, effect: float, arms: tuple[PlannedArm, ...], days: float | None, found: Measured | None
) -> Iterator[str]:
    """What to mind before it is run."""
    if days is not None and days < WEEK:
        yield (
            f"The units are there after {_days(days)}. Run for a whole week all the same, so that every weekday has "
            "its part; the units beyond the plan find smaller effects."
        )
    if days is not None and days > LONG:
        yield (
            f"It lasts {_days(days)}. So long, people and seasons change: look for more traffic, a covariate or a "
            "larger effect."
        )
    least = min(arm.units for arm in arms)
    if question.kind == "proportion":
        p = float(question.baseline or 0.0)
        rare = least * min(p, 1.0 - p, *([p + effect, 1.0 - p - effect] if question.test == "difference" else ()))
        if rare < FEW_SUCCESSES:
            yield (
                f"Only about {number(max(rare, 0.0))} units of an arm are expected to have the rarer outcome, so the "
                "power is rough."
            )
    clusters = [arm.clusters for arm in arms if arm.clusters is not None]
    if clusters and min(clusters) < FEW_CLUSTERS:
        yield (
            f"An arm has {rows(min(clusters), 'cluster')}. With fewer than {FEW_CLUSTERS}, one unusual cluster "
            "decides; assign smaller ones, or more of them."
        )
    if found is not None and found.units < UNRELIABLE:
        yield f"Baseline and spread were read from {rows(found.units, 'unit')} only, and are unsure."
    if found is not None and found.clusters is not None and found.clusters < UNRELIABLE:
        yield (
            f"What units of a cluster have in common was read from {rows(found.clusters, 'cluster')} only, and is "
            "unsure."
        )
    if question.always_valid and sum(arm.units for arm in arms) < 10 * BURN_IN:
        yield f"Intervals that hold at any time are good from about {BURN_IN} units on; this plan is hardly longer."


def _find(question: Question, effect: float) -> str:
    if question.test == "difference":
        return f"find a change of {change(question, effect)}{_against(question, effect)}"
    margin = f"{change(question, question.margin)}".replace("+", "")
    if question.test == "equivalence":
        return f"show that the difference is within {margin}{_truly(question, effect)}"
    return f"show that the treatment is not worse by {margin}{_truly(question, effect)}"


def _truly(question: Question, effect: float) -> str:
    return f" where it truly is {change(question, effect)}" if effect else " where there is no difference"


def _against(question: Question, effect: float) -> str:
    if question.baseline is None:
        return ""
    return f" from {amount(question, question.baseline)} to {amount(question, question.baseline + effect)}"


def _alarms(question: Question) -> str:
    return f"{chance(question.alpha)} false alarms"


def _reached(power: float) -> str:
    return f"more than {percent(0.999)}" if power > 0.999 else percent(power)


def _each(arms: tuple[PlannedArm, ...]) -> str:
    sizes = [arm.units for arm in arms]
    if max(sizes) == min(sizes):
        return f", {sizes[0]:,} in each of {len(arms):,} arms"
    if len(arms) == 2:
        return f", {sizes[0]:,} in the control and {sizes[1]:,} in the treatment"
    return f", {sizes[0]:,} in the control and {min(sizes[1:]):,} to {max(sizes[1:]):,} in the treatments"


def _lasting(days: float | None) -> str:
    return "" if days is None else f": {_days(days)}"


def _days(days: float) -> str:
    whole = math.ceil(round(days, 6))
    if whole >= MANY_DAYS:
        return rows(days / 365.25, "year")
    return "1 day" if whole == 1 else f"{whole:,} days"


def _test(question: Question) -> str:
    sided = "two-sided" if question.tested_sides == 2 else "one-sided"
    at = f"{sided} at {chance(question.tested_alpha)}"
    if question.test == "equivalence":
        return f"Two one-sided tests, each at {chance(question.tested_alpha)}, against both margins."
    by = "Student's t over clusters" if question.clustered else _BY[question.kind]
    against = ", against the margin" if question.margin else ""
    return f"Test of two {question.kind}s by {by}; {at}{against}."


def _looking(question: Question, effect: float, units: float) -> Iterator[str]:
    if question.always_valid:
        used = average_share(question, effect, units)
        yield (
            "Results may be looked at any time (asymptotic confidence sequence, tightest at the planned units; "
            f"reckoned with {ANYTIME_LOOKS} looks). If the effect is there, {percent(used)} of the units are used on "
            "average."
        )
    elif question.sequential:
        used = average_share(question, effect, units)
        name = "O'Brien–Fleming" if question.spending == "obrien_fleming" else "Pocock"
        yield (
            f"Results are looked at {len(question.looks)} times; false alarms are spent like {name}'s (Lan–DeMets). "
            f"If the effect is there, {percent(used)} of the units are used on average."
        )
    elif question.test != "equivalence":
        yield (
            "Results are looked at once, at the end. Somebody who looks every day for two weeks and stops at the "
            f"first success has {percent(peeked_false_alarms(question, DAILY))} false alarms instead of "
            f"{chance(question.comparison_alpha)}."
        )
