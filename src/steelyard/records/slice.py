"""A slice: rows that share values of some columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Slice:
    """Rows whose columns have the given values; without items, all rows.

    Values are strings as a reader sees them; a missing value is `"(missing)"`.
    """

    items: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, object]) -> Slice:
        """Make a slice from a mapping of column to value."""
        return cls(tuple(sorted((str(k), str(v)) for k, v in values.items())))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that define the slice."""
        return tuple(column for column, _ in self.items)

    def as_dict(self) -> dict[str, str]:
        """Return `{column: value}`; `{}` for all rows."""
        return dict(self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __str__(self) -> str:
        return " & ".join(f"{column} = {value}" for column, value in self.items) or "all rows"


EVERYTHING = Slice()
