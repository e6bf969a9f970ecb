"""Any data, seen as a lazy Narwhals frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.records import SteelyardError


class Kind(StrEnum):
    """What sort of values a column holds, as far as measuring is concerned."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"
    OTHER = "other"


@dataclass(frozen=True)
class Table:
    """A data set to be read once.

    Attributes:
        frame: lazy frame; nothing is read until an engine asks.
        engine: "polars", "duckdb", "pyspark", … (Narwhals' name of the implementation).
        kinds: every column's kind, in order.
        description: for people, e.g. "predictions.parquet" or "3 files, predictions/*.csv".
        rows: number of rows where it is known without reading (e.g. Parquet footers), else None.
        digest: identifies the content where that is cheap (file digests), else None.
        warnings: what a reader should know about how the data was read.
        diagnose: turns an engine's failure while reading this table into one its user can mend,
            None where it has nothing to say; `steelyard.data.reading` uses it.
    """

    frame: nw.LazyFrame[Any]
    engine: str
    kinds: Mapping[str, Kind]
    description: str
    rows: int | None = None
    digest: str | None = None
    warnings: tuple[str, ...] = field(default=())
    diagnose: Callable[[Exception], SteelyardError | None] | None = field(default=None, repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(self.kinds)
