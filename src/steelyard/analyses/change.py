"""How much did every metric change from the reference to the current data?"""

from __future__ import annotations

import math
from collections.abc import Iterable

from steelyard.records import Estimate, Reading, Undefined
from steelyard.stats import intervals


def differences(readings: Iterable[Reading]) -> list[Reading]:
    """Current minus reference for every metric and slice that both have.

    The interval combines the two single-sample intervals (MOVER; Zou & Donner 2008), which keeps their
    asymmetry; for two Wilson intervals it is Newcombe's. The two data sets are taken as independent.
    """
    known = list(readings)
    reference = {(r.metric, r.slice): r.outcome for r in known if r.data == "reference"}
    return [
        Reading(r.metric, _difference(r.outcome, reference[r.metric, r.slice]), r.slice, "difference")
        for r in known
        if r.data == "current" and (r.metric, r.slice) in reference
    ]


def _difference(now: Estimate | Undefined, then: Estimate | Undefined) -> Estimate | Undefined:
    if isinstance(now, Undefined):
        return Undefined(f"on the current data, {now.reason}")
    if isinstance(then, Undefined):
        return Undefined(f"on the reference data, {then.reason}")
    low, high = intervals.mover_difference(now.value, now.low, now.high, then.value, then.low, then.high)
    se = math.hypot(now.se, then.se) if now.se is not None and then.se is not None else None
    return Estimate(
        now.value - then.value,
        low,
        high,
        now.level,
        now.n + then.n,
        "mover",
        se=se,
        discretisation=now.discretisation + then.discretisation,
    )
