"""Columns that say nothing, say the same as another, or name rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import categories, inputs, look, missing_rows, numbers
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.study import Study
from steelyard.data import Kind

FEWEST = 30
NEARLY = 0.999
UNIQUE = 0.99
MOST_ROWS = 5_000
MOST_COLUMNS = 300
SAME_LINE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Constant(Defect):
    """A column with one value; `stale` where the reference has several."""

    value: str
    stale: bool


@dataclass(frozen=True, kw_only=True)
class NearlyConstant(Defect):
    """A column where hardly a row differs from the commonest value."""

    value: str


@dataclass(frozen=True, kw_only=True)
class Identifier(Defect):
    """A feature that has another value in every row."""


@dataclass(frozen=True, kw_only=True)
class CopiedColumn(Defect):
    """Two columns that say the same: equal, or one a line of the other (`factor`, `offset`).

    `new` where they differ in the reference: then one was filled from the other.
    """

    factor: float
    offset: float
    new: bool

    @property
    def equal(self) -> bool:
        """Whether they are equal value by value."""
        return self.factor == 1 and self.offset == 0


def constants(study: Study) -> Iterator[Constant | NearlyConstant]:
    """Columns of one value (missing not counted), or nearly so."""
    for plan in inputs(study):
        now = _commonest(study, plan, CURRENT)
        if now is None:
            continue
        value, count, known, alone = now
        rows = study.profiles[CURRENT].rows
        if known < FEWEST:
            continue
        if alone:
            then = _commonest(study, plan, REFERENCE)
            yield Constant(
                columns=(plan.name,),
                share=share_of(known, rows, study.level),
                rows=known,
                against=then is not None,
                value=value,
                stale=then is not None and not then[3] and then[1] < UNIQUE * then[2],
            )
        elif count >= NEARLY * known:
            yield NearlyConstant(
                columns=(plan.name,), share=share_of(count, rows, study.level), rows=count, value=value
            )


def _commonest(study: Study, plan: ColumnPlan, data: str) -> tuple[str, int, int, bool] | None:
    """The commonest value, its rows, rows with a value, and whether it is the only one."""
    counted = categories(study, plan, data)
    if counted is not None and counted.counts:
        value, rows = max(counted.counts.items(), key=lambda c: c[1])
        return value, rows, counted.rows - counted.missing, len(counted.counts) == 1
    found = numbers(study, plan, data)
    if found is None or not found.known:
        return None
    top = int(found.count.argmax())
    inside, rows = found.low == found.high, int(found.count[top])
    if not inside and not (found.whole and found.left[top] == found.right[top]):
        return f"{found.left[top]:g}", 0, found.known, False
    return f"{found.left[top]:g}", rows, found.known, inside


def identifiers(study: Study) -> Iterator[Identifier]:
    """Features of text or whole numbers that differ in every row; by the look."""
    for plan in inputs(study):
        seen = look(study, plan.name, CURRENT)
        if seen is None or plan.role != "feature" or plan.kind not in (Kind.TEXT, Kind.NUMBER):
            continue
        if identifies(seen):
            rows = study.profiles[CURRENT].rows - (missing_rows(study, plan, CURRENT) or 0)
            share = share_of(max(rows, 0), max(study.profiles[CURRENT].rows, 1), study.level)
            yield Identifier(columns=(plan.name,), share=share, rows=rows)


def identifies(seen: pl.Series) -> bool:
    """Whether a column names rows: text or whole numbers, hardly any of them twice."""
    known = seen.drop_nulls()
    return not known.dtype.is_float() and len(known) >= FEWEST and known.n_unique() >= UNIQUE * len(known)


def copied_columns(study: Study) -> Iterator[CopiedColumn]:
    """Pairs of columns that are equal, or on one line, in every row of a look; each column told once."""
    peek = study.looks.get(CURRENT)
    if peek is None or peek.frame.height < FEWEST:
        return
    frame = peek.frame.gather_every(max(peek.frame.height // MOST_ROWS, 1))
    rows = study.profiles[CURRENT].rows
    names = [plan.name for plan in inputs(study) if plan.name in frame.columns][:MOST_COLUMNS]
    told: set[str] = set()
    for first, second, factor, offset in [*_lines(frame, names), *_equal_texts(frame, names)]:
        if second not in told:
            told.add(second)
            new = _differ_in_reference(study, first, second, factor, offset)
            yield CopiedColumn(
                columns=(first, second),
                share=share_of(rows, rows, study.level),
                rows=rows,
                against=new is not None,
                factor=factor,
                offset=offset,
                new=bool(new),
            )


def _differ_in_reference(study: Study, first: str, second: str, factor: float, offset: float) -> bool | None:
    """Whether the columns are no copies in the reference; None without both columns there."""
    a, b = look(study, first, REFERENCE), look(study, second, REFERENCE)
    if a is None or b is None or len(a) < FEWEST:
        return None
    if not (a.dtype.is_numeric() and b.dtype.is_numeric()):
        return not a.cast(pl.String).equals(b.cast(pl.String))
    pair = pl.DataFrame({"a": a.cast(pl.Float64), "b": b.cast(pl.Float64)}).drop_nulls()
    off = (pair["b"] - (pair["a"] * factor + offset)).abs()
    return bool((off > SAME_LINE * max(float(pair["b"].abs().max() or 0.0), 1e-300)).any())  # type: ignore[arg-type]


def _lines(frame: pl.DataFrame, names: list[str]) -> Iterator[tuple[str, str, float, float]]:
    numeric = [c for c in names if frame[c].dtype.is_numeric() and frame[c].n_unique() > 2]
    values = {c: frame[c].cast(pl.Float64).fill_null(np.nan).to_numpy() for c in numeric}
    kept = {c: x for c, x in values.items() if np.isfinite(x).sum() >= FEWEST}
    held = {c: np.isfinite(x) for c, x in kept.items()}
    for i, second in enumerate(kept):
        for first in list(kept)[:i]:
            if not np.array_equal(held[first], held[second]):
                continue
            a, b = kept[first][held[first]], kept[second][held[second]]
            line = _line(a, b)
            if line is not None:
                yield first, second, *line
                break


def _line(a: np.ndarray, b: np.ndarray) -> tuple[float, float] | None:
    """Factor and offset of b = factor·a + offset, None where some row is off it."""
    if np.array_equal(a, b):
        return 1.0, 0.0
    low, high = int(a.argmin()), int(a.argmax())
    if a[high] == a[low]:
        return None
    with np.errstate(all="ignore"):
        factor = float((b[high] - b[low]) / (a[high] - a[low]))
        offset = float(b[low] - factor * a[low])
        off = np.abs(b - (factor * a + offset)).max()
    scale = float(np.abs(b).max())
    if not (np.isfinite(factor) and factor != 0 and off <= SAME_LINE * scale):
        return None
    return factor, offset if abs(offset) > SAME_LINE * scale else 0.0


def _equal_texts(frame: pl.DataFrame, names: list[str]) -> Iterator[tuple[str, str, float, float]]:
    texts = [c for c in names if frame[c].dtype in (pl.String, pl.Categorical) and frame[c].n_unique() > 1]
    plain = {c: frame[c].cast(pl.String) for c in texts}
    for i, second in enumerate(texts):
        for first in texts[:i]:
            if plain[first].equals(plain[second]):
                yield first, second, 1.0, 0.0
                break
