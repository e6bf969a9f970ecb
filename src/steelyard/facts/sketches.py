"""Sketches of whole rows: how many different ones there are, which two data sets share, and a uniform sample."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from steelyard.facts.vocabulary import RowHash


def row_hash(key: RowHash, schema: Mapping[str, pl.DataType]) -> pl.Expr:
    """A 63-bit hash of the values of a row; equal numbers have equal hashes whatever their type."""
    columns = [pl.col(c).cast(pl.Float64) if schema[c].is_numeric() else pl.col(c) for c in key.columns]
    return (pl.struct(columns).hash(seed=0) // 2).cast(pl.Int64)
