"""Which segments rows are told apart by, beside their score: those whose labels scores alone foretell worst."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.estimation.approach import Approach
from steelyard.analyses.estimation.chances import p_of
from steelyard.analyses.slicing import ALL_ROWS, SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.data import Peek
from steelyard.data.border import as_table
from steelyard.facts import Fact, FactTable, Profile, Window, columns_in, measure
from steelyard.metrics.rows import prepare_rows
from steelyard.records import Slice

Ints = NDArray[np.int64]
LOOKED_AT = 20_000
"""Rows of the reference that a look at all features takes in."""
SIGNIFICANT = 0.01
"""Level, divided by the number of candidates, at which segments count as different."""


@dataclass(frozen=True)
class Strata:
    """Segments and their places; whatever is in none of them has a place of its own, the last.

    Attributes:
        by: what rows are sliced by.
        names: the segments, in the order of their places.
    """

    by: SliceBy = ALL_ROWS
    names: tuple[Slice, ...] = (Slice(),)

    @property
    def size(self) -> int:
        """Number of places."""
        return len(self.names) + 1

    def places(self, fact: Fact, table: FactTable) -> Ints:
        """Place of the segment of each cell."""
        place = {name: i for i, name in enumerate(self.names)}
        found = np.full(len(table), len(self.names), dtype=np.int64)
        for where, cells in slices_of(self.by, fact, table)[0]:
            found[cells] = place.get(where, len(self.names))
        return found

    @property
    def told(self) -> str:
        """What segments are made by, as words; "" where there is one only."""
        return " × ".join(self.by.columns)


def strata_of(by: SliceBy, fact: Fact, profiles: list[Profile]) -> Strata:
    """The segments of the largest values in any of the data sets."""
    named = dict.fromkeys(where for profile in profiles for where, _ in slices_of(by, fact, profile[fact])[0])
    return Strata(by, tuple(named))


def candidates(study: Study) -> tuple[SliceBy, ...]:
    """What segments could be made by: the declared slices, then every feature that is none of them."""
    declared = [by for by in study.slices if by.keys and not any(isinstance(key, Window) for key in by.keys)]
    known = {by.columns for by in declared}
    return (*declared, *(f.by for f in study.features if f.by.columns not in known))


def facts(study: Study, approach: Approach) -> Iterator[Fact]:
    """Facts of all rows, of the declared slices, and of the feature that a look at the reference finds telling."""
    wanted = [ALL_ROWS, *(by for by in study.slices if by.keys)]
    telling = _telling_feature(study, approach)
    for by in (*wanted, *([telling] if telling is not None else [])):
        yield from approach.facts(study, by)


def chosen(study: Study, approach: Approach, profile: Profile, others: list[Profile]) -> Strata:
    """The candidate whose segments differ most, at a given score, in labelled rows; none where none does clearly.

    The difference is a χ² of hits (or losses) by segment against what was learnt without segments; the largest
    excess over its degrees of freedom is taken if its p, times the number of candidates, is below 1 %.
    """
    whole = ALL_ROWS
    learnt = approach.learn(study, profile, approach.read(study, profile, whole, Strata()))
    best, most = Strata(), 0.0
    if learnt is None:
        return best
    possible = [by for by in candidates(study) if all(_measured(study, approach, by, p) for p in (profile, *others))]
    for by in possible:
        strata = strata_of(by, approach.facts(study, by)[0], [profile, *others])
        chi2, degrees = approach.heterogeneity(learnt, approach.read(study, profile, by, strata))
        if p_of(chi2, degrees) * len(possible) < SIGNIFICANT and chi2 - degrees > most:
            best, most = strata, chi2 - degrees
    return best


def _measured(study: Study, approach: Approach, by: SliceBy, profile: Profile) -> bool:
    return all(fact in profile for fact in approach.facts(study, by))


def _telling_feature(study: Study, approach: Approach) -> SliceBy | None:
    """The feature whose groups differ most at a given score, in some rows of the reference."""
    look = study.looks.get("reference")
    declared = {by.columns for by in study.slices}
    features = [f.by for f in study.features if f.by.columns not in declared]
    if look is None or not features or not look.frame.height:
        return None
    few = _fewer(look)
    table = as_table(few.frame, "a look at the reference")
    needed = {c for by in (ALL_ROWS, *features) for fact in approach.facts(study, by) for c in columns_in(fact)}
    rows = prepare_rows(table, study.roles, study.problem)
    if not needed <= set(rows.kinds):
        return None
    plain = replace(study, bucket=None, looks={**study.looks, "reference": look})
    profile = measure(rows, [fact for by in (ALL_ROWS, *features) for fact in approach.facts(plain, by)])
    only = replace(plain, slices=(ALL_ROWS,))
    found = chosen(only, approach, profile, [])
    return found.by if found.by.keys else None


def _fewer(look: Peek) -> Peek:
    step = max(look.frame.height // LOOKED_AT, 1)
    return Peek(look.frame.gather_every(step), look.complete and step == 1)
