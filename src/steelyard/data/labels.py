"""Labels that come later: joined to the predictions they belong to by the id of the row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.border import kind_of
from steelyard.data.classes import listed
from steelyard.data.reading import reading
from steelyard.data.roles import as_names
from steelyard.data.table import Kind, Table
from steelyard.records import ColumnError, DataError, nearest

EXAMPLES = 3
Frame = nw.LazyFrame[Any]


@dataclass(frozen=True)
class _Join:
    """Two tables by the columns they share, whose ids are of one type."""

    left: Frame
    right: Frame
    on: tuple[str, ...]


def join_labels(
    table: Table,
    labels: Table,
    on: str | Sequence[str],
    label: str | Sequence[str] | None = None,
    time: str | None = None,
) -> Table:
    """Join labels to the rows they belong to; rows whose label has not come keep a missing one.

    The join is lazy and keeps every row of `table`. Ids of unlike types are brought together where nothing is lost
    ("12" and 12). A label that is also a column of `table` takes precedence over it, and where it has none the
    table's own value stays.

    Args:
        table: the predictions.
        labels: a row for each label: its id, the label, perhaps when it came.
        on: the id, one column or several, named alike in both.
        label: the columns to take over; None takes all but the id and the time.
        time: when the label came; of several for one id the latest counts. It is taken over too, by the name of
            `arrival_name`.

    Raises:
        ColumnError: a column is not there.
        DataError: no id of the labels is an id of the rows, or an id has several labels and no time tells which
            counts.
    """
    ids = as_names(on)
    if not ids:
        raise DataError("Say which column the labels are joined by: on=…, or --on.")
    taken = _taken(table, labels, ids, label, time)
    right = _in_engine(table, labels).select(*dict.fromkeys((*ids, *taken, *as_names(time))))
    right = right.drop_nulls(subset=list(ids)).unique()
    join = _of_one_type(table.frame, right, ids, table, labels)
    said = list(_told(join, table, labels, time))
    right = _latest(join, time)
    own = [c for c in taken if c in table.kinds]
    renamed = {c: f"sy_new_{c}" for c in own}
    arrival = {time: arrival_name(table, time)} if time is not None else {}
    frame = _left_joined(join.left, right.rename({**arrival, **renamed}), ids, table)
    if renamed:
        frame = frame.with_columns(*(_first(c, renamed[c], frame) for c in own)).drop(*renamed.values())
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    kept = f" Labels that were there before stay where none was joined: {listed(own, 3)}." if own else ""
    joined = f"{table.description} with labels of {labels.description}"
    return replace(
        table,
        frame=frame,
        kinds=kinds,
        description=joined,
        digest=None,
        warnings=(*table.warnings, *labels.warnings, *(f"{w}{kept}" for w in said)),
    )


def arrival_name(table: Table, time: str) -> str:
    """Name of the column that tells when a label came, once it is joined: its own, if the rows have none of it."""
    return time if time not in table.kinds else f"{time} of label"


def _taken(
    table: Table, labels: Table, ids: Sequence[str], label: str | Sequence[str] | None, time: str | None
) -> list[str]:
    for side in (table, labels):
        for column in ids:
            if column not in side.kinds:
                raise ColumnError(
                    f"{side.description} has no column {column!r} to join labels by. {nearest(column, side.columns)}"
                )
    for column in (*as_names(label), *as_names(time)):
        if column not in labels.kinds:
            raise ColumnError(f"{labels.description} has no column {column!r}. {nearest(column, labels.columns)}")
    taken = list(as_names(label)) or [c for c in labels.columns if c not in ids and c != time]
    if not taken:
        raise ColumnError(f"{labels.description} has no column beside {listed(ids, 3)}, so no label to join.")
    return taken


def _in_engine(table: Table, labels: Table) -> Frame:
    """The labels as a frame of the engine that holds the rows."""
    if table.engine == labels.engine:
        return labels.frame
    if table.engine != "polars":
        raise DataError(
            f"{table.description} is held by {table.engine} and {labels.description} by {labels.engine}; they cannot "
            "be joined. Give both as files, or both as frames of one engine."
        )
    with reading(labels):
        here: Frame = nw.from_native(_polars(labels.frame).lazy())
    return here


def _of_one_type(left: Frame, right: Frame, ids: Sequence[str], table: Table, labels: Table) -> _Join:
    """Both sides with ids of one type: text where one side is text, else as they are."""
    for column in ids:
        ours, theirs = left.collect_schema()[column], right.collect_schema()[column]
        if ours == theirs:
            continue
        kinds = {kind_of(ours), kind_of(theirs)}
        if kinds == {Kind.NUMBER} and not (ours.is_integer() and theirs.is_integer()):
            left, right = (f.with_columns(nw.col(column).cast(nw.Float64)) for f in (left, right))
        elif kinds == {Kind.NUMBER, Kind.TEXT}:
            number = left if kind_of(ours) is Kind.NUMBER else right
            if not number.collect_schema()[column].is_integer():
                raise _unlike(column, str(ours), str(theirs), table, labels)
            as_text = number.with_columns(nw.col(column).cast(nw.String))
            left, right = (as_text, right) if number is left else (left, as_text)
        elif kinds != {Kind.NUMBER} and kinds != {Kind.TEXT}:
            raise _unlike(column, str(ours), str(theirs), table, labels)
    return _Join(left, right, tuple(ids))


def _unlike(column: str, ours: str, theirs: str, table: Table, labels: Table) -> DataError:
    return DataError(
        f"The id {column!r} is {ours} in {table.description} and {theirs} in {labels.description}, so no row finds "
        "its label. Write it the same way in both."
    )


def _told(join: _Join, table: Table, labels: Table, time: str | None) -> Iterator[str]:
    """Warnings about ids that do not join; raises where none does, or where an id has several labels."""
    ids = list(join.on)
    with reading(labels):
        counted = _polars(join.right.group_by(*ids).agg(nw.len().alias("sy_rows")))
    with reading(table):
        there = _polars(join.left.select(*ids).unique())
    twice = counted.filter(pl.col("sy_rows") > 1).sort(ids)
    if twice.height and time is None:
        shown = listed(_shown(twice, ids), EXAMPLES)
        raise DataError(
            f"{labels.description} has more than one label for {twice.height:,} ids, e.g. {shown}. Name the column "
            "that says when a label came, so that the latest counts, or keep one row for each id."
        )
    if there.height and counted.height and not counted.join(there, on=ids, how="semi").height:
        ours, theirs = _shown(there.sort(ids), ids), _shown(counted.sort(ids), ids)
        types = f"{there[ids[0]].dtype} against {counted[ids[0]].dtype}"
        raise DataError(
            f"No id of {labels.description} is an id of {table.description}: {listed(ours[:EXAMPLES])} against "
            f"{listed(theirs[:EXAMPLES])} ({types}). Name the id that both have, written the same way: on=…, --on."
        )
    strange = counted.join(there, on=ids, how="anti")
    if strange.height:
        shown = listed(_shown(strange.sort(ids), ids)[:EXAMPLES])
        yield (
            f"{strange.height:,} of {counted.height:,} ids of {labels.description} are no id of {table.description} "
            f"(e.g. {shown}); their labels are left out."
        )
    waiting = there.join(counted, on=ids, how="anti").height
    if waiting:
        yield f"{waiting:,} of {there.height:,} ids of {table.description} have no label in {labels.description} yet."


def _latest(join: _Join, time: str | None) -> Frame:
    """One label for each id: the latest."""
    if time is None:
        return join.right
    ids = list(join.on)
    last = join.right.group_by(*ids).agg(nw.col(time).max().alias("sy_last"))
    kept = join.right.join(last, on=ids, how="inner")
    kept = kept.filter((nw.col(time) == nw.col("sy_last")) | (nw.col(time).is_null() & nw.col("sy_last").is_null()))
    rest = [c for c in join.right.collect_schema().names() if c not in ids]
    # Of two labels of one moment the larger is kept: the same one whatever the order of the rows.
    return kept.drop("sy_last").group_by(*ids).agg(*(nw.col(c).max() for c in rest))


def _left_joined(left: Frame, right: Frame, ids: Sequence[str], table: Table) -> Frame:
    """Every row of the left; Polars keeps their order, so that looks at the data stay the same."""
    if table.engine != "polars":
        return left.join(right, on=list(ids), how="left")
    rows: pl.LazyFrame = left.to_native()
    made: Frame = nw.from_native(rows.join(right.to_native(), on=list(ids), how="left", maintain_order="left"))
    return made


def _first(column: str, joined: str, frame: Frame) -> nw.Expr:
    schema = frame.collect_schema()
    ours, theirs = nw.col(column), nw.col(joined)
    return theirs.alias(column) if schema[column] != schema[joined] else nw.coalesce(theirs, ours).alias(column)


def _polars(frame: Frame) -> pl.DataFrame:
    found = frame.collect("polars").to_native()
    return found if isinstance(found, pl.DataFrame) else pl.DataFrame(found)


def _shown(frame: pl.DataFrame, ids: Sequence[str]) -> list[object]:
    head = frame.select(list(ids)).head(EXAMPLES + 1)
    return [row[0] if len(ids) == 1 else row for row in head.rows()]
