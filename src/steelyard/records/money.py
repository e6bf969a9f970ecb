"""What decisions cost and earn."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records.estimate import Outcome


@dataclass(frozen=True)
class Option:
    """One way to decide (a threshold, everyone, no one, with review) and what it is worth a row.

    Attributes:
        name: "deployed", "best", "flag everyone", "flag no one" …
        threshold: scores from here on are flagged; None where there is none.
        value: expected value a row, in the currency; what is lost is negative.
        flagged: share of rows flagged.
        reviewed: share of rows sent to people.
    """

    name: str
    threshold: float | None
    value: Outcome
    flagged: float
    reviewed: float = 0.0


@dataclass(frozen=True)
class Money:
    """What the model's decisions are worth.

    Attributes:
        currency: "EUR", "points" …
        unit: what one row is ("decision").
        options: ways to decide, the deployed one first.
        regret: value of the best option on held-out rows minus that of the deployed one, a row.
        notes: assumptions, in sentences.
    """

    currency: str
    unit: str
    options: tuple[Option, ...] = ()
    regret: Outcome | None = None
    notes: tuple[str, ...] = ()
