"""Columns that came, went, go by another name, or changed their type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

import polars as pl

from steelyard.analyses.quality.columns import look
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.quality.shapes import noise
from steelyard.analyses.quality.swaps import apart
from steelyard.analyses.study import Study

ALIKE = 0.6
"""Likeness of two column names that is enough, together with like values."""
SAME_VALUES = 0.05
FEWEST = 30


@dataclass(frozen=True, kw_only=True)
class RemovedColumn(Defect):
    """A column that the current data lacks."""


@dataclass(frozen=True, kw_only=True)
class AddedColumn(Defect):
    """A column that the reference lacks."""


@dataclass(frozen=True, kw_only=True)
class RenamedColumn(Defect):
    """A column that came in place of one that went; columns are (old, new)."""

    alike: float


@dataclass(frozen=True, kw_only=True)
class TypeChange(Defect):
    """A column whose type differs; `parsed` is the share of its texts that are numbers, where they should be."""

    then: str
    now: str
    parsed: float | None


SchemaChange = RemovedColumn | AddedColumn | RenamedColumn | TypeChange


def schema_changes(study: Study) -> Iterator[SchemaChange]:
    """Columns added, removed, renamed, and types that changed."""
    now, then = study.types.get(CURRENT), study.types.get(REFERENCE)
    if now is None or then is None or not study.profiles[CURRENT].rows:
        return
    rows = study.profiles[CURRENT].rows
    every = share_of(rows, rows, study.level)
    told = {plan.name for plan in study.columns}
    removed, added = [c for c in then if c not in now and c in told], [c for c in now if c not in then and c in told]
    for old, new, alike in _renames(study, removed, added):
        removed.remove(old)
        added.remove(new)
        yield RenamedColumn(columns=(old, new), share=every, rows=rows, against=True, alike=alike)
    yield from (RemovedColumn(columns=(c,), share=every, rows=rows, against=True) for c in removed)
    yield from (AddedColumn(columns=(c,), share=every, rows=rows, against=True) for c in added)
    for column in now:
        if column in then and column in told and family(now[column]) != family(then[column]):
            yield TypeChange(
                columns=(column,),
                share=every,
                rows=rows,
                against=True,
                then=then[column],
                now=now[column],
                parsed=_parsed(study, column) if family(then[column]) == "number" else None,
            )


def family(dtype: str) -> str:
    """What a data type amounts to: text, number, boolean, time, or itself."""
    if dtype.startswith(("Int", "UInt", "Float", "Decimal")):
        return "number"
    if dtype.startswith(("String", "Categorical", "Enum")):
        return "text"
    if dtype.startswith(("Datetime", "Date")):
        return "time"
    return dtype


def _renames(study: Study, removed: list[str], added: list[str]) -> list[tuple[str, str, float]]:
    """(old, new, likeness of values) of columns that are surely the same; each once, the surest first."""
    scored = []
    for old in removed:
        for new in added:
            named, valued = _named_alike(old, new), _valued_alike(study, old, new)
            if valued is not None and valued >= 1 - SAME_VALUES:
                scored.append((valued + named, old, new, valued, named))
    taken: set[str] = set()
    found = []
    for _, old, new, valued, named in sorted(scored, reverse=True):
        alone = sum(1 for s in scored if s[1] == old or s[2] == new) == 1
        if old not in taken and new not in taken and (named >= ALIKE or alone):
            taken |= {old, new}
            found.append((old, new, valued))
    return found


def _named_alike(a: str, b: str) -> float:
    return SequenceMatcher(None, a.casefold(), b.casefold()).ratio()


def _valued_alike(study: Study, old: str, new: str) -> float | None:
    """1 − distance of the two columns' values beyond what chance allows; None where they cannot be compared."""
    then, now = look(study, old, REFERENCE), look(study, new, CURRENT)
    if then is None or now is None or min(len(then), len(now)) < FEWEST:
        return None
    if then.dtype.is_temporal() or now.dtype.is_temporal():
        return None
    then, now = then.drop_nulls(), now.drop_nulls()
    found = apart(now, then)
    return None if found is None else 1 - max(found - noise(len(then), len(now)), 0.0)


def _parsed(study: Study, column: str) -> float | None:
    seen = look(study, column, CURRENT)
    if seen is None or seen.dtype not in (pl.String, pl.Categorical) or not len(seen.drop_nulls()):
        return None
    known = seen.drop_nulls().cast(pl.String)
    parsed = known.str.strip_chars().cast(pl.Float64, strict=False)
    return 1 - parsed.null_count() / len(known)
