"""Which columns are looked at for the data overview, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.analyses.features import Feature
from steelyard.analyses.overview import ColumnPlan
from steelyard.data import SINGLE, Kind, Peek, Roles, Table
from steelyard.data.derive import is_direction
from steelyard.evaluation.pose import numbers, rounded, spread
from steelyard.facts import Among, Binned, CutGrid, IntegerGrid, RootGrid, Window
from steelyard.facts.levels import normal
from steelyard.facts.windows import every as width_of
from steelyard.records import ConfigError

MOST_INTEGERS = 1_000
INTEGER_SPAN = 4_096
MOST_COLUMNS = 3_000
GROUPS = 10
"""Groups of about equal size that a number is cut into."""
FEW_VALUES = 12
"""Numbers with no more values than this keep each as a group."""
COMMONEST = 20
"""Values of a text column that are groups of their own."""
IDENTIFYING = 0.5
"""Distinct values by row from which on a column names rows rather than groups."""


def column_plans(tables: Mapping[str, Table], base: Peek, roles: Roles) -> list[ColumnPlan]:
    """How each column is summarised: those with a role, and the features; those of the current data first."""
    role_of = dict(_roles_of(roles))
    role_of |= {name: "embedding" for table in tables.values() for name in table.columns if is_direction(name)}
    features = None if roles.features is None else set(roles.features)
    kinds = {name: kind for table in reversed(list(tables.values())) for name, kind in table.kinds.items()}
    names = dict.fromkeys(name for table in tables.values() for name in table.columns)
    kept = [c for c in names if c in role_of or features is None or c in features][:MOST_COLUMNS]
    return [_plan(c, kinds[c], role_of.get(c, "feature"), base.frame) for c in kept]


def types_of(table: Table) -> dict[str, str]:
    """Data type of every column, as Narwhals names it."""
    return {name: str(dtype) for name, dtype in table.frame.collect_schema().items()}


def window_by(every: str | None, roles: Roles, tables: Mapping[str, Table]) -> Window | None:
    """The windows of time, where they are asked for.

    Raises:
        ConfigError: there is no time column, or windows of that width do not fit its type.
    """
    if every is None:
        return None
    if roles.time is None:
        raise ConfigError(f"Windows of {every} need the column with the time: give it by Roles(time=…) or --time.")
    numeric = bool(width_of(every).width)
    for table in tables.values():
        kind = table.kinds.get(roles.time)
        if kind is not None and kind is not (Kind.NUMBER if numeric else Kind.TIME):
            raise ConfigError(
                f"The time column {roles.time!r} of {table.description} is {kind}, which windows of {every!r} do not "
                f"fit. {'Give a width with a unit, e.g. 1d.' if numeric else 'Give times, or a number as the width.'}"
            )
    return Window(roles.time, every)


def features(plans: Iterable[ColumnPlan], base: Peek, tables: Mapping[str, Table]) -> tuple[Feature, ...]:
    """The columns that drift, segments and causes are told of, with their groups frozen from a look at the data.

    What identifies rows (as many values as rows), free text, times, constants, and columns that are of one kind here
    and of another there, have no groups to speak of.
    """
    kept = [plan for plan in plans if _is_feature(plan, base) and _is_of_one_kind(plan.name, tables)]
    found = ((plan, _groups(base.frame[plan.name])) for plan in kept)
    return tuple(Feature(plan, key) for plan, key in found if key is not None)


def _is_feature(plan: ColumnPlan, base: Peek) -> bool:
    told = plan.kind in (Kind.NUMBER, Kind.BOOLEAN, Kind.TEXT)
    return plan.role in ("feature", "slice") and told and plan.name in base.frame.columns


def _is_of_one_kind(column: str, tables: Mapping[str, Table]) -> bool:
    return len({table.kinds[column] for table in tables.values() if column in table.kinds}) == 1


def _groups(column: pl.Series) -> Among | Binned | None:
    known = column.drop_nulls()
    if known.dtype.is_float():
        known = known.filter(known.is_finite())
    distinct, rows = known.n_unique(), len(known)
    whole_or_text = not known.dtype.is_float()
    if distinct < 2 or (whole_or_text and rows > FEW_VALUES * 4 and distinct > IDENTIFYING * rows):
        return None
    if column.dtype.is_numeric() and distinct > FEW_VALUES:
        cuts = sorted({rounded(cut) for cut in np.quantile(numbers(known), np.arange(1, GROUPS) / GROUPS)})
        return Binned(column.name, CutGrid(tuple(cuts)))
    commonest = known.value_counts(sort=True, name="sy_rows").head(COMMONEST).to_series(0)
    levels = [value for v in commonest.to_list() if (value := normal(v)) is not None]
    return Among(column.name, tuple(sorted(levels, key=lambda v: (isinstance(v, str), v))))


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
    for role in SINGLE:
        column = getattr(roles, role)
        if column is not None:
            yield column, role
    for role, columns in (
        ("text", roles.text),
        ("image", roles.image),
        ("embedding", roles.embedding),
        ("score", roles.scores),
        ("prediction", roles.predictions),
        ("label", roles.labels),
    ):
        for column in columns:
            yield column, role
