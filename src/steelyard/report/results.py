"""Results that are no evaluation: where each is made, and what turns it into the document that faces show."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from steelyard.evaluation.result import Result
from steelyard.report.document import Document

KINDS = {
    "experiment": ("steelyard.evaluation.experiment", "Experiment"),
    "design": ("steelyard.evaluation.design", "Design"),
    "comparison": ("steelyard.evaluation.comparison", "Comparison"),
    "improvement": ("steelyard.evaluation.improvement", "Improvement"),
}
"""Kind of result to its module and class; `report.<kind>s` holds its `document`."""


def document(result: Result) -> Document:
    """Turn a result into its document."""
    build: Callable[[Any], Document] = import_module(f"steelyard.report.{result.kind}s").document
    return build(result)
