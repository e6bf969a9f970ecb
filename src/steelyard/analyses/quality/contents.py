"""Whole rows: which come several times, and which two data sets share; from sketches of their contents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.quality.columns import inputs, look
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.quality.informative import identifies
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import Distinct, Fact, FactTable
from steelyard.facts.sketches import is_whole
from steelyard.facts.sketches import shared as shared_contents
from steelyard.records import Estimate
from steelyard.stats import intervals


@dataclass(frozen=True)
class Repeats:
    """How often contents are repeated in one data set.

    Attributes:
        repeated: the share of rows that are there already, the first of each content not counted.
        twins: the share of rows whose content some other row has.
        per_content: rows by content.
    """

    repeated: Estimate
    twins: Estimate
    per_content: float


def wanted(study: Study) -> Iterator[Fact]:
    """Sketches of whole rows, of the features, of identifiers and of clusters."""
    for columns in dict.fromkeys(whole(study, data) for data in study.looks):
        if columns:
            yield Distinct(columns)
    if columns := features(study):
        yield Distinct(columns)
    yield from (Distinct((column,)) for column in (study.roles.id, study.roles.cluster) if column is not None)


def whole(study: Study, data: str) -> tuple[str, ...]:
    """Every column of a data set that is looked at."""
    known = set(study.looks[data].frame.columns) if data in study.looks else set()
    return tuple(plan.name for plan in study.columns if plan.name in known and plan.kind is not Kind.OTHER)


def features(study: Study) -> tuple[str, ...]:
    """What both data sets know of a case: no identifiers, times, labels or answers of the model."""
    return tuple(
        plan.name
        for plan in inputs(study)
        if plan.kind in (Kind.NUMBER, Kind.TEXT, Kind.BOOLEAN)
        and all((seen := look(study, plan.name, data)) is not None and not identifies(seen) for data in study.looks)
    )


def repeats(study: Study, data: str, columns: tuple[str, ...]) -> Repeats | None:
    """How often the contents of some columns are repeated; None where it was not measured."""
    table = _table(study, data, columns)
    if table is None:
        return None
    sizes = table.sums[:, 0]
    rows, exact = study.profiles[data].rows, is_whole(Distinct(columns), table)
    return Repeats(
        _ratio(sizes - 1, sizes, study.level, rows, exact=exact),
        _ratio(np.where(sizes > 1, sizes, 0.0), sizes, study.level, rows, exact=exact),
        float(sizes.mean()),
    )


def shared(study: Study, columns: tuple[str, ...]) -> Estimate | None:
    """The share of current rows whose content the reference has too; None where it was not measured."""
    now, then = _table(study, CURRENT, columns), _table(study, REFERENCE, columns)
    if now is None or then is None:
        return None
    found = shared_contents(Distinct(columns), now, then)
    if found.row_share is None:
        return None
    n = found.rows if found.exact else found.contents
    low, high = intervals.wilson(found.row_share, n, study.level)
    rows, note = study.profiles[CURRENT].rows, "" if found.exact else "from a sketch"
    return Estimate(found.row_share, low, high, study.level, rows, "wilson", effective_n=n, note=note)


def _table(study: Study, data: str, columns: tuple[str, ...]) -> FactTable | None:
    fact = Distinct(columns)
    profile = study.profiles.get(data)
    if not columns or profile is None or fact not in profile or not len(profile[fact]):
        return None
    return profile[fact]


def _ratio(part: np.ndarray, sizes: np.ndarray, level: float, rows: int, *, exact: bool) -> Estimate:
    """Σ part / Σ sizes with Wilson's interval; n from the spread over the contents, which are a random sample."""
    total = float(sizes.sum())
    share = float(part.sum()) / total
    n = total
    if not exact and len(sizes) > 1:
        residual = part - share * sizes
        variance = float(np.dot(residual, residual)) / total**2
        n = min(share * (1 - share) / variance, total) if variance > 0 else float(len(sizes))
    low, high = intervals.wilson(share, max(n, 1.0), level)
    return Estimate(share, low, high, level, rows, "wilson", effective_n=n, note="" if exact else "from a sketch")
