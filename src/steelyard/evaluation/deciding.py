"""Apply a policy to a table of rows: the same rows with one more column."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.data import read
from steelyard.data.reading import reading
from steelyard.improve.policy import Policy
from steelyard.records import ColumnError, ConfigError, OutputError, nearest

DECISION, CALIBRATED = "decision", "calibrated"
SUFFIXES = (".parquet", ".csv")


@dataclass(frozen=True)
class DecidedRows:
    """Rows with what a policy decided.

    Attributes:
        frame: the rows with a column `decision` (1, 0, −1: people must look), or `calibrated`.
        column: the name of that column.
        sentence: how many were decided how.
    """

    frame: pl.DataFrame
    column: str
    sentence: str


def decide(
    data: Any,
    policy: Policy,
    *,
    score: str | None = None,
    ids: str | None = None,
    seed: int | None = None,
    sql: str | None = None,
) -> DecidedRows:
    """Apply a policy to every row of a table; the group columns are those that the policy names.

    Args:
        data: a path, glob, URL, list of paths, or any data frame.
        policy: how to decide.
        score: the column with the score; by default the one that the policy was made from.
        ids: the column that identifies rows, where chance decides.
        seed: of the draws, where chance decides and there are no ids.
        sql: the query to read from a database URL.

    Raises:
        ColumnError: a column is missing, or one of the name of the new column is there already.
        DataError: a score or a group is not one that the policy is for.
        ConfigError: chance decides and neither ids nor a seed are given.
    """
    table = read(data, query=sql)
    used = score or policy.to_dict().get("score")
    if used is None:
        raise ConfigError('Which column is the score? Say --score, or write "score" into the policy.')
    column = CALIBRATED if policy.kind == "calibration" else DECISION
    for name in (used, *policy.columns, *([ids] if ids else [])):
        if name not in table.columns:
            raise ColumnError(f"No column {name!r} in {table.description}. {nearest(name, table.columns)}")
    if column in table.columns:
        raise ColumnError(f"{table.description} has a column {column!r} already; rename it before deciding again.")
    with reading(table):
        frame = table.frame.collect("polars").to_native()
    group = {name: frame[name] for name in policy.columns} or None
    found = policy.apply(frame[used], group, seed, ids=frame[ids] if ids else None)
    return DecidedRows(frame.with_columns(pl.Series(column, found)), column, _told(found, column))


def write_rows(frame: pl.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write rows as Parquet or CSV by the suffix, beside and then renamed.

    Raises:
        OutputError: the suffix is another, or the file cannot be written.
    """
    target = Path(path)
    if target.suffix not in SUFFIXES:
        raise OutputError(
            f"Decided rows are written as {' or '.join(SUFFIXES)}, not {target.suffix or 'without suffix'!r}."
        )
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        if target.suffix == ".parquet":
            frame.write_parquet(beside)
        else:
            frame.write_csv(beside)
        beside.replace(target)
    except (OSError, pl.exceptions.PolarsError) as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"The decided rows cannot be written to {str(path)!r}: {error}.") from error
    return target


def _told(found: Any, column: str) -> str:
    if column == CALIBRATED:
        return f"{int((~np.isnan(found)).sum()):,} of {len(found):,} scores calibrated."
    counts = [int((found == one).sum()) for one in (1, 0, -1)]
    return (
        f"{len(found):,} rows: {counts[0]:,} positive, {counts[1]:,} negative, {counts[2]:,} for people to look at."
    )
