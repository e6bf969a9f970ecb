"""One arm against the control on one metric: the lift, absolute and relative, at any level, with or without help."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import Sums, covariates_of, outcome_of, shift_of
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats import cuped
from steelyard.stats.intervals import wald, wilson
from steelyard.stats.lift import (
    Arm,
    Lift,
    mean_difference,
    proportion_difference,
    proportion_lift,
    relative_lift,
)
from steelyard.stats.ratio import Joint, arm_of


@dataclass(frozen=True)
class Side:
    """One arm of a metric.

    Attributes:
        rows: units with a value.
        plain: its moments as they are.
        used: the same after the adjustment by covariates; `plain` where there is none.
        counts: whether the metric is a share of plain units, told by counts.
    """

    rows: int
    plain: Arm
    used: Arm
    counts: bool = False


@dataclass(frozen=True)
class Sides:
    """The arms of a metric that can be compared; the others with the reason why not."""

    sides: Mapping[str, Side]
    without: Mapping[str, str]
    removed: float | None = None

    def why(self, arm: str) -> str:
        """Why an arm has no value."""
        return self.without.get(arm, f"no unit of the arm {arm} has a value")


def sides_of(setup: Setup, metric: Metric, found: Mapping[str, Sums]) -> Sides:
    """The arms of a metric, adjusted by its covariates over all of them together."""
    shift = shift_of(setup, metric)
    joints: dict[str, tuple[int, Joint]] = {}
    without: dict[str, str] = {}
    for arm, sums in found.items():
        joint = sums.joint(shift)
        if joint is None:
            one = "one cluster" if sums.clustered else "one unit"
            without[arm] = f"the arm {arm} has only {one} with a value"
        else:
            joints[arm] = sums.rows, joint
    plain: dict[str, Arm] = {}
    for arm, (_, joint) in list(joints.items()):
        try:
            plain[arm] = arm_of(joint, outcome_of(metric))
        except ValueError as error:
            without[arm] = f"in the arm {arm} {error}"
            del joints[arm]
    adjusted, removed = _adjusted(metric, joints)
    counts = metric.kind == "proportion" and setup.bucket is None and setup.weight is None and removed is None
    sides = {arm: Side(joints[arm][0], plain[arm], adjusted.get(arm, plain[arm]), counts) for arm in joints}
    return Sides(sides, without, removed)


def _adjusted(metric: Metric, joints: Mapping[str, tuple[int, Joint]]) -> tuple[dict[str, Arm], float | None]:
    covariates = covariates_of(metric)
    if not covariates or not joints:
        return {}, None
    try:
        made = cuped.adjusted([joint for _, joint in joints.values()], outcome_of(metric), covariates)
    except ValueError:
        return {}, None
    if not made.theta.any():
        return {}, None
    return dict(zip(joints, made.arms, strict=True)), made.reduction


def difference(side: Side, base: Side, level: float, *, plain: bool = False) -> Lift:
    """Arm minus control.

    Raises:
        ValueError: no interval can be made.
    """
    if side.counts and base.counts:
        return proportion_difference(*_successes(side), *_successes(base), level)
    a, b = (side.plain, base.plain) if plain else (side.used, base.used)
    lift = mean_difference(a, b, level)
    return lift if plain or side.used == side.plain else lift._replace(method=f"{lift.method}, cuped")


def relative(side: Side, base: Side, level: float) -> Lift:
    """The same as a share of the control.

    Raises:
        ValueError: the control is too near to 0, or no interval can be made.
    """
    if side.counts and base.counts:
        return proportion_lift(*_successes(side), *_successes(base), level)
    lift = relative_lift(side.used, base.used, level)
    return lift if side.used == side.plain else lift._replace(method=f"{lift.method}, cuped")


def level_in(side: Side, level: float) -> Outcome:
    """The metric in one arm, as it is."""
    arm = side.plain
    if side.counts:
        low, high = wilson(arm.mean, arm.n, level)
        return Estimate(arm.mean, low, high, level, side.rows, "wilson")
    se = math.sqrt(arm.variance / arm.n)
    low, high = wald(arm.mean, se, level, arm.n - 1.0)
    return Estimate(arm.mean, low, high, level, side.rows, "student-t", effective_n=arm.n, se=se)


def estimate_of(lift: Lift, level: float, rows: int, how: str = "") -> Outcome:
    """A lift as a record; undefined where its interval is no number."""
    if math.isnan(lift.low) or math.isnan(lift.high):
        return Undefined("its interval has no finite ends")
    return Estimate(lift.value, lift.low, lift.high, level, rows, f"{lift.method}{how}", se=lift.se)


def constant(sides: Sequence[Side]) -> bool:
    """Whether no unit differs from any other of its arm."""
    return all(side.plain.variance == 0.0 for side in sides)


def _successes(side: Side) -> tuple[float, float]:
    return side.plain.mean * side.plain.n, side.plain.n
