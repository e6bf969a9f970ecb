"""Which function turns a result that is no evaluation into the document that faces show."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from steelyard.evaluation.result import Result
from steelyard.report.document import Document

_HOMES = {
    "experiment": "experiments",
    "design": "designs",
    "comparison": "comparisons",
    "improvement": "improvements",
}
"""Kind of result to the module of this room with its `document`."""


def document(result: Result) -> Document:
    """Turn a result into its document."""
    build: Callable[[Any], Document] = import_module(f"steelyard.report.{_HOMES[result.kind]}").document
    return build(result)
