"""One family of errors. A message names the thing, the value seen, what is allowed, and the next step."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SteelyardError(Exception):
    """Root of every error Steelyard raises for something its user can mend."""


class SourceError(SteelyardError, OSError):
    """A file, table or query cannot be read."""


class MissingPackageError(SteelyardError, ImportError):
    """An optional package is needed; the message says which extra to install."""


class DataError(SteelyardError, ValueError):
    """The data was read, but its content does not allow what was asked."""


class EmptyDataError(DataError):
    """There is no row to evaluate."""


class ColumnError(DataError, KeyError):
    """A column is missing, misspelt, duplicated or of the wrong kind."""

    def __str__(self) -> str:
        """Return the message itself; `KeyError` would print its repr."""
        return str(self.args[0]) if self.args else ""


class UnknownNameError(SteelyardError, KeyError):
    """A metric, analysis or engine of that name is not registered."""

    def __str__(self) -> str:
        """Return the message itself; `KeyError` would print its repr."""
        return str(self.args[0]) if self.args else ""


class ConfigError(SteelyardError, ValueError):
    """`steelyard.toml` or an argument cannot be used as written."""


class ProfileError(SteelyardError, ValueError):
    """Two profiles cannot be added, or a saved one cannot be loaded."""


class OutputError(SteelyardError, OSError):
    """A result cannot be written; nothing half-written is left behind."""

    def __str__(self) -> str:
        """Return the message itself; `OSError` would put the number of the error before it."""
        return str(self.args[-1]) if self.args else ""


class UndefinedMetricError(SteelyardError, ArithmeticError):
    """Raised by a metric that has no value on this data; becomes an `Undefined` with the reason."""


def nearest(name: str, allowed: Iterable[str]) -> str:
    """Say which allowed names come nearest to `name`, as the end of an error message."""
    names = [str(a) for a in allowed]
    folded: dict[str, str] = {}
    for candidate in names:
        folded.setdefault(candidate.casefold(), candidate)
    close = [folded[c] for c in get_close_matches(str(name).casefold(), list(folded), n=3, cutoff=0.6)]
    if close:
        return "Did you mean " + " or ".join(repr(c) for c in close) + "?"
    shown = ", ".join(repr(n) for n in names[:12])
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    return f"There are: {shown}{more}." if names else "There are none."
