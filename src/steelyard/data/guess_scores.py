"""Columns of scores that come in families: one a class, or one a quantile."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise

from steelyard.data import names
from steelyard.data.classes import class_name
from steelyard.data.guess_columns import Columns
from steelyard.data.roles import Value
from steelyard.data.table import Kind

PER_CLASS = re.compile(
    r"^(?:(?:y|pred|predicted|prediction)[\W_]*)?(?:probability|proba|prob|score|p)[\W_]*(?:class[\W_]*)?(.+)$",
    re.I,
)
PER_QUANTILE = re.compile(r"^(?:.*[\W_])?(?:q|quantile|p|percentile|pct)[\W_]*(0[._]\d+|\d{1,2}(?:[._]\d+)?)$", re.I)
RISING = 0.95


def class_scores(columns: Columns, classes: Iterable[Value]) -> dict[str, str]:
    """Return class to column, for columns named like proba_<class>."""
    known = {names.folded(class_name(value)): class_name(value) for value in classes}
    found: dict[str, str] = {}
    for name in columns.free():
        match = PER_CLASS.match(name)
        if match and columns.kinds[name] is Kind.NUMBER and (value := known.get(names.folded(match[1]))) is not None:
            found.setdefault(value, name)
    return {value: found[value] for value in known.values() if value in found}


def quantile_columns(columns: Columns) -> dict[float, str]:
    """Return quantile to column, for columns named like q10, p90 or quantile_0.5 whose values rise."""
    found: dict[float, str] = {}
    for name in columns.free():
        match = PER_QUANTILE.match(name)
        if match and columns.kinds[name] is Kind.NUMBER:
            number = float(match[1].replace("_", "."))
            quantile = number if number < 1 else round(number / 100, 6)
            if 0 < quantile < 1:
                found.setdefault(quantile, name)
    ordered = dict(sorted(found.items()))
    return ordered if _rising(columns, list(ordered.values())) else {}


def _rising(columns: Columns, family: list[str]) -> bool:
    frame = columns.frame.select(family).drop_nulls()
    needed = RISING * frame.height
    return frame.height > 0 and all((frame[a] <= frame[b]).sum() >= needed for a, b in pairwise(family))
