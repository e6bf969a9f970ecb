"""The sections about decisions: is it fair enough, what is it worth, does it know what it does not know."""

from __future__ import annotations

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.fairness import fairness
from steelyard.report.money import money
from steelyard.report.section import Section
from steelyard.report.uncertainty import uncertainty


def sections(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return the sections that this evaluation has something to say in."""
    return (*fairness(evaluation), *money(evaluation), *uncertainty(evaluation))
