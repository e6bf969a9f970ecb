"""What holds between two columns in the reference, and is broken in the current data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.quality.columns import inputs
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, REFERENCE, adjusted, sides
from steelyard.analyses.study import Study
from steelyard.data import Kind

ROWS = 20_000
MOST_VALUES = 500
MOST_COLUMNS = 40
PER_VALUE = 5
"""Rows by value of the deciding column, so that a dependency is more than a coincidence."""
TOLD = 0.001
FEWEST = 5
ENOUGH = 200
OFTEN = 0.05
"""Share of rows in which an order would be broken if rows were shuffled, so that it means something."""
Ints = NDArray[np.int64]
D = TypeVar("D", bound=Defect)


@dataclass(frozen=True, kw_only=True)
class BrokenDependency(Defect):
    """The first column no longer decides the second: an example of (value, what it went with, what it goes with)."""

    example: tuple[str, str, str]


@dataclass(frozen=True, kw_only=True)
class BrokenOrder(Defect):
    """The first column used to be at most the second, in every row."""

    example: tuple[str, str]


def broken_dependencies(study: Study) -> Iterator[BrokenDependency]:
    """A → B held in every row of the reference's look, and does not in the current one's."""
    both = sides(study)
    frames = _frames(study)
    if both is None or frames is None:
        return
    now, then = frames
    coded = {c: code for c in _grouping(study) if (code := _Coded.of(then, now, c)) is not None}
    tested: list[tuple[BrokenDependency, float]] = []
    m = 0
    for a, b in permutations(list(coded)[:MOST_COLUMNS], 2):
        rule = _decides(coded[a], coded[b])
        if rule is None:
            continue
        m += 1
        known = (coded[a].now >= 0) & (coded[b].now >= 0)
        expected = rule[coded[a].now[known]]
        wrong = (expected >= 0) & (expected != coded[b].now[known])
        count, held = int(wrong.sum()), int((expected >= 0).sum())
        if count < max(FEWEST, TOLD * held):
            continue
        at = np.flatnonzero(known)[np.argmax(wrong)]
        p = _all_now(count / both.design_now, held / both.design_now, len(then) / both.design_then)
        share = share_of(count, len(now), study.level, both.design_now)
        tested.append(
            (
                BrokenDependency(
                    columns=(a, b),
                    share=share,
                    rows=round(share.value * both.now),
                    against=True,
                    example=(
                        str(now[a][int(at)]),
                        coded[b].names[int(rule[coded[a].now[at]])],
                        str(now[b][int(at)]),
                    ),
                ),
                p,
            )
        )
    yield from _clear(tested, m)


def broken_orders(study: Study) -> Iterator[BrokenOrder]:
    """a ≤ b held in every row of the reference's look, for two times or two numbers of one scale, and no longer."""
    both = sides(study)
    frames = _frames(study)
    if both is None or frames is None:
        return
    now, then = frames
    tested: list[tuple[BrokenOrder, float]] = []
    pairs = list(ordered_pairs(then, [plan.name for plan in study.columns if plan.role not in ("label", "id")]))
    for a, b in pairs:
        if not {a, b} <= set(now.columns) or now[a].dtype != then[a].dtype or now[b].dtype != then[b].dtype:
            continue
        wrong = (now[a] > now[b]).fill_null(value=False)
        count = int(wrong.sum())
        if count < max(FEWEST, TOLD * now.height):
            continue
        at = int(wrong.arg_max() or 0)
        share = share_of(count, now.height, study.level, both.design_now)
        made = BrokenOrder(
            columns=(a, b),
            share=share,
            rows=round(share.value * both.now),
            against=True,
            example=(str(now[a][at]), str(now[b][at])),
        )
        tested.append(
            (made, _all_now(count / both.design_now, now.height / both.design_now, len(then) / both.design_then))
        )
    yield from _clear(tested, len(pairs))


