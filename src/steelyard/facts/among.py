"""The `Among` key on any engine: a value's place among a few given ones."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from steelyard.facts.grids import ABOVE, MISSING
from steelyard.facts.vocabulary import Among


def among_steps(key: Among, dtype: nw.dtypes.DType, name: str) -> list[nw.Expr]:
    """Steps that make the code `name` of a column of this type."""
    column, made = nw.col(key.column), nw.col(name)
    if dtype.is_numeric():
        value = column.cast(nw.Float64()).fill_nan(None)
        asked: list[str | float | bool] = [float(v) if not isinstance(v, str) else float("inf") for v in key.values]
    elif dtype == nw.Boolean:
        value, asked = column, [v == "True" for v in key.values]
    else:
        value, asked = column.cast(nw.String()), [str(v) for v in key.values]
    place = nw.lit(ABOVE)
    for i, wanted in reversed(list(enumerate(asked))):
        place = nw.when(made == wanted).then(nw.lit(i)).otherwise(place)
    known = nw.when(made.is_null()).then(nw.lit(MISSING)).otherwise(place)
    return [value.alias(name), known.cast(nw.Int64()).alias(name)]
