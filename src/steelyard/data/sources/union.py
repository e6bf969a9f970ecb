"""Several files as one table."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from steelyard.data.sources.scan import Scan
from steelyard.records import SourceError, SteelyardError


def united(scans: Sequence[Scan]) -> Scan:
    """Put files of one schema under each other.

    A column some files lack is missing there, with a warning. A column that is a number in one file and
    text in another is refused.
    """
    first = scans[0]
    if len(scans) == 1:
        return first
    for other in scans[1:]:
        _same_sorts(first, other)
    frame = pl.concat([scan.frame for scan in scans], how="diagonal_relaxed")
    rows = None if any(scan.rows is None for scan in scans) else sum(scan.rows or 0 for scan in scans)
    warnings = [w for scan in scans for w in scan.warnings]

    def diagnose(error: Exception) -> SteelyardError | None:
        tried = (scan.diagnose(error) for scan in scans if scan.diagnose)
        return next((told for told in tried if told is not None), None)

    return Scan(first.name, frame, frame.collect_schema(), rows, (*warnings, *_lacking(scans)), diagnose)


def _same_sorts(first: Scan, other: Scan) -> None:
    for name, dtype in other.schema.items():
        before = first.schema.get(name, dtype)
        if _sort(before) != _sort(dtype) and pl.Null not in (before, dtype):
            raise SourceError(
                f"The files differ: column {name!r} is {before} in {first.name}, but {dtype} in "
                f"{other.name}. "
                "Make it one type, or evaluate the files on their own."
            )


def _sort(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    if dtype.is_temporal():
        return "time"
    return "text" if dtype in (pl.String, pl.Categorical, pl.Enum) else str(dtype.base_type())


def _lacking(scans: Sequence[Scan]) -> list[str]:
    names = list(dict.fromkeys(name for scan in scans for name in scan.schema))
    return [
        f"{scan.name} has no column {', '.join(map(repr, lacking[:5]))}, which other files have; its rows "
        "are missing there."
        for scan in scans
        if (lacking := [name for name in names if name not in scan.schema])
    ]
