"""The one way to get facts: unite what is asked, choose the engine, read the data once."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np

from steelyard.data.table import Kind, Table
from steelyard.facts.gaps import refuse_gaps, zoned_times
from steelyard.facts.local import run_local
from steelyard.facts.profile import Profile
from steelyard.facts.query import run_query
from steelyard.facts.table import FactTable, reduce_cells, settle
from steelyard.facts.vocabulary import HASHED_BY, Binned, Distinct, Fact, RowHash, Sample, Window, columns_of
from steelyard.facts.windows import every
from steelyard.records import ColumnError, ConfigError, nearest


def measure(table: Table, facts: Iterable[Fact]) -> Profile:
    """Answer facts about a table, in as few passes as its engine can.

    A fact that is the sum over another's slices is rolled up from it instead of being counted again.

    Raises:
        ColumnError: a fact names a column that is not there, or needs a number where there is none.
        ConfigError: a value is not an expression of the language, or a sketch was begun by another version.
        DataError: the engine cannot answer a fact; see `GAPS`.
    """
    wanted = list(dict.fromkeys(facts))
    _need_answers(table, wanted)
    families: dict[Fact, list[Fact]] = {}
    for fact in wanted:
        families.setdefault(_unsliced(fact), []).append(fact)
    source = {fact: _finer(fact, families[_unsliced(fact)]) for fact in wanted}
    asked = [fact for fact in wanted if source[fact] is None]
    refuse_gaps(table.engine, table.kinds, asked, zoned_times(table, asked))
    if table.engine == "polars":
        profile = run_local(table.frame.to_native(), table.kinds, asked)
    else:
        profile = run_query(table.frame, table.kinds, asked)
    tables = {
        fact: profile[fact] if finer is None else settle(fact, roll_up(profile[finer], finer, fact))
        for fact, finer in source.items()
    }
    return Profile(tables, profile.rows)


def roll_up(table: FactTable, fine: Fact, coarse: Fact) -> FactTable:
    """Sum a table over the keys that `coarse` does not have."""
    kept = [fine.keys.index(key) for key in coarse.keys]
    return reduce_cells(
        np.ascontiguousarray(table.codes[:, kept]),
        tuple(table.levels[k] for k in kept),
        table.sums,
        table.lows,
        table.highs,
    )


def _need_answers(table: Table, facts: Iterable[Fact]) -> None:
    for fact in facts:
        if not isinstance(fact, Distinct | Sample):
            if any(isinstance(key, RowHash) for key in fact.keys):
                raise ConfigError(
                    f"{type(fact).__name__} cannot be grouped by RowHash: that is a cell for every row."
                )
        elif fact.made_by != HASHED_BY:
            raise ConfigError(
                f"{type(fact).__name__} asks for hashes made by {fact.made_by!r}; here {HASHED_BY!r} makes them, and "
                "the two do not add. Make the other profile again with this version."
            )
        weight = () if fact.weight is None else (fact.weight,)
        for column in (*(c for key in fact.keys for c in columns_of(key)), *weight):
            if column not in table.kinds:
                raise ColumnError(f"No column {column!r} in {table.description}. {nearest(column, table.kinds)}")
        for column in (*(key.column for key in fact.keys if isinstance(key, Binned)), *weight):
            if table.kinds[column] not in (Kind.NUMBER, Kind.BOOLEAN):
                raise ColumnError(
                    f"Column {column!r} of {table.description} is {table.kinds[column]}; it can be binned or used as "
                    "a weight only as a number. Convert it, or count its values instead."
                )
        for key in fact.keys:
            if isinstance(key, Window) and table.kinds[key.column] is not every(key.every).of:
                raise ColumnError(
                    f"Column {key.column!r} of {table.description} is {table.kinds[key.column]}; windows of "
                    f"{key.every!r} need a {every(key.every).of}. Write a width with a unit for times, a bare number "
                    "for numbers, or convert the column."
                )


def _unsliced(fact: Fact) -> Fact:
    return fact if isinstance(fact, Distinct | Sample) else msgspec.structs.replace(fact, by=())


def _finer(fact: Fact, family: Iterable[Fact]) -> Fact | None:
    """The fact with most keys that this one is a sum of, of those that differ in their slices only."""
    finer = [other for other in family if len(other.by) > len(fact.by) and set(fact.by) < set(other.by)]
    return max(finer, key=lambda other: len(other.by), default=None)
