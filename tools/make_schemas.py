"""Write the JSON Schemas of all results from their dataclasses.

`evaluation-v1.json` is written by hand but for the members below, whose definitions are made like the others'.
The tests hold the committed files equal to what this writes.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from steelyard.records import Fairness, Money, Uncertainty
from steelyard.report.results import KINDS
from steelyard.report.schema import record_schema, result_schema

SCHEMAS = Path(__file__).resolve().parents[1] / "src/steelyard/report/schema"
MEMBERS = {
    "fairness": (Fairness, "How groups fare; null without sensitive attributes"),
    "money": (Money, "What decisions are worth; null without costs"),
    "uncertainty": (Uncertainty, "Whether intervals, sets and confidence keep their promise; null where not asked"),
}


BY_HAND = frozenset(
    [
        "slice",
        "outcome",
        "estimate",
        "difference",
        "finding",
        "check",
        "curve",
        "column",
        "drift",
        "segment",
        "point",
        "change",
        "series",
        "event",
        "part",
        "attribution",
        "answer",
    ]
)
"""Definitions of `evaluation-v1.json` that are not made here."""


def schemas() -> dict[str, str]:
    """Text of every schema file by its name."""
    made = {f"{kind}-v1.json": result_schema(_result(kind)) for kind in KINDS}
    return {name: _text(schema) for name, schema in {**made, "evaluation-v1.json": _evaluation()}.items()}


def _result(kind: str) -> Any:
    module, name = KINDS[kind]
    return getattr(import_module(module), name)


def _evaluation() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SCHEMAS / "evaluation-v1.json").read_text(encoding="utf-8"))
    for member, (record, told) in MEMBERS.items():
        reference, definitions = record_schema(record)
        schema["properties"][member] = {"anyOf": [reference, {"type": "null"}], "description": told}
        if member not in schema["required"]:
            schema["required"].insert(schema["required"].index("curves"), member)
        schema["$defs"] |= {name: made for name, made in definitions.items() if name not in BY_HAND}
    return schema


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write them."""
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
