"""Values that came, went, or go by another name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher

import polars as pl

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import Categories, categories, inputs, look
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, REFERENCE, Sides, adjusted, sides
from steelyard.analyses.quality.spellings import folded, is_placeholder
from steelyard.analyses.quality.truth import answers
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import text
from steelyard.facts.levels import normal
from steelyard.stats.comparison import two_proportions_p

TOLD = 0.001
"""Share of rows of new (or vanished) values that is worth telling."""
ALIKE = 0.5
"""Likeness of two names that is enough for a rename, together with like shares."""
SHARE_P, LABEL_P = 0.001, 0.01
NEAR_SHARE = 0.15
FEW = 20
MOST_RENAMED = 50
"""With more values than this on either side, a rename is believed only where the writing alone changed."""


@dataclass(frozen=True, kw_only=True)
class NewValues(Defect):
    """Values that the reference does not have, with their rows."""

    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class VanishedValues(Defect):
    """Values that the current data does not have; `share` is of the reference's rows."""

    values: tuple[tuple[str, int], ...]


@dataclass(frozen=True, kw_only=True)
class RenamedValues(Defect):
    """Values that vanished and came back under another name; `because` says what speaks for it."""

    names: tuple[tuple[str, str], ...]
    because: str


def category_changes(study: Study) -> Iterator[NewValues | VanishedValues | RenamedValues]:
    """New, vanished and renamed values of every column that is counted by value."""
    both = sides(study)
    if both is None:
        return
    for plan in inputs(study):
        now, then = categories(study, plan, CURRENT), categories(study, plan, REFERENCE)
        # A column of one value in the reference (a period, a batch) names the data set.
        if now is None or then is None or not now.counts or len(then.counts) < 2:
            continue
        yield from _changes(study, plan, now, then, both)


def _changes(
    study: Study, plan: ColumnPlan, now: Categories, then: Categories, both: Sides
) -> Iterator[NewValues | VanishedValues | RenamedValues]:
    came = _clear(now.counts, then.counts, both.only_now_p)
    went = _clear(then.counts, now.counts, both.only_then_p)
    if plan.kind is Kind.NUMBER:
        # Beyond the range of whole numbers speaks `ranges`.
        inside = range(min(map(int, then.counts)), max(map(int, then.counts)) + 1)
        came = {v: n for v, n in came.items() if int(v) in inside}
    pairs = _pairs(study, plan, came, went, both) if plan.kind is not Kind.NUMBER else {}
    if pairs:
        rows = sum(came[new] for new in pairs.values())
        yield RenamedValues(
            columns=(plan.name,),
            share=share_of(rows, now.rows, study.level, both.design_now),
            rows=rows,
            against=True,
            names=tuple(pairs.items()),
            because=_because(pairs),
        )
    # Old values in another writing, and stand-ins for missing, are told by `text_values`.
    written = {folded(v) for v in then.counts}
    came = {v: n for v, n in came.items() if v not in pairs.values()}
    if plan.kind is Kind.TEXT:
        came = {v: n for v, n in came.items() if folded(v) not in written and not is_placeholder(v)}
    went = {v: n for v, n in went.items() if v not in pairs}
    if sum(came.values()) >= TOLD * now.rows and came:
        rows = sum(came.values())
        share = share_of(rows, now.rows, study.level, both.design_now)
        yield NewValues(columns=(plan.name,), share=share, rows=rows, against=True, values=_largest(came))
    if sum(went.values()) >= TOLD * then.rows and went:
        rows = sum(went.values())
        share = share_of(rows, then.rows, study.level, both.design_then)
        yield VanishedValues(columns=(plan.name,), share=share, rows=rows, against=True, values=_largest(went))


def _clear(here: Mapping[str, int], there: Mapping[str, int], p_of: Callable[[float], float]) -> dict[str, int]:
    """Values that only one side has, too often for chance (Benjamini–Hochberg over all values of the column)."""
    only = {v: n for v, n in here.items() if v not in there}
    rest = len(set(here) | set(there)) - len(only)
    q = adjusted([p_of(n) for n in only.values()] + [1.0] * rest)
    return {v: n for (v, n), value in zip(only.items(), q, strict=False) if value <= FALSE_DISCOVERIES}


def _largest(values: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(values.items(), key=lambda c: (-c[1], c[0])))


def _pairs(
    study: Study, plan: ColumnPlan, came: Mapping[str, int], went: Mapping[str, int], both: Sides
) -> dict[str, str]:
    """Old name to new name: the same but for its writing, or of about the same share and the same label rate."""
    written: dict[str, list[str]] = {}
    for new in came:
        written.setdefault(folded(new), []).append(new)
    pairs = {old: left.pop(0) for old, _ in _largest(went) if (left := written.get(folded(old)))}
    free = {new: n for new, n in came.items() if new not in pairs.values()}
    lost = {old: n for old, n in went.items() if old not in pairs}
    if not free or not lost or max(len(free), len(lost)) > MOST_RENAMED:
        return pairs
    now, then = (_labels(study, plan.name, data) for data in (CURRENT, REFERENCE))
    for old, rows in _largest(lost):
        like = [n for n in free if _like_share(free[n], rows, both) and _like_label(now.get(n), then.get(old))]
        chosen = max(like, key=lambda new: _likeness(old, new), default=None)
        if chosen is not None and (len(like) == 1 or _likeness(old, chosen) >= ALIKE):
            pairs[old] = chosen
            del free[chosen]
    return pairs


def _like_share(now: int, then: int, both: Sides) -> bool:
    a, b = now / both.now, then / both.then
    return abs(a - b) <= NEAR_SHARE * max(a, b) or both.change_p(now, then) > SHARE_P


def _like_label(now: tuple[int, int] | None, then: tuple[int, int] | None) -> bool:
    """Whether nothing speaks against equal label rates, by the looks; true where there is too little to tell."""
    (k1, n1), (k2, n2) = now or (0, 0), then or (0, 0)
    return min(n1, n2) < FEW or two_proportions_p(k1, n1, k2, n2) > LABEL_P or abs(k1 / n1 - k2 / n2) <= NEAR_SHARE


def _labels(study: Study, column: str, data: str) -> dict[str, tuple[int, int]]:
    """Positive and labelled rows of every value, by the look."""
    seen, truth = look(study, column, data), answers(study, data)
    if seen is None or truth is None:
        return {}
    rows = pl.DataFrame({"value": seen, "positive": truth.positive, "known": truth.known}).filter(pl.col("known"))
    counted = rows.group_by("value").agg(pl.col("positive").sum(), pl.len().alias("n"))
    return {text(normal(v)): (int(k), int(n)) for v, k, n in counted.iter_rows() if v is not None}


def _likeness(a: str, b: str) -> float:
    first, second = folded(a), folded(b)
    if first and second and (first.startswith(second) or second.startswith(first)):
        return 1.0
    return SequenceMatcher(None, first, second).ratio()


def _because(pairs: Mapping[str, str]) -> str:
    if all(folded(old) == folded(new) for old, new in pairs.items()):
        return "they differ in writing only"
    return "their shares and label rates agree"
