"""What comes before any result: settings, roles, sources, warnings, versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from importlib.metadata import version
from typing import Any

from steelyard.analyses.checks import Check
from steelyard.data import TASKS, Peek, Roles, Table, check_roles, guess_roles, peek, read
from steelyard.data.guess import Guess
from steelyard.evaluation.completing import completed
from steelyard.evaluation.config import Config, read_config
from steelyard.evaluation.measuring import CURRENT, REFERENCE, Sources
from steelyard.records import ColumnError, ConfigError, DataError, EmptyDataError, nearest

Checks = str | os.PathLike[str] | Sequence[str | Mapping[str, object] | Check]
LEVEL = 0.95
RESERVED = "sy_"


def merged(first: Roles, second: Roles) -> Roles:
    """Roles of `first`, and those of `second` that `first` does not give."""
    given = first.given()
    return first.updated(**{f.name: getattr(second, f.name) for f in fields(Roles) if f.name not in given})


def level_of(level: float | None) -> float:
    """The nominal coverage asked for, or the usual one.

    Raises:
        ConfigError: it is no level.
    """
    if level is None:
        return LEVEL
    if not 0.5 <= level < 1:
        raise ConfigError(f"The level of the intervals must be from 0.5 to below 1, not {level!r}.")
    return level


def versions() -> dict[str, str]:
    """Versions of what makes the numbers."""
    packages = ("steelyard", "polars", "narwhals", "numpy", "scipy")
    return {**{name: version(name) for name in packages}, "python": platform.python_version()}


def require_task(roles: Roles) -> None:
    """Refuse a task that is none.

    Raises:
        ConfigError: naming the nearest.
    """
    if roles.task is not None and roles.task not in TASKS:
        raise ConfigError(f"There is no task {roles.task!r}. {nearest(str(roles.task), TASKS)}")


def settings_of(config: str | os.PathLike[str] | Config | None, checks: Checks) -> tuple[Config, list[Check]]:
    """The settings of a configuration file or object, and all checks to be held."""
    if isinstance(checks, (str, os.PathLike)):
        from_file = str(checks).endswith(".toml")
        bounds = read_config(checks) if from_file else None
        if config is None and bounds is not None:
            return bounds, list(bounds.checks)
        extra = list(bounds.checks) if bounds is not None else [Check.parse(str(checks))]
        also = bounds.expectations if bounds is not None else ()
    else:
        also = ()
        extra = [Check.parse(check) for check in checks]
    settings = config if isinstance(config, Config) else Config() if config is None else read_config(config)
    return replace(settings, expectations=(*settings.expectations, *also)), [*settings.checks, *extra]


def sources_of(current: Table, reference: Any, reference_sql: str | None) -> Sources:
    """The data sets with a look at each; data without a row is refused."""
    tables: dict[str, Table] = {CURRENT: current}
    if reference is not None:
        tables |= _beside(tables[CURRENT], read(reference, query=reference_sql))
    for table in tables.values():
        _refuse_reserved(table)
    peeks = {name: peek(table) for name, table in tables.items()}
    for name, table in tables.items():
        if peeks[name].complete and peeks[name].frame.width and not peeks[name].frame.height:
            purpose = "to evaluate" if name == CURRENT else "to compare with"
            raise EmptyDataError(f"{table.description} has columns but no rows. There is nothing {purpose}.")
    return Sources(tables, peeks)


def with_all_columns(sources: Sources, roles: Roles) -> tuple[Sources, list[str]]:
    """The data sets with the columns that one of them lacks, as missing."""
    tables, peeks, said = completed(sources.tables, sources.peeks, roles)
    return Sources(tables, peeks), said


def guessed(sources: Sources, given: Roles) -> tuple[Roles, list[Guess]]:
    """Roles by the current data; by the reference, where the current data lacks the label."""
    told = with_all_columns(sources, given)[0]
    for name in (CURRENT, REFERENCE):
        last = name == REFERENCE or REFERENCE not in sources.tables
        try:
            return guess_roles(told.tables[name], told.peeks[name], given)
        except ColumnError:
            if last or given.label is not None:
                raise
    raise AssertionError("one of the two has returned or raised")


def warnings_of(sources: Sources, roles: Roles) -> list[str]:
    """What the reader of the data noticed, roles held against it."""
    found: list[str] = []
    whole = {name for name in sources.tables if _can_be_judged(sources.peeks[name], roles)}
    for name, table in sources.tables.items():
        alone = not whole - {name}
        where = "" if name == CURRENT else f"In the reference ({table.description}): "
        try:
            said = check_roles(table, sources.peeks[name], roles, alone=alone)
        except DataError as error:
            raise type(error)(f"{where}{error}") from error
        found += [where + w for w in (*table.warnings, *said)]
    return found


def _beside(current: Table, reference: Table) -> dict[str, Table]:
    """The reference, or a warning in its place where it has nothing to compare."""
    if set(current.kinds) & set(reference.kinds):
        return {REFERENCE: reference}
    few = [", ".join(map(repr, t.columns[:4])) + (" …" if len(t.columns) > 4 else "") for t in (current, reference)]
    said = (
        f"{current.description} ({few[0]}) and the reference {reference.description} ({few[1]}) have no column in "
        "common, so nothing is compared. Check that the right file was given, or rename the columns."
    )
    return {CURRENT: replace(current, warnings=(*current.warnings, said))}


def _refuse_reserved(table: Table) -> None:
    patterns = [c for c in table.columns if c.startswith("^") and c.endswith("$")]
    if patterns:
        raise ColumnError(
            f"{table.description} has a column {patterns[0]!r}, which begins with ^ and ends with $: engines take it "
            "for a pattern of names. Rename it."
        )
    taken = [c for c in table.columns if c.casefold().startswith(RESERVED)]
    if taken:
        raise ColumnError(
            f"{table.description} has a column {taken[0]!r}. Names that begin with {RESERVED!r} are Steelyard's own: "
            "rename it."
        )


def _can_be_judged(look: Peek, roles: Roles) -> bool:
    """Whether there is a label, and an answer of the model."""
    answers = (*roles.predictions, *roles.scores, *roles.quantiles.values())
    return all(
        any(look.frame[c].null_count() < look.frame.height for c in columns if c in look.frame.columns)
        for columns in (roles.labels, answers)
        if columns
    )
