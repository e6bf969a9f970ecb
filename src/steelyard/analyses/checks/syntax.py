"""Checks as a line of text: `recall >= 0.7 [sex = F]`."""

from __future__ import annotations

import re
from typing import Any

from steelyard.records import ConfigError, Slice

_TEXT = re.compile(
    r"""\s*(?P<metric>[\w@.\-]+(?:\[[^\[\]]*\])?)
    (?:\s+(?P<ratio>ratio))?
    (?:\s+across\s+(?P<across>.+?))?
    (?:\s+at\s+most\s+(?P<margin>\S+)\s+worse\s+than\s+(?P<base>\w+)|\s*(?P<bounds>[<>].*?))
    \s*(?:\[(?P<slice>.*)\])?\s*""",
    re.VERBOSE,
)
_SIDE = re.compile(r"(?P<sign>>=|<=|>|<)\s*(?:(?P<base>reference|champion)\b\s*(?P<offset>[-+].*)?|(?P<number>.*))")
_AND = re.compile(r"\s+and\s+(?=[<>])")
EXAMPLES = (
    '"roc_auc >= 0.8", "recall >= 0.7 [sex = F]", "recall >= reference - 0.02", '
    '"roc_auc at most 0.01 worse than champion" or "recall across sex <= 0.1"'
)


def read(given: str) -> dict[str, Any]:
    """Fields of a check, by name.

    Raises:
        ConfigError: the text cannot be read as a check.
    """
    match = _TEXT.fullmatch(given)
    if match is None:
        raise ConfigError(f"{given!r} is not a check. Write one as {EXAMPLES}.")
    found: dict[str, Any] = {"metric": match["metric"], "ratio": match["ratio"] is not None}
    if match["across"]:
        found["across"] = tuple(column.strip() for column in match["across"].split(","))
    if match["slice"] is not None:
        found["slice"] = _slice(match["slice"], given)
    if match["margin"] is not None:
        return {**found, "margin": _number(match["margin"], given), "relative_to": match["base"]}
    return {**found, **_bounds(match["bounds"], given)}


def _bounds(text: str, given: str) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    bases = set()
    for part in _AND.split(text):
        match = _SIDE.fullmatch(part.strip())
        if match is None:
            raise ConfigError(f"{given!r} is not a check. Write one as {EXAMPLES}.")
        side = "min" if match["sign"] in (">=", ">") else "max"
        if side in bounds:
            raise ConfigError(f"The check {given!r} has two bounds on the same side. Keep one.")
        bases.add(match["base"])
        offset = match["offset"] if match["base"] else match["number"]
        bounds[side] = 0.0 if offset is None else _number(offset, given)
    if len(bases) > 1:
        raise ConfigError(f"The bounds of the check {given!r} are relative to different things. Make two.")
    return {**bounds, "relative_to": bases.pop()}


def _number(text: str, given: str) -> float:
    """A number; `- 0.02` may have a space after its sign."""
    try:
        return float(re.sub(r"^([-+])\s+", r"\1", text.strip()))
    except ValueError:
        raise ConfigError(f"The bound {text.strip()!r} of the check {given!r} is not a number.") from None


def _slice(where: str, given: str) -> Slice:
    items = {}
    for part in where.split("&"):
        if part.strip():
            column, equals, value = part.partition("=")
            if not equals:
                raise ConfigError(f"The slice [{where}] of the check {given!r} must be [column = value & …].")
            items[column.strip()] = value.strip()
    return Slice.of(items)
