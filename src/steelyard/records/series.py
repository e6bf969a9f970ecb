"""A number over time: one estimate a window, the limits it should keep, and when it left them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from steelyard.records.estimate import Outcome


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: a deployment, a schema change, an incident.

    Attributes:
        time: ISO time.
        kind: "deployment", "schema change", "incident" …
        title: what happened, in words.
    """

    time: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Point:
    """One window.

    Attributes:
        start, end: of the window, as ISO times (or numbers as text).
        outcome: the estimate, or why there is none.
        data: "reference" or "current".
        statistic: the chart's statistic (EWMA or CUSUM of the standardised residuals); None in the baseline.
        alarm: whether it is beyond the control limits here.
    """

    start: str
    end: str
    outcome: Outcome
    data: str = "current"
    statistic: float | None = None
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """A level shift that was found afterwards.

    Attributes:
        at: start of the first window of the new level.
        before, after: mean level.
        p: of no change there.
    """

    at: str
    before: float
    after: float
    p: float


@dataclass(frozen=True, slots=True)
class Series:
    """A metric or a drift over windows.

    Attributes:
        subject: the metric's name, or the column's.
        kind: what the values are.
        points: in the order of time.
        centre: level of the baseline; None where there are too few windows.
        limits: control limits on the scale of the values for a single window, of an average phase; None as above.
        between: standard deviation between windows beyond sampling error.
        baseline: number of windows the limits rest on.
        budget: the false alarms that were allowed, in words ("one in 500 windows").
        changes: change points.
        method: how limits and alarms were made.
    """

    subject: str
    kind: Literal["metric", "drift", "missing", "volume"]
    points: tuple[Point, ...]
    centre: float | None = None
    limits: tuple[float, float] | None = None
    between: float = 0.0
    baseline: int = 0
    budget: str = ""
    changes: tuple[Change, ...] = ()
    method: str = ""

    @property
    def alarms(self) -> tuple[Point, ...]:
        """The windows with an alarm."""
        return tuple(point for point in self.points if point.alarm)
