"""Records as plain values, for JSON: one rule for every dataclass, so that a new record needs no code here.

JSON has no infinity and no NaN. An end of an interval that is unbounded is `null`; an estimate whose value is not
finite becomes an undefined one; any other number that is not finite is `null`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from steelyard.records import Estimate, Outcome, Slice, Undefined

RENAMED = {"where": "slice"}
"""Fields whose member of the JSON is called otherwise."""


def plain(value: object) -> Any:
    """Turn a value into what JSON can hold: sets sorted, records by field, the unknown as its text."""
    if type(value) is tuple or type(value) is list:  # the common case, first
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, Estimate | Undefined):
        return outcome(value)
    if isinstance(value, Slice):
        return plain(value.as_dict())
    if is_dataclass(value) and not isinstance(value, type):
        return {RENAMED.get(f.name, f.name): plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(str(k))): plain(v) for k, v in value.items()}
    if isinstance(value, AbstractSet):
        return [plain(v) for v in sorted(value, key=str)]
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):  # a NumPy scalar or array
        return plain(value.tolist())
    return plain(str(value))


def outcome(given: Outcome) -> dict[str, Any]:
    """Turn an outcome into its members; what an estimate does not know is left out."""
    if not isinstance(given, Estimate):
        return {"undefined": plain(given.reason)}
    if not math.isfinite(given.value):
        return {"undefined": "the value is not a finite number"}
    entry = {
        "value": plain(given.value),
        "low": plain(given.low),
        "high": plain(given.high),
        "level": given.level,
        "n": plain(given.n),
        "method": plain(given.method),
    }
    optional = {
        "effective_n": plain(given.effective_n),
        "se": plain(given.se),
        "discretisation": plain(given.discretisation) or None,
        "note": plain(given.note) or None,
    }
    return entry | {name: value for name, value in optional.items() if value is not None}
