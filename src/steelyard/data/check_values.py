"""What a sample of the values says about the roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from steelyard.data.classes import (
    class_counts,
    class_name,
    is_fraction,
    is_zero_or_one,
    listed,
    matching,
)
from steelyard.data.names import SCORE, folded
from steelyard.data.peek import Peek
from steelyard.data.roles import Roles, Value
from steelyard.data.table import Kind, Table
from steelyard.records import DataError

CLASSES = ("binary", "multiclass")
MANY_CLASSES = 1_000


def value_warnings(table: Table, peek: Peek, roles: Roles, *, alone: bool = True) -> list[str]:
    """Return what looks odd about the values of the roles; raise where they cannot be meant."""
    frame = peek.frame
    if frame.height == 0:
        return []
    return [
        *_labels(frame, roles, peek.complete and alone),
        *_answers(frame, roles, peek.complete and alone),
        *_infinite(frame, roles),
        *_swapped(frame, roles),
        *_classes(frame, roles, peek.complete),
        *_scores(table, frame, roles),
        *_weights(frame, roles),
        *([said] if (said := without_answer(table, frame, roles)) else []),
    ]


def _labels(frame: pl.DataFrame, roles: Roles, refused: bool) -> Iterator[str]:
    for label in roles.labels:
        if frame[label].null_count() < frame.height:
            continue
        if refused:
            raise DataError(
                f"Column {label!r} (label) is missing in all {frame.height:,} rows. Name the column that "
                "has the truth."
            )
        yield f"Column {label!r} (label) is missing in all {frame.height:,} rows looked at."


def _answers(frame: pl.DataFrame, roles: Roles, refused: bool) -> Iterator[str]:
    answers = (*roles.predictions, *roles.scores, *roles.quantiles.values())
    known = pl.any_horizontal(pl.col(*roles.labels).is_not_null()) if roles.labels else pl.lit(True)
    if not answers or frame.select((known & pl.any_horizontal(pl.col(*answers).is_not_null())).any()).item():
        return
    names, rows = ", ".join(repr(a) for a in answers), f"{frame.height:,} rows"
    empty = all(frame[a].null_count() == frame.height for a in answers)
    if not empty and all(frame[label].null_count() == frame.height for label in roles.labels):
        return  # told of the label
    said = (
        f"{names} ({'score' if roles.scores else 'prediction'}) is missing in all {rows}"
        if empty
        else f"No row of {rows} has both a label ({', '.join(map(repr, roles.labels))}) and an answer ({names})"
    )
    if refused:
        raise DataError(f"{said}. Name other columns, or join labels and answers of the same rows.")
    yield f"{said} looked at."


def _infinite(frame: pl.DataFrame, roles: Roles) -> Iterator[str]:
    for role, columns in (
        ("label", roles.labels),
        ("prediction", roles.predictions),
        ("score", roles.scores),
        ("quantile", tuple(roles.quantiles.values())),
    ):
        for name in columns:
            if frame[name].dtype.is_float() and (n := int(frame[name].is_infinite().sum())):
                yield (
                    f"Column {name!r} ({role}) is infinite in {n:,} of {frame.height:,} rows looked at; such "
                    "rows are left out, like missing ones."
                )


def _swapped(frame: pl.DataFrame, roles: Roles) -> Iterator[str]:
    if len(roles.labels) != 1 or len(roles.scores) != 1 or isinstance(roles.score, Mapping):
        return
    label, score = frame[roles.labels[0]].drop_nulls(), frame[roles.scores[0]].drop_nulls()
    if _holds_zero_and_one(score) and label.dtype.is_float() and is_fraction(label):
        raise DataError(
            f"Label and score look swapped: {roles.labels[0]!r} (label) holds fractions such as "
            f"{_first_fraction(label)!r}, "
            f"{roles.scores[0]!r} (score) only 0 and 1. Swap them: --label {roles.scores[0]} --score "
            f"{roles.labels[0]}"
        )
    yield from ()


def _classes(frame: pl.DataFrame, roles: Roles, complete: bool) -> Iterator[str]:
    if roles.task not in CLASSES or len(roles.labels) != 1:
        return
    counts = class_counts(frame[roles.labels[0]])
    if not counts:
        return
    yield from _number_of_classes(counts, roles)
    yield from _positive(counts, roles, complete)
    if len(roles.predictions) == 1:
        yield from _predicted(counts, class_counts(frame[roles.predictions[0]]), roles)
    if isinstance(roles.score, Mapping):
        yield from _class_columns(counts, roles.score)


def _number_of_classes(counts: Mapping[Value, int], roles: Roles) -> Iterator[str]:
    label = roles.labels[0]
    if len(counts) == 1:
        yield (f"Column {label!r} (label) has one value only, {next(iter(counts))!r}; most metrics need two classes.")
    if len(counts) > MANY_CLASSES:
        yield (f"Column {label!r} (label) has {len(counts):,} classes. If it is a number, choose --task regression.")
    if roles.task == "binary" and len(counts) > 2:
        if roles.positive is None:
            raise DataError(
                f"The task is binary, but column {label!r} has {len(counts):,} values: {listed(counts)}. "
                "Choose --task multiclass, or say which one is positive: --positive."
            )
        yield f"Column {label!r} has {len(counts):,} values; all but {roles.positive!r} count as negative."


def _positive(counts: Mapping[Value, int], roles: Roles, complete: bool) -> Iterator[str]:
    if roles.positive is None or matching(roles.positive, counts) is not None:
        return
    message = f"The positive value {roles.positive!r} is not among the labels: {listed(counts)}."
    if complete and len(counts) > 1:
        raise DataError(f"{message} Say which one is positive: --positive {class_name(list(counts)[-1])}")
    yield message if complete else f"{message} Only a sample was looked at, so it may be rare."


def _predicted(counts: Mapping[Value, int], predicted: Mapping[Value, int], roles: Roles) -> Iterator[str]:
    unknown = [value for value in predicted if value not in counts]
    if predicted and len(unknown) == len(predicted) and len(counts) > 1:
        raise DataError(
            f"No value of {roles.predictions[0]!r} (prediction) is a value of {roles.labels[0]!r} (label): "
            f"{listed(predicted, 5)} against {listed(counts, 5)}. Write both the same way."
        )
    if unknown:
        yield (f"Column {roles.predictions[0]!r} (prediction) has values the label lacks: {listed(unknown, 5)}.")


def _class_columns(counts: Mapping[Value, int], columns: Mapping[str, str]) -> Iterator[str]:
    known = {class_name(value) for value in counts}
    named = {class_name(key) for key in columns}
    if not known & named:
        raise DataError(
            f"score names the classes {listed(sorted(named))}, but the labels are {listed(counts)}. Use "
            "the labels as keys."
        )
    if unseen := sorted(named - known):
        yield f"score names the classes {listed(unseen)}, which no label has."
    if without := sorted(known - named):
        yield f"The labels {listed(without)} have no column of scores."


def _scores(table: Table, frame: pl.DataFrame, roles: Roles) -> Iterator[str]:
    for name in roles.scores:
        values = frame[name].drop_nulls()
        values = values.filter(values.is_finite()) if values.dtype.is_float() else values
        if not len(values) or table.kinds[name] is not Kind.NUMBER:
            continue
        low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
        if low == high and len(values) > 1:
            yield (
                f"Column {name!r} (score) has the same value, {low:g}, in every row looked at; it cannot "
                "tell rows apart."
            )
        if roles.task in (*CLASSES, "multilabel") and (low < 0 or high > 1):
            yield (f"Column {name!r} (score) runs from {low:g} to {high:g}, outside 0 to 1; {_remedy(low, high)}")


def _remedy(low: float, high: float) -> str:
    if low >= 0 and 1 < high <= 100:
        return "it looks like percent. Divide it by 100 to get calibration and log loss."
    return "it is no probability, so calibration and log loss cannot be measured."


def _weights(frame: pl.DataFrame, roles: Roles) -> Iterator[str]:
    if roles.weight is None:
        return
    values = frame[roles.weight].drop_nulls()
    bad = values.filter(values <= 0)
    if len(bad):
        raise DataError(
            f"Column {roles.weight!r} (weight) has the value {bad[0]:g} in {len(bad):,} of "
            f"{len(values):,} rows looked at. "
            "Weights must be above 0: drop these rows, or name another column."
        )
    yield from ()


def without_answer(table: Table, frame: pl.DataFrame, roles: Roles) -> str | None:
    """Say that no column has a model's answer, and which one may have been meant; None where one has."""
    numeric = roles.task in ("regression", "forecasting")
    if roles.predictions or roles.quantiles or (roles.scores and not numeric):
        return None
    ask = "--prediction" if numeric else "--prediction or --score"
    said = f"No column of predictions or scores was given or found, so no model can be measured: say {ask}."
    if roles.scores:
        said = f"The task is {roles.task}, which has no scores, so no model can be measured: say {ask}, or --task."
    meant = {folded(name) for name in SCORE}
    texts = [c for c, kind in table.kinds.items() if kind is Kind.TEXT and c not in roles.used()]
    for column in [c for c in texts if folded(c) in meant][:1]:
        values = frame[column].drop_nulls()
        odd = values.filter(values.cast(pl.Float64, strict=False).is_null())
        example = f" (e.g. {odd[0]!r})" if len(odd) else ""
        said += f" Column {column!r} is named like a score, but holds text{example}."
    return said


def _holds_zero_and_one(values: pl.Series) -> bool:
    if values.dtype == pl.Boolean:
        return True
    return values.dtype.is_numeric() and values.n_unique() == 2 and is_zero_or_one(values)


def _first_fraction(values: pl.Series) -> float:
    return float(values.filter((values > 0) & (values < 1))[0])
