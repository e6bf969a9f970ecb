"""What decisions cost and earn, as their user says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.records import ConfigError


@dataclass(frozen=True)
class Costs:
    """The value of every kind of decision; costs are negative values, benefits positive ones."""

    values: tuple[tuple[str, float | str], ...] = ()
    currency: str = ""


def parse_costs(given: Costs | Mapping[str, Any] | None) -> Costs | None:
    """Read the `[costs]` of a TOML file, or the same as a mapping; None where nothing is said.

    Raises:
        ConfigError: something in it is not known or not a number.
    """
    if given is None or isinstance(given, Costs):
        return given
    raise ConfigError(f"costs cannot be read: {given!r}.")
