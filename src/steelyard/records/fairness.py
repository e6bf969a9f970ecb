"""How groups fare: every gap with its interval, and whether it is a violation, none, or cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from steelyard.records.estimate import Outcome
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import Verdict


@dataclass(frozen=True)
class GroupRate:
    """One measure of one group.

    Attributes:
        where: the group, or an intersection of groups.
        rows: rows of the group.
        outcome: the group's own rate.
        gap: the rate minus that of the group it is compared with; None for that group itself.
        ratio: the rate over that of the group it is compared with, where the measure is told as a ratio.
        shrunken: the rate after empirical Bayes over all groups of the measure.
    """

    where: Slice
    rows: int
    outcome: Outcome
    gap: Outcome | None = None
    ratio: Outcome | None = None
    shrunken: Outcome | None = None


@dataclass(frozen=True)
class Parity:
    """One measure over all groups of one attribute, or intersection of attributes.

    Attributes:
        measure: "selection_rate", "recall", "false_positive_rate", "precision", "calibration" …
        criterion: what equal values of it mean: "demographic parity", "equal opportunity" …
        attribute: the columns.
        against: the group that others are compared with.
        worst: the largest difference between any two groups, with an interval that accounts for choosing it.
        worst_pair: the two groups.
        tolerance: differences up to here count as none.
        verdict: pass: no violation; fail: a violation; inconclusive: can't tell.
        p: of the hypothesis that all groups are alike.
        groups: every group.
        sentence: plain words.
    """

    measure: str
    criterion: str
    attribute: tuple[str, ...]
    against: Slice
    worst: Outcome
    tolerance: float
    verdict: Verdict
    worst_pair: tuple[Slice, Slice] = (EVERYTHING, EVERYTHING)
    p: float | None = None
    groups: tuple[GroupRate, ...] = ()
    sentence: str = ""
    data: str = "current"


@dataclass(frozen=True)
class Fairness:
    """The audit of one evaluation.

    Attributes:
        parities: every criterion by every attribute.
        notes: what was suppressed, left out, or cannot be known.
    """

    parities: tuple[Parity, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
