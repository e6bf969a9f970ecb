"""Hold roles against a sample of the data: refuse what cannot be meant, warn of what looks odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.check_values import value_warnings
from steelyard.data.classes import class_counts, class_name, listed
from steelyard.data.peek import Peek
from steelyard.data.roles import SINGLE, Roles, as_names
from steelyard.data.table import Kind, Table
from steelyard.records import ColumnError, ConfigError, DataError, nearest

NUMERIC = ("weight", "horizon", "score", "quantiles", "lower", "upper")
NESTED = ("prediction_set", "feature")
"""Roles that a nested column may have."""
EXCLUSIVE = ("label", "prediction", "score", "weight")
DERIVED = ("text", "image", "embedding")
"""Roles of columns that are not measured themselves: others are derived from them."""


def check_roles(table: Table, peek: Peek, roles: Roles, *, alone: bool = True) -> list[str]:
    """Return warnings about the roles; raise where they contradict the table or each other.

    Values are looked at in the sample only, so that a rare value may go unseen.

    Args:
        table: the data.
        peek: a look at it.
        roles: what its columns mean.
        alone: whether labels and answers must be here; they need not where another data set has them.

    Raises:
        ColumnError: a column does not exist, is of the wrong kind, or has two roles that exclude each other.
        DataError: the values cannot be what the role says, e.g. label and score swapped.
    """
    _require_promise(roles)
    require_columns(table, roles)
    _require_kinds(table, peek, roles)
    _require_one_role_each(roles)
    _require_fit(table, peek, roles)
    return value_warnings(table, peek, roles, alone=alone)


def require_columns(table: Table, roles: Roles) -> None:
    """Raise when a role or a feature names a column the table lacks."""
    for role, column in role_columns(roles):
        if column not in table.kinds:
            raise ColumnError(
                f"{table.description} has no column {column!r}, which was given as {role}. "
                f"{nearest(column, table.columns)}"
            )


def role_columns(roles: Roles) -> Iterator[tuple[str, str]]:
    """Yield each role with each of its columns."""
    yield from (("label", c) for c in roles.labels)
    yield from (("prediction", c) for c in roles.predictions)
    yield from (("score", c) for c in roles.scores)
    yield from (("slice", c) for c in roles.slice_columns())
    for role in SINGLE:
        yield from ((role, c) for c in as_names(getattr(roles, role)))
    yield from (("quantiles", c) for c in roles.quantiles.values())
    yield from (("sensitive", c) for c in roles.sensitive)
    for role in DERIVED:
        yield from ((role, c) for c in getattr(roles, role))
    yield from (("feature", c) for c in roles.features or ())


def _require_promise(roles: Roles) -> None:
    """Refuse a promise of intervals or sets that cannot be meant."""
    if roles.coverage is not None and not 0 < roles.coverage < 1:
        raise ConfigError(
            f"coverage is the share of the truth that intervals or sets promise to hold, between 0 and 1 (0.9), not "
            f"{roles.coverage!r}."
        )
    if roles.calibrated_on is not None and roles.calibrated_on < 1:
        raise ConfigError(f"calibrated_on is a number of rows of at least 1, not {roles.calibrated_on!r}.")
    for column in roles.compared_with:
        if column not in roles.sensitive:
            raise ConfigError(
                f"compared_with names a group of {column!r}, which is not among the sensitive columns. "
                f"{nearest(column, roles.sensitive)}"
            )
    if (roles.lower is None) != (roles.upper is None):
        given, missing = ("lower", "upper") if roles.upper is None else ("upper", "lower")
        raise ConfigError(f"An interval has two ends: {given} was given without {missing}. Name both columns.")


def require_derivable(table: Table, roles: Roles) -> None:
    """Refuse what cannot be text, image or embedding; columns that the table lacks are passed over.

    Raises:
        ColumnError: naming the column, what it holds, and what is needed.
    """
    for role, held, needed in (
        ("text", holds_text, "It must hold text."),
        ("image", holds_images, "It must hold the paths of image files, or their bytes."),
        ("embedding", holds_vectors, "It must hold lists of numbers."),
    ):
        for column in getattr(roles, role):
            if column in table.kinds and not held(table, column):
                dtype = table.frame.collect_schema()[column]
                raise ColumnError(f"Column {column!r} was given as {role}, but it holds {dtype}. {needed}")


def holds_text(table: Table, column: str) -> bool:
    """Whether a column can be free text."""
    return table.kinds[column] is Kind.TEXT


def holds_images(table: Table, column: str) -> bool:
    """Whether a column can be paths, or the bytes, of images."""
    return table.kinds[column] is Kind.TEXT or table.frame.collect_schema()[column] == nw.Binary


def holds_vectors(table: Table, column: str) -> bool:
    """Whether a column holds lists of numbers."""
    dtype = table.frame.collect_schema()[column]
    if not isinstance(dtype, nw.List | nw.Array):
        return False
    inner = dtype.inner() if isinstance(dtype.inner, type) else dtype.inner
    return inner.is_numeric()


def _require_kinds(table: Table, peek: Peek, roles: Roles) -> None:
    require_derivable(table, roles)
    for role, column in role_columns(roles):
        if role in DERIVED:
            continue
        kind = table.kinds[column]
        if kind is Kind.OTHER and role not in NESTED:
            raise ColumnError(
                f"Column {column!r} is nested or binary, so it cannot be the {role}. Take a plain column out of it."
            )
        if role in NUMERIC and kind is not Kind.NUMBER and not (role == "score" and kind is Kind.BOOLEAN):
            _require_values(peek, role, column)
            raise ColumnError(
                f"Column {column!r} was given as {role}, which must be numbers, but it holds {kind} "
                f"({_example(peek.frame, column)}). Convert it, or name another column."
            )
        if role == "time" and kind not in (Kind.TIME, Kind.NUMBER):
            raise ColumnError(
                f"Column {column!r} was given as time, but it holds {kind} ({_example(peek.frame, column)}). "
                "Write times as ISO 8601, e.g. 2026-03-31T14:05:00Z, or convert the column to timestamps."
            )
    if roles.task in ("regression", "forecasting", "ranking"):
        _require_numbers(table, peek, roles)


def _require_values(peek: Peek, role: str, column: str) -> None:
    """A column of a text file without any value has no type; say that it is empty instead."""
    if peek.complete and peek.frame.height and peek.frame[column].null_count() == peek.frame.height:
        raise DataError(
            f"Column {column!r} ({role}) is missing in all {peek.frame.height:,} rows. Name the column that has "
            "values, or write the data again."
        )


def _require_numbers(table: Table, peek: Peek, roles: Roles) -> None:
    for column in (*roles.labels, *roles.predictions):
        if table.kinds[column] not in (Kind.NUMBER, Kind.BOOLEAN):
            raise DataError(
                f"The task is {roles.task}, but column {column!r} holds {table.kinds[column]} "
                f"({_example(peek.frame, column)}). Name a numeric column, or choose --task multiclass."
            )


def _require_one_role_each(roles: Roles) -> None:
    taken: dict[str, str] = {}
    for role, column in role_columns(roles):
        if role not in EXCLUSIVE:
            continue
        if column in taken:
            raise ColumnError(
                f"Column {column!r} was given as {taken[column]} and as {role}. One column cannot be both: "
                f"name another for {role}, or leave it out."
                if taken[column] != role
                else f"Column {column!r} was given twice as {role}. Name each column once."
            )
        taken[column] = role


def _require_fit(table: Table, peek: Peek, roles: Roles) -> None:
    several = len(roles.labels)
    if several > 1 and roles.task not in (None, "multilabel"):
        raise DataError(
            f"The task is {roles.task}, but there are {several} label columns. Name one, or choose --task multilabel."
        )
    if roles.task == "multilabel":
        _require_one_each(roles, several)
    if isinstance(roles.score, dict) and roles.task in ("regression", "forecasting", "ranking"):
        raise DataError(
            f"The task is {roles.task}, but score names a column for each class. Leave it out, or choose "
            "--task multiclass."
        )
    if roles.task == "multiclass" and isinstance(roles.score, str) and roles.positive is None:
        classes = [class_name(value) for value in class_counts(peek.frame[roles.labels[0]])] if several else []
        raise DataError(
            f"The task is multiclass ({roles.labels[0] if several else 'the label'} has the values "
            f"{listed(classes, 5)}), but score is the one column {roles.score!r}. Name a column for each class: "
            f"{_each_class(classes)}; or say which class the score is for: --positive."
        )
    if roles.task == "ranking" and roles.query is None:
        raise DataError(
            "The task is ranking, so a column must say which rows are one list: --query. Columns: "
            f"{listed(table.columns, 12)}."
        )
    bad = [q for q in roles.quantiles if not 0 < q < 1]
    if bad:
        raise DataError(f"Quantile {bad[0]} is not between 0 and 1. Write the tenth percentile as 0.1.")


def _each_class(classes: Sequence[str]) -> str:
    return " ".join(f"--score {name}=COLUMN" for name in classes[:3]) + (" …" if len(classes) > 3 else "")


def _require_one_each(roles: Roles, several: int) -> None:
    if several < 2:
        raise DataError("The task is multilabel, so several label columns (0/1 each) are needed. Name them all.")
    for role, columns in (("prediction", roles.predictions), ("score", roles.scores)):
        if columns and len(columns) != several:
            raise DataError(
                f"There are {several} label columns, but {len(columns)} {role} columns. Name one for each "
                "label, in their order."
            )


def _example(frame: pl.DataFrame, column: str) -> str:
    values = frame[column].drop_nulls() if column in frame.columns else pl.Series([])
    if not len(values):
        return "all missing"
    if values.dtype == pl.String:
        odd = values.filter(values.cast(pl.Float64, strict=False).is_null())
        values = odd if len(odd) else values
    return f"e.g. {values[0]!r}"
