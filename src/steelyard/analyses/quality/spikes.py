"""One value that is suddenly (or suspiciously) common: a stand-in for missing, a limit, a default."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import Numbers, finite, numbers, numeric
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, REFERENCE, Sides, adjusted, sides
from steelyard.analyses.study import Study

STAND_INS = frozenset(
    {-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999, 9999999, -32768, 32767, 2**31 - 1, -(2**31)}
)
"""Numbers that people write where there is none."""
GROWN = 0.02
GROWN_STAND_IN = 0.002
TIMES = 3.0
"""By how much a spike stands out of its neighbours, and has grown."""
ONE_VALUE = 0.8
FEWEST = 5
ALONE = 0.001
AT_LIMIT = 0.999
Spike = Literal["stand-in", "limit", "filled", "zero", "default"]


@dataclass(frozen=True, kw_only=True)
class SpikedValue(Defect):
    """One value that a clearly larger share of rows has than in the reference, out of line with its neighbours."""

    value: float
    spike: Spike
    then: float


@dataclass(frozen=True, kw_only=True)
class StandIn(Defect):
    """A number that stands far away from all others and is one that people write where there is none."""

    value: float


def spiked_values(study: Study) -> Iterator[SpikedValue]:
    """Values that became common."""
    both = sides(study)
    if both is None:
        return
    found: list[tuple[SpikedValue, float]] = []
    for plan in numeric(study):
        now, then = numbers(study, plan, CURRENT), numbers(study, plan, REFERENCE)
        if now is not None and then is not None:
            found += _spikes(study, plan, now, then, both)
    q = adjusted([p for _, p in found])
    for (defect, _), value in zip(found, q, strict=True):
        if value <= FALSE_DISCOVERIES:
            yield replace(defect, q=value)


def _spikes(
    study: Study, plan: ColumnPlan, now: Numbers, then: Numbers, both: Sides
) -> Iterator[tuple[SpikedValue, float]]:
    before = dict(zip(then.code.tolist(), then.count.tolist(), strict=True))
    counts = dict(zip(now.code.tolist(), now.count.tolist(), strict=True))
    seen = finite(study, plan.name, CURRENT)
    for place, (code, count) in enumerate(counts.items()):
        old = before.get(code, 0.0)
        grown = count / now.rows - old / then.rows
        if grown < GROWN_STAND_IN:
            continue
        value = _value(now, place, seen)
        if value is None or grown < (GROWN_STAND_IN if value in STAND_INS else GROWN):
            continue
        around = [counts.get(code + step, 0.0) for step in (-3, -2, -1, 1, 2, 3)]
        if count < TIMES * max(np.mean(around), 1.0) or count / now.rows < TIMES * old / then.rows:
            continue
        yield (
            SpikedValue(
                columns=(plan.name,),
                share=share_of(count, now.rows, study.level, both.design_now),
                rows=round(count),
                against=True,
                value=value,
                spike=_kind(value, now, then),
                then=old / then.rows,
            ),
            both.change_p(count, old),
        )


def _value(now: Numbers, place: int, seen: np.ndarray | None) -> float | None:
    """The one value that most rows of a bin have, None where there is none."""
    left, right = float(now.left[place]), float(now.right[place])
    if now.whole and left == right:
        return left
    if seen is None:
        return None
    inside = seen[(seen >= left) & ((seen < right) | (seen == now.high))]
    if not len(inside):
        return None
    values, rows = np.unique(inside, return_counts=True)
    most = int(rows.argmax())
    return float(values[most]) if rows[most] >= ONE_VALUE * len(inside) else None


def _kind(value: float, now: Numbers, then: Numbers) -> Spike:
    if value in STAND_INS and not then.low <= value <= then.high:
        return "stand-in"
    beyond = then.above(value) if value >= now.quantile(AT_LIMIT) else 0.0
    short = then.below(value) if value <= now.quantile(1 - AT_LIMIT) else 0.0
    if max(beyond, short) / then.rows >= GROWN / 2:
        return "limit"
    if value == 0:
        return "zero"
    if value in STAND_INS:
        return "stand-in"
    if now.sd > 0 and min(abs(value - then.mean), abs(value - then.quantile(0.5))) <= 0.02 * then.sd:
        return "filled"
    return "default"


def stand_ins(study: Study) -> Iterator[StandIn]:
    """Numbers far from all others that people write where there is none, in the current data, reference or not."""
    for plan in numeric(study):
        now, seen = numbers(study, plan, CURRENT), finite(study, plan.name, CURRENT)
        if now is None or seen is None or len(seen) < FEWEST:
            continue
        values, rows = np.unique(seen, return_counts=True)
        if len(values) <= 2:
            continue
        low, high = np.quantile(values, [0.25, 0.75])
        for place, beside in ((0, 1), (-1, -2)):
            value, count = float(values[place]), int(rows[place])
            gap = abs(float(values[beside]) - value)
            enough = count >= max(FEWEST, ALONE * len(seen))
            lone = gap > 2 * (float(values.max() - values.min()) - gap) or gap > 3 * (high - low)
            odd = value == -1 and values[1] >= 0 and count >= TIMES * float(rows[1:4].mean())
            if value in STAND_INS and enough and (lone or odd):
                total = round(count / len(seen) * now.known)
                yield StandIn(
                    columns=(plan.name,), share=share_of(total, now.rows, study.level), rows=total, value=value
                )
