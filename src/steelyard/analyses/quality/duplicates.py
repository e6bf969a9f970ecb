"""Rows that come more than once: whole, under another name, through a join."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.analyses.quality.columns import inputs
from steelyard.analyses.quality.contents import features, repeats, whole
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.study import Study
from steelyard.records import Estimate

TOLD = 0.001
CHANCE = 0.01
"""Up to this share of twins in the reference, equal contents are no coincidence."""
GROWN = 0.005
ONE_TO_ONE = 1.001
MORE_PER_ID = 1.1
RICH = 0.5
"""Distinct values by row from which on a number is fine enough that equal rows are no coincidence."""
LOOKED_AT = 20_000
FEWEST_ROWS = 100
FEWEST_COLUMNS = 4


@dataclass(frozen=True, kw_only=True)
class DuplicateRows(Defect):
    """Rows that are there already, equal in every column; `then` is their share in the reference."""

    then: float | None


@dataclass(frozen=True, kw_only=True)
class RepeatedCases(Defect):
    """Rows whose features all equal those of another row, under another identifier, time or label."""

    then: float | None


@dataclass(frozen=True, kw_only=True)
class DuplicateIds(Defect):
    """Identifiers that come more than once: rows by identifier now and in the reference."""

    per_id: float
    then: float | None


@dataclass(frozen=True, kw_only=True)
class NearDuplicates(Defect):
    """Rows that equal another one in all features but this one."""


def duplicate_rows(study: Study) -> Iterator[DuplicateRows | RepeatedCases | DuplicateIds]:
    """Repeated rows, from sketches of their contents; where cases may be alike by chance, only a rise is told."""
    if not study.profiles[CURRENT].rows:
        return
    whole_rows = _whole_rows(study)
    if whole_rows is not None:
        yield whole_rows
        return
    ids = _ids(study)
    if ids is not None:
        yield ids
        return
    cases = _cases(study)
    if cases is not None:
        yield cases


def _whole_rows(study: Study) -> DuplicateRows | None:
    now, then = (repeats(study, data, whole(study, data)) for data in (CURRENT, REFERENCE))
    if now is None or now.repeated.low < TOLD:
        return None
    if not (_telling(study) or (then is not None and _rose(now.repeated, then.repeated, study))):
        return None
    return DuplicateRows(
        columns=(),
        share=now.repeated,
        rows=_rows(study, now.repeated),
        against=then is not None,
        then=None if then is None else then.repeated.value,
    )


def _cases(study: Study) -> RepeatedCases | None:
    columns = features(study)
    now, then = repeats(study, CURRENT, columns), repeats(study, REFERENCE, columns)
    if now is None or len(columns) < FEWEST_COLUMNS:
        return None
    if then is None:
        clear = rich(study) and now.repeated.low >= TOLD
    else:
        clear = then.twins.value <= CHANCE and _rose(now.repeated, then.repeated, study)
    if not clear:
        return None
    before = None if then is None else then.repeated.value
    return RepeatedCases(
        columns=(), share=now.repeated, rows=_rows(study, now.repeated), against=then is not None, then=before
    )


def _ids(study: Study) -> DuplicateIds | None:
    if study.roles.id is None:
        return None
    now, then = (repeats(study, data, (study.roles.id,)) for data in (CURRENT, REFERENCE))
    if now is None or now.repeated.low < TOLD:
        return None
    if then is not None and then.per_content > ONE_TO_ONE and now.per_content < MORE_PER_ID * then.per_content:
        return None
    return DuplicateIds(
        columns=(study.roles.id,),
        share=now.repeated,
        rows=_rows(study, now.repeated),
        against=then is not None,
        per_id=now.per_content,
        then=None if then is None else then.per_content,
    )


def _rose(now: Estimate, then: Estimate, study: Study) -> bool:
    """Whether repeats are clearly more than in the reference, which has as many by chance as it has rows."""
    by_chance = max(study.profiles[CURRENT].rows / max(study.profiles[REFERENCE].rows, 1), 1.0)
    return now.low > by_chance * then.high and now.value - by_chance * then.value >= GROWN


def _telling(study: Study) -> bool:
    """Whether equal rows must be the same row: they hold an identifier or fine numbers."""
    return study.roles.id is not None or rich(study)


def rich(study: Study) -> bool:
    """Whether two cases are hardly ever alike by chance: some feature has nearly as many values as rows."""
    frame = study.looks[CURRENT].frame
    return any(
        frame[plan.name].dtype.is_float() and frame[plan.name].n_unique() >= RICH * frame.height
        for plan in inputs(study)
        if plan.name in frame.columns and frame.height
    )


def near_duplicates(study: Study) -> Iterator[NearDuplicates]:
    """Rows equal in all features but one, where cases are hardly ever alike by chance; by the look."""
    columns = features(study)
    frame = study.looks[CURRENT].frame
    if len(columns) < FEWEST_COLUMNS or frame.height < FEWEST_ROWS or not rich(study):
        return
    frame = frame.select(columns).head(LOOKED_AT)
    hashes = {c: frame[c].hash(seed=i).to_numpy() for i, c in enumerate(columns)}
    with np.errstate(over="ignore"):
        total = np.sum(list(hashes.values()), axis=0, dtype=np.uint64)
        exact = pl.Series(total).is_duplicated().to_numpy()
        apart = {c: pl.Series(total - h).is_duplicated().to_numpy() & ~exact for c, h in hashes.items()}
    column, twins = max(apart.items(), key=lambda c: int(c[1].sum()))
    count = int(twins.sum())
    if count >= max(TOLD * 10 * frame.height, 10):
        share = share_of(count, frame.height, study.level)
        yield NearDuplicates(columns=(column,), share=share, rows=_rows(study, share))


def _rows(study: Study, share: Estimate) -> int:
    return round(share.value * study.profiles[CURRENT].rows)
