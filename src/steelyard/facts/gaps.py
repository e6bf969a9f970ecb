"""What an engine cannot do, as objects: one table, from which errors and the docs' support matrix are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steelyard.data.table import Kind
from steelyard.facts.vocabulary import Bucket, Fact
from steelyard.records import DataError


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that an engine cannot answer, and why."""

    engine: str
    fact: str
    reason: str
    remedy: str


_REMEDY = "Give the cluster as a number, or read the data with Polars (from files)."
_OTHER_ENGINES = ("dask", "duckdb", "ibis", "pandas", "pyarrow", "pyspark", "pyspark_connect", "sqlframe")
GAPS: tuple[Gap, ...] = (
    *(
        Gap(
            engine,
            "Bucket of a column that is not a number",
            "its hash of text is not the one other engines have, so buckets would not add up",
            _REMEDY,
        )
        for engine in _OTHER_ENGINES
    ),
)


def refuse_gaps(engine: str, kinds: Mapping[str, Kind], facts: Iterable[Fact]) -> None:
    """Raise where a fact cannot be answered.

    Raises:
        DataError: naming the engine, the column, the reason and what to do.
    """
    gap = next((g for g in GAPS if g.engine == engine), None)
    if gap is None:
        return
    for fact in facts:
        for key in fact.keys:
            if isinstance(key, Bucket) and kinds.get(key.column) is not Kind.NUMBER:
                raise DataError(f"{engine} cannot cluster by the column {key.column!r}: {gap.reason}. {gap.remedy}")
