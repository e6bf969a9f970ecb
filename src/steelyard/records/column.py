"""What a column holds: the data overview's unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ColumnSummary:
    """Counts and shape of one column of one data set.

    Attributes:
        name: the column.
        kind: "number", "boolean", "text", "time" or "other".
        role: "label", "score", "feature", "slice", … or "".
        rows: rows of the data set.
        missing: rows where it is NULL or NaN.
        infinite: rows where it is ±inf.
        distinct: number of distinct values where it was counted, else None.
        mean, sd, low, high: of a number; for times low and high are ISO strings.
        quantiles: share to value (within a bin's width), for numbers.
        histogram: (left edge, right edge, rows) of a number, in order, at most 40.
        top: (value, rows) of the commonest values, at most 20.
        data: "current" or "reference".
    """

    name: str
    kind: str
    role: str
    rows: int
    missing: int
    infinite: int = 0
    distinct: int | None = None
    mean: float | None = None
    sd: float | None = None
    low: float | str | None = None
    high: float | str | None = None
    quantiles: Mapping[float, float] = field(default_factory=dict)
    histogram: Sequence[tuple[float, float, float]] = ()
    top: Sequence[tuple[str, float]] = ()
    data: str = "current"
