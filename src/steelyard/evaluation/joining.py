"""Tables of several models as one: joined by id, or laid side by side."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import polars as pl

from steelyard.data import Kind, Roles, Table
from steelyard.data.classes import listed
from steelyard.data.reading import reading
from steelyard.records import ColumnError, DataError, nearest

UNIT = "sy_unit"
"""The number of a row, where rows have no id."""
EXAMPLES = 3
ROUNDING = 1e-9
"""By how much, in proportion, labels of one row may differ between two files."""


def stacked(
    frames: Mapping[str, pl.LazyFrame], tables: Mapping[str, Table], names: Mapping[str, Mapping[str, str]], base: str
) -> pl.LazyFrame:
    """Tables side by side, row by row."""
    heights = {name: _rows(frames[name], tables[name]) for name in tables}
    if len(set(heights.values())) > 1:
        told = listed([f"{tables[name].description} has {rows:,}" for name, rows in heights.items()])
        raise DataError(f"Aligned tables must have the same rows, but {told}. Give an id to join them by: --id.")
    own = [_answers(frames[name], tables[name], names[name]) for name in tables if name != base]
    together = pl.concat([frames[base], *own], how="horizontal")
    return together.with_row_index(UNIT).with_columns(pl.col(UNIT).cast(pl.Int64))


def joined_by_id(
    frames: Mapping[str, pl.LazyFrame],
    tables: Mapping[str, Table],
    names: Mapping[str, Mapping[str, str]],
    shared: Roles,
    base: str,
) -> tuple[pl.LazyFrame, tuple[str, ...]]:
    """Tables joined by id, and what is told of rows that not all of them have."""
    key = str(shared.id)
    for table in tables.values():
        if key not in table.kinds:
            raise ColumnError(
                f"{table.description} has no column {key!r} to match rows by. {nearest(key, table.columns)}"
            )
    keyed = _of_one_type(frames, tables, key)
    counts = {name: _counted(keyed[name], tables[name], key) for name in tables}
    parts = [_answers(keyed[name], tables[name], {key: key, **names[name]}) for name in tables if name != base]
    joined = reduce(lambda a, b: a.join(b, on=key, how="inner", maintain_order="left"), [keyed[base], *parts])
    with reading(tables[base]):
        rows = int(joined.select(pl.len()).collect().item())
    if not rows and all(counts.values()):
        few = [f"{t.description} ({listed(_some(keyed[n], key))})" for n, t in tables.items()]
        raise DataError(
            f"No {key!r} is in all of {listed(few)}, so no row can be compared. Name the id that all have, written "
            "the same way: --id."
        )
    said = tuple(
        f"{counts[name] - rows:,} of {counts[name]:,} rows of {table.description} are not in all of the models' data "
        "and take no part."
        for name, table in tables.items()
        if counts[name] > rows
    )
    return joined, said


def _answers(frame: pl.LazyFrame, table: Table, names: Mapping[str, str]) -> pl.LazyFrame:
    """A model's own columns, under names of their own."""
    return frame.select(pl.col(column).alias(name) for column, name in names.items() if column in table.kinds)


def _of_one_type(
    frames: Mapping[str, pl.LazyFrame], tables: Mapping[str, Table], key: str
) -> dict[str, pl.LazyFrame]:
    """Tables whose ids are of one type; whole numbers and text meet as text, rows without an id are left out."""
    types = {name: frame.collect_schema()[key] for name, frame in frames.items()}
    if len(set(types.values())) > 1:
        odd = [n for n, t in types.items() if not (t.is_integer() or t in (pl.String, pl.Categorical))]
        if odd:
            told = listed([f"{types[n]} in {tables[n].description}" for n in tables])
            raise DataError(f"The id {key!r} is {told}, so rows cannot be matched. Write it the same way in all.")
        target = pl.Int64 if all(t.is_integer() for t in types.values()) else pl.String
        frames = {name: frame.with_columns(pl.col(key).cast(target)) for name, frame in frames.items()}
    return {name: frame.filter(pl.col(key).is_not_null()) for name, frame in frames.items()}


def _counted(frame: pl.LazyFrame, table: Table, key: str) -> int:
    """The rows of a table, each of which must have an id of its own."""
    with reading(table):
        ids = frame.select(pl.col(key)).collect().get_column(key)
    if ids.n_unique() < len(ids):
        twice = ids.filter(ids.is_duplicated()).unique().sort()
        raise DataError(
            f"{table.description} has more than one row for {len(twice):,} values of {key!r}, e.g. "
            f"{listed(twice.head(EXAMPLES).to_list())}. Keep one row for each, or name another id."
        )
    return len(ids)


def _some(frame: pl.LazyFrame, key: str) -> list[Any]:
    return frame.select(pl.col(key)).head(EXAMPLES).collect().get_column(key).to_list()


def _rows(frame: pl.LazyFrame, table: Table) -> int:
    with reading(table):
        return int(frame.select(pl.len()).collect().item())


def require_same_labels(
    table: Table, tables: Mapping[str, Table], shared: Roles, names: Mapping[str, Mapping[str, str]], base: str
) -> None:
    """Refuse labels that contradict each other.

    Raises:
        DataError: a row has one label here and another there; it names an example.
    """
    frame: pl.LazyFrame = table.frame.to_native()
    row = shared.id or UNIT
    for name, own in names.items():
        for label in shared.labels:
            other = own.get(label)
            if other is None or other not in table.kinds:
                continue
            with reading(table):
                unlike = frame.filter(_unlike(label, other, table.kinds))
                first = unlike.select(row, label, other, pl.len().alias("sy_rows")).head(1).collect()
            if first.height:
                at, here, there, count = first.row(0)
                raise DataError(
                    f"The label {label!r} of {count:,} rows is one in {tables[base].description} and another in "
                    f"{tables[name].description}, e.g. {here!r} and {there!r} where {row} = {at!r}. Models can only "
                    "be compared on the same truth: mend the labels, or drop the column from one of them."
                )


def _unlike(label: str, other: str, kinds: Mapping[str, Kind]) -> pl.Expr:
    """Where two columns hold different labels; numbers may differ by rounding, and missing ones differ from none."""
    ours, theirs = pl.col(label), pl.col(other)
    if kinds[label] is kinds[other] is Kind.NUMBER:
        return (ours - theirs).abs() > ROUNDING * pl.max_horizontal(ours.abs(), 1.0)
    if kinds[label] is not kinds[other]:
        ours, theirs = ours.cast(pl.String), theirs.cast(pl.String)
    return ours != theirs


def as_polars(table: Table) -> pl.LazyFrame:
    """The table as a lazy frame of Polars, in which tables are joined."""
    if table.engine == "polars":
        native: pl.LazyFrame = table.frame.to_native()
        return native
    with reading(table):
        found = table.frame.collect("polars").to_native()
    return found.lazy() if isinstance(found, pl.DataFrame) else pl.DataFrame(found).lazy()
