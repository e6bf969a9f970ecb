"""Texts that are one value in several writings, stand for missing, or are numbers or truth values in disguise."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import Categories, categories, look, textual
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.quality.spellings import (
    DECIMAL_COMMA,
    NUMBER,
    THOUSANDS,
    THOUSANDS_POINT,
    difference,
    folded,
    is_placeholder,
    slips,
    truth_of,
)
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import text
from steelyard.facts.levels import normal

MOST = 20_000
"""Distinct texts of a column that are looked at."""
NUMBERS, MIXED = 0.98, 0.05
TOLD = 0.001
FEWEST = 5


@dataclass(frozen=True, kw_only=True)
class Spellings(Defect):
    """Values that are written in several ways: each way with its rows, the commonest first; what they differ in."""

    groups: tuple[tuple[tuple[str, int], ...], ...]
    differs: str
    values: tuple[int, int]
    then: float | None


@dataclass(frozen=True, kw_only=True)
class Slips(Defect):
    """Rare spellings one letter away from a common one: (rare, common)."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Placeholders(Defect):
    """Texts that stand for missing, with their rows; `then` is their share in the reference, None without one."""

    values: tuple[tuple[str, int], ...]
    then: float | None


@dataclass(frozen=True, kw_only=True)
class NumbersAsText(Defect):
    """Numbers stored as text; `how` tells of decimal commas or thousands separators, `odd` of what is no number."""

    how: str
    odd: tuple[str, ...]
    then: float | None


@dataclass(frozen=True, kw_only=True)
class TruthsAsText(Defect):
    """Truth values in more than one spelling."""

    spellings: tuple[str, ...]


TextDefect = Spellings | Slips | Placeholders | NumbersAsText | TruthsAsText


def text_defects(study: Study) -> Iterator[TextDefect]:
    """All there is to say of how texts are written, column by column."""
    for plan in textual(study):
        now = written(study, plan, CURRENT)
        if now is None or not now.counts or not now.rows:
            continue
        then = written(study, plan, REFERENCE)
        if (stand_ins := _placeholders(study, plan, now, then)) is not None:
            yield stand_ins
        disguised = _numbers(study, plan, now, then) or _truths(study, plan, now, then)
        if disguised is not None:
            yield disguised
            continue
        for found in (_spellings(study, plan, now, then), _slips(study, plan, now, then)):
            if found is not None:
                yield found


def written(study: Study, plan: ColumnPlan, data: str) -> Categories | None:
    """Texts of a column with their rows: all of them, or those of a look where they are too many to count."""
    if plan.kind is not Kind.TEXT:
        return None
    counted = categories(study, plan, data)
    if counted is not None:
        return counted
    seen = look(study, plan.name, data)
    if seen is None or seen.is_empty():
        return None
    table = seen.drop_nulls().alias("value").value_counts(sort=True, name="rows")
    if table.height > MOST:
        table = table.head(MOST)
    named = [text(normal(v)) for v in table["value"].to_list()]
    return Categories(len(seen), seen.null_count(), dict(zip(named, table["rows"].to_list(), strict=True)))


def _share(counted: Categories | None, holds: Callable[[str], bool]) -> float | None:
    if counted is None or not counted.rows:
        return None
    return sum(n for v, n in counted.counts.items() if holds(v)) / counted.rows


def _placeholders(study: Study, plan: ColumnPlan, now: Categories, then: Categories | None) -> Placeholders | None:
    found = {v: n for v, n in now.counts.items() if is_placeholder(v)}
    rows = sum(found.values())
    if not found or rows < TOLD * now.rows or (len(now.counts) <= 2 and now.missing == 0):
        return None
    return Placeholders(
        columns=(plan.name,),
        share=share_of(rows, now.rows, study.level),
        rows=_of_all(study, rows, now),
        against=then is not None,
        values=_largest(found),
        then=_share(then, is_placeholder),
    )


