"""Why a metric changed: parts that add up to the change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from steelyard.records.estimate import Estimate
from steelyard.records.series import Event
from steelyard.records.slice import EVERYTHING, Slice

Mechanism = Literal["data fault", "mix", "scores", "base rate", "concept", "policy", "rest"]
"""What can change: inputs that broke, who the rows are, the scores they get, how frequent positives are, what is true
of rows with a given score, how scores become decisions; and what no part explains."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one mechanism contributes to a change.

    Attributes:
        mechanism: what changed.
        subject: the column or segment it is told of; "" for the data as a whole.
        where: the segment, where it is one.
        effect: contribution to the change of the metric, in the metric's units, with interval.
        share: effect divided by the whole change.
        sentence: the same in words.
    """

    mechanism: Mechanism
    subject: str
    effect: Estimate
    share: float
    where: Slice = EVERYTHING
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Attribution:
    """A change of one metric and its parts.

    Attributes:
        metric: name of the metric.
        change: current minus reference.
        then, now: its values.
        parts: add up to the change exactly; the largest first.
        details: the same change told by other columns or by segments; these overlap and do not add up with `parts`.
        since: when it began (ISO time or window name), "" where unknown.
        events: recorded events close to that time.
        method: how the parts were made ("kitagawa", "shapley over mechanisms, by age").
        sentence: two sentences that say it.
    """

    metric: str
    change: Estimate
    then: Estimate
    now: Estimate
    parts: tuple[Part, ...]
    details: tuple[Part, ...] = ()
    since: str = ""
    events: tuple[Event, ...] = ()
    method: str = ""
    sentence: str = ""
