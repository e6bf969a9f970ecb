"""The values a label or prediction takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import polars as pl

from steelyard.data.roles import Value


def class_counts(column: pl.Series) -> dict[Value, int]:
    """Return each value with its number of rows, in the order of the values; missing ones are left out.

    Whole numbers come as `int`, whatever they are stored as.
    """
    if column.dtype in (pl.Categorical, pl.Enum):
        column = column.cast(pl.String)
    counted = column.drop_nulls().alias("value").value_counts(name="rows")
    pairs = zip(counted["value"].to_list(), counted["rows"].to_list(), strict=True)
    found = {_whole(value): count for value, count in pairs}
    return dict(sorted(found.items(), key=lambda item: _order(item[0])))


def matching(value: Value, values: Iterable[Value]) -> Value | None:
    """Return the one of `values` that is meant by `value`, which may come as text, e.g. "1" or "true"."""
    known = list(values)
    if value in known:
        return next(v for v in known if v == value)
    text = class_name(value).casefold()
    return next((v for v in known if class_name(v).casefold() == text), None)


def class_name(value: Value) -> str:
    """Return a class as people write it: 1 for 1.0."""
    return str(_whole(value))


def listed(values: Iterable[object], most: int = 10) -> str:
    """Return values for a message: `'a', 'b', … (12 in all)`."""
    every = list(values)
    shown = ", ".join(repr(v) for v in every[:most])
    return f"{shown}, … ({len(every):,} in all)" if len(every) > most else shown


def is_zero_or_one(values: pl.Series) -> bool:
    """Whether every number is 0 or 1."""
    return bool(((values == 0) | (values == 1)).all())


def is_fraction(values: pl.Series) -> bool:
    """Whether the numbers lie between 0 and 1, and some are neither."""
    return bool(len(values) and values.is_between(0, 1).all()) and not is_zero_or_one(values)


def share(counts: Mapping[Value, int], value: Value) -> float:
    """Return the share of rows that have a value."""
    return counts.get(value, 0) / max(1, sum(counts.values()))


def _whole(value: Value) -> Value:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _order(value: Value) -> tuple[int, float, str]:
    return (0, float(value), "") if isinstance(value, (bool, int, float)) else (1, 0.0, str(value))
