"""Another model on the same rows, to hold this one against."""

from __future__ import annotations

from typing import Any

from steelyard.analyses.study import Study
from steelyard.evaluation.measuring import Request, Sources
from steelyard.records import Reading


def against(champion: Any, sources: Sources, request: Request, study: Study) -> list[Reading]:
    """Readings of the champion ("champion"), and this model minus it, paired by row ("gain")."""
    return []
