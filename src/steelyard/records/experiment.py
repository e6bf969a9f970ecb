"""What an experiment showed: whether it can be trusted, what it changed, for whom, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.records.estimate import Estimate, Outcome
from steelyard.records.series import Point
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import Verdict


@dataclass(frozen=True)
class Arm:
    """One arm of an experiment.

    Attributes:
        name: as a reader sees it.
        units: units assigned to it, those in several arms left out.
        share: of all units.
        expected: the share it was meant to have.
        control: whether others are compared with it.
    """

    name: str
    units: int
    share: float
    expected: float
    control: bool = False


@dataclass(frozen=True)
class IntegrityCheck:
    """Whether one thing that makes an experiment believable holds.

    Attributes:
        name: stable: "sample_ratio", "units_in_several_arms", "balance", "novelty" …
        verdict: pass: it holds; fail: the numbers cannot be trusted; inconclusive: to be known when reading them.
        sentence: what was found, in plain words, with what to do.
        p: of "all is well"; None where nothing was tested.
        outcome: the number it rests on, where there is one.
        where: the segment it is about.
        facts: further numbers by name, e.g. units of an arm.
    """

    name: str
    verdict: Verdict
    sentence: str
    p: float | None = None
    outcome: Outcome | None = None
    where: Slice = EVERYTHING
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MetricPlan:
    """What was measured and what it is for.

    Attributes:
        name: for people.
        kind: "mean", "proportion", "ratio" or "quantile".
        role: "primary" (decides), "guardrail" (must not get worse) or "secondary" (explains).
        better: "higher" or "lower".
        columns: what it is made from.
        covariates: values from before the assignment that its effect is adjusted by.
        margin: how much worse a guardrail may get: a share of the control's value where `relative`, else absolute.
        relative: as above.
        worth: money for one more of the metric on one unit; None where it was not said.
    """

    name: str
    kind: str
    role: str
    better: str
    columns: tuple[str, ...]
    covariates: tuple[str, ...] = ()
    margin: float | None = None
    relative: bool = True
    worth: float | None = None


@dataclass(frozen=True)
class ArmEffect:
    """What one arm did to one metric, against the control.

    Attributes:
        metric: name of its plan.
        arm: the arm.
        base: the metric in the control, unadjusted.
        level_in_arm: the metric in the arm, unadjusted.
        difference: arm minus control: the number that decides. Adjusted by covariates where there are some, and
            valid for the way results were looked at.
        relative: the same as a share of the control's value.
        unadjusted: the difference without covariates; None where there are none.
        variance_removed: share of the variance that the covariates took away.
        superiority: probability that a unit of the arm has the larger value than one of the control.
        p: of no effect; of a guardrail that has a margin, of being worse by it or more; below 1 − level just where
            the interval leaves that out.
        adjusted_p: the same after accounting for the other arms and metrics asked the same question.
        verdict: pass: better (a guardrail: not worse than its margin); fail: worse; inconclusive: can't tell.
        rows_needed: units in all that would settle it if the effect stayed where it is.
        sentence: plain words.
    """

    metric: str
    arm: str
    base: Outcome
    level_in_arm: Outcome
    difference: Outcome
    relative: Outcome
    verdict: Verdict
    unadjusted: Outcome | None = None
    variance_removed: float | None = None
    superiority: Outcome | None = None
    p: float | None = None
    adjusted_p: float | None = None
    rows_needed: int | None = None
    sentence: str = ""


@dataclass(frozen=True)
class SliceEffect:
    """The effect on the units of one slice.

    Attributes:
        where: the slice.
        units: of the arm and the control together.
        difference: arm minus control.
        shrunken: after empirical Bayes over the slices of its column; nearer to the truth than `difference`.
        adjusted_p: of an effect like that of all other units, over all slices asked.
    """

    where: Slice
    units: int
    difference: Outcome
    shrunken: float | None = None
    p: float | None = None
    adjusted_p: float | None = None


@dataclass(frozen=True)
class Heterogeneity:
    """Whether an arm's effect on a metric differs between the slices of a column.

    Attributes:
        p: of one effect for all slices (Cochran's Q).
        adjusted_p: the same after accounting for all columns, arms and metrics asked.
        slices: the effect on each, largest slice first.
    """

    metric: str
    arm: str
    columns: tuple[str, ...]
    p: float | None
    adjusted_p: float | None
    slices: tuple[SliceEffect, ...]
    sentence: str = ""


@dataclass(frozen=True)
class Running:
    """The effect over all units so far, at the end of each window of time.

    Attributes:
        points: one a window; `alarm` from the first window on at which the interval leaves 0 out.
        anytime: whether the intervals hold at all windows at once.
        crossed: start of the first window whose interval leaves 0 out; "" where there is none.
    """

    metric: str
    arm: str
    points: tuple[Point, ...]
    anytime: bool
    crossed: str = ""


@dataclass(frozen=True)
class Posterior:
    """What one would believe of an arm, starting from no opinion. Not an error rate: beside the verdict, never in it.

    Attributes:
        best: probability that this arm is the best of all, the control among them.
        better: probability that it is better than the control; None for the control itself.
        loss: what is lost on average by choosing it, in the units of the metric.
    """

    metric: str
    arm: str
    best: float
    better: float | None
    loss: float


@dataclass(frozen=True)
class Decision:
    """What to do.

    Attributes:
        word: "ship", "don't ship", "keep running" or "not valid".
        verdict: pass: ship; fail: don't ship, or not valid; inconclusive: keep running.
        arm: the arm it is about, "" where it is about all.
        sentence: what to do and why, in plain words.
        reasons: further grounds, a sentence each.
        units_needed: more units until it would be settled; None where that is not known, or none is needed.
        days_needed: the same in days at the traffic so far.
        worth: money a unit that shipping would bring; None where it was not said what the metric is worth.
    """

    word: str
    verdict: Verdict
    sentence: str
    arm: str = ""
    reasons: tuple[str, ...] = ()
    units_needed: int | None = None
    days_needed: float | None = None
    worth: Estimate | None = None
