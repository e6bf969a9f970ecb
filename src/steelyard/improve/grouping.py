"""Which group of a policy each row belongs to; groups are named as by `facts.levels`, without the engine."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.records.errors import ColumnError, ConfigError, DataError, nearest

MISSING = "(missing)"
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Column:
    """A column that tells the group; with `cuts` a number, whose groups lie between them."""

    name: str
    cuts: tuple[float, ...] = ()

    def named(self, values: Any) -> list[str]:
        """The group of each value, as a reader sees it."""
        if self.cuts:
            return self._between(values)
        known: dict[tuple[type, Any], str] = {}
        found = []
        for value in listed(values):
            key = (type(value), value)
            name = known.get(key)
            if name is None:
                name = known[key] = text(value)
            found.append(name)
        return found

    def _between(self, values: Any) -> list[str]:
        numbers = floats(values, f"the group column {self.name!r}")
        names = [cut_name(self.cuts, i) for i in range(len(self.cuts) + 1)]
        places = np.searchsorted(np.asarray(self.cuts), numbers, side="right").tolist()
        missing = np.isnan(numbers).tolist()
        return [MISSING if gone else names[at] for at, gone in zip(places, missing, strict=True)]


@dataclass(frozen=True)
class Groups:
    """The groups a policy knows: columns, and the values of each group in their order."""

    columns: tuple[Column, ...]
    known: tuple[tuple[str, ...], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(column.name for column in self.columns)

    def places(self, given: Any, rows: int) -> Ints:
        """Place of each row's group in `known`, −1 for one that is not known.

        Raises:
            DataError: no group is given, or there are not as many values as rows.
            ColumnError: a column is missing.
        """
        if given is None:
            raise DataError(f"This policy decides by {_and(self.names)}: give the group of each row by group=….")
        told = [column.named(self._of(given, column)) for column in self.columns]
        for column, values in zip(self.columns, told, strict=True):
            if len(values) != rows:
                raise DataError(f"There are {rows:,} scores, but {len(values):,} values of {column.name!r}.")
        place = {values: i for i, values in enumerate(self.known)}
        return np.array([place.get(values, -1) for values in zip(*told, strict=True)], dtype=np.int64)

    def strangers(self, given: Any, places: Ints) -> list[str]:
        """Groups of rows that are not known, each once."""
        told = [column.named(self._of(given, column)) for column in self.columns]
        return list(dict.fromkeys(" & ".join(row[i] for row in told) for i in np.flatnonzero(places < 0).tolist()))

    def _of(self, given: Any, column: Column) -> Any:
        """The values of one column: the only one may be given as such."""
        if isinstance(given, Mapping) or hasattr(given, "columns"):
            try:
                return given[column.name]
            except Exception as error:
                names = given.keys() if isinstance(given, Mapping) else [str(c) for c in given.columns]
                raise ColumnError(f"No group column {column.name!r}. {nearest(column.name, names)}") from error
        if len(self.columns) == 1:
            return given
        raise ConfigError(
            f"This policy decides by {_and(self.names)} together: give group as a mapping of column to values."
        )


def parse_groups(by: Any, groups: Sequence[Any], where: str) -> Groups:
    """Read the columns and the groups of a policy.

    Raises:
        ConfigError: they are not written as a policy writes them.
    """
    if not isinstance(by, list | tuple) or not by:
        raise ConfigError(f'{where}: "by" must list the columns that tell the group, not {by!r}.')
    columns = tuple(_column(item, where) for item in by)
    known = tuple(_values(group, columns, where) for group in groups)
    twice = [values for values in known if known.count(values) > 1]
    if twice:
        raise ConfigError(f"{where}: the group {' & '.join(twice[0])} stands there more than once.")
    return Groups(columns, known)


def cut_name(cuts: Sequence[float], index: int) -> str:
    """Name of the group between two cut points, as `facts.CutGrid` names it."""
    if index <= 0:
        return f"< {cuts[0]:g}"
    if index >= len(cuts):
        return f"≥ {cuts[-1]:g}"
    return f"{cuts[index - 1]:g} to < {cuts[index]:g}"


def text(value: Any) -> str:
    """A value as a reader sees it, whatever library it came from: 1, 1.0 and Decimal(1) are "1"."""
    match value:
        case None:
            return MISSING
        case bool() | np.bool_():
            return str(bool(value))
        case int() | np.integer():
            return str(int(value))
        case float() | np.floating() | decimal.Decimal():
            return _number(float(value))
        case _ if type(value).__name__ in ("NAType", "NaTType"):
            return MISSING
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case _:
            return str(value)


def listed(values: Any) -> list[Any]:
    """Values of any series as a list."""
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            found: list[Any] = getattr(values, method)()
            return found
    return list(values)


def floats(values: Any, what: str) -> NDArray[np.float64]:
    """Numbers of any series; what is missing or infinite is NaN.

    Raises:
        DataError: they are not numbers, or no series.
    """
    try:
        numbers = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        numbers = _one_by_one(values, what)
    if numbers.ndim != 1:
        raise DataError(f"{what} must be one number a row, not an array of shape {numbers.shape}.")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _one_by_one(values: Any, what: str) -> NDArray[np.float64]:
    found = []
    for value in listed(values):
        try:
            found.append(np.nan if text(value) == MISSING else float(value))
        except (TypeError, ValueError):
            raise DataError(f"{what} must be numbers, not {value!r}.") from None
    return np.array(found)


def _number(number: float) -> str:
    if number != number:
        return MISSING
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else f"{number:g}"


def _column(item: Any, where: str) -> Column:
    match item:
        case str():
            return Column(item)
        case {"column": str(name), "cuts": [*cuts]} if cuts and all(isinstance(c, int | float) for c in cuts):
            return Column(name, tuple(float(c) for c in cuts))
        case {"column": str(name)}:
            return Column(name)
        case _:
            raise ConfigError(f'{where}: a column of "by" must be {{"column": NAME}}, not {item!r}.')


def _values(group: Any, columns: Sequence[Column], where: str) -> tuple[str, ...]:
    names = [column.name for column in columns]
    if not isinstance(group, Mapping) or set(group) != set(names):
        raise ConfigError(f"{where}: a group must name a value of {_and(names)}, not {group!r}.")
    return tuple(str(group[name]) for name in names)


def _and(names: Sequence[str]) -> str:
    return " and ".join(repr(name) for name in names)
