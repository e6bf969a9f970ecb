"""Two data sets with one set of roles: what one of them lacks is missing there, and said so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.data import Peek, Roles, Table, peek
from steelyard.data.border import kind_of
from steelyard.data.check_roles import role_columns

_WITHOUT = {
    "label": "its quality can only be estimated there",
    "prediction": "decisions cannot be judged there",
    "score": "nothing that rests on scores can be told there",
    "time": "it has no place in time",
    "slice": "nothing can be compared by it",
}


def completed(
    tables: Mapping[str, Table], peeks: Mapping[str, Peek], roles: Roles
) -> tuple[dict[str, Table], dict[str, Peek], list[str]]:
    """Add every column with a role that one table has and another lacks, as missing in all rows; also say which."""
    types: dict[str, Any] = {}
    for table in tables.values():
        types |= {name: dtype for name, dtype in table.frame.collect_schema().items() if name not in types}
    found, looks, said = dict(tables), dict(peeks), []
    for name, table in tables.items():
        lacking = dict(_lacking(table, roles, types))
        if lacking:
            found[name] = _with_missing(table, {column: types[column] for column in lacking})
            looks[name] = peek(found[name])
            said += [
                f"{table.description} has no column {column!r}, which is the {role} elsewhere: "
                f"{_WITHOUT.get(role, 'it counts as missing in every row')}."
                for column, role in lacking.items()
            ]
    return found, looks, said


def _lacking(table: Table, roles: Roles, types: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for role, column in role_columns(roles):
        if column not in table.kinds and column in types and role != "feature":
            yield column, role


def _with_missing(table: Table, types: Mapping[str, Any]) -> Table:
    frame = table.frame.with_columns(*(nw.lit(None).cast(dtype).alias(name) for name, dtype in types.items()))
    kinds = {**table.kinds, **{name: kind_of(dtype) for name, dtype in types.items()}}
    return replace(table, frame=frame, kinds=kinds)
