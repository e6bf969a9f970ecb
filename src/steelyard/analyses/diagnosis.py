"""The analyses that look beyond the metrics: which facts each wants, and what each reads, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from steelyard.analyses import attribution, cost, drift, estimation, fairness, quality, slices, uncertainty, windows
from steelyard.analyses.failure import failed
from steelyard.analyses.study import Study
from steelyard.facts import Fact, Profile

Ask = Callable[[str, Iterable[Fact]], Profile]


class Analysis(Protocol):
    """What a question beyond the metrics consists of; a module will do."""

    def facts(self, study: Study) -> Iterator[Fact]:
        """Facts about the rows: the user's columns and the row columns of `metrics.rows`."""

    def about(self, study: Study) -> Iterator[Fact]:
        """Facts about the user's own columns alone, so that they can be had of a ranking's items too."""

    def read(self, study: Study) -> Study:
        """The study with what was read from its profiles."""


ANALYSES: tuple[tuple[str, Analysis], ...] = (
    ("quality", quality),
    ("drift", drift),
    ("windows", windows),
    ("slices", slices),
    ("estimation", estimation),
    ("attribution", attribution),
    ("fairness", fairness),
    ("cost", cost),
    ("uncertainty", uncertainty),
)
"""Later ones may look at what earlier ones have read."""


def facts(study: Study) -> Iterator[Fact]:
    """Facts about the rows."""
    for _, analysis in ANALYSES:
        yield from analysis.facts(study)


def about(study: Study) -> Iterator[Fact]:
    """Facts about the user's own columns."""
    for _, analysis in ANALYSES:
        yield from analysis.about(study)


def read(study: Study, deeper: Ask | None = None) -> Study:
    """Read everything; an analysis that fails leaves a finding, and the others go on.

    Args:
        study: the study with its profiles and readings.
        deeper: measures further facts, for segments of three features; None leaves it at two.
    """
    for name, analysis in ANALYSES:
        try:
            study = analysis.read(study)
            if name == "slices" and deeper is not None:
                study = slices.refine(study, deeper)
        except Exception as error:  # noqa: BLE001 - where an analysis' failure becomes its result
            study = replace(study, failures=(*study.failures, failed(name, error)))
    return study
