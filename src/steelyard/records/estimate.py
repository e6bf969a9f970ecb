"""A number with its uncertainty, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

from steelyard.records.slice import EVERYTHING, Slice


@dataclass(frozen=True, slots=True, repr=False)
class Estimate:
    """A value with an interval and the method that made it.

    Attributes:
        value: the point estimate.
        low: lower end of the interval.
        high: upper end of the interval.
        level: nominal coverage of the interval, e.g. 0.95.
        n: rows (or queries, or other units) the value rests on.
        method: how the interval was made, e.g. "wilson".
        effective_n: n after weights and clusters; equal to n for plain rows.
        se: standard error on the value's own scale.
        discretisation: bound on the error made by binning; 0 where the value is exact.
        note: a caution about this number, or "".
    """

    value: float
    low: float
    high: float
    level: float
    n: int
    method: str
    effective_n: float | None = None
    se: float | None = None
    discretisation: float = 0.0
    note: str = ""

    def __str__(self) -> str:
        return f"{self.value:.4g} ({self.low:.4g} … {self.high:.4g})"

    def __repr__(self) -> str:
        return f"Estimate({self.value:.4g}, {self.low:.4g} … {self.high:.4g}, n = {self.n:,}, {self.method})"


@dataclass(frozen=True, slots=True)
class Undefined:
    """No value, and why."""

    reason: str

    def __str__(self) -> str:
        return f"undefined: {self.reason}"


Outcome = Estimate | Undefined


@dataclass(frozen=True, slots=True)
class Reading:
    """One metric on one slice of one data set.

    `data` is "current" or "reference"; `difference` readings are current minus reference.
    """

    metric: str
    outcome: Outcome
    slice: Slice = field(default=EVERYTHING)
    data: str = "current"

    @property
    def estimate(self) -> Estimate | None:
        """The estimate, or None where the metric is undefined."""
        return self.outcome if isinstance(self.outcome, Estimate) else None
