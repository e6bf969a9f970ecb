"""Labels that are given beside the data: what they are joined by, and how long they take to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.data import Kind, Roles, Table, names, read
from steelyard.data.classes import listed
from steelyard.data.labels import arrival_name, join_labels
from steelyard.data.reading import reading
from steelyard.data.roles import as_names
from steelyard.records import ColumnError, Curve
from steelyard.stats import label_free

MATURE = 0.95
"""Share of labels from which on their age counts as grown up."""
MOST_POINTS = 400
HOUR, DAY = 3_600, 86_400
SHORT = 3 * DAY
"""Data that span less than this are told in hours."""


@dataclass(frozen=True)
class Labelled:
    """A table that labels were joined to.

    Attributes:
        table: the rows with their labels, as far as these have come.
        roles: the given ones, with the label and the id.
        arrived: the same rows with the time each label came in `column`; None where that is not known.
        column: name of that column.
    """

    table: Table
    roles: Roles
    arrived: Table | None = None
    column: str = ""


def with_labels(
    table: Table,
    labels: Any,
    roles: Roles,
    on: str | Sequence[str] | None = None,
    sql: str | None = None,
    label_time: str | None = None,
) -> Labelled:
    """Join labels of their own source to the rows they belong to.

    Args:
        table: the predictions.
        labels: any source of data: a row for each label.
        roles: what is known of the columns.
        on: what to join by; the id's role, or the one name that both tables have, where it is not given.
        sql: the query to read the labels by from a database.
        label_time: when a label came; the only column of times among the labels, where it is not given.

    Raises:
        SteelyardError: the labels cannot be read or joined; the message says what to do.
    """
    source = read(labels, query=sql)
    ids = _ids(table, source, roles, on)
    time = label_time or _only_time(source, ids)
    label = _label(source, roles, ids, time)
    joined = join_labels(table, source, ids, label, time)
    complete = roles.updated(label=label, id=roles.id or (ids[0] if len(ids) == 1 else None))
    if time is None:
        return Labelled(joined, complete)
    column = arrival_name(table, time)
    kinds = {name: kind for name, kind in joined.kinds.items() if name != column}
    return Labelled(replace(joined, frame=joined.frame.drop(column), kinds=kinds), complete, joined, column)


def maturity(found: Labelled, roles: Roles, level: float = 0.95) -> Curve | None:
    """Share of labels that has come by the age of the row (Kaplan–Meier), as a curve of kind "maturity".

    None where it is not known when rows happened, or when labels came. Rows that wait for their label have waited
    until the last moment that any row or label tells of.
    """
    if found.arrived is None or roles.time is None or found.arrived.kinds.get(found.column) is not Kind.TIME:
        return None
    seconds = _seconds(found.arrived, roles.time, found.column)
    if not seconds.height:
        return None
    born, came = (seconds[c].to_numpy().astype(float) for c in ("sy_born", "sy_came"))
    rows = seconds["sy_rows"].to_numpy().astype(float)
    now = float(np.nanmax(np.concatenate([born, came])))
    unit = HOUR if now - float(born.min()) < SHORT else DAY
    arrived = np.isfinite(came)
    age = np.floor(np.maximum(np.where(arrived, came, now) - born, 0.0) / unit)
    distinct, place = np.unique(age, return_inverse=True)
    counts = [np.bincount(place, weights=np.where(which, rows, 0.0)) for which in (arrived, ~arrived)]
    made = label_free.arrival(distinct, counts[0], counts[1], level)
    if not len(made.age):
        return None
    shown = np.unique(np.linspace(0, len(made.age) - 1, min(len(made.age), MOST_POINTS)).astype(int))
    grown = made.age[made.share >= MATURE]
    return Curve(
        "maturity",
        {
            "age": made.age[shown].tolist(),
            "share": made.share[shown].tolist(),
            "low": made.low[shown].tolist(),
            "high": made.high[shown].tolist(),
            "at_risk": made.at_risk[shown].tolist(),
        },
        notes={
            "unit": "hours" if unit == HOUR else "days",
            "until": dt.datetime.fromtimestamp(now, dt.UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
            "mature": f"{grown[0]:g}" if len(grown) else "",
            "method": f"Kaplan–Meier, Greenwood's interval on the complementary log–log scale, level {level:g}",
        },
    )


def _ids(table: Table, labels: Table, roles: Roles, on: str | Sequence[str] | None) -> tuple[str, ...]:
    if on is not None:
        return as_names(on)
    if roles.id is not None and roles.id in labels.kinds:
        return (roles.id,)
    known = {*roles.labels, *roles.predictions, *roles.scores}
    common = [c for c in labels.columns if c in table.kinds and c not in known and labels.kinds[c] is not Kind.TIME]
    by_name = [c for c in common if names.folded(c) in {names.folded(n) for n in names.ID}]
    found = by_name if len(by_name) == 1 else common
    if len(found) == 1:
        return (found[0],)
    both = f"Both have {listed(found, 6)}" if found else "They have no column in common"
    raise ColumnError(
        f"It is not said what joins the labels of {labels.description} to {table.description}. {both}. "
        "Name the id: on=…, or --on."
    )


def _only_time(labels: Table, ids: Sequence[str]) -> str | None:
    times = [c for c, kind in labels.kinds.items() if kind is Kind.TIME and c not in ids]
    return times[0] if len(times) == 1 else None


def _label(labels: Table, roles: Roles, ids: Sequence[str], time: str | None) -> Any:
    if roles.label is not None:
        return roles.label
    others = [c for c in labels.columns if c not in ids and c != time]
    wanted = {names.folded(n) for n in names.LABEL}
    found = [c for c in others if names.folded(c) in wanted] if len(others) > 1 else others
    if len(found) == 1:
        return found[0]
    there = listed(others, 12) or "there is none"
    raise ColumnError(
        f"It is not clear which column of {labels.description} is the label: {there}. "
        'Say which one it is: --label NAME, or Roles(label="NAME").'
    )


def _seconds(table: Table, time: str, came: str) -> pl.DataFrame:
    """When rows happened and their labels came, in seconds to the hour, with the number of rows."""

    def hour(column: str, name: str) -> nw.Expr:
        micro = nw.col(column).dt.timestamp("us").cast(nw.Float64())
        return ((micro / (HOUR * 1e6)).floor() * float(HOUR)).alias(name)

    frame = table.frame.select(time, came).filter(~nw.col(time).is_null())
    frame = frame.select(hour(time, "sy_born"), hour(came, "sy_came"))
    with reading(table):
        counted = frame.group_by("sy_born", "sy_came").agg(nw.len().alias("sy_rows")).collect("polars").to_native()
    found = counted if isinstance(counted, pl.DataFrame) else pl.DataFrame(counted)
    return found.sort("sy_born", "sy_came")
