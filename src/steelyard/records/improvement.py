"""Something that could be done better, proved on rows that did not choose it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.records.estimate import Outcome
from steelyard.records.slice import EVERYTHING, Slice


@dataclass(frozen=True)
class Effect:
    """One measure before and after, on held-out rows; `change` is paired, after minus before."""

    measure: str
    before: Outcome
    after: Outcome
    change: Outcome
    where: Slice = EVERYTHING


@dataclass(frozen=True)
class Move:
    """Whose decisions change, on held-out rows.

    Attributes:
        where: the group; all rows where it is empty.
        rows: rows of the group.
        gained: share of its rows that are decided positively afterwards and were not before.
        lost: share of its rows that were decided positively and are no longer.
    """

    where: Slice
    rows: int
    gained: Outcome
    lost: Outcome


@dataclass(frozen=True)
class Step:
    """One point of a trade-off: what is given up (`quality`) for what is gained (`gap`), on held-out rows.

    Attributes:
        bound: what was asked for, e.g. the largest gap allowed.
        quality: the measure that is kept high (or the value).
        gap: the measure that is brought down.
        policy: how it is decided there, as plain values.
    """

    bound: float
    quality: Outcome
    gap: Outcome
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A change of how a model is used, with its effects on held-out rows.

    Attributes:
        id: stable, e.g. "fairness:equalized_odds:sex:thresholds".
        kind: "fairness", "threshold", "abstention", "recalibration".
        title: a few words.
        sentence: what to do, what it brings, what it costs whom; plain words.
        detail: the same for an engineer, with method.
        effects: measures before and after, overall and by group.
        frontier: the trade-off, where there is one.
        chosen: place of the chosen step in the frontier; None where no step is proposed.
        policy: how it is decided, as plain values that `improve.policy` reads; {} where there is none.
        verified: whether the gain is certain on held-out rows.
        cautions: what to know before using it, e.g. the law.
        deployed: quality and gap of the decisions as they are, where there is a frontier.
        quality: what the frontier keeps high: "accuracy", "value" …; "" where there is no frontier.
        gap: what it brings down: "equalized odds" …; "" where there is no frontier.
        moves: whose decisions change, all rows first.
    """

    id: str
    kind: str
    title: str
    sentence: str
    detail: str = ""
    effects: tuple[Effect, ...] = ()
    frontier: tuple[Step, ...] = ()
    chosen: int | None = None
    policy: Mapping[str, Any] = field(default_factory=dict)
    verified: bool = False
    cautions: tuple[str, ...] = ()
    deployed: Step | None = None
    quality: str = ""
    gap: str = ""
    moves: tuple[Move, ...] = ()
