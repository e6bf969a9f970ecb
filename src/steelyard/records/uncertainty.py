"""Whether a model knows what it does not know."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records.estimate import Outcome
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import Verdict


@dataclass(frozen=True)
class Coverage:
    """How often intervals or sets held the truth, beside what was promised.

    Attributes:
        where: the rows.
        coverage: observed share.
        promised: the nominal share.
        limits: where the share lies with the level's probability if the promise holds.
        p: of the promise.
        size: mean width of the intervals, or mean number of classes of the sets.
        verdict: pass, fail, inconclusive.
        data: "current" or "reference".
    """

    coverage: Outcome
    promised: float
    limits: tuple[float, float]
    p: float
    size: Outcome
    verdict: Verdict
    where: Slice = EVERYTHING
    data: str = "current"


@dataclass(frozen=True)
class Uncertainty:
    """Coverage, selective prediction and recalibration of one evaluation.

    Attributes:
        coverages: overall first, then by slice.
        selective: how well confidence ranks errors: "aurc", "augrc" … by name.
        notes: methods and limits, in sentences.
    """

    coverages: tuple[Coverage, ...] = ()
    selective: tuple[tuple[str, Outcome], ...] = ()
    notes: tuple[str, ...] = ()
