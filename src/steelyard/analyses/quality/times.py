"""Dates that cannot be, and dates that stand for none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from steelyard.analyses.quality.columns import Floats
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import Count, Fact, Window
from steelyard.facts.grids import MISSING

MOST = 8
"""Columns of times that are counted by day."""
EARLIEST = dt.date(1900, 1, 2)
STAND_INS = {
    dt.date(1900, 1, 1): "1900-01-01",
    dt.date(1970, 1, 1): "1970-01-01",
    dt.date(1969, 12, 31): "1969-12-31",
    dt.date(1899, 12, 30): "1899-12-30",
    dt.date(2099, 12, 31): "2099-12-31",
    dt.date(9999, 12, 31): "9999-12-31",
}
APART = 365
"""Days that a date which stands for none lies from all others."""
GRACE = 1
_EPOCH = dt.date(1970, 1, 1)
What = Literal["future", "early", "stand-in"]


@dataclass(frozen=True, kw_only=True)
class ImpossibleTime(Defect):
    """Dates in the future, before 1900, or such as programs write where there is none."""

    what: What
    example: str


@dataclass(frozen=True, kw_only=True)
class TimeOverlap(Defect):
    """The current data begins before the reference ends: days (first now, last then) as ISO dates."""

    first: str
    last: str


def wanted(study: Study) -> Iterator[Fact]:
    """Rows by day of the columns of times."""
    yield from (_daily(column) for column in time_columns(study)[:MOST])


def time_columns(study: Study) -> list[str]:
    """Columns of times."""
    return [plan.name for plan in study.columns if plan.kind is Kind.TIME]


def impossible_times(study: Study, today: dt.date | None = None) -> Iterator[ImpossibleTime]:
    """Dates after `today`, before 1900, and stand-ins far from all other dates."""
    latest = _number((today or dt.datetime.now(dt.UTC).date()) + dt.timedelta(days=GRACE))
    for column in time_columns(study)[:MOST]:
        days = _days(study, column, CURRENT)
        if days is None:
            continue
        day, rows = days
        odd = {_number(date): name for date, name in STAND_INS.items()}
        usual = day[~np.isin(day, list(odd))]
        lone = [
            d for d in np.intersect1d(day, list(odd)).tolist() if not len(usual) or np.abs(usual - d).min() > APART
        ]
        for d in lone:
            yield _found(study, column, "stand-in", odd[d], rows[day == d].sum())
        rest = ~np.isin(day, lone)
        early, future = rest & (day < _number(EARLIEST)), rest & (day > latest)
        if early.any():
            yield _found(study, column, "early", _written(day[early].min()), rows[early].sum())
        if future.any():
            yield _found(study, column, "future", _written(day[future].max()), rows[future].sum())


def time_overlap(study: Study) -> Iterator[TimeOverlap]:
    """Whether rows of the current data are older than the newest ones of the reference."""
    column = study.roles.time
    if column is None:
        return
    now, then = _days(study, column, CURRENT), _days(study, column, REFERENCE)
    if now is None or then is None:
        return
    last = then[0].max()
    older = float(now[1][now[0] < last].sum())
    if older:
        yield TimeOverlap(
            columns=(column,),
            share=share_of(older, study.profiles[CURRENT].rows, study.level),
            rows=round(older),
            against=True,
            first=_written(now[0].min()),
            last=_written(last),
        )


def _daily(column: str) -> Count:
    return Count((Window(column, "1d"),))


def _days(study: Study, column: str, data: str) -> tuple[Floats, Floats] | None:
    profile = study.profiles.get(data)
    if profile is None or _daily(column) not in profile:
        return None
    table = profile[_daily(column)]
    known = table.codes[:, 0] != MISSING
    if not known.any():
        return None
    return table.codes[known, 0].astype(float), table.sums[known, 0]


def _found(study: Study, column: str, what: What, example: str, rows: float) -> ImpossibleTime:
    share = share_of(rows, study.profiles[CURRENT].rows, study.level)
    return ImpossibleTime(columns=(column,), share=share, rows=round(rows), what=what, example=example)


def _number(day: dt.date) -> int:
    return (day - _EPOCH).days


def _written(day: float) -> str:
    try:
        return (_EPOCH + dt.timedelta(days=int(day))).isoformat()
    except OverflowError:
        return "a year beyond the calendar"
