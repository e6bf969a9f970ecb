"""What can be wrong with data: the record that every look for it makes."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records import Estimate
from steelyard.stats import intervals


@dataclass(frozen=True, kw_only=True)
class Defect:
    """Something that is wrong with some rows of some columns.

    Attributes:
        columns: the columns it is about; none for whole rows.
        share: the share of the rows of the data set that it touches, with its interval.
        rows: how many rows that are.
        against: whether it is told by holding the current data against the reference.
        q: p-value against the reference after Benjamini–Hochberg over what was looked at; None without a test.
    """

    columns: tuple[str, ...]
    share: Estimate
    rows: int
    against: bool = False
    q: float | None = None


def share_of(count: float, rows: float, level: float, design: float = 1.0) -> Estimate:
    """A share of rows with Wilson's interval; `design` is by how much clusters divide the number of rows."""
    share = min(count / rows, 1.0)
    low, high = intervals.wilson(share, rows / design, level)
    return Estimate(share, low, high, level, round(rows), "wilson", effective_n=rows / design)
