"""What reading one file, or a few of one format, gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from narwhals.exceptions import NarwhalsError

from steelyard.records import SteelyardError

# Narwhals raises Polars' errors as its own.
ENGINE_ERRORS = (pl.exceptions.PolarsError, NarwhalsError)
Diagnose = Callable[[Exception], SteelyardError | None]


@dataclass(frozen=True)
class Scan:
    """A lazy Polars frame and what is known of it.

    Attributes:
        name: of the file, for messages.
        frame: nothing is read until it is collected.
        schema: its columns.
        rows: where known without reading.
        warnings: for the reader of the results.
        diagnose: explains a failure of the frame.
    """

    name: str
    frame: pl.LazyFrame
    schema: pl.Schema
    rows: int | None = None
    warnings: tuple[str, ...] = ()
    diagnose: Diagnose | None = None
