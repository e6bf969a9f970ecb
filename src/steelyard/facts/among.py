"""The `Among` key: which of its values a column of some type can hold, and its code on any engine."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from steelyard.facts.grids import ABOVE, MISSING
from steelyard.facts.vocabulary import Among

AT_A_TIME = 32
"""Values compared within one expression."""
_LONG = 2**63


def places(key: Among, dtype: nw.dtypes.DType) -> dict[str | int | float | bool, int]:
    """The values that a column of this type can hold, as it holds them, with their place in the key.

    A value that the type does not have (text in a column of numbers) is nowhere to be found; a time, a list or
    anything else that has no spelling of its own is never one of the values.
    """
    found: dict[str | int | float | bool, int] = {}
    for place, value in enumerate(key.values):
        held = _held(value, dtype)
        if held is not None:
            found.setdefault(held, place)
    return found


def _held(value: str | int | float, dtype: nw.dtypes.DType) -> str | int | float | bool | None:
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return value if isinstance(value, str) else None
    if dtype == nw.Boolean:
        return {"True": True, "False": False}.get(str(value)) if isinstance(value, str) else None
    if isinstance(value, str) or not dtype.is_numeric():
        return None
    if dtype.is_integer():
        return int(value) if -_LONG <= value < _LONG and value == int(value) else None
    return float(value) if float(value) == value else None


def among_steps(key: Among, dtype: nw.dtypes.DType, name: str) -> list[nw.Expr]:
    """Steps that make the code `name` of a column of this type; a few values at a time, as engines nest them."""
    there = list(places(key, dtype).items())
    held, code = f"{name}_value", nw.col(name)
    value = nw.col(held)
    nowhere = nw.when(value.is_null()).then(nw.lit(MISSING)).otherwise(nw.lit(ABOVE)).cast(nw.Int64())
    steps = [_comparable(nw.col(key.column), dtype, found=bool(there)).alias(held), nowhere.alias(name)]
    for start in range(0, len(there), AT_A_TIME):
        for wanted, place in there[start : start + AT_A_TIME]:
            code = nw.when(value == wanted).then(nw.lit(place).cast(nw.Int64())).otherwise(code)
        steps.append(code.alias(name))
        code = nw.col(name)
    return steps


def _comparable(column: nw.Expr, dtype: nw.dtypes.DType, *, found: bool) -> nw.Expr:
    """The column as it is compared; where nothing will be found, only whether it is missing."""
    if dtype.is_integer() or dtype == nw.Boolean:
        return column
    if dtype.is_numeric():
        return column.cast(nw.Float64()).fill_nan(None)
    if found:
        return column.cast(nw.String())
    return nw.when(column.is_null()).then(nw.lit(None, dtype=nw.Float64())).otherwise(nw.lit(0.0))
