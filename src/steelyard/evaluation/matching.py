"""Several models' answers beside each other: rows of their files joined by id, or columns of one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data import Kind, Roles, Table, guess_roles, peek
from steelyard.data.border import kind_of
from steelyard.data.classes import listed
from steelyard.data.reading import reading
from steelyard.evaluation.joining import UNIT, as_polars, joined_by_id, require_same_labels, stacked
from steelyard.facts import Bucket
from steelyard.records import ColumnError, ConfigError, DataError, nearest

ANSWERS = ("prediction", "score", "threshold")
"""What a model of one file is said by: {"prediction": column, "score": column, "threshold": number}."""


@dataclass(frozen=True)
class Matched:
    """One table with the answers of all models.

    Attributes:
        table: the rows that all models have an answer for.
        roles: of each model, by its name.
        units: the key that puts single rows into groups; None where rows cannot be told apart.
        warnings: rows that were left out, in words.
    """

    table: Table
    roles: Mapping[str, Roles]
    units: Bucket | None = None
    warnings: tuple[str, ...] = ()


def of_columns(table: Table, roles: Roles, models: Mapping[str, Mapping[str, Any]]) -> Matched:
    """Models whose answers are columns of one table.

    Args:
        table: the data.
        roles: what all models share: label, slices, weight …
        models: columns of each model: {"old": {"prediction": "p_old", "score": "s_old"}}.

    Raises:
        ConfigError: a model is not said by prediction, score and threshold.
        ColumnError: a column is not there.
    """
    found = {name: _said(table, roles, name, said) for name, said in models.items()}
    numbered = _numbered(table) if roles.id is None else table
    units = roles.id or (UNIT if UNIT in numbered.kinds else None)
    complete, warnings = _complete(numbered, found)
    return Matched(complete, found, None if units is None else Bucket(units), warnings)


def of_tables(
    tables: Mapping[str, Table], roles: Mapping[str, Roles], base: str, *, aligned: bool = False
) -> Matched:
    """Models whose answers come in tables of their own, joined by id.

    Args:
        tables: one for each model.
        roles: of each; label, id, slices and all else are those of `base`.
        base: the model whose table has the label.
        aligned: that all tables list the same rows in the same order, where there is no id.

    Raises:
        ConfigError: there is no id, and it was not said that rows are aligned.
        DataError: ids come twice, none is in all tables, labels contradict each other, or aligned tables differ in
            length.
    """
    shared = roles[base]
    frames = {name: as_polars(table) for name, table in tables.items()}
    names = {name: _own_names(place, roles[name]) for place, name in enumerate(tables) if name != base}
    if shared.id is None and not aligned:
        raise ConfigError(
            f"The rows of {listed([t.description for t in tables.values()])} cannot be matched: there is no id. Name "
            "the column that identifies a row, --id or Roles(id=…); or, where all list the same rows in the same "
            "order, say so: --aligned, aligned=True."
        )
    joined: pl.LazyFrame
    said: tuple[str, ...] = ()
    if shared.id is None:
        joined = stacked(frames, tables, names, base)
    else:
        joined, said = joined_by_id(frames, tables, names, shared, base)
    frame = nw.from_native(joined)
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    warnings = tuple(w for t in tables.values() for w in t.warnings)
    description = listed(dict.fromkeys(t.description for t in tables.values()))
    table = Table(frame, "polars", kinds, description, warnings=warnings, diagnose=tables[base].diagnose)
    found = {name: roles[name] if name == base else _moved(shared, roles[name], names[name]) for name in tables}
    require_same_labels(table, tables, shared, names, base)
    complete, lost = _complete(table, found)
    return Matched(complete, found, Bucket(shared.id or UNIT), (*warnings, *said, *lost))


def answers_of(table: Table, roles: Roles) -> Roles:
    """What another model's table says: the same columns where it has them, else those that look like answers.

    Raises:
        ColumnError: nothing in it looks like a prediction or a score.
    """

    def there(columns: tuple[str, ...]) -> bool:
        return bool(columns) and all(column in table.kinds for column in columns)

    same = {
        "prediction": roles.prediction if there(roles.predictions) else None,
        "score": roles.score if there(roles.scores) else None,
    }
    if not any(same.values()):
        same = _guessed(table, roles)
    return roles.updated(**same)


def _guessed(table: Table, roles: Roles) -> dict[str, Any]:
    label = roles.label if all(c in table.kinds for c in roles.labels) else None
    known = Roles(label=label, id=roles.id if roles.id in table.kinds else None, task=roles.task)
    found = guess_roles(table, peek(table), known)[0] if label is not None else None
    if found is None or (found.prediction is None and found.score is None):
        wanted = [*roles.predictions, *roles.scores]
        raise ColumnError(
            f"{table.description} has no column {' or '.join(map(repr, wanted))}, so there is no telling what its "
            f"model answered. {nearest(wanted[0], table.columns)} Name it alike in both."
        )
    return {"prediction": found.prediction, "score": found.score}


def _said(table: Table, roles: Roles, name: str, said: Mapping[str, Any]) -> Roles:
    unknown = [str(key) for key in said if key not in ANSWERS]
    if unknown or not any(said.get(key) for key in ("prediction", "score")):
        raise ConfigError(
            f"The model {name!r} must be said by its columns, {{'prediction': …, 'score': …}}, and perhaps a "
            f"'threshold'; there is {', '.join(map(repr, said)) or 'nothing'}."
        )
    made = roles.updated(**{**dict.fromkeys(ANSWERS[:2]), **said}, quantiles={})
    for column in (*made.predictions, *made.scores):
        if column not in table.kinds:
            raise ColumnError(
                f"{table.description} has no column {column!r}, which was given for the model {name!r}. "
                f"{nearest(column, table.columns)}"
            )
    return made


def _numbered(table: Table) -> Table:
    """The table with its rows numbered, where its engine keeps their order."""
    if table.engine != "polars":
        return table
    native: pl.LazyFrame = table.frame.to_native()
    frame = nw.from_native(native.with_row_index(UNIT).with_columns(pl.col(UNIT).cast(pl.Int64)))
    return replace(table, frame=frame, kinds={**table.kinds, UNIT: Kind.NUMBER})


def _own_names(place: int, roles: Roles) -> dict[str, str]:
    """What a model's columns are called in the joint table."""
    return {c: f"sy_in{place}_{c}" for c in dict.fromkeys((*roles.predictions, *roles.scores, *roles.labels))}


