"""What each arm did to each metric, held to one promise over all looks, arms and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from steelyard.analyses.experiment import quantiles
from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.contrast import (
    Side,
    Sides,
    constant,
    difference,
    estimate_of,
    level_in,
    relative,
    sides_of,
)
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.ranked import Ranked
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import Sums, sums_by
from steelyard.analyses.experiment.verdicts import Found, judged
from steelyard.records import Estimate, Outcome, Undefined, Verdict
from steelyard.records.experiment import ArmEffect
from steelyard.stats import many_arms
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.lift import Lift
from steelyard.stats.multiplicity import benjamini_hochberg, holm

MOST_DUNNETT = 20
"""Comparisons with one control up to which their correlation is made use of."""
OPEN = Verdict.INCONCLUSIVE
NO_SHARE = Undefined("the control is too near to 0 for a share of it")


def effects(setup: Setup, arms: Arms) -> tuple[ArmEffect, ...]:
    """The effect of every arm on every metric, with its verdict."""
    found = [one for metric in setup.metrics for one in _of_metric(setup, metric, arms)]
    return tuple(judged(setup, one) for one in _adjusted(setup, found))


def by_arm(setup: Setup, metric: Metric) -> dict[str, Sums]:
    """Sums of a metric by arm, over all units."""
    return {str(key[-1]): sums for key, sums in sums_by(setup, metric).items()}


def _of_metric(setup: Setup, metric: Metric, arms: Arms) -> list[Found]:
    values = quantiles.values_of(setup, metric)
    if metric.kind == "quantile" and values is not None:
        return [_shifted(setup, metric, values, arms, arm) for arm in arms.treated]
    sides = sides_of(setup, metric, by_arm(setup, metric))
    told = [sides.sides[arm] for arm in arms.treated if arm in sides.sides]
    base = sides.sides.get(arms.control)

    def compared(level: float) -> list[Found]:
        return [_compared(setup, metric, sides, values, arms, arm, level) for arm in arms.treated]

    if metric.role == "primary" and base is not None and _is_dunnett(setup, len(told)):
        loads, df = _loads(told, base)
        level = 1.0 - two_sided_p(many_arms.critical(setup.level, loads, df), df)
        return [replace(f, together=_together(f, loads, df)) for f in compared(level)]
    return compared(_apart(setup, metric, len(arms.treated)))


def _compared(
    setup: Setup, metric: Metric, sides: Sides, values: Ranked | None, arms: Arms, arm: str, level: float
) -> Found:
    side, base = sides.sides.get(arm), sides.sides.get(arms.control)
    told: dict[str, Any] = {"base": _level_of(sides, arms.control, setup.level)}
    told["level_in_arm"] = _level_of(sides, arm, setup.level)
    if side is None or base is None:
        why = sides.why(arm if side is None else arms.control)
        return Found(metric, ArmEffect(metric.name, arm, **told, **_without(why)))
    units, share = side.rows + base.rows, arms.share(arm)
    told["superiority"] = quantiles.superiority(setup, values, arm, arms.control)
    if why := _why_not(setup, side, base):
        return Found(metric, ArmEffect(metric.name, arm, **told, **_without(why)))
    wide, how = setup.looks.level(level, units, share), setup.looks.told()
    lift = difference(side, base, wide)
    raw = None if sides.removed is None else difference(side, base, wide, plain=True)
    effect = ArmEffect(
        metric.name,
        arm,
        **told,
        difference=estimate_of(lift, setup.level, units, how),
        relative=_relative(side, base, wide, setup.level, how),
        verdict=OPEN,
        unadjusted=None if raw is None else estimate_of(raw, setup.level, units, how),
        variance_removed=sides.removed,
        p=setup.looks.p(lift, setup.level, units, share),
    )
    return Found(metric, effect, lift, units, share, wide)


def _shifted(setup: Setup, metric: Metric, values: Ranked, arms: Arms, arm: str) -> Found:
    """The effect on a quantile."""
    at = float(metric.share or 0.5)
    told: dict[str, Any] = {
        "base": quantiles.quantile_in(values, arms.control, at, setup.level),
        "level_in_arm": quantiles.quantile_in(values, arm, at, setup.level),
    }
    missing = next((o.reason for o in told.values() if isinstance(o, Undefined)), None)
    if missing is not None:
        return Found(metric, ArmEffect(metric.name, arm, **told, **_without(missing)))
    units, share = sum(outcome.n for outcome in told.values()), arms.share(arm)
    if setup.looks.too_early(units):
        return Found(metric, ArmEffect(metric.name, arm, **told, **_without(_early(units))))
    wide, how = setup.looks.level(_apart(setup, metric, len(arms.treated)), units, share), setup.looks.told()
    try:
        lift = quantiles.shift(values, arm, arms.control, at, wide)
    except ValueError as error:
        return Found(metric, ArmEffect(metric.name, arm, **told, **_without(str(error))))
    method = f"{lift.method}{how}"
    effect = ArmEffect(
        metric.name,
        arm,
        **told,
        difference=estimate_of(lift, setup.level, units, how),
        relative=_relative_shift(
            quantiles.ratio_ends(values, arm, arms.control, at, wide), setup.level, units, method
        ),
        verdict=OPEN,
        p=setup.looks.p(lift, setup.level, units, share),
    )
    return Found(metric, effect, lift, units, share, wide)


def _relative_shift(ends: tuple[float, float, float] | None, level: float, units: int, method: str) -> Outcome:
    return NO_SHARE if ends is None else Estimate(*ends, level, units, f"{method}, log ratio")


def _without(why: str) -> dict[str, Any]:
    return {"difference": Undefined(why), "relative": Undefined(why), "verdict": OPEN}


def _level_of(sides: Sides, arm: str, level: float) -> Outcome:
    return level_in(sides.sides[arm], level) if arm in sides.sides else Undefined(sides.why(arm))


def _why_not(setup: Setup, side: Side, base: Side) -> str:
    """Why two arms that have values cannot be compared, "" where they can."""
    if constant([side, base]) and not side.counts:
        return "no unit differs from the others of its arm, so there is no scale to judge a difference by"
    units = side.rows + base.rows
    return _early(units) if setup.looks.too_early(units) else ""


def _early(units: int) -> str:
    return f"intervals that hold at any time begin at 100 units; there are {units:,}"


def _relative(side: Side, base: Side, wide: float, level: float, how: str) -> Outcome:
    try:
        lift = relative(side, base, wide)
    except ValueError:
        return NO_SHARE
    if not (math.isfinite(lift.low) and math.isfinite(lift.high)):
        return NO_SHARE
    return estimate_of(lift, level, side.rows + base.rows, how)


def _apart(setup: Setup, metric: Metric, treated: int) -> float:
    """Level of each interval so that those of all primary metrics and arms hold together (Bonferroni)."""
    if metric.role != "primary":
        return setup.level
    return 1.0 - (1.0 - setup.level) / max(len(setup.primary) * treated, 1)


def _is_dunnett(setup: Setup, treated: int) -> bool:
    return setup.looks.mode == "fixed" and len(setup.primary) == 1 and 2 <= treated <= MOST_DUNNETT


def _loads(treated: Sequence[Side], base: Side) -> tuple[list[float], float]:
    """How much each comparison owes to the control, and degrees of freedom that are safe for all."""
    shared = base.used.variance / base.used.n
    total = [shared + side.used.variance / side.used.n for side in treated]
    df = min(base.used.n, *(side.used.n for side in treated)) - 1.0
    return [min(math.sqrt(shared / t), 1.0 - 1e-9) if t > 0.0 else 0.0 for t in total], df


def _together(found: Found, loads: Sequence[float], df: float) -> float | None:
    lift: Lift | None = found.lift
    if lift is None:
        return None
    return min(max(1.0 - many_arms.all_below(abs(lift.statistic), loads, df), 0.0), 1.0)


def _adjusted(setup: Setup, found: Sequence[Found]) -> Iterator[Found]:
    """The same with p-values that know of each other: primary ones family-wise, secondary ones by discovery rate."""
    adjusted: dict[int, float] = {}
    for role, adjust in (("primary", holm), ("secondary", benjamini_hochberg)):
        places = [i for i, f in enumerate(found) if f.metric.role == role and f.effect.p is not None]
        p = adjust([float(found[i].effect.p or 0.0) for i in places]).tolist() if places else []
        adjusted |= dict(zip(places, p, strict=True))
    for i, one in enumerate(found):
        q = one.together if one.together is not None else adjusted.get(i)
        yield replace(one, effect=replace(one.effect, adjusted_p=q))
