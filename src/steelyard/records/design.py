"""How an experiment should be run: units, days, looks, and what other ways would cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PlannedArm:
    """One arm of a planned experiment.

    Attributes:
        name: "control", "treatment", "treatment 2" …
        share: of all units.
        units: rounded up.
        clusters: assigned clusters; None where units are assigned one by one.
        per_day: units a day at the traffic that was told.
    """

    name: str
    share: float
    units: int
    clusters: int | None = None
    per_day: float | None = None


@dataclass(frozen=True)
class PlannedLook:
    """One look at the results.

    Attributes:
        share: of all units.
        units: in all, when it is due.
        day: when that is at the traffic that was told.
        limit: |z| from which the experiment stops.
        p: the same as a two-sided p-value of this look alone (one-sided for a one-sided test).
        spent: chance of a false alarm up to this look.
        found: chance to have found the planned effect up to this look.
    """

    share: float
    units: int
    day: float | None
    limit: float
    p: float
    spent: float
    found: float


@dataclass(frozen=True)
class PowerPoint:
    """What the planned experiment does with another effect.

    Attributes:
        effect: treatment minus control (for margins: by how much the treatment is better).
        relative: the same as a share of the baseline; None where there is none.
        power: chance to find it with the planned units.
        units: in all, that would find it with the planned power; None where no number would.
        days: the same in days.
    """

    effect: float
    relative: float | None
    power: float
    units: int | None
    days: float | None


@dataclass(frozen=True)
class SmallestEffect:
    """The smallest effect that is found with the planned power after so many days."""

    days: int
    units: int
    effect: float | None
    relative: float | None


@dataclass(frozen=True)
class Alternative:
    """Another way to run it.

    Attributes:
        name: in a few words.
        units: in all.
        days: at the traffic that was told.
        times: units over those planned.
        average_times: the same on average where the effect is there and looks may stop early; None with one look.
        sentence: what it gains or costs.
    """

    name: str
    units: int
    days: float | None
    times: float
    average_times: float | None
    sentence: str


@dataclass(frozen=True)
class Measured:
    """What was read from data of before.

    Attributes:
        description: the data.
        units: with a value.
        baseline: mean of the metric, or ratio.
        sd: of one unit.
        clusters: of units that would be assigned together; None where units are assigned one by one.
        cluster_size: units in a cluster, on average.
        size_variation: coefficient of variation of the clusters' sizes.
        design_effect: variance over what it would be if the units of a cluster had nothing in common.
        icc: correlation of two units of a cluster that this amounts to.
        correlation: of the metric with the covariate; None where none was named.
    """

    description: str
    units: int
    baseline: float
    sd: float
    clusters: int | None = None
    cluster_size: float = 1.0
    size_variation: float = 0.0
    design_effect: float = 1.0
    icc: float | None = None
    correlation: float | None = None
