"""What a planned experiment asks, the units that answer it, and what other numbers of units could tell."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal

import numpy as np
from scipy import special

from steelyard.stats import planning, sequential, spending
from steelyard.stats.critical import quantile
from steelyard.stats.group_sequential import course, needed_drift
from steelyard.stats.many_arms import MOST
from steelyard.stats.many_arms import critical as simultaneous
from steelyard.stats.spending import Boundaries, Kind

MetricKind = Literal["proportion", "mean", "ratio"]
Test = Literal["difference", "noninferiority", "equivalence"]
ANYTIME_LOOKS = 40
"""Looks by which looking all the time is reckoned."""
NEARLY = 1.0 - 1e-9


@dataclass(frozen=True)
class Question:
    """What a planned experiment is to tell.

    Attributes:
        kind: "proportion", "mean" or "ratio".
        baseline: the control's value; None where it is not known (means with an absolute effect).
        sd: standard deviation of one unit; of proportions it follows from the baseline.
        test: "difference", "noninferiority" or "equivalence".
        margin: of the last two, absolute, above 0.
        power: chance to find the effect.
        alpha: chance of a false alarm in all.
        sides: of the test. Margins are tested one-sided, at alpha/2 where this is 2, to agree with intervals.
        shares: of the arms, the control first, adding up to 1.
        metrics: primary metrics that share alpha.
        correlation: of the metric with a covariate from before.
        cluster_size: units that are assigned together; 1 for none.
        icc: correlation of two units of a cluster.
        variation: coefficient of variation of the clusters' sizes.
        looks: shares of the units at which results are looked at; (1,) for once.
        spending: how planned looks spend alpha.
        always_valid: whether results may be looked at all the time.
    """

    kind: MetricKind
    baseline: float | None
    sd: float | None
    test: Test = "difference"
    margin: float = 0.0
    power: float = 0.8
    alpha: float = 0.05
    sides: planning.Sides = 2
    shares: tuple[float, ...] = (0.5, 0.5)
    metrics: int = 1
    correlation: float = 0.0
    cluster_size: float = 1.0
    icc: float = 0.0
    variation: float = 0.0
    looks: tuple[float, ...] = (1.0,)
    spending: Kind = "obrien_fleming"
    always_valid: bool = False

    @property
    def clustered(self) -> bool:
        """Whether units are assigned together."""
        return self.cluster_size > 1.0

    @property
    def sequential(self) -> bool:
        """Whether there is more than one look."""
        return self.always_valid or len(self.looks) > 1

    @property
    def tested_sides(self) -> planning.Sides:
        """Sides of the test itself: margins have one."""
        return self.sides if self.test == "difference" else 1

    @property
    def tested_alpha(self) -> float:
        """Chance of a false alarm in all, as the test spends it."""
        return self.alpha / (2.0 if self.test != "difference" and self.sides == 2 else 1.0)

    @property
    def inflation(self) -> float:
        """What clusters and covariates do to the variance of a unit."""
        grown = planning.design_effect(self.cluster_size, self.icc, self.variation) if self.clustered else 1.0
        return grown * (1.0 - self.correlation**2)

    @cached_property
    def limit(self) -> float:
        """Standard errors that one comparison asks for at a single look, after arms and metrics have their share."""
        alpha, sides = self.tested_alpha / self.metrics, self.tested_sides
        treatments = len(self.shares) - 1
        if treatments == 1:
            return quantile(1.0 - 2.0 * alpha / sides)
        if sides == 1 or treatments > MOST:
            return quantile(1.0 - 2.0 * alpha / sides / treatments)
        control, *others = self.shares
        return simultaneous(1.0 - alpha, np.sqrt([other / (control + other) for other in others]))

    @cached_property
    def comparison_alpha(self) -> float:
        """The same limit as a chance of a false alarm."""
        return self.tested_sides * float(special.ndtr(-self.limit))

    @cached_property
    def plan(self) -> Boundaries | None:
        """Looks with their limits; None for a single one."""
        if not self.sequential:
            return None
        return _boundaries(self.looks, self.comparison_alpha, self.spending, self.tested_sides, self.always_valid)


def power(question: Question, effect: float, units: float) -> float:
    """Chance to find `effect` with `units` in all, in the comparison of the control with the smallest treatment.

    `effect` is treatment minus control; for non-inferiority positive where the treatment is better.
    """
    if question.plan is None:
        return _one_look(question, effect, units)
    return course(question.plan, _drift(question, effect, units), question.tested_sides).power


def units_for(question: Question, effect: float) -> float:
    """Units in all that find `effect` with the question's power; infinite where no number does."""
    if question.test == "difference" and effect == 0.0:
        return math.inf
    if question.test == "noninferiority" and effect + question.margin <= 0.0:
        return math.inf
    if question.test == "equivalence" and abs(effect) >= question.margin:
        return math.inf
    return planning.units_for(lambda n: _one_look(question, effect, n), _as_one_look(question))


