"""Segments in words and as filter expressions."""

from __future__ import annotations

from steelyard.analyses.slices.groups import Groups, Mask
from steelyard.facts import Among, text
from steelyard.facts.grids import ABOVE, MISSING

INFINITY = "CAST('Infinity' AS DOUBLE)"
"""Engines put NaN behind infinity, so this bound keeps NaN out of "from 40 on"."""


def words(groups: Groups, mask: Mask) -> str:
    """A condition as a reader sees it: "25 to < 40", "a or b", "(missing)"."""
    codes = groups.codes(mask)
    cuts, interval = groups.cuts, _interval(groups, codes)
    if cuts is not None and interval is not None:
        low, high = interval
        left = f"{cuts[low - 1]:g}" if low > 0 else ""
        right = f"{cuts[high]:g}" if high < len(cuts) else ""
        if left and right:
            return f"{left} to < {right}"
        return f"≥ {left}" if left else f"< {right}" if right else "any"
    names = [groups.feature.group(code) for code in codes]
    if groups.ordered and interval is not None and len(names) > 2:
        return f"{names[0]} to {names[-1]}"
    return " or ".join(names)


def expression(groups: Groups, mask: Mask, dtype: str, with_nan: bool) -> str:
    """A condition as SQL, as Polars' `sql_expr`, DuckDB, Spark (ANSI quotes) and PostgreSQL read it.

    Args:
        groups: the feature.
        mask: the places that belong to the condition.
        dtype: the column's type by Narwhals' name.
        with_nan: whether the column may hold NaN, which counts as missing.
    """
    column = '"' + groups.name.replace('"', '""') + '"'
    codes = groups.codes(mask)
    parts = []
    if MISSING in codes:
        parts.append(f"{column} IS NULL" + (f" OR {column} > {INFINITY}" if with_nan else ""))
    inner = [code for code in codes if code not in (MISSING, ABOVE)]
    if inner and groups.cuts is not None:
        parts.append(_between(column, groups.cuts, inner, with_nan))
    elif inner:
        parts.append(_among(column, [_literal(v, dtype) for v in _values(groups, inner)]))
    if ABOVE in codes:
        known = ", ".join(_literal(v, dtype) for v in _values(groups, range(groups.inner)))
        parts.append(f"{column} NOT IN ({known})" + (f" AND {column} <= {INFINITY}" if with_nan else ""))
    return parts[0] if len(parts) == 1 else " OR ".join(f"({part})" for part in parts)


def joined(conditions: list[str]) -> str:
    """Conditions that must all hold."""
    return " AND ".join(f"({c})" if " OR " in c else c for c in conditions)


def _interval(groups: Groups, codes: list[int]) -> tuple[int, int] | None:
    """First and last group, where they are neighbours and neither missing nor other."""
    if not codes or codes[0] == MISSING or codes[-1] == ABOVE or not groups.ordered:
        return None
    return (codes[0], codes[-1]) if codes[-1] - codes[0] == len(codes) - 1 else None


def _between(column: str, cuts: tuple[float, ...], codes: list[int], with_nan: bool) -> str:
    low, high = codes[0], codes[-1]
    bounds = [f"{column} >= {_number(cuts[low - 1])}"] if low > 0 else []
    if high < len(cuts):
        bounds.append(f"{column} < {_number(cuts[high])}")
    elif with_nan:
        bounds.append(f"{column} <= {INFINITY}")
    return " AND ".join(bounds) if bounds else f"{column} IS NOT NULL"


def _among(column: str, literals: list[str]) -> str:
    return f"{column} = {literals[0]}" if len(literals) == 1 else f"{column} IN ({', '.join(literals)})"


def _values(groups: Groups, codes: list[int] | range) -> list[str | int | float]:
    key = groups.feature.key
    return [key.values[code] for code in codes] if isinstance(key, Among) else []


def _literal(value: str | int | float, dtype: str) -> str:
    if dtype == "Boolean":
        return text(value).upper()
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else _number(value)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 2**53 else repr(float(value))
