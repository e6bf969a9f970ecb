"""What moved from the reference to the current data, how far, and whether it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.drift import reliance, watched
from steelyard.analyses.drift.columns import drifts
from steelyard.analyses.study import Study
from steelyard.facts import Fact


def facts(study: Study) -> Iterator[Fact]:
    """Facts about the rows."""
    if study.problem.task != "ranking":
        yield from watched.facts(study)
        yield from reliance.facts(study)


def about(study: Study) -> Iterator[Fact]:
    """Facts about the user's own columns: of a ranking's items, as its rows are queries."""
    if study.problem.task == "ranking":
        yield from watched.facts(study)


def read(study: Study) -> Study:
    """The study with its drifts."""
    return replace(study, drifts=(*study.drifts, *drifts(study)))
