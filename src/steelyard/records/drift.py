"""How far a column, or all of them together, moved from the reference to the current data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from steelyard.records.estimate import Estimate

What = Literal["feature", "score", "prediction", "label", "joint"]
Moved = Literal["drifted", "stable", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Drift:
    """One column's distribution now against then.

    Attributes:
        column: the column; "" for the joint distribution.
        what: its role.
        distance: the effect size that decides, with its interval, and its method ("jensen_shannon" …).
        verdict: "drifted" where the whole interval is above the tolerance and the window or row level test agrees,
            "stable" where it is below, else "inconclusive".
        measures: other distances and statistics by name ("psi", "ks", "wasserstein" …).
        p: p-value of the test.
        q: the same after Benjamini–Hochberg over the columns.
        test: the name of the test, and what it assumes ("row level, rows independent", "window level, 28 windows").
        tolerance: the distance from which on a drift counts.
        reliance: how much of the model's ranking or error the column carries, 0 to 1; None where unknown.
        effect: estimated effect of this move on the main metric, in its units; None where unknown.
        sentence: what moved, in words ("mean 43 to 39; more missing").
    """

    column: str
    what: What
    distance: Estimate
    verdict: Moved
    measures: Mapping[str, float] = field(default_factory=dict)
    p: float | None = None
    q: float | None = None
    test: str = ""
    tolerance: float = 0.1
    reliance: float | None = None
    effect: Estimate | None = None
    sentence: str = ""