def smallest_effect(question: Question, units: float) -> float:
    """The smallest difference that `units` in all find with the question's power; infinite where none is.

    Of a proportion, upwards if that can be, else downwards (then negative).
    """
    wanted = _as_one_look(question)
    if question.kind != "proportion":
        most = 1e3 * float(question.sd or 1.0)
        return planning.smallest_effect(lambda e: _one_look(question, e, units), wanted, most)
    p = float(question.baseline or 0.0)
    up = planning.smallest_effect(lambda e: _one_look(question, e, units), wanted, (1.0 - p) * NEARLY)
    if math.isfinite(up):
        return up
    down = planning.smallest_effect(lambda e: _one_look(question, -e, units), wanted, p * NEARLY)
    return -down if math.isfinite(down) else math.inf


def smallest_margin(question: Question, effect: float, units: float) -> float:
    """The smallest margin that `units` in all tell with the question's power where the arms differ by `effect`."""
    most = 1.0 if question.kind == "proportion" else 1e3 * float(question.sd or 1.0)
    return planning.smallest_effect(
        lambda margin: _one_look(replace(question, margin=margin), effect, units), _as_one_look(question), most
    )


def found_by(question: Question, effect: float, units: float) -> tuple[float, ...]:
    """Chance to have found `effect` up to each planned look."""
    plan = question.plan
    if plan is None:
        return (_one_look(question, effect, units),)
    first = spending.crossing(plan.information, plan.z, _drift(question, effect, units), question.tested_sides)
    return tuple(np.cumsum(first.upper + first.lower).tolist())


def average_share(question: Question, effect: float, units: float) -> float:
    """Share of the planned units that is used on average where the effect is there."""
    if question.plan is None:
        return 1.0
    return course(question.plan, _drift(question, effect, units), question.tested_sides).information


def peeked_false_alarms(question: Question, looks: int) -> float:
    """Chance of a false alarm where a test for one look is made `looks` times and the first success counts."""
    at = [(i + 1) / looks for i in range(looks)]
    first = spending.crossing(at, [question.limit] * looks, 0.0, question.tested_sides)
    return float(first.upper.sum() + first.lower.sum())


def _one_look(question: Question, effect: float, units: float) -> float:
    """Power of a single look at the end."""
    control = units * question.shares[0] / question.cluster_size
    design = _design(question, effect)
    if question.test == "equivalence":
        return planning.equivalence_power(design, question.margin, control, effect)
    if question.test == "noninferiority":
        return planning.noninferiority_power(design, question.margin, control, effect)
    return planning.power(design, effect, control)


def _as_one_look(question: Question) -> float:
    """Power that one look must have, so that the planned looks have the question's."""
    if question.plan is None:
        return question.power
    information, limits = (tuple(part.tolist()) for part in (question.plan.information, question.plan.z))
    return float(special.ndtr(_needed(information, limits, question.power, question.tested_sides) - question.limit))


def _drift(question: Question, effect: float, units: float) -> float:
    """The expected statistic at the end: a single look has the power Φ(drift − its limit)."""
    design = _design(question, effect)
    control = units * question.shares[0] / question.cluster_size
    null = math.sqrt(design.null * (1.0 + 1.0 / design.ratio) / control)
    spread = math.sqrt((design.variance + design.treated / design.ratio) / control)
    away = effect + question.margin if question.test == "noninferiority" else abs(effect)
    return away / spread - question.limit * (null / spread - 1.0)


def _design(question: Question, effect: float) -> planning.Design:
    """The weakest comparison: the control with the smallest treatment. Units are those that are assigned."""
    ratio = min(question.shares[1:]) / question.shares[0]
    scale = question.inflation / question.cluster_size
    alpha, sides = question.comparison_alpha, question.tested_sides
    if question.kind != "proportion":
        variance = float(question.sd or 0.0) ** 2 * scale
        return planning.Design(variance, variance, variance, ratio, alpha, sides, student=not question.sequential)
    p0 = float(question.baseline or 0.0)
    p1 = min(max(p0 + effect, 0.0), 1.0)
    control, treated = p0 * (1.0 - p0) * scale, p1 * (1.0 - p1) * scale
    pooled = (p0 + ratio * p1) / (1.0 + ratio)
    null = pooled * (1.0 - pooled) * scale
    if question.test != "difference":
        null = (control + treated / ratio) / (1.0 + 1.0 / ratio)
    student = question.clustered and not question.sequential
    return planning.Design(control, treated, null, ratio, alpha, sides, student=student)


@lru_cache(maxsize=64)
def _boundaries(
    looks: tuple[float, ...], alpha: float, kind: Kind, sides: planning.Sides, always: bool
) -> Boundaries:
    if not always:
        return spending.boundaries(looks, alpha, kind, sides)
    at = np.arange(1, ANYTIME_LOOKS + 1) / ANYTIME_LOOKS
    level = 1.0 - alpha * 2.0 / sides
    limits = np.array([sequential.critical(share, level, 1.0) for share in at.tolist()])
    return Boundaries(at, limits, np.full(at.size, alpha))


@lru_cache(maxsize=256)
def _needed(information: tuple[float, ...], limits: tuple[float, ...], power: float, sides: planning.Sides) -> float:
    """The expected statistic at the end that gives looks a power."""
    return needed_drift(Boundaries(np.array(information), np.array(limits), np.zeros(len(limits))), power, sides)
