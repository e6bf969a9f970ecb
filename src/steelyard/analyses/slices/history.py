"""Whether a segment is worse since the reference, or was weak before."""

from __future__ import annotations

import math
from typing import Literal

from steelyard.analyses.slices.cubes import cube, sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.analyses.slices.plan import fact_of, plan_of
from steelyard.analyses.study import Study
from steelyard.records import Segment

History = Literal["new", "grown", "known", ""]
SURE = 4.0
"""Standard errors by which the loss must have risen beyond that of all rows."""
MOSTLY = 0.5
"""A segment is new where more than this part of its gap to the rest came since the reference."""


def history(study: Study, segment: Segment) -> History:
    """Whether a segment became weak ("new"), weaker ("grown"), or was so before ("known"); "" without a reference.

    Its loss must have risen by far more than that of all rows together: a segment that was found for being high now
    was likely lower at any other time, by chance alone.
    """
    then = segment.then
    before, after = (mean_loss(study, data) for data in ("reference", "current"))
    if then is None or before is None or after is None:
        return ""
    now = segment.loss
    rise = (now.value - then.value) - (after - before)
    error = math.hypot(now.se or 0.0, then.se or 0.0)
    if rise <= SURE * error:
        return "known"
    return "new" if then.value - before <= MOSTLY * (now.value - after) else "grown"


def mean_loss(study: Study, data: str) -> float | None:
    """Mean loss of all rows of a data set; None where it is not known."""
    profile, plan = study.profiles.get(data), plan_of(study)
    if profile is None:
        return None
    for depth in (2, 1):
        for family in plan.families(depth):
            fact = fact_of(family, study.problem)
            if fact in profile:
                found = sums_of(cube(fact, profile[fact], [Groups(f) for f in family], study.problem))
                weight = float(found.weight.sum())
                return float(found.loss.sum()) / weight if weight > 0 else None
    return None
