"""What planned looks cost, how likely and how soon they decide, and what is known when they stop."""

import math
from typing import Literal, NamedTuple

import numpy as np

from steelyard.stats.critical import quantile
from steelyard.stats.spending import Boundaries, crossing

Sides = Literal[1, 2]


class Course(NamedTuple):
    """How an experiment with looks goes: chance that it finds a difference, and information used on average."""

    power: float
    information: float


class Stopped(NamedTuple):
    """What is known at the stop: median-unbiased effect, interval and p-value by stage, and the repeated interval."""

    value: float
    low: float
    high: float
    p: float
    repeated_low: float
    repeated_high: float


def course(plan: Boundaries, drift: float, sides: Sides = 2) -> Course:
    """Power and average information where the statistic at full information is `drift` on average.

    Raises:
        ValueError: as `spending.crossing`.
    """
    first = crossing(plan.information, plan.z, drift, sides)
    stop = first.upper + first.lower
    going = 1.0 - float(stop.sum())
    return Course(float(stop.sum()), float(plan.information @ stop) + going * float(plan.information[-1]))


def needed_drift(plan: Boundaries, power: float, sides: Sides = 2) -> float:
    """The expected statistic at full information that gives this power.

    Raises:
        ValueError: unless 0 < power < 1.
    """
    _check(power)
    low, high = 0.0, 2.0 * (float(plan.z[-1]) + quantile(0.999)) / math.sqrt(float(plan.information[-1]))
    while high - low > 1e-8:
        middle = (low + high) / 2.0
        low, high = (middle, high) if course(plan, middle, sides).power < power else (low, middle)
    return high


def inflation(plan: Boundaries, alpha: float, power: float, sides: Sides = 2) -> float:
    """Units at the last look, over those of an experiment with one look and the same power.

    Raises:
        ValueError: unless 0 < alpha < 1 and 0 < power < 1.
    """
    single = quantile(1.0 - 2.0 * alpha / sides) + _upper(power)
    return (needed_drift(plan, power, sides) / single) ** 2


def stopped(plan: Boundaries, value: float, se: float, level: float, sides: Sides = 2) -> Stopped:
    """Effect, interval and p-value at the last look of `plan`, where the experiment stopped or ended.

    Outcomes are ordered by stage: the earlier an experiment crosses its upper limit the larger is its effect, and
    within a look by the statistic. The p-value is two-sided.

    Args:
        plan: the looks up to the stop, with their limits.
        value: the effect as seen at the stop, too large on average where it stopped early.
        se: its standard error.
        level: of the interval.
        sides: of the limits.

    Raises:
        ValueError: unless se > 0 and 0 < level < 1.

    Source: Tsiatis, Rosner & Mehta 1984; Jennison & Turnbull 1989 (repeated intervals).
    """
    if not se > 0.0:
        raise ValueError(f"needs a positive standard error, got {se!r}")
    scale = math.sqrt(float(plan.information[-1]))
    z = value / se

    def beyond(drift: float) -> float:
        """Chance of an outcome at least as large."""
        limits = np.append(plan.z[:-1], z)
        return float(crossing(plan.information, limits, drift, 1 if sides == 1 else 2).upper.sum())

    def drift_at(chance: float) -> float:
        low, high = -abs(z) / scale - 12.0 / scale, abs(z) / scale + 12.0 / scale
        while high - low > 1e-8:
            middle = (low + high) / 2.0
            low, high = (middle, high) if beyond(middle) < chance else (low, middle)
        return high * scale * se

    tail = (1.0 - level) / 2.0
    above = beyond(0.0)
    half = float(plan.z[-1]) * se
    return Stopped(
        drift_at(0.5),
        drift_at(tail),
        drift_at(1.0 - tail),
        min(2.0 * min(above, 1.0 - above), 1.0),
        value - half,
        value + half,
    )


def _upper(power: float) -> float:
    """The standard normal quantile of a power, of either sign."""
    return quantile(2.0 * power - 1.0) if power > 0.5 else -quantile(1.0 - 2.0 * power) if power < 0.5 else 0.0


def _check(power: float) -> None:
    if not 0.0 < power < 1.0:
        raise ValueError(f"power must lie strictly between 0 and 1, got {power!r}")
