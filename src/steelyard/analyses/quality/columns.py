"""One column of one data set, read from the facts of the data overview."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import Histogram, IntegerGrid, Profile, RootGrid, Values, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.facts.table import OVERFLOW

Floats = NDArray[np.float64]
FEW = 30
"""Whole numbers with no more values than this are looked at as categories too."""


@dataclass(frozen=True)
class Numbers:
    """A numeric column of one data set.

    Attributes:
        rows, missing, infinite: counts; `known` are the finite ones.
        low, high, mean, sd: of the finite numbers.
        code, left, right, count: the bins that hold rows, in ascending order, within [low, high].
        whole: whether each bin is one whole number.
    """

    rows: int
    missing: int
    infinite: int
    low: float
    high: float
    mean: float
    sd: float
    code: NDArray[np.int64]
    left: Floats
    right: Floats
    count: Floats
    whole: bool

    @property
    def known(self) -> int:
        """Finite numbers."""
        return self.rows - self.missing - self.infinite

    def below(self, bound: float) -> float:
        """Rows that surely lie below a bound."""
        return float(self.count[self.right < bound if self.whole else self.right <= bound].sum())

    def above(self, bound: float) -> float:
        """Rows that surely lie above a bound."""
        return float(self.count[self.left > bound if self.whole else self.left >= bound].sum())

    def quantile(self, share: float) -> float:
        """The value with a share of the numbers below it, within a bin's width."""
        total = np.cumsum(self.count)
        place = min(int(np.searchsorted(total, share * total[-1])), len(total) - 1)
        before = total[place] - self.count[place]
        inside = (share * total[-1] - before) / self.count[place]
        return float(self.left[place] + (self.right[place] - self.left[place]) * min(max(inside, 0.0), 1.0))


@dataclass(frozen=True)
class Categories:
    """A column of texts, or of few whole numbers, of one data set: rows by value as a reader sees it."""

    rows: int
    missing: int
    counts: Mapping[str, int]


def numbers(study: Study, plan: ColumnPlan, data: str) -> Numbers | None:
    """Read a numeric column; None where it was not counted, or has no finite number."""
    return numbers_in(study.profiles.get(data), plan)


def numbers_in(profile: Profile | None, plan: ColumnPlan) -> Numbers | None:
    """Read a numeric column from a profile; None where it was not counted, or has no finite number."""
    facts = tuple(plan.facts())
    if profile is None or plan.grid is None or any(fact not in profile for fact in facts):
        return None
    histogram, moments = facts
    bins, table = profile[histogram], profile[moments]
    if not isinstance(histogram, Histogram) or not len(table) or not profile.rows:
        return None
    code, count = bins.codes[:, -1], bins.sums[:, 0]
    missing = int(count[code == MISSING].sum())
    centre, scale = (plan.grid.centre, plan.grid.scale) if isinstance(plan.grid, RootGrid) else (0.0, 1.0)
    n, first, second = (table.sums[0, measure_index(moments, 0, f)] for f in ((), (0,), (0, 0)))
    mean = first / n
    spread = float(np.sqrt(max(second / n - mean * mean, 0.0)))
    low, high = centre + scale * float(table.lows[0, 0]), centre + scale * float(table.highs[0, 0])
    inner = (code != MISSING) & (count > 0)
    left, right = plan.grid.edges(code[inner])
    return Numbers(
        profile.rows,
        missing,
        profile.rows - missing - int(n),
        low,
        high,
        centre + scale * mean,
        scale * spread,
        code[inner],
        np.clip(left, low, high),
        np.clip(right, low, high),
        count[inner],
        isinstance(plan.grid, IntegerGrid),
    )


def categories(study: Study, plan: ColumnPlan, data: str) -> Categories | None:
    """Read a column by its values; None where they were not counted or are too many."""
    return categories_in(study.profiles.get(data), plan)


def categories_in(profile: Profile | None, plan: ColumnPlan) -> Categories | None:
    """Read a column by its values from a profile; None where they were not counted or are too many."""
    if profile is None:
        return None
    if isinstance(plan.grid, IntegerGrid):
        return _of_whole(numbers_in(profile, plan))
    fact = next(iter(plan.facts()), None)
    if not isinstance(fact, Values) or fact not in profile or OVERFLOW in profile[fact].levels[0]:
        return None
    table = profile[fact]
    counted = dict(zip(table.values(0), table.sums[:, 0].astype(int).tolist(), strict=True))
    missing = counted.pop(None, 0)
    return Categories(profile.rows, missing, {text(value): n for value, n in counted.items()})


def _of_whole(found: Numbers | None) -> Categories | None:
    if found is None or len(found.code) > FEW or np.any(np.abs(found.code) >= 2**30):
        return None
    named = [str(c) for c in found.code.tolist()]
    return Categories(found.rows, found.missing, dict(zip(named, found.count.astype(int).tolist(), strict=True)))


def missing_rows(study: Study, plan: ColumnPlan, data: str) -> int | None:
    """Rows without a value, None where they were not counted."""
    profile = study.profiles.get(data)
    fact = next(iter(plan.facts()), None)
    if profile is None or fact is None or fact not in profile:
        return None
    table = profile[fact]
    if isinstance(fact, Histogram):
        return int(table.sums[table.codes[:, -1] == MISSING, 0].sum())
    if OVERFLOW in table.levels[0]:
        seen = look(study, plan.name, data)
        return None if seen is None or not study.looks[data].complete else seen.null_count()
    return int(sum(n for v, n in zip(table.values(0), table.sums[:, 0], strict=True) if v is None))


def look(study: Study, name: str, data: str) -> pl.Series | None:
    """A column as it is written, of some rows; None where it is not there."""
    peek = study.looks.get(data)
    return peek.frame[name] if peek is not None and name in peek.frame.columns else None


def finite(study: Study, name: str, data: str) -> Floats | None:
    """The finite numbers of a look, in the order of the rows; None where there is no such column of numbers."""
    seen = look(study, name, data)
    if seen is None or not seen.dtype.is_numeric():
        return None
    values: Floats = seen.cast(pl.Float64).drop_nulls().to_numpy()
    return np.asarray(values[np.isfinite(values)])


def inputs(study: Study) -> Iterator[ColumnPlan]:
    """The columns that a model may rely on."""
    return (plan for plan in study.columns if plan.role in ("feature", "slice"))


def numeric(study: Study) -> Iterator[ColumnPlan]:
    """Columns of numbers that are measured rather than named: no identifiers, no labels, scores or weights."""
    return (plan for plan in inputs(study) if plan.kind is Kind.NUMBER and plan.grid is not None)


def textual(study: Study) -> Iterator[ColumnPlan]:
    """Columns of text, labels and predictions included."""
    wanted = ("feature", "slice", "label", "prediction")
    return (plan for plan in study.columns if plan.kind is Kind.TEXT and plan.role in wanted)
