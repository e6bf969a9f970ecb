"""From roles and a look at the data to a problem: classes, grids, shifts, slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.slicing import ALL_ROWS, SliceBy
from steelyard.data import Peek, Roles, Table
from steelyard.facts import Binned, Bucket, Category, CutGrid, Grid, LogitGrid, RootGrid
from steelyard.facts.levels import normal, text
from steelyard.metrics import Problem

EXACT_SCORES = 50_000
"""Data this small keep every distinct score: rank metrics are exact."""
EXACT_CLUSTERED = 5_000
"""The same where intervals are jackknifed over clusters, which reads every view 32 times."""
FEW_SCORES = 2_000
NUMERIC_SLICES = 20
"""A numeric slice column with more distinct values than this is cut into quarters."""
Floats = NDArray[np.float64]


def pose(
    roles: Roles, peeks: Mapping[str, Peek], tables: Mapping[str, Table], probability: bool | None = None
) -> Problem:
    """Pose the problem; grids are frozen from the reference where there is one.

    Args:
        roles: complete roles, the task included.
        peeks: looks at the data sets, by "current" and "reference".
        tables: the data sets.
        probability: whether scores are probabilities; None judges it from the looks.
    """
    base = peeks.get("reference", peeks["current"]).frame
    columns = frozenset().union(*(t.columns for t in tables.values()))
    common: dict[str, Any] = {"task": roles.task, "weighted": roles.weight is not None, "columns": columns}
    match roles.task:
        case "binary":
            return Problem(classes=("0", "1"), **_scores(roles, peeks, ("1",), probability), **common)
        case "multiclass":
            classes = _classes(roles, peeks)
            scored = (
                tuple(str(text(normal(c))) for c in roles.score)
                if isinstance(roles.score, Mapping)
                else (classes if roles.scores else ())
            )
            return Problem(classes=classes, **_scores(roles, peeks, scored, probability), **common)
        case "multilabel":
            scored = roles.labels if roles.scores else ()
            return Problem(classes=roles.labels, **_scores(roles, peeks, scored, probability), **common)
        case "ranking":
            return Problem(**common)
        case _:
            return Problem(**_numbers(roles, base), **common)


def slices_by(roles: Roles, base: Peek) -> tuple[SliceBy, ...]:
    """How rows are sliced: all rows, then each slice column and chosen intersection."""
    items = [(item,) if isinstance(item, str) else tuple(item) for item in roles.slices]
    return (
        ALL_ROWS,
        *(SliceBy(tuple(_slice_key(base.frame[c]) for c in item)) for item in dict.fromkeys(items)),
    )


def bucket_by(roles: Roles) -> Bucket | None:
    """The cluster key; None for independent rows. Queries of a ranking are the rows, so they are no clusters."""
    return None if roles.cluster is None else Bucket(roles.cluster)


def spread(values: Floats) -> tuple[float, float]:
    """A centre and a scale that outliers do not move: the median and the normal-consistent quartile range."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0, 1.0
    low, centre, high = np.quantile(finite, [0.25, 0.5, 0.75])
    candidates = ((high - low) / 1.349, float(np.std(finite)), abs(float(centre)))
    scale = next((float(s) for s in candidates if math.isfinite(s) and s > 0), 1.0)
    return float(centre), scale


def spreads(base: Peek) -> dict[str, tuple[float, float]]:
    """Centre and scale of every number, for the grids of quantiles."""
    return {c: spread(numbers(base.frame[c])) for c in base.frame.columns if base.frame[c].dtype.is_numeric()}


def numbers(column: pl.Series) -> Floats:
    """A column's numbers, missing left out."""
    return column.cast(pl.Float64, strict=False).drop_nulls().to_numpy()


def _slice_key(column: pl.Series) -> Category | Binned:
    if column.dtype.is_numeric() and column.n_unique() > NUMERIC_SLICES:
        values = numbers(column)
        finite = values[np.isfinite(values)]
        cuts = sorted({rounded(cut) for cut in np.quantile(finite, [0.25, 0.5, 0.75])}) if len(finite) else []
        if cuts:
            return Binned(column.name, CutGrid(tuple(cuts)))
    return Category(column.name)


def rounded(cut: float) -> float:
    """A cut point that people can read."""
    return float(f"{cut:.3g}")


def _scores(roles: Roles, peeks: Mapping[str, Peek], scored: tuple[str, ...], given: bool | None) -> dict[str, Any]:
    columns = roles.scores
    if not columns:
        return {"scored": (), "decided": bool(roles.predictions)}
    seen = [peek.frame[c] for peek in peeks.values() for c in columns if c in peek.frame.columns]
    everything = np.concatenate([numbers(s) for s in seen]) if seen else np.empty(0)
    everything = everything[np.isfinite(everything)]  # infinite ones are left out, as missing ones are
    inside = bool(len(everything)) and bool(everything.min() >= 0 and everything.max() <= 1)
    probability = inside if given is None else given
    decided_by_class = roles.task == "multiclass"
    threshold = None
    if not roles.predictions and not decided_by_class:
        threshold = roles.threshold if roles.threshold is not None else 0.5 if probability else None
    most = EXACT_SCORES if roles.cluster is None else EXACT_CLUSTERED
    exact = all(_few(peek, columns, most) for peek in peeks.values())
    grid: Grid | None = None
    if not exact:
        cuts = (threshold,) if threshold is not None else ()
        grid = LogitGrid(cuts) if probability else RootGrid(*spread(everything))
    return {
        "scored": scored,
        "score_grid": grid,
        "probability": probability,
        "threshold": threshold,
        "decided": bool(roles.predictions) or threshold is not None or decided_by_class,
    }


def _few(peek: Peek, columns: Iterable[str], most: int) -> bool:
    if peek.complete and peek.frame.height <= most:
        return True
    return all(peek.frame[c].n_unique() <= FEW_SCORES for c in columns if c in peek.frame.columns)


def _classes(roles: Roles, peeks: Mapping[str, Peek]) -> tuple[str, ...]:
    found: set[str] = set()
    if isinstance(roles.score, Mapping):
        found |= {text(normal(c)) for c in roles.score}
    for peek in peeks.values():
        for column in (*roles.labels, *roles.predictions):
            if column in peek.frame.columns:
                found |= {text(normal(v)) for v in peek.frame[column].drop_nulls().unique().to_list()}
    return tuple(sorted(found, key=_class_order))


def _class_order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _numbers(roles: Roles, base: pl.DataFrame) -> dict[str, Any]:
    label = base[roles.labels[0]].cast(pl.Float64, strict=False)
    found: dict[str, Any] = {
        "label_shift": spread(label.drop_nulls().to_numpy()),
        "quantiles": tuple(sorted(roles.quantiles)),
        "horizon": roles.horizon is not None,
        "naive": roles.task == "forecasting" and roles.time is not None,
    }
    if roles.predictions:
        error = (base[roles.predictions[0]].cast(pl.Float64, strict=False) - label).abs().drop_nulls().to_numpy()
        positive = error[error > 0]
        found["error_scale"] = float(np.median(positive)) if len(positive) else 1.0
    return found
