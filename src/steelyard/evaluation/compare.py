"""Two data sets, or one data set before and after a moment: is it worse, how much, why, where, what to do first?"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.data import Kind, Roles, Table, guess_roles, peek, read
from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.run import evaluate
from steelyard.records import ColumnError, ConfigError, DataError, nearest

Moment = str | float | dt.date | dt.datetime
LAST = 4
"""Without a moment given, the last quarter of the time is held against what came before."""


def compare(reference: Any, current: Any, roles: Roles | None = None, **settings: Any) -> Evaluation:
    """Compare two data sets: what it was first, what it is now second.

    Args:
        reference: training data, last quarter; a path, glob, URL, list of paths or data frame.
        current: the data to judge; same kinds of source.
        roles: what the columns mean; what is not said is guessed.
        settings: those of `evaluate`.

    Returns:
        An `Evaluation` whose `answers` say whether it is worse, how much, why, where, and what to do first.

    Raises:
        SteelyardError: the data cannot be read, is empty, or does not fit its roles.
    """
    return evaluate(current, roles, reference=reference, **settings)


def diagnose(
    data: Any, roles: Roles | None = None, *, since: Moment | None = None, sql: str | None = None, **settings: Any
) -> Evaluation:
    """Hold the rows from a moment on against those before it.

    Args:
        data: one data set with a time column; a path, glob, URL, list of paths or data frame.
        roles: what the columns mean; the time column is guessed where it is not said.
        since: the moment: an ISO date or time, or a number for a numeric time column. Without it, the last quarter
            of the time is held against what came before.
        sql: the query to read from a database URL.
        settings: those of `evaluate`, e.g. `window="1d"`.

    Returns:
        An `Evaluation` as `compare` gives it.

    Raises:
        SteelyardError: there is no time column, or one side of the moment has no rows.
    """
    table, given = read(data, query=sql), roles or Roles()
    known, _ = guess_roles(table, peek(table), given)
    if known.time is None:
        raise ConfigError(
            "diagnose holds later rows against earlier ones, and there is no time column. Name it by --time or "
            "Roles(time=…), or give the earlier data as a reference to compare."
        )
    if known.time not in table.kinds:
        raise ColumnError(f"No column {known.time!r} in {table.description}. {nearest(known.time, table.kinds)}")
    before, after = _split(table, known.time, since)
    return evaluate(after, given.updated(time=known.time), reference=before, **settings)


def _split(table: Table, column: str, since: Moment | None) -> tuple[Table, Table]:
    low, high, without = _extremes(table, column)
    if low is None or high is None:
        raise DataError(f"The time column {column!r} of {table.description} is empty. Nothing can be split by it.")
    cut = low + (high - low) * (LAST - 1) / LAST if since is None else _moment(since, table.kinds[column], low)
    told = cut.isoformat(sep=" ", timespec="seconds") if isinstance(cut, dt.datetime) else f"{cut:g}"
    if not low < cut <= high:
        raise DataError(
            f"All rows of {table.description} lie on one side of {told}: {column!r} reaches from {low} to {high}. "
            "Choose a moment within."
        )
    time, at = nw.col(column), nw.lit(cut.date() if _is_date(table, column) else cut)
    missing = (f"{without:,} rows of {table.description} have no time and take no part.",) if without else ()
    before = _part(table, time < at, f"{table.description} before {told}")
    return before, _part(table, time >= at, f"{table.description} from {told} on", missing)


def _part(table: Table, rows: nw.Expr, description: str, warnings: tuple[str, ...] = ()) -> Table:
    said = (*table.warnings, *warnings) if warnings else table.warnings
    frame = table.frame.filter(rows)
    return replace(table, frame=frame, description=description, rows=None, digest=None, warnings=said)


def _extremes(table: Table, column: str) -> tuple[Any, Any, int]:
    """Earliest and latest time, and the rows that have none."""
    time = nw.col(column)
    asked = (time.min().alias("low"), time.max().alias("high"), time.count().alias("known"), nw.len().alias("rows"))
    low, high, known, rows = table.frame.select(*asked).collect("polars").to_native().row(0)
    return _as_moment(low), _as_moment(high), int(rows) - int(known)


def _as_moment(value: Any) -> Any:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day)
    return value


def _is_date(table: Table, column: str) -> bool:
    return bool(table.frame.collect_schema()[column] == nw.Date)


def _moment(since: Moment, kind: Kind, like: Any) -> Any:
    if kind is Kind.NUMBER:
        try:
            return float(since)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise ConfigError(
                f"The time column holds numbers, so {since!r} is no moment of it. Say a number."
            ) from None
    try:
        at = _as_moment(dt.datetime.fromisoformat(since) if isinstance(since, str) else since)
    except ValueError:
        raise ConfigError(f"{since!r} is not a moment. Write 2026-03-01 or 2026-03-01T14:30.") from None
    if not isinstance(at, dt.datetime):
        raise ConfigError(f"The time column holds times, so {since!r} is no moment of it. Write 2026-03-01.")
    if like.tzinfo is None:
        return at.replace(tzinfo=None)
    return at if at.tzinfo is not None else at.replace(tzinfo=like.tzinfo)
