"""What are the decisions worth, and which would be worth more?"""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.study import Study
from steelyard.facts import Fact


def facts(study: Study) -> Iterator[Fact]:
    """The facts it reads."""
    yield from ()


def about(study: Study) -> Iterator[Fact]:
    """Facts of the user's own columns."""
    yield from ()


def read(study: Study) -> Study:
    """The study with what was read."""
    return study
