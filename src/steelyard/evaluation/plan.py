"""Which columns are looked at for the data overview, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.analyses.overview import ColumnPlan
from steelyard.data import Kind, Peek, Roles, Table
from steelyard.evaluation.pose import numbers, spread
from steelyard.facts import IntegerGrid, RootGrid

MOST_INTEGERS = 1_000
INTEGER_SPAN = 4_096
MOST_COLUMNS = 3_000


def column_plans(table: Table, base: Peek, roles: Roles) -> list[ColumnPlan]:
    """How each column is summarised: those with a role, and the features."""
    role_of = dict(_roles_of(roles))
    features = None if roles.features is None else set(roles.features)
    kept = [c for c in table.columns if c in role_of or features is None or c in features][:MOST_COLUMNS]
    return [_plan(c, table.kinds[c], role_of.get(c, "feature"), base.frame) for c in kept]


def time_extremes(table: Table, plans: list[ColumnPlan]) -> Mapping[str, tuple[str | None, str | None, int]]:
    """Earliest, latest and missing of the time columns, in one small query."""
    names = [p.name for p in plans if p.kind is Kind.TIME]
    if not names:
        return {}
    asked = [
        expression
        for i, name in enumerate(names)
        for expression in (
            nw.col(name).min().alias(f"sy_low_{i}"),
            nw.col(name).max().alias(f"sy_high_{i}"),
            nw.col(name).count().alias(f"sy_n_{i}"),
        )
    ]
    found = table.frame.select(*asked, nw.len().alias("sy_rows")).collect("polars").to_native().row(0, named=True)
    rows = int(found["sy_rows"])
    return {
        name: (_iso(found[f"sy_low_{i}"]), _iso(found[f"sy_high_{i}"]), rows - int(found[f"sy_n_{i}"]))
        for i, name in enumerate(names)
    }


def _iso(value: object) -> str | None:
    return None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _plan(name: str, kind: Kind, role: str, frame: pl.DataFrame) -> ColumnPlan:
    if kind is not Kind.NUMBER or name not in frame.columns:
        return ColumnPlan(name, kind, role)
    return ColumnPlan(name, kind, role, _grid(frame[name]))


def _grid(column: pl.Series) -> RootGrid | IntegerGrid:
    values = numbers(column)
    finite = values[np.isfinite(values)]
    if column.dtype.is_integer() and len(finite):
        low, high = int(finite.min()), int(finite.max())
        if high - low < INTEGER_SPAN and len(np.unique(finite)) <= MOST_INTEGERS:
            return IntegerGrid(low, high)
    return RootGrid(*spread(values))


def _roles_of(roles: Roles) -> Iterator[tuple[str, str]]:
    for column in roles.slice_columns():
        yield column, "slice"
    for share, column in roles.quantiles.items():
        yield column, f"quantile {share:g}"
    for role in ("weight", "cluster", "time", "id", "query", "series", "horizon"):
        column = getattr(roles, role)
        if column is not None:
            yield column, role
    for role, columns in (
        ("score", roles.scores),
        ("prediction", roles.predictions),
        ("label", roles.labels),
    ):
        for column in columns:
            yield column, role
