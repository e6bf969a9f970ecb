"""What was found, how sure it is, what it means and what to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from steelyard.records.estimate import Estimate
from steelyard.records.slice import EVERYTHING, Slice


class Severity(StrEnum):
    """How much a finding matters, by estimated impact."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the most severe."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Something to do, with its expected effect and whether that was verified on held-out data."""

    action: str
    effect: str = ""
    verified: bool = False

    def __str__(self) -> str:
        return f"{self.action} {self.effect}".strip()


@dataclass(frozen=True, slots=True)
class Finding:
    """What, where, how much, how sure, so what, what to do.

    Attributes:
        id: stable over runs on the same subject, e.g. "weak-slice:sex=F".
        kind: the question that found it, e.g. "weak-slice", "calibration".
        severity: by estimated impact.
        subject: metric, column or slice it is about.
        sentence: plain words for anyone.
        detail: the same for an engineer, with method and numbers.
        recommendation: what to do.
        slice: where.
        estimate: the number it rests on, where there is one.
        impact: what share of all errors (or other stated loss) it stands for; orders findings.
        standing: whether it was so on the reference too.
        part_of: id of the finding that explains this one, "" where none does.
    """

    id: str
    kind: str
    severity: Severity
    subject: str
    sentence: str
    recommendation: Recommendation
    detail: str = ""
    slice: Slice = field(default=EVERYTHING)
    estimate: Estimate | None = None
    impact: float = 0.0
    part_of: str = ""
    standing: bool = False
