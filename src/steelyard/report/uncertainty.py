"""Whether the model knows what it does not know."""

from __future__ import annotations

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.section import Section


def uncertainty(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return its sections; none where nothing was read."""
    return ()
