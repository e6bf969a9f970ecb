"""What decisions cost and earn."""

from __future__ import annotations

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.section import Section


def money(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return its sections; none where nothing was read."""
    return ()
