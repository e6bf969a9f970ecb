"""What moved from the reference to the current data, how far, and whether it matters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from steelyard.analyses.drift import columns, embedding, joint, reliance, text, watched
from steelyard.analyses.study import Study
from steelyard.facts import Fact
from steelyard.records import Drift


class Part(Protocol):
    """A kind of drift beyond that of single columns; a module will do."""

    def about(self, study: Study) -> Iterator[Fact]:
        """Facts about the user's own columns."""

    def drifts(self, study: Study) -> list[Drift]:
        """What moved."""


PARTS: tuple[Part, ...] = (joint, text, embedding)


def facts(study: Study) -> Iterator[Fact]:
    """Facts about the rows."""
    if study.problem.task != "ranking":
        yield from watched.facts(study)
        yield from reliance.facts(study)


def about(study: Study) -> Iterator[Fact]:
    """Facts about the user's own columns; of a ranking's items those that are of rows elsewhere, too."""
    if study.problem.task == "ranking":
        yield from watched.facts(study)
    for part in PARTS:
        yield from part.about(study)


def read(study: Study) -> Study:
    """The study with its drifts: of each column first, then of columns together, texts and embeddings."""
    study = replace(study, drifts=columns.drifts(study))
    for part in PARTS:
        study = replace(study, drifts=(*study.drifts, *part.drifts(study)))
    return study
