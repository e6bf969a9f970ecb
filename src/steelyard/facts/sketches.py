"""What sketches of whole rows tell: how many different ones there are, which two data sets share, a uniform sample.

A sketch holds the k contents with the smallest hashes. As hashes know nothing of what they are made from, these are
a simple random sample of all contents, each with its full number of rows; and the k-th smallest tells how many there
are (Bar-Yossef et al. 2002; Beyer, Haas, Reinwald, Sismanis & Gemulla, "On Synopses for Distinct-Value Estimation
Under Multiset Operations", SIGMOD 2007).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from steelyard.facts.levels import Level, text
from steelyard.facts.table import FactTable
from steelyard.facts.vocabulary import Distinct, Sample

ROWS_COLUMN = "sy_rows"
"""Column of a sample's frame that tells how many rows each content has."""
_HASHES = 2.0**63
_LONG = 2**63


class Sketched(NamedTuple):
    """A number read from a sketch, and its error: 0 where the sketch holds everything."""

    value: float
    error: float


@dataclass(frozen=True)
class Shared:
    """Contents of one data set that another has too, counted in a simple random sample of them.

    Attributes:
        contents: contents that were looked at.
        common: those of them that the other data set has too; a binomial count, so Wilson's interval applies.
        rows: rows that the contents have.
        common_rows: rows that the common ones have; rows of one content stand and fall together.
        exact: whether every content was looked at, and there is no error of sampling.
    """

    contents: int
    common: int
    rows: int
    common_rows: int
    exact: bool

    @property
    def share(self) -> float | None:
        """Share of the contents; None where there are none."""
        return self.common / self.contents if self.contents else None

    @property
    def row_share(self) -> float | None:
        """Share of the rows; None where there are none."""
        return self.common_rows / self.rows if self.rows else None


def distinct(fact: Distinct | Sample, table: FactTable) -> Sketched:
    """Number of distinct contents, with its relative standard error.

    Below the sketch's size k it is exact. Else (k − 1)/U, where U in (0, 1) is the k-th smallest hash: unbiased, with
    a relative standard error of 1/√(k − 2) at most (Beyer et al. 2007, theorem 1).
    """
    if is_whole(fact, table):
        return Sketched(float(len(_hashes(table))), 0.0)
    hashes = _hashes(table)
    k = len(hashes)
    largest = (float(hashes.max()) + 0.5) / _HASHES
    return Sketched((k - 1) / largest, 1.0 / math.sqrt(max(k - 2, 1)))


def repeated(fact: Distinct | Sample, table: FactTable) -> Sketched | None:
    """Share of the rows that repeat the content of an earlier row, with its standard error; None without rows.

    With m the mean number of rows of a content it is 1 − 1/m; the error is that of m, by the delta method.
    """
    rows = table.sums[:, 0]
    if not len(rows):
        return None
    mean = float(rows.mean())
    if is_whole(fact, table) or len(rows) == 1:
        return Sketched(1.0 - 1.0 / mean, 0.0)
    return Sketched(1.0 - 1.0 / mean, float(rows.std(ddof=1)) / math.sqrt(len(rows)) / mean**2)


def shared(fact: Distinct | Sample, a: FactTable, b: FactTable) -> Shared:
    """Which of the contents of `a` are also in `b`.

    Up to the smaller of the two largest hashes both sketches hold all there are, so that what one of them lacks there
    the data lacks (Beyer et al. 2007, section 4).
    """
    limit = min(_reach(fact, a), _reach(fact, b))
    hashes, rows = a.codes[:, 0], a.sums[:, 0]
    inside = hashes <= limit
    common = inside & np.isin(hashes, b.codes[:, 0])
    return Shared(
        int(inside.sum()),
        int(common.sum()),
        int(rows[inside].sum()),
        int(rows[common].sum()),
        is_whole(fact, a) and is_whole(fact, b),
    )


def sample_frame(fact: Sample, table: FactTable) -> pl.DataFrame:
    """The sampled rows: each content once, with its number of rows in the column `sy_rows`.

    Numbers are Int64 where all are whole and Float64 otherwise, anything else is text (booleans are "True" and
    "False", times ISO), missing is null. Weigh by `sy_rows` for shares of rows: contents are sampled uniformly.
    """
    columns = [_series(name, table.values(i + 1)) for i, name in enumerate(fact.columns)]
    return pl.DataFrame([*columns, pl.Series(ROWS_COLUMN, table.sums[:, 0].astype(np.int64))])


def is_whole(fact: Distinct | Sample, table: FactTable) -> bool:
    """Whether a sketch holds every content, and tells exact numbers."""
    return len(table) < fact.size


def _hashes(table: FactTable) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.unique(table.codes[:, 0])


def _reach(fact: Distinct | Sample, table: FactTable) -> int:
    return _LONG - 1 if is_whole(fact, table) else int(table.codes[:, 0].max())


def _series(name: str, values: list[Level]) -> pl.Series:
    known = [value for value in values if value is not None]
    if any(isinstance(value, str) for value in known):
        return pl.Series(name, [None if value is None else text(value) for value in values], dtype=pl.String)
    whole = all(isinstance(value, int) and -_LONG <= value < _LONG for value in known)
    return pl.Series(name, values, dtype=pl.Int64 if whole else pl.Float64, strict=False)
