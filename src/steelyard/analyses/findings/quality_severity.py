"""How severe a fault of the data is: by the rows it touches, and by whether the model relies on the column.

| kind | measured by | high | medium | low |
|---|---|---|---|---|
| any but those below | share of the rows it touches | ≥ 10 % | ≥ 1 % | else |
| vanished-values | share of the reference's rows | | ≥ 10 % | else |
| outliers | growth of the share | | ≥ 5 % | else |
| target-leak | | always | | |
| missing-tells, missing-where, slips, stand-in, near-duplicates | | | | always |
| label-noise | contradicted labels beyond what scores allow; with a reference always low | | ≥ 3 % | else |
| unrepresentative | share of rows that would have to move | ≥ 20 % | ≥ 5 % | else |

A column on which the model hardly relies (reliance known and below 1 %) is one step less severe.
"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.findings.severity import of_rows
from steelyard.analyses.study import Study
from steelyard.records import Severity

HARDLY = 0.01
"""Reliance below which a column hardly matters to the model."""


def touched(study: Study, columns: Sequence[str], share: float) -> Severity:
    """By the share of rows that a fault touches; one step less where the model relies on none of the columns."""
    found = of_rows(share)
    known = {drift.column: drift.reliance for drift in study.drifts}
    relied = [known.get(column) for column in columns]
    if relied and all(r is not None and r < HARDLY for r in relied):
        return less(found)
    return found


def less(severity: Severity) -> Severity:
    """One step less severe, but never only information."""
    return Severity.MEDIUM if severity is Severity.HIGH else Severity.LOW