def ordered_pairs(frame: pl.DataFrame, names: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs (a, b) with a ≤ b in every row, of two times or two numbers that overlap, and mostly a < b."""
    columns = [c for c in names if c in frame.columns and frame[c].n_unique() > FEWEST]
    times = [c for c in columns if frame[c].dtype.is_temporal()]
    numbers = [c for c in columns if frame[c].dtype.is_numeric()]
    for alike in (times[:MOST_COLUMNS], numbers[:MOST_COLUMNS]):
        for a, b in permutations(alike, 2):
            if frame[a].dtype == frame[b].dtype and _ordered(frame.select(a, b).drop_nulls(), a, b):
                yield a, b


def _ordered(known: pl.DataFrame, a: str, b: str) -> bool:
    if known.height < ENOUGH or not bool((known[a].head(ENOUGH) <= known[b].head(ENOUGH)).all()):
        return False
    return bool((known[a] <= known[b]).all()) and _tied_together(known[a], known[b])


def _tied_together(a: pl.Series, b: pl.Series) -> bool:
    """Whether the order is more than a coincidence: it would often be broken if rows were shuffled."""
    shifted = pl.concat([b.slice(len(b) // 2), b.slice(0, len(b) // 2)])
    return int((a > shifted).sum()) >= OFTEN * len(a)


def _frames(study: Study) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    if REFERENCE not in study.looks or CURRENT not in study.looks:
        return None
    frames = [study.looks[data].frame for data in (CURRENT, REFERENCE)]
    if min(frame.height for frame in frames) < ENOUGH:
        return None
    now, then = (frame.gather_every(max(frame.height // ROWS, 1)) for frame in frames)
    return now, then


def _grouping(study: Study) -> list[str]:
    return [
        plan.name
        for plan in inputs(study)
        if plan.kind in (Kind.TEXT, Kind.BOOLEAN) or (plan.kind is Kind.NUMBER and plan.grid is not None)
    ]


class _Coded:
    """A column of both looks as codes of its values in the reference; −1 where it has none of them, or is missing."""

    def __init__(self, then: Ints, now: Ints, names: list[str]) -> None:
        self.then, self.now, self.names = then, now, names

    @classmethod
    def of(cls, then: pl.DataFrame, now: pl.DataFrame, column: str) -> _Coded | None:
        if column not in then.columns or column not in now.columns:
            return None
        a, b = then[column], now[column]
        if a.dtype != b.dtype or a.dtype.is_float() or a.dtype.is_temporal():
            return None
        values = a.drop_nulls().unique().sort()
        if not 2 <= len(values) <= MOST_VALUES:
            return None
        keys = pl.DataFrame({"v": values, "code": np.arange(len(values))})
        coded = [
            pl.DataFrame({"v": s})
            .join(keys, on="v", how="left", maintain_order="left")["code"]
            .fill_null(-1)
            .to_numpy()
            for s in (a, b)
        ]
        return cls(coded[0], coded[1], [str(v) for v in values.to_list()])


def _decides(a: _Coded, b: _Coded) -> Ints | None:
    """For each value of a the one value of b it goes with (−1: too few rows); None where a does not decide b."""
    known = (a.then >= 0) & (b.then >= 0)
    k, m = len(a.names), len(b.names)
    if k < m or known.sum() < PER_VALUE * k:
        return None
    table = np.bincount(a.then[known] * m + b.then[known], minlength=k * m).reshape(k, m)
    if np.any((table > 0).sum(axis=1) > 1) or (table.sum(axis=0) > 0).sum() < 2:
        return None
    # One row by value says nothing: only values seen several times count.
    often = table.sum(axis=1) >= PER_VALUE
    if table[often].sum() < 0.9 * known.sum():
        return None
    return np.where(often, table.argmax(axis=1), -1)


def _all_now(count: float, held: float, then: float) -> float:
    return float(min((held / (held + then)) ** count, 1.0))


def _clear(tested: Sequence[tuple[D, float]], m: int) -> Iterator[D]:
    """The clear ones of m tests; those that are not listed found nothing, with p = 1."""
    q = adjusted([p for _, p in tested] + [1.0] * (m - len(tested)))
    for (defect, _), value in zip(tested, q, strict=False):
        if value <= FALSE_DISCOVERIES:
            yield replace(defect, q=value)
