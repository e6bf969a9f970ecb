"""The models that a user names: files of their own, or columns of one file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steelyard.data import Roles, Table, guess_roles, peek, read
from steelyard.data.guess import Guess
from steelyard.evaluation.labels import with_labels
from steelyard.evaluation.matching import Matched, answers_of, of_columns, of_tables
from steelyard.records import ColumnError, ConfigError

MOST_MODELS = 100
"""Models that one comparison takes; the columns of all of them are held at once."""


def entered(
    models: Mapping[str, Any] | Sequence[Any],
    roles: Roles,
    data: Any = None,
    labels: Any = None,
    on: str | Sequence[str] | None = None,
    aligned: bool = False,
) -> tuple[Matched, list[Guess]]:
    """Read the models, and put their answers beside each other.

    Raises:
        SteelyardError: they cannot be read or matched; the message says what to do.
    """
    named = _named(models)
    if data is not None:
        return _of_columns(named, roles, data, labels, on)
    if any(isinstance(source, Mapping) and _says_columns(source) for source in named.values()):
        raise ConfigError(
            "Models that are said by their columns need the table these are in: compare_models({…}, data=…)."
        )
    tables = {name: read(source) for name, source in named.items()}
    return _of_tables(tables, roles, labels, on, aligned)


def _named(models: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Models by name; files that are not named are called by their own names."""
    if isinstance(models, Mapping):
        found = {str(name): source for name, source in models.items()}
    elif isinstance(models, (str, os.PathLike)):
        raise ConfigError(f"A comparison takes two models or more, not {str(models)!r} alone.")
    else:
        found = dict(zip(_names(list(models)), models, strict=True))
    if len(found) < 2:
        raise ConfigError(f"A comparison takes two models or more; there {'is one' if found else 'is none'}.")
    if len(found) > MOST_MODELS:
        raise ConfigError(
            f"A comparison takes up to {MOST_MODELS} models, and there are {len(found):,}. Compare those that may be "
            "the best; steelyard.stats.best_of.with_the_best tells which from values and variances of any number."
        )
    return found


def _names(models: list[Any]) -> list[str]:
    stems = [Path(os.fspath(m)).stem if isinstance(m, (str, os.PathLike)) else "" for m in models]
    names = [stem or f"model {i}" for i, stem in enumerate(stems, start=1)]
    if len(set(names)) == len(names):
        return names
    # Two files of one name: the whole path tells them apart, or else their place.
    paths = [os.fspath(m) if isinstance(m, (str, os.PathLike)) else n for m, n in zip(models, names, strict=True)]
    if len(set(paths)) == len(paths):
        return [str(path) for path in paths]
    return [f"{name} ({i})" for i, name in enumerate(names, start=1)]


def _says_columns(source: Mapping[Any, Any]) -> bool:
    return all(isinstance(value, str | int | float | Mapping) or value is None for value in source.values())


def _of_columns(
    named: Mapping[str, Any], roles: Roles, data: Any, labels: Any, on: str | Sequence[str] | None
) -> tuple[Matched, list[Guess]]:
    said = {name: {"prediction": columns} if isinstance(columns, str) else columns for name, columns in named.items()}
    for name, columns in said.items():
        if not isinstance(columns, Mapping):
            raise ConfigError(
                f"The model {name!r} must be said by its columns of the data, {{'prediction': …, 'score': …}}, not "
                f"{columns!r}."
            )
    table = read(data)
    if labels is not None:
        joined = with_labels(table, labels, roles, on)
        table, roles = joined.table, joined.roles
    first = next(iter(said.values()))
    of_first = {key: first.get(key) for key in ("prediction", "score", "threshold")}
    complete, guesses = guess_roles(table, peek(table), roles.updated(**of_first))
    return of_columns(table, complete, said), guesses


def _of_tables(
    tables: dict[str, Table], roles: Roles, labels: Any, on: str | Sequence[str] | None, aligned: bool
) -> tuple[Matched, list[Guess]]:
    base = _with_label(tables, roles)
    if labels is not None:
        base = base or next(iter(tables))
        joined = with_labels(tables[base], labels, roles, on)
        tables[base], roles = joined.table, joined.roles
    if base is None:
        wanted = ", ".join(map(repr, roles.labels)) or "that looks like the label"
        raise ColumnError(
            f"None of {', '.join(t.description for t in tables.values())} has a column {wanted}. One of them must "
            "hold the truth: name it by label=… or --label, or give a table of labels."
        )
    complete, guesses = guess_roles(tables[base], peek(tables[base]), roles)
    each = {name: complete if name == base else answers_of(table, complete) for name, table in tables.items()}
    return of_tables(tables, each, base, aligned=aligned), guesses


def _with_label(tables: Mapping[str, Table], roles: Roles) -> str | None:
    """The first model whose table has the label, and with it what all share."""
    for name, table in tables.items():
        if roles.labels:
            if all(column in table.kinds for column in roles.labels):
                return name
            continue
        try:
            guess_roles(table, peek(table), Roles(task=roles.task))
        except ColumnError:
            continue
        return name
    return None
