"""Numbers where the reference has none: out of range, of another sign, infinite, in fractions, too rough, far out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import Floats, Numbers, finite, numbers, numeric
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, REFERENCE, Sides, adjusted, sides
from steelyard.analyses.study import Study

TOLD = 0.001
"""Share of rows outside the reference's range that is worth telling."""
FENCE = 3.0
"""Quartile ranges beyond the quartiles from which on a number is far out (Tukey's outer fence)."""
MORE = 2.0
FEW = 5
DECIMALS = (0, 1, 2, 3, -1, -2, -3)
MOSTLY, HARDLY = 0.99, 0.5
D = TypeVar("D", bound=Defect)


@dataclass(frozen=True, kw_only=True)
class OutOfRange(Defect):
    """Numbers beyond all of the reference's; `negative` where the reference has none below 0."""

    low: float
    high: float
    seen: tuple[float, float]
    negative: bool


@dataclass(frozen=True, kw_only=True)
class Infinite(Defect):
    """Numbers that are infinite; `then` is their share in the reference, None without one."""

    then: float | None


@dataclass(frozen=True, kw_only=True)
class Precision(Defect):
    """Numbers that are rounder than in the reference, or no longer whole."""

    change: Literal["rounded", "fractions"]
    decimals: int
    then: float


@dataclass(frozen=True, kw_only=True)
class FarOut(Defect):
    """Numbers beyond the outer fences of the reference's quartiles, more than there were."""

    low: float
    high: float
    then: float


def out_of_range(study: Study) -> Iterator[OutOfRange]:
    """Rows beyond the extremes of the reference: exact chance under exchangeable rows, whatever the distribution."""
    yield from _tested(study, _beyond)


def far_out(study: Study) -> Iterator[FarOut]:
    """Outliers by the reference's quartiles, inside its range or not."""
    yield from _tested(study, _fenced)


def infinite(study: Study) -> Iterator[Infinite]:
    """Infinite numbers."""
    for plan in numeric(study):
        now, then = numbers(study, plan, CURRENT), numbers(study, plan, REFERENCE)
        if now is None or not now.infinite:
            continue
        yield Infinite(
            columns=(plan.name,),
            share=share_of(now.infinite, now.rows, study.level),
            rows=now.infinite,
            against=then is not None,
            then=None if then is None else then.infinite / then.rows,
        )


def precision(study: Study) -> Iterator[Precision]:
    """Numbers that are all round now and were not, or the other way round; by the looks."""
    for plan in numeric(study):
        now, then = finite(study, plan.name, CURRENT), finite(study, plan.name, REFERENCE)
        known = numbers(study, plan, CURRENT)
        if now is None or then is None or known is None or min(len(now), len(then)) < 10 * FEW:
            continue
        found = _precision(now, then)
        if found is not None:
            change, decimals, before, share = found
            rows = round(known.known * share)
            yield Precision(
                columns=(plan.name,),
                share=share_of(rows, known.rows, study.level),
                rows=rows,
                against=True,
                change=change,
                decimals=decimals,
                then=before,
            )


def _precision(now: Floats, then: Floats) -> tuple[Literal["rounded", "fractions"], int, float, float] | None:
    whole_then, whole_now = _round_share(then, 0), _round_share(now, 0)
    if whole_then == 1.0 and 1 - whole_now >= TOLD and (1 - whole_now) * len(now) >= FEW:
        return "fractions", 0, 0.0, 1 - whole_now
    for decimals in sorted(DECIMALS):
        before = _round_share(then, decimals)
        if before <= HARDLY and _round_share(now, decimals) >= MOSTLY and len(np.unique(now)) >= FEW:
            return "rounded", decimals, before, 1.0
    return None


def _round_share(values: Floats, decimals: int) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = values * 10.0**decimals
        return float(np.mean(np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(np.abs(scaled), 1.0)))


def _tested(
    study: Study, looked: Callable[[Study, ColumnPlan, Numbers, Numbers, Sides], tuple[D, float] | None]
) -> Iterator[D]:
    both = sides(study)
    if both is None:
        return
    tested: list[tuple[D, float]] = []
    m = 0
    for plan in numeric(study):
        now, then = numbers(study, plan, CURRENT), numbers(study, plan, REFERENCE)
        if now is None or then is None:
            continue
        m += 1
        found = looked(study, plan, now, then, both)
        if found is not None:
            tested.append(found)
    # Columns without a row to tell of are tests too, with p = 1.
    q = adjusted([p for _, p in tested] + [1.0] * (m - len(tested)))
    for (defect, _), value in zip(tested, q, strict=False):
        if value <= FALSE_DISCOVERIES:
            yield replace(defect, q=value)


def _beyond(
    study: Study, plan: ColumnPlan, now: Numbers, then: Numbers, both: Sides
) -> tuple[OutOfRange, float] | None:
    below, above = now.below(then.low), now.above(then.high)
    rows = below + above
    if rows < TOLD * now.rows:
        return None
    return OutOfRange(
        columns=(plan.name,),
        share=share_of(rows, now.rows, study.level, both.design_now),
        rows=round(rows),
        against=True,
        low=then.low,
        high=then.high,
        seen=(now.low, now.high),
        negative=then.low >= 0 > now.low and below > 0,
    ), min(2 * both.only_now_p(max(below, above)), 1.0)


def _fenced(study: Study, plan: ColumnPlan, now: Numbers, then: Numbers, both: Sides) -> tuple[FarOut, float] | None:
    first, third = then.quantile(0.25), then.quantile(0.75)
    if third <= first:
        return None
    low, high = first - FENCE * (third - first), third + FENCE * (third - first)
    out_now, out_then = now.below(low) + now.above(high), then.below(low) + then.above(high)
    share_now, share_then = out_now / now.rows, out_then / then.rows
    if share_now - share_then < 5 * TOLD or share_now < MORE * share_then:
        return None
    return FarOut(
        columns=(plan.name,),
        share=share_of(out_now, now.rows, study.level, both.design_now),
        rows=round(out_now),
        against=True,
        low=low,
        high=high,
        then=share_then,
    ), both.change_p(out_now, out_then)