def _moved(shared: Roles, own: Roles, names: Mapping[str, str]) -> Roles:
    """The roles of a model whose answers have been given names of their own."""

    def moved(value: Any) -> Any:
        match value:
            case None:
                return None
            case str():
                return names[value]
            case Mapping():
                return {key: names[column] for key, column in value.items()}
            case _:
                return tuple(names[column] for column in value)

    answers = {"prediction": moved(own.prediction), "score": moved(own.score)}
    return shared.updated(**answers, threshold=own.threshold, quantiles={})


def _complete(table: Table, roles: Mapping[str, Roles]) -> tuple[Table, tuple[str, ...]]:
    """The rows that every model has an answer for, and how many others there are; of rankings all rows."""
    columns = list(dict.fromkeys(c for r in roles.values() for c in (*r.predictions, *r.scores)))
    if next(iter(roles.values())).task == "ranking":
        return table, ()
    lacking = nw.any_horizontal(*(nw.col(column).is_null() for column in columns), ignore_nulls=True)
    with reading(table):
        found = table.frame.select(lacking.cast(nw.Int64).sum().alias(UNIT), nw.len().alias("sy_rows"))
        lost, rows = found.collect("polars").to_native().row(0)
    if not lost:
        return table, ()
    said = f"{lost:,} of {rows:,} rows have no answer of one of the models or more, and take no part."
    if lost == rows:
        raise DataError(
            f"No row has an answer of every model: {_emptiest(table, roles)}. There is nothing to compare."
        )
    return replace(table, frame=table.frame.filter(~lacking), rows=None, digest=None), (said,)


def _emptiest(table: Table, roles: Mapping[str, Roles]) -> str:
    """How many answers each model gives, in words."""
    counts = {
        name: [nw.col(c).count().alias(f"sy_{place}_{i}") for i, c in enumerate((*r.predictions, *r.scores))]
        for place, (name, r) in enumerate(roles.items())
    }
    row = table.frame.select(*(c for each in counts.values() for c in each)).collect("polars").to_native().row(0)
    given = iter(row)
    return listed([f"{name} has {min(int(next(given)) for _ in each):,} answers" for name, each in counts.items()])
