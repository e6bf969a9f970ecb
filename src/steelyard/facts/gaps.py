"""What an engine cannot do, as objects: one table, from which errors and the docs' support matrix are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from steelyard.data.table import Kind
from steelyard.facts.expression import names_in
from steelyard.facts.vocabulary import Bucket, Fact
from steelyard.records import DataError


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact that an engine cannot answer, and why."""

    engine: str
    fact: str
    reason: str
    remedy: str


ANY_BUCKET = "Bucket of any column"
OTHER_BUCKET = "Bucket of a column that is not a number"
ODD_NAME = "Column with a dot or a backquote in its name"
_SPARK = ("pyspark", "pyspark_connect", "sqlframe")
_READ = "Give the frame to `steelyard.read` (or the path of its file): it is then measured by Polars."
GAPS: tuple[Gap, ...] = (
    Gap("pandas", ANY_BUCKET, "its Arrow-typed columns have no remainder to make buckets with", _READ),
    *(
        Gap(
            engine,
            OTHER_BUCKET,
            "its hash of text is not the one other engines have, so buckets would not add up",
            "Give the cluster as a number, or read the data from files, which Polars does.",
        )
        for engine in ("dask", "duckdb", "ibis", "pyarrow", *_SPARK)
    ),
    *(
        Gap(
            engine,
            ODD_NAME,
            "it reads a dot as a field inside a struct",
            "Rename the column, e.g. by withColumnRenamed.",
        )
        for engine in _SPARK
    ),
)


def refuse_gaps(engine: str, kinds: Mapping[str, Kind], facts: Iterable[Fact]) -> None:
    """Raise where a fact cannot be answered.

    Raises:
        DataError: naming the engine, the column, the reason and what to do.
    """
    gaps = [gap for gap in GAPS if gap.engine == engine]
    for fact in facts if gaps else ():
        for gap in gaps:
            for column in _refused(gap, kinds, fact):
                raise DataError(f"{engine} cannot answer {gap.fact} (here {column!r}): {gap.reason}. {gap.remedy}")


def _refused(gap: Gap, kinds: Mapping[str, Kind], fact: Fact) -> list[str]:
    if gap.fact == ODD_NAME:
        weight = () if fact.weight is None else (fact.weight,)
        named = (*(key.column for key in fact.keys), *weight, *(c for v in fact.values for c in names_in(v)))
        return [column for column in named if "." in column or "`" in column]
    buckets = [key.column for key in fact.keys if isinstance(key, Bucket)]
    return [column for column in buckets if gap.fact == ANY_BUCKET or kinds.get(column) is not Kind.NUMBER]
