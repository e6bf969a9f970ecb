"""What an engine cannot do, as objects: one table, from which errors and the docs' support matrix are made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from steelyard.data.table import Kind, Table
from steelyard.facts.vocabulary import Bucket, Fact, RowHash, Window, columns_in
from steelyard.facts.windows import UTC
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
ROW_HASH = "Distinct and Sample"
ZONED = "Window of a time with a zone other than UTC"
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
        Gap(engine, ROW_HASH, "its hashes are not the ones other engines have, so sketches would not add up", _READ)
        for engine in ("dask", "duckdb", "ibis", "pandas", "pyarrow", *_SPARK)
    ),
    *(
        Gap(
            engine,
            ZONED,
            "it tells the time in the zone of its session, where an hour in autumn comes twice",
            "Set the session's zone to UTC: windows are told in UTC.",
        )
        for engine in ("duckdb", "ibis", *_SPARK)
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


def refuse_gaps(engine: str, kinds: Mapping[str, Kind], facts: Iterable[Fact], zoned: Collection[str] = ()) -> None:
    """Raise where a fact cannot be answered.

    Args:
        engine: name of the engine.
        kinds: every column's kind.
        facts: what is asked.
        zoned: columns of times with a zone other than UTC.

    Raises:
        DataError: naming the engine, the column, the reason and what to do.
    """
    for fact in facts:
        for gap, column in _gaps(engine, kinds, fact, zoned):
            raise DataError(f"{engine} cannot answer {gap.fact} (here {column!r}): {gap.reason}. {gap.remedy}")


def lacks(table: Table, fact: Fact) -> bool:
    """Whether the table's engine cannot answer the fact."""
    return any(_gaps(table.engine, table.kinds, fact, zoned_times(table, [fact])))


def zoned_times(table: Table, facts: Iterable[Fact]) -> frozenset[str]:
    """Columns with a zone other than UTC, of those that facts ask the windows of."""
    asked = {key.column for fact in facts for key in fact.keys if isinstance(key, Window)}
    if not asked:
        return frozenset()
    zones = {name: getattr(dtype, "time_zone", None) for name, dtype in table.frame.collect_schema().items()}
    return frozenset(column for column in asked if zones.get(column) not in (None, *UTC))


def _gaps(engine: str, kinds: Mapping[str, Kind], fact: Fact, zoned: Collection[str]) -> Iterator[tuple[Gap, str]]:
    for gap in GAPS:
        if gap.engine == engine:
            yield from ((gap, column) for column in _refused(gap, kinds, fact, zoned))


def _refused(gap: Gap, kinds: Mapping[str, Kind], fact: Fact, zoned: Collection[str]) -> list[str]:
    if gap.fact == ODD_NAME:
        return [column for column in columns_in(fact) if "." in column or "`" in column]
    if gap.fact == ROW_HASH:
        return [key.columns[0] for key in fact.keys if isinstance(key, RowHash)]
    if gap.fact == ZONED:
        return [key.column for key in fact.keys if isinstance(key, Window) and key.column in zoned]
    buckets = [key.column for key in fact.keys if isinstance(key, Bucket)]
    return [column for column in buckets if gap.fact == ANY_BUCKET or kinds.get(column) is not Kind.NUMBER]
