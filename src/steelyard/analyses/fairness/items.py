"""Rankings: how much of the readers' attention the items of each group get."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Fact, Moments, quote

LOG2 = 0.6931471805599453


def facts(study: Study) -> Iterator[Fact]:
    """Exposure of items by group."""
    for by in study.sensitive:
        if (fact := exposure_by(study, by)) is not None:
            yield fact


def exposure_by(study: Study, by: SliceBy) -> Moments | None:
    """Sums of 1 / log2(1 + rank) over items; None where the rank is no column of its own.

    A rank that follows from scores needs a sort within each query, which no sum over rows can do.
    """
    roles = study.roles
    if study.problem.task != "ranking" or roles.scores or not roles.predictions:
        return None
    rank = quote(roles.predictions[0])
    return Moments((f"{LOG2!r} / log(1 + {rank})",), by=by.keys, cubes=False)


def of_items(study: Study, by: SliceBy) -> bool:
    """Whether the attribute differs between the items of one query, in a look at the data."""
    query, look = study.roles.query, study.looks.get("current")
    if query is None or look is None or not {query, *by.columns} <= set(look.frame.columns):
        return False
    groups = look.frame.group_by(query).agg(pl.struct(by.columns).n_unique().alias("groups"))["groups"]
    return bool((groups > 1).any())
