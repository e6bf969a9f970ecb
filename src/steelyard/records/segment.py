"""A segment: rows that a rule picks out, found by search, in which the model fails more than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records.estimate import Estimate
from steelyard.records.slice import Slice


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of one rule, held against all other rows.

    Attributes:
        where: the rule as column to group ("25 to 40").
        rule: the same as a filter expression that SQL and Polars' `sql_expr` read.
        rows: rows with a known loss in it.
        share: of all rows with a known loss.
        loss: mean loss inside (error rate, absolute error …).
        rest: mean loss of all other rows.
        excess: loss minus rest.
        of_errors: share of all loss that falls into it.
        avoidable: share of all loss that would go if it were as good as the rest, after shrinkage.
        p: of no difference to the rest, one-sided.
        q: the same after the multiplicity correction over everything that was searched.
        then: mean loss inside on the reference data, where there is one.
    """

    where: Slice
    rule: str
    rows: int
    share: float
    loss: Estimate
    rest: Estimate
    excess: Estimate
    of_errors: float
    avoidable: float
    p: float
    q: float
    then: Estimate | None = None
