"""JSON Schemas of records and results, from their type hints and the "Attributes:" of their docstrings."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from steelyard.evaluation.result import Result
from steelyard.records import Estimate, Slice, Undefined
from steelyard.report.plain import RENAMED

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = 1
_NUMBER = {"type": ["number", "null"]}
_ATTRIBUTE = re.compile(r"^([a-z_][a-z_0-9, ]*): (.*)$")
_PROMISE = (
    "No NaN and no infinity: an unbounded end of an interval and any number that is not finite are null; an estimate "
    "whose value is not finite is undefined. A later release may add members under the same schema_version, so a "
    "reader ignores members it does not know; schema_version is raised when a member changes or goes."
)


def result_schema(kind: type[Result]) -> dict[str, Any]:
    """Return the schema of a result's JSON.

    Args:
        kind: a frozen dataclass with faces.
    """
    definitions: dict[str, Any] = {}
    own = _object(kind, definitions)
    head = {
        "schema": {"const": f"steelyard.{kind.kind}"},
        "schema_version": {"const": VERSION},
        "verdict": {"enum": ["pass", "fail", "inconclusive", None], "description": "What the exit code tells"},
    }
    return {
        "$schema": DIALECT,
        "$id": f"urn:steelyard:{kind.kind}:{VERSION}",
        "title": f"Steelyard {kind.kind}, version {VERSION}",
        "description": f"{own['description']} {_PROMISE}",
        "type": "object",
        "properties": {**head, **own["properties"]},
        "required": ["schema", "schema_version", "verdict", *own["required"]],
        "additionalProperties": False,
        "$defs": dict(sorted(definitions.items())),
    }


def record_schema(record: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of a record as a reference, and the definitions it needs by name."""
    definitions: dict[str, Any] = {}
    return _type(record, definitions), definitions


def _object(record: type, definitions: dict[str, Any]) -> dict[str, Any]:
    hints, told = get_type_hints(record), _attributes(record)
    properties = {}
    for f in fields(record):
        made = _type(hints[f.name], definitions)
        properties[RENAMED.get(f.name, f.name)] = {**made, "description": told[f.name]} if f.name in told else made
    return {
        "description": (inspect.getdoc(record) or "").split("\n\n")[0].replace("\n", " "),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin, args = get_origin(hint), get_args(hint)
    if hint in (Estimate, Undefined):
        args, origin = (hint,), Union
    if origin in (Union, types.UnionType):
        return _union(args, definitions)
    if origin is Literal:
        return {"enum": list(args)}
    if origin in (tuple, list) or (origin is not None and issubclass(origin, Sequence)):
        items = {repr(a): _type(a, definitions) for a in args if a is not Ellipsis}
        several = list(items.values())
        return {"type": "array", "items": several[0] if len(several) == 1 else {"anyOf": several}}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(args[1], definitions)}
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if inspect.isclass(hint) and is_dataclass(hint):
        name = hint.__name__.lower()
        if name not in definitions:
            definitions[name] = {}
            definitions[name] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    return {}


def _union(args: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    outcomes = {a for a in args if a in (Estimate, Undefined)}
    if outcomes:
        definitions["outcome"] = OUTCOME
    found = [{"$ref": "#/$defs/outcome"}] if outcomes else []
    found += [_type(a, definitions) for a in args if a not in outcomes]
    kinds = [set(f) == {"type"} for f in found]
    if all(kinds):
        return {"type": list(dict.fromkeys(name for f in found for name in _names(f["type"])))}
    return found[0] if len(found) == 1 else {"anyOf": found}


def _names(kind: Any) -> list[str]:
    return [kind] if isinstance(kind, str) else list(kind)


def _attributes(record: type) -> dict[str, str]:
    """What the docstring says of each field."""
    found: dict[str, str] = {}
    current: list[str] = []
    _, _, told = (inspect.getdoc(record) or "").partition("Attributes:\n")
    for line in told.splitlines():
        match = _ATTRIBUTE.match(line.strip()) if line.startswith("    ") and not line.startswith("     ") else None
        if match:
            current = [name.strip() for name in match[1].split(",")]
            found |= dict.fromkeys(current, match[2].strip())
        elif line.startswith("     ") and current:
            found |= {name: f"{found[name]} {line.strip()}" for name in current}
        else:
            current = []
    return found


def _members(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


OUTCOME: dict[str, Any] = {
    "description": "A number with its interval, or the reason why there is none",
    "oneOf": [
        _members(
            {
                "value": {"type": "number"},
                "low": {**_NUMBER, "description": "null: unbounded below"},
                "high": {**_NUMBER, "description": "null: unbounded above"},
                "level": {"type": "number", "description": "Nominal coverage of the interval"},
                "n": {"type": "number", "description": "Rows, queries or other units the value rests on"},
                "method": {"type": "string", "description": "How the interval was made"},
            },
            {
                "effective_n": {"type": "number", "description": "n after weights and clusters"},
                "se": {"type": "number", "description": "Standard error on the value's own scale"},
                "discretisation": {"type": "number", "description": "Bound on the error made by binning"},
                "note": {"type": "string", "description": "A caution about this number"},
            },
        ),
        _members({"undefined": {"type": "string", "description": "Why there is no value"}}),
    ],
}
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: _NUMBER,
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Slice: {"type": "object", "additionalProperties": {"type": "string"}, "description": "Column to value"},
}
