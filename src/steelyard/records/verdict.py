"""The three answers a check can give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from steelyard.records.estimate import Outcome
from steelyard.records.slice import EVERYTHING, Slice


class Verdict(StrEnum):
    """`pass`: the whole interval is good. `fail`: the whole interval is bad. Else `inconclusive`."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict | None:
        """Return the worst of several verdicts, None of none."""
        order = [cls.FAIL, cls.INCONCLUSIVE, cls.PASS]
        seen = set(verdicts)
        return next((v for v in order if v in seen), None)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A metric held against a bound.

    `rows_needed` is the number of rows in all that would settle an inconclusive check
    if the value stayed where it is; None where no number of rows would, or none is needed.
    """

    metric: str
    bound: str
    verdict: Verdict
    sentence: str
    outcome: Outcome
    slice: Slice = field(default=EVERYTHING)
    rows_needed: int | None = None
