"""What another way to train does to rows that took no part: rates before and after, and gaps, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.grouping import floats, listed, text
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import RATES, Criterion, weighted_accuracy
from steelyard.improve.outcomes import effect, gap, gap_change, sums_of
from steelyard.improve.telling import signed
from steelyard.records import DataError, Effect, Estimate, Slice

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FEW_ROWS = 10


@dataclass(frozen=True)
class Retrained:
    """Two models on the same held-out rows.

    Attributes:
        effects: the gap first, then accuracy and rates, overall and by group.
        rows: held-out rows.
        sentence: the same in words.
    """

    effects: tuple[Effect, ...]
    rows: int
    sentence: str

    def __str__(self) -> str:
        """The sentence."""
        return self.sentence


def compared(
    label: Any, group: Any, before: Any, after: Any, criterion: Criterion, *, level: float = 0.95
) -> Retrained:
    """Hold two models' decisions of the same rows against each other, by group.

    Args:
        label: 1 or 0 by row.
        group: one a row.
        before, after: decisions by row: 1 or 0, or the chance of a 1.
        criterion: the rates that should be alike.
        level: nominal coverage.

    Raises:
        DataError: lengths differ, labels are not 0 and 1, or fewer than two groups have enough rows of both classes.
    """
    cells, chances = _cells(label, group, before, after)
    counts = cells.counts()[: len(cells.groups)]
    scope = np.flatnonzero(counts.min(axis=1) >= FEW_ROWS).tolist()
    if len(scope) < 2:
        raise DataError(
            f"At least two groups need {FEW_ROWS} positive and {FEW_ROWS} negative held-out rows each to be "
            f"compared; {len(scope)} of {len(cells.groups)} have them. Hold out more rows."
        )
    sums = sums_of(cells, chances)
    present, then = (gap(criterion, sums, scope, level, before=side) for side in (True, False))
    found = [Effect(f"gap:{criterion.name}", present, then, gap_change(present, then))]
    told = (weighted_accuracy().measure, *RATES.values())
    parts: list[tuple[Slice, Sequence[int] | slice]] = [(Slice(), slice(None))]
    parts += [(cells.groups[place], [place]) for place in scope]
    found += [effect(measure, sums.of(places), level, where) for where, places in parts for measure in told]
    return Retrained(tuple(found), len(listed(label)), _sentence(found, criterion))


def held_out(rows: int, share: float, strata: Sequence[Any], seed: int) -> tuple[Ints, Ints]:
    """Places of rows to train with and of rows to judge by: a seeded share of every stratum (at least one stays).

    Raises:
        DataError: the share is not between 0 and 1, or nothing is left on one side.
    """
    if not 0 < share < 1:
        raise DataError(f"The share of rows held out lies between 0 and 1, not at {share!r}.")
    rng = np.random.default_rng(seed)
    kinds = np.unique([text(one) for one in strata], return_inverse=True)[1]
    out = np.zeros(rows, dtype=bool)
    for kind in range(int(kinds.max(initial=-1)) + 1):
        here = np.flatnonzero(kinds == kind)
        out[rng.permutation(here)[: round(share * len(here))]] = True
    if out.all() or not out.any():
        raise DataError(f"{rows:,} rows are too few to hold some of them out.")
    return np.flatnonzero(~out), np.flatnonzero(out)


def decisions_of(predict: Callable[[Any], Any], rows: Any) -> Floats:
    """A model's decisions of rows as numbers.

    Raises:
        DataError: it does not decide 0 or 1.
    """
    found = floats(predict(rows), "decisions")
    if not np.isin(found, (0.0, 1.0)).all():
        raise DataError("The estimator must decide 0 or 1; encode the labels so, 1 the positive one.")
    return found


def _cells(label: Any, group: Any, before: Any, after: Any) -> tuple[GroupCells, Floats]:
    y, now, then = (
        floats(one, what) for one, what in ((label, "labels"), (before, "decisions"), (after, "decisions"))
    )
    names = [text(one) for one in listed(group)]
    if not len(y) == len(now) == len(then) == len(names):
        raise DataError(
            f"Lengths differ: {len(y)} labels, {len(names)} groups, {len(now)} and {len(then)} decisions."
        )
    if not np.isin(y, (0.0, 1.0)).all():
        raise DataError("Labels must be 0 or 1, without a missing one; 1 is the positive one.")
    if not (np.isin(now, (0.0, 1.0)).all() and (then >= 0).all() and (then <= 1).all()):
        raise DataError("Decisions must be 0 or 1 before, and from 0 to 1 afterwards.")
    known, place = np.unique(names, return_inverse=True)
    ones = np.ones(len(y))
    cells = GroupCells(
        columns=({"column": "group"},),
        groups=tuple(Slice.of({"group": str(name)}) for name in known),
        edges=np.zeros(1),
        group=place.ravel().astype(np.int64),
        label=y.astype(np.int64),
        decision=now.astype(np.int64),
        bin=np.zeros(len(y), dtype=np.int64),
        weight=ones,
        square=ones,
        rows=ones,
        score=now,
    )
    return cells, then


def _sentence(effects: Sequence[Effect], criterion: Criterion) -> str:
    told = []
    for one, name in zip(effects[:2], (f"the gap in {criterion.title}", "accuracy"), strict=True):
        if not isinstance(one.change, Estimate):
            told.append(f"what becomes of {name} is not known ({one.change.reason})")
            continue
        sure = "" if one.change.high < 0 or one.change.low > 0 else ", which may be no change at all"
        told.append(f"{name} changes by {signed(one.change, True)}{sure}")
    return f"On held-out rows {' and '.join(told)}."
