"""Real data for the demo, the documentation and the tests; each set has its licence beside it."""

from __future__ import annotations

from pathlib import Path

from steelyard.records import UnknownNameError, nearest

FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """The data files there are, e.g. "acs_employment/current.parquet"."""
    return tuple(sorted(p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*/*.parquet")))


def path(name: str) -> Path:
    """Where a data file is, to hand to `evaluate`, Polars, DuckDB or anything that reads Parquet.

    Raises:
        UnknownNameError: there is no such file; the message says which come near.
    """
    known = names()
    if name not in known:
        raise UnknownNameError(f"There is no data set {name!r}. {nearest(name, known)}")
    return FOLDER / name
