"""What is wrong with the data: values, columns, rows, and what the two data sets share."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.quality import contents, population, times
from steelyard.analyses.study import Study
from steelyard.facts import Fact

__all__ = ["about", "facts", "read"]


def facts(study: Study) -> Iterator[Fact]:
    """Facts about the rows: none, for data quality is about the user's own columns."""
    return iter(())


def about(study: Study) -> Iterator[Fact]:
    """Sketches of whole rows, rows by day and by stated group; the rest is read from the data overview's facts."""
    yield from population.wanted(study.population, study.roles.weight)
    yield from contents.wanted(study)
    yield from times.wanted(study)


def read(study: Study) -> Study:
    """The study as it is: what is wrong is told by the findings, each of which looks for one kind of fault."""
    return study
