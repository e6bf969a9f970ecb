"""Queries without a relevant item."""

from __future__ import annotations

from steelyard.analyses.curves.cells import over_all
from steelyard.analyses.study import Study
from steelyard.facts import Moments

RELEVANT = "sy_relevant"


def relevant_fact(study: Study) -> Moments | None:
    """How many queries have no relevant item; None where lists are not ranked."""
    if study.problem.task != "ranking" or RELEVANT not in study.problem.columns:
        return None
    return over_all(Moments((f"where({RELEVANT} > 0, 0, 1)",), cubes=False), study)


def empty_queries(study: Study, data: str) -> tuple[float, float] | None:
    """(queries without a relevant item, queries)."""
    fact = relevant_fact(study)
    if fact is None or fact not in study.profiles[data] or not study.profiles[data][fact].rows:
        return None
    sums = study.profiles[data][fact].sums.sum(axis=0)
    return float(sums[1]), float(sums[0])