def _numbers(study: Study, plan: ColumnPlan, now: Categories, then: Categories | None) -> NumbersAsText | None:
    said = {v: n for v, n in now.counts.items() if not is_placeholder(v)}
    total = sum(said.values())
    kinds = {v: _number_kind(v) for v in said}
    rows = sum(n for v, n in said.items() if kinds[v])
    # Codes with leading zeros are names, not numbers; and so are few values.
    if not total or rows < MIXED * total or len(said) < FEWEST or any(re.fullmatch(r"0\d+", v.strip()) for v in said):
        return None
    commonest = max(set(kinds.values()) - {""}, key=lambda k: sum(n for v, n in said.items() if kinds[v] == k))
    odd = sorted((v for v in said if not kinds[v]), key=lambda v: -said[v])
    if rows < NUMBERS * total and not _mixed(said, kinds, then):
        return None
    return NumbersAsText(
        columns=(plan.name,),
        share=share_of(rows, now.rows, study.level),
        rows=_of_all(study, rows, now),
        against=then is not None,
        how=commonest,
        odd=tuple(odd[:FEWEST]),
        then=_share(then, lambda v: bool(_number_kind(v))),
    )


def _mixed(said: Mapping[str, int], kinds: Mapping[str, str], then: Categories | None) -> bool:
    """Numbers among words are a fault where the reference has none of them, or hardly any words are among numbers."""
    numbers = sum(n for v, n in said.items() if kinds[v]) / sum(said.values())
    before = _share(then, lambda v: bool(_number_kind(v)))
    return numbers >= 1 - MIXED or (before is not None and before < TOLD)


def _number_kind(value: str) -> str:
    plain = value.strip()
    if NUMBER.fullmatch(plain):
        return "plain"
    if THOUSANDS.fullmatch(plain) or THOUSANDS_POINT.fullmatch(plain):
        return "thousands separators"
    return "decimal commas" if DECIMAL_COMMA.fullmatch(plain) else ""


def _truths(study: Study, plan: ColumnPlan, now: Categories, then: Categories | None) -> TruthsAsText | None:
    said = {v: n for v, n in now.counts.items() if not is_placeholder(v)}
    truths = {v: truth_of(v) for v in said}
    if not said or any(t is None for t in truths.values()) or len({folded(v) for v in said}) <= 2:
        return None
    rare = sum(said.values()) - sum(max(n for v, n in said.items() if truths[v] is t) for t in set(truths.values()))
    return TruthsAsText(
        columns=(plan.name,),
        share=share_of(rare, now.rows, study.level),
        rows=_of_all(study, rare, now),
        spellings=tuple(v for v, _ in _largest(said)),
    )


def _spellings(study: Study, plan: ColumnPlan, now: Categories, then: Categories | None) -> Spellings | None:
    if _identifies(now):
        return None
    groups = _groups(now)
    if not groups:
        return None
    rows = sum(n for group in groups for _, n in group[1:])
    kept = {group[0][0] for group in groups}
    others = {v for group in groups for v, _ in group} - kept
    return Spellings(
        columns=(plan.name,),
        share=share_of(rows, now.rows, study.level),
        rows=_of_all(study, rows, now),
        against=then is not None,
        groups=groups,
        differs=difference([v for v, _ in groups[0]]),
        values=(len(now.counts), len(now.counts) - len(others)),
        then=_share(then, others.__contains__),
    )


def _groups(now: Categories) -> tuple[tuple[tuple[str, int], ...], ...]:
    by_key: dict[str, dict[str, int]] = {}
    for value, rows in now.counts.items():
        by_key.setdefault(folded(value), {})[value] = rows
    several = [_largest(group) for group in by_key.values() if len(group) > 1]
    return tuple(sorted(several, key=lambda g: -sum(n for _, n in g[1:])))


def _slips(study: Study, plan: ColumnPlan, now: Categories, then: Categories | None) -> Slips | None:
    if _identifies(now):
        return None
    merged: dict[str, int] = {}
    for value, rows in now.counts.items():
        merged[folded(value)] = merged.get(folded(value), 0) + rows
    pairs = tuple(slips(merged))
    if not pairs:
        return None
    rows = sum(merged[rare] for rare, _ in pairs)
    return Slips(
        columns=(plan.name,), share=share_of(rows, now.rows, study.level), rows=_of_all(study, rows, now), pairs=pairs
    )


def _identifies(now: Categories) -> bool:
    """Whether values name rows rather than groups: names of people are written as they are."""
    return len(now.counts) > 0.5 * max(now.rows - now.missing, 1)


def _largest(values: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(values.items(), key=lambda c: (-c[1], c[0])))


def _of_all(study: Study, rows: float, counted: Categories) -> int:
    return round(rows / counted.rows * study.profiles[CURRENT].rows)
