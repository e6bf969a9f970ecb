"""Where the model fails most: segments found by search over all features and their intersections."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.slices.discovery import Measure, read, refine
from steelyard.analyses.slices.history import history
from steelyard.analyses.slices.plan import DEPTH, facts, notes
from steelyard.analyses.study import Study
from steelyard.facts import Fact

__all__ = ["DEPTH", "Measure", "about", "facts", "history", "notes", "read", "refine"]


def about(study: Study) -> Iterator[Fact]:
    """Facts about the user's own columns: none."""
    return iter(())
