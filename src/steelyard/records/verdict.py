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

    Attributes:
        metric: what was measured.
        bound: the bound in words: "≥ 0.8", "difference to champion ≥ −0.01".
        verdict: pass, fail or inconclusive.
        sentence: what came out, in words.
        outcome: what the bound was held against: the metric, its difference, or the largest gap between groups.
        slice: the rows.
        rows_needed: rows in all that would settle an inconclusive check if the value stayed where it is; None where
            no number of rows would, or none is needed.
        name: the check as its author may have written it: "recall >= 0.8 [sex = F]".
        low, high: the bounds that the outcome must lie within; None for an open side.
        relative_to: "reference" or "champion", where the outcome is a difference to it.
        across: the columns whose groups were compared.
        p: two-sided p-value of a truth at the bound; None where the value is on the good side of it.
        p_adjusted: the same where the whole list of checks is counted (Holm).
        next: what to do about it.
        notes: what else to know, e.g. that the bound was changed after data had been seen.
    """

    metric: str
    bound: str
    verdict: Verdict
    sentence: str
    outcome: Outcome
    slice: Slice = field(default=EVERYTHING)
    rows_needed: int | None = None
    name: str = ""
    low: float | None = None
    high: float | None = None
    relative_to: str | None = None
    across: tuple[str, ...] = ()
    p: float | None = None
    p_adjusted: float | None = None
    next: str = ""
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The check in a line, rules of columns included."""
        return self.name or f"{self.metric} ({self.bound})"
