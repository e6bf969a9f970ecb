"""One row for each unit of an experiment, whether it comes so, repeats its units, or keeps its events apart.

Everything is a lazy query on the engine that holds the data. Polars collects the made rows once, so that they are not
made anew for each question; they are as many as units, and only the columns that were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.border import kind_of
from steelyard.data.reading import reading
from steelyard.data.table import Kind, Table
from steelyard.records import ColumnError, DataError, nearest

EXAMPLES = 3
FIRST, LAST, ROWS, SINCE = "sy_first_arm", "sy_last_arm", "sy_unit_rows", "sy_assigned"
How = Literal["sum", "mean", "any"]
Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class Value:
    """A number of each event, added up to one of each unit.

    Attributes:
        name: of the column it becomes.
        event: the number of one event (or row).
        how: its sum, its mean, or whether it ever was other than 0.
        before: name of the column with the same of the events before the assignment; None where it is not wanted.
    """

    name: str
    event: nw.Expr
    how: How = "sum"
    before: str | None = None


@dataclass(frozen=True)
class Units:
    """One row a unit.

    Attributes:
        table: the rows; units in several arms, and such without an arm, are left out.
        units: how many units there were in all; rows, where no column names the unit.
        without_arm: rows (or assignments) that name no arm.
        several_arms: units that were in more than one arm.
        examples: a few of them.
        repeated: units that had more than one row, all in one arm.
        merged: whether rows were made into one a unit.
        events: outcome events that belong to a unit; None where outcomes came with the units.
        strangers: outcome events of units that were never assigned.
        early: outcome events before the assignment.
        silent: units without an event after the assignment.
    """

    table: Table
    units: int
    without_arm: int = 0
    several_arms: int = 0
    examples: tuple[str, ...] = ()
    repeated: int = 0
    merged: bool = False
    events: int | None = None
    strangers: int = 0
    early: int = 0
    silent: int = 0


def units_of(table: Table, arm: str, unit: str | None, values: Sequence[Value], kept: Sequence[str]) -> Units:
    """The rows of a table, one a unit: as they come where no unit repeats, else merged by the unit.

    Args:
        table: units, or rows of units.
        arm: column of the arm.
        unit: column that names the unit; None takes every row for one.
        values: what is kept of the rows of a unit, should it have several.
        kept: further columns that are kept (slices, times); of several values of a unit the smallest.

    Raises:
        ColumnError: a column is not there.
        DataError: a broken row or file.
    """
    _require(table, arm, *(() if unit is None else (unit,)), *kept)
    if unit is None:
        return _as_they_come(table, arm)
    counted = _counted(table, arm, unit)
    with reading(table):
        told = _one_row(counted.select(*_TELLING))
    found = Units(table, int(told["units"]), int(told["without"] or 0), int(told["several"] or 0))
    repeated = int(told["repeated"] or 0)
    if not found.several_arms and not repeated:
        return replace(found, table=_part(table, table.frame.filter(~nw.col(arm).is_null())))
    made = _merged(table.frame, table, arm, unit, values, kept)
    examples = _examples(counted, unit) if found.several_arms else ()
    return replace(found, table=made, examples=examples, repeated=repeated, merged=True)


def units_with_outcomes(
    assignments: Table,
    outcomes: Table,
    arm: str,
    unit: str,
    values: Sequence[Value],
    kept: Sequence[str] = (),
    assigned_at: str | None = None,
    happened_at: str | None = None,
) -> Units:
    """Units with what became of them: events are joined by the unit and added up.

    Events before the assignment make the `before` columns; where either time is not known all events count as after
    it. A unit without events has 0 for sums and "any", and nothing for means.

    Args:
        assignments: a row for each unit, with its arm and perhaps its time, slices and covariates.
        outcomes: a row for each event.
        arm: column of the arm, in the assignments.
        unit: column that names the unit, in both.
        values: what is made of the events of a unit.
        kept: columns of the assignments that are kept.
        assigned_at: when the unit was assigned, in the assignments; of several times the first.
        happened_at: when the event happened, in the outcomes.

    Raises:
        ColumnError: a column is not there.
        DataError: the two cannot be joined, or no event belongs to a unit.
    """
    both_times = assigned_at is not None and happened_at is not None
    _require(assignments, arm, unit, *kept, *((assigned_at,) if both_times and assigned_at else ()))
    _require(outcomes, unit, *((happened_at,) if both_times and happened_at else ()))
    events = _in_engine(assignments, outcomes)
    left, events = _of_one_type(assignments.frame, events, unit, assignments, outcomes)
    units = replace(assignments, frame=left)
    kept = tuple(dict.fromkeys([*kept, *([assigned_at] if both_times and assigned_at else [])]))
    found = units_of(units, arm, unit, (), kept)
    once = found.table if found.merged else _part(units, found.table.frame.select(unit, arm, *kept))
    since = nw.col(assigned_at).alias(SINCE) if both_times and assigned_at else nw.lit(None).alias(SINCE)
    joined = events.join(once.frame.select(unit, since, nw.lit(1).alias(ROWS)), on=unit, how="left")
    late = nw.col(happened_at) >= nw.col(SINCE) if both_times and happened_at else ~nw.col(ROWS).is_null()
    flagged = joined.with_columns(late.alias("sy_late"))
    with reading(outcomes):
        told = _one_row(
            flagged.select(
                nw.len().alias("events"),
                nw.col(ROWS).count().alias("known"),
                (~nw.col("sy_late") & ~nw.col(ROWS).is_null()).cast(nw.Int64).sum().alias("early"),
            )
        )
    if told["events"] and not told["known"]:
        raise DataError(
            f"No {unit!r} of {outcomes.description} is one of {assignments.description}, so no outcome finds its "
            "unit. Name the unit that both have, written the same way."
        )
    known = flagged.filter(~nw.col(ROWS).is_null())
    early = int(told["early"] or 0)
    frame = _with_outcomes(once.frame, known, unit, values, early=early > 0)
    made = _collected(_part(assignments, frame), unit)
    described = f"{assignments.description} with outcomes of {outcomes.description}"
    warnings = (*assignments.warnings, *outcomes.warnings)
    with reading(made):
        silent = _one_row(made.frame.select((nw.col(ROWS) == 0).cast(nw.Int64).sum().alias("silent")))["silent"]
    return replace(
        found,
        table=replace(made, description=described, warnings=warnings),
        merged=True,
        events=int(told["known"] or 0),
        strangers=int(told["events"]) - int(told["known"] or 0),
        early=early,
        silent=int(silent or 0),
    )


_TELLING = (
    nw.len().alias("units"),
    nw.col("without").sum().alias("without"),
    nw.col("several").sum().alias("several"),
    nw.col("repeated").sum().alias("repeated"),
)


def _as_they_come(table: Table, arm: str) -> Units:
    with reading(table):
        told = _one_row(table.frame.select(nw.len().alias("rows"), nw.col(arm).count().alias("known")))
    rows, known = int(told["rows"]), int(told["known"])
    frame = table.frame if rows == known else table.frame.filter(~nw.col(arm).is_null())
    return Units(_part(table, frame), rows, rows - known)


def _counted(table: Table, arm: str, unit: str) -> Frame:
    """Rows of each unit, and whether they name several arms, or none."""
    name = _comparable(arm, table.kinds[arm])
    grouped = (
        table.frame.select(nw.col(unit), name.alias(FIRST))
        .group_by(unit)
        .agg(
            nw.len().alias(ROWS),
            nw.col(FIRST).count().alias("known"),
            nw.col(FIRST).min().alias("low"),
            nw.col(FIRST).max().alias("high"),
        )
    )
    differs = nw.col("low") != nw.col("high")
    return grouped.with_columns(
        (nw.col(ROWS) - nw.col("known")).cast(nw.Int64).alias("without"),
        nw.when(differs).then(nw.lit(1)).otherwise(nw.lit(0)).alias("several"),
        nw.when((nw.col("known") > 1) & ~differs).then(nw.lit(1)).otherwise(nw.lit(0)).alias("repeated"),
    )


def _comparable(column: str, kind: Kind) -> nw.Expr:
    """A column whose smallest and largest value every engine can tell."""
    if kind is Kind.BOOLEAN:
        return nw.col(column).cast(nw.Int64)
    return nw.col(column).cast(nw.String) if kind is Kind.TEXT else nw.col(column)


def _merged(frame: Frame, table: Table, arm: str, unit: str, values: Sequence[Value], kept: Sequence[str]) -> Table:
    """One row for each unit that is in one arm only."""
    rest = [column for column in dict.fromkeys(kept) if column not in (arm, unit)]
    derived = frame.filter(~nw.col(arm).is_null()).with_columns(
        _comparable(arm, table.kinds[arm]).alias(LAST),
        *(_comparable(column, table.kinds[column]).alias(column) for column in rest),
        *(_counting(value.event, value.how).alias(value.name) for value in values),
    )
    grouped = derived.group_by(unit).agg(
        nw.col(LAST).min().alias(FIRST),
        nw.col(LAST).max().alias(LAST),
        *(nw.col(column).min() for column in rest),
        *(_aggregated(value.name, value.how) for value in values),
    )
    one = grouped.filter(nw.col(FIRST) == nw.col(LAST)).rename({FIRST: arm}).drop(LAST)
    flags = [nw.col(c).cast(nw.Boolean) for c in (arm, *rest) if table.kinds[c] is Kind.BOOLEAN]
    return _collected(_part(table, one.with_columns(*flags) if flags else one), unit)


def _with_outcomes(units: Frame, events: Frame, unit: str, values: Sequence[Value], *, early: bool) -> Frame:
    """Units beside the numbers made of their events, and how many there were after the assignment."""
    late, missing = nw.col("sy_late"), nw.lit(None, dtype=nw.Float64)
    befores = [v for v in values if v.before is not None and early]
    sides = [
        *((v.name, v.event, v.how, late) for v in values),
        *((str(v.before), v.event, v.how, ~late) for v in befores),
    ]
    derived = events.with_columns(
        late.cast(nw.Int64).alias(ROWS),
        *(
            nw.when(side).then(_counting(event, how)).otherwise(missing).alias(name)
            for name, event, how, side in sides
        ),
    )
    made = derived.group_by(unit).agg(nw.col(ROWS).sum(), *(_aggregated(name, how) for name, _, how, _ in sides))
    joined = units.join(made, on=unit, how="left")
    zero = [ROWS, *(name for name, _, how, _ in sides if how != "mean")]
    return joined.with_columns(*(nw.col(name).fill_null(0) for name in zero))


def _counting(event: nw.Expr, how: How) -> nw.Expr:
    """The number of one event; what is asked is whether it is other than 0 where `how` is "any"."""
    number = event.cast(nw.Float64)
    return (
        nw.when(number.is_null()).then(number).otherwise((number != 0).cast(nw.Float64)) if how == "any" else number
    )


def _aggregated(name: str, how: How) -> nw.Expr:
    column = nw.col(name)
    return column.max() if how == "any" else column.mean() if how == "mean" else column.sum()


def _collected(table: Table, unit: str) -> Table:
    """The made rows in memory and in one order, where Polars made them."""
    if table.engine != "polars":
        return table
    with reading(table):
        rows: pl.DataFrame = table.frame.to_native().collect(engine="streaming").sort(unit)
    return replace(table, frame=nw.from_native(rows.lazy()), rows=rows.height)


def _examples(counted: Frame, unit: str) -> tuple[str, ...]:
    found = counted.filter(nw.col("several") == 1).select(unit).sort(unit).head(EXAMPLES)
    return tuple(str(row[0]) for row in _polars(found).rows())


def _in_engine(assignments: Table, outcomes: Table) -> Frame:
    if assignments.engine == outcomes.engine:
        return outcomes.frame
    if assignments.engine != "polars":
        raise DataError(
            f"{assignments.description} is held by {assignments.engine} and {outcomes.description} by "
            f"{outcomes.engine}; they cannot be joined. Give both as files, or both as frames of one engine."
        )
    with reading(outcomes):
        here: Frame = nw.from_native(_polars(outcomes.frame).lazy())
    return here


def _of_one_type(left: Frame, right: Frame, unit: str, ours: Table, theirs: Table) -> tuple[Frame, Frame]:
    """Both sides with a unit of one type: text where one side writes its whole numbers as text."""
    types = [frame.collect_schema()[unit] for frame in (left, right)]
    if types[0] == types[1]:
        return left, right
    kinds = {kind_of(dtype) for dtype in types}
    if kinds == {Kind.TEXT} or (
        kinds == {Kind.TEXT, Kind.NUMBER} and all(d.is_integer() for d in types if kind_of(d) is Kind.NUMBER)
    ):
        wanted: Any = nw.String
    elif kinds == {Kind.NUMBER}:
        wanted = nw.Float64
    else:
        raise DataError(
            f"The unit {unit!r} is {types[0]} in {ours.description} and {types[1]} in {theirs.description}, so no "
            "outcome finds its unit. Write it the same way in both."
        )
    return left.with_columns(nw.col(unit).cast(wanted)), right.with_columns(nw.col(unit).cast(wanted))


def _require(table: Table, *columns: str) -> None:
    for column in columns:
        if column not in table.kinds:
            raise ColumnError(f"{table.description} has no column {column!r}. {nearest(column, table.columns)}")


def _part(table: Table, frame: Frame) -> Table:
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    return replace(table, frame=frame, kinds=kinds, rows=None, digest=None)


def _one_row(frame: Frame) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _polars(frame).row(0, named=True)
    return found


def _polars(frame: Frame) -> pl.DataFrame:
    found = frame.collect("polars").to_native()
    return found if isinstance(found, pl.DataFrame) else pl.DataFrame(found)
