"""A cheap look at a sample of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.reading import reading
from steelyard.data.table import Kind, Table

CELLS = 20_000_000  # of a wide table fewer rows are taken, so that a look stays cheap


@dataclass(frozen=True)
class Peek:
    """Some rows of a table.

    Attributes:
        frame: the rows; nested and binary columns are left out.
        complete: True where these are all the rows there are.
    """

    frame: pl.DataFrame
    complete: bool


def peek(table: Table, rows: int = 50_000) -> Peek:
    """Collect about `rows` rows: from the beginning, the middle and the end where the number of rows is
    known and the engine can skip to them, else the first ones.
    """
    names = [name for name, kind in table.kinds.items() if kind is not Kind.OTHER]
    rows = max(1, min(rows, CELLS // max(1, len(names))))
    with reading(table):
        if table.engine == "polars":
            return _of_polars(table, names, rows)
        sample = _first(table.frame.select(*names), rows + 1)
    return Peek(sample.head(rows), sample.height <= rows)


def _of_polars(table: Table, names: list[str], rows: int) -> Peek:
    frame: pl.LazyFrame = table.frame.select(*names).to_native()
    if table.rows is None or table.rows <= rows:
        sample = frame.head(rows + 1).collect()
        return Peek(sample.head(rows), sample.height <= rows)
    part = rows // 3
    starts = (0, (table.rows - part) // 2, table.rows - part)
    # Collected one by one: as one query, Polars would share the scan and so read all of it.
    return Peek(pl.concat([frame.slice(start, part).collect() for start in starts]), complete=False)


def _first(frame: nw.LazyFrame[Any], rows: int) -> pl.DataFrame:
    sample = frame.head(rows).collect("polars").to_native()
    return sample if isinstance(sample, pl.DataFrame) else pl.DataFrame(sample)
