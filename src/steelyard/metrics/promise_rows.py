"""Row columns of what a model promises: how wide an interval is, how large a set, and whether it holds the truth.

| column | what it is |
|---|---|
| sy_set_size | number of classes in the predicted set; missing where there is no set |
| sy_covered | 1 where the set holds the true class, else 0; missing where either is missing |
| sy_width | upper end minus lower end of the predicted interval |

A set is a list of classes, or a text that writes them as "a|b|c"; an empty list and an empty text are the empty set.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import narwhals.stable.v2 as nw

from steelyard.data.roles import Roles, Value
from steelyard.data.table import Kind
from steelyard.facts.levels import normal, text
from steelyard.metrics.class_values import FLOAT, INTEGER, as_text, indicator, is_class
from steelyard.metrics.problem import LABEL, Problem

Frame = nw.LazyFrame[Any]
SET_SIZE, COVERED, WIDTH = "sy_set_size", "sy_covered", "sy_width"
WRITTEN = "sy_set_written"
"""A set as "|a|b|", kept while the other columns are made from it."""
BETWEEN = "|"
Holds = Callable[[Value], nw.Expr]


def with_promises(frame: Frame, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> Frame:
    """Add the row columns that the roles call for."""
    if problem.task in ("regression", "forecasting") and roles.lower is not None and roles.upper is not None:
        width = nw.col(roles.upper).cast(FLOAT) - nw.col(roles.lower).cast(FLOAT)
        return frame.with_columns(width.fill_nan(None).alias(WIDTH))
    if problem.task not in ("binary", "multiclass") or roles.prediction_set is None or not roles.labels:
        return frame
    made = _with_set(frame, roles.prediction_set)
    if made is None:
        return frame
    frame, holds = made
    member = _binary if problem.task == "binary" else _multiclass
    covered = member(holds, kinds, roles, problem)
    known = nw.when(~nw.col(SET_SIZE).is_null()).then(covered)
    return frame.with_columns(known.cast(INTEGER).alias(COVERED)).drop(WRITTEN, strict=False)


def _binary(holds: Holds, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> nw.Expr:
    """A set of two classes holds the negative one where it holds more than the positive one."""
    positive = indicator(holds(True if roles.positive is None else roles.positive))
    negative = indicator(nw.col(SET_SIZE) - positive >= 1)
    return nw.when(nw.col(LABEL) == 1).then(positive).when(nw.col(LABEL) == 0).then(negative)


def _multiclass(holds: Holds, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> nw.Expr:
    label = roles.labels[0]
    return nw.coalesce(
        *(nw.when(is_class(label, kinds[label], name)).then(indicator(holds(name))) for name in problem.classes)
    )


def _with_set(frame: Frame, column: str) -> tuple[Frame, Holds] | None:
    """The frame with the size of the set, and what tells whether a class is in it; None where it is no set."""
    dtype = frame.collect_schema()[column]
    if isinstance(dtype, nw.List):
        size = nw.col(column).list.len().cast(INTEGER)
        return frame.with_columns(size.alias(SET_SIZE)), _of_list(nw.col(column), dtype.inner)
    if isinstance(dtype, (nw.Struct, nw.Array, nw.Binary, nw.Object)):
        return None
    plain = as_text(column, dtype).str.strip_chars().str.replace_all(r"\s*\|\s*", BETWEEN)
    frame = frame.with_columns(nw.concat_str(nw.lit(BETWEEN), plain, nw.lit(BETWEEN)).alias(WRITTEN))
    written = nw.col(WRITTEN)
    bars = written.str.len_chars() - written.str.replace_all(BETWEEN, "", literal=True).str.len_chars()
    size = nw.when(written == 2 * BETWEEN).then(nw.lit(0)).otherwise(bars - 1)
    known = nw.when(~written.is_null()).then(size)
    return frame.with_columns(known.cast(INTEGER).alias(SET_SIZE)), _of_text


def _of_text(value: Value) -> nw.Expr:
    named = [nw.col(WRITTEN).str.contains(f"{BETWEEN}{name}{BETWEEN}", literal=True) for name in _spellings(value)]
    return nw.any_horizontal(*named, ignore_nulls=False)


def _of_list(column: nw.Expr, inner: Any) -> Holds:
    def holds(value: Value) -> nw.Expr:
        names = _spellings(value)
        if inner == nw.String:
            return nw.any_horizontal(*(column.list.contains(name) for name in names), ignore_nulls=False)
        number = next((n for name in names if (n := _number(name)) is not None), None)
        if number is None or not (inner.is_numeric() or inner == nw.Boolean):
            return nw.col(SET_SIZE) < 0
        if inner == nw.Boolean:
            return column.list.contains(number != 0)
        return column.list.contains(int(number) if inner.is_integer() else number)

    return holds


def _spellings(value: Value) -> tuple[str, ...]:
    """How a class may be written in a set."""
    if isinstance(value, str):
        return (value,)
    named = [str(text(normal(value))), f"{float(value):g}", repr(float(value))]
    return tuple(dict.fromkeys([*named, *(["true", "True"] if value == 1 else [])]))


def _number(name: str) -> float | None:
    try:
        return float(name)
    except ValueError:
        return None
