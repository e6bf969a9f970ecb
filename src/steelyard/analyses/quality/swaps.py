"""Two columns that changed places: each looks like the other did."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import polars as pl

from steelyard.analyses.quality.columns import inputs, look
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE, sides
from steelyard.analyses.quality.shapes import distance, noise, thinned
from steelyard.analyses.study import Study
from steelyard.data import Kind

APART = 0.25
"""Distance from its own past from which on a column may be another one."""
CLOSE = 0.05
FEWEST = 100
MOST_VALUES = 200


@dataclass(frozen=True, kw_only=True)
class SwappedColumns(Defect):
    """Two columns, each of which has the other's distribution: distances from their own past and from the other's."""

    before: float
    after: float


def swapped_columns(study: Study) -> Iterator[SwappedColumns]:
    """Pairs of columns of one kind that each moved away, to where the other was; by the looks."""
    both = sides(study)
    if both is None:
        return
    moved: dict[str, tuple[Kind, pl.Series, pl.Series, float]] = {}
    for plan in inputs(study):
        now, then = _known(study, plan.name, CURRENT), _known(study, plan.name, REFERENCE)
        if now is None or then is None or min(len(now), len(then)) < FEWEST:
            continue
        own = apart(now, then)
        if own is not None and own >= APART:
            moved[plan.name] = plan.kind, now, then, own
    for a, b in combinations(moved, 2):
        kind_a, now_a, then_a, own_a = moved[a]
        kind_b, now_b, then_b, own_b = moved[b]
        crossed = [d for d in (apart(now_a, then_b), apart(now_b, then_a)) if d is not None]
        if kind_a != kind_b or len(crossed) < 2:
            continue
        chance = noise(
            min(len(now_a), len(now_b)) / both.design_now, min(len(then_a), len(then_b)) / both.design_then
        )
        if max(crossed) <= chance + CLOSE and max(crossed) < min(own_a, own_b) / 2:
            rows = round(both.now)
            yield SwappedColumns(
                columns=(a, b),
                share=share_of(rows, rows, study.level),
                rows=rows,
                against=True,
                before=min(own_a, own_b),
                after=max(crossed),
            )


def apart(a: pl.Series, b: pl.Series) -> float | None:
    """Kolmogorov–Smirnov distance of numbers, total variation of anything else; None where there is none."""
    if a.dtype.is_numeric() != b.dtype.is_numeric() or not len(a) or not len(b):
        return None
    if a.dtype.is_numeric():
        first, second = (s.cast(pl.Float64).to_numpy() for s in (a, b))
        first, second = first[np.isfinite(first)], second[np.isfinite(second)]
        return distance(thinned(first), thinned(second)) if len(first) and len(second) else None
    shares: list[dict[str, float]] = []
    for values in (a, b):
        counted = values.cast(pl.String).alias("value").value_counts(name="rows")
        if counted.height > MOST_VALUES:
            return None
        shares.append({str(v): int(n) / len(values) for v, n in counted.iter_rows()})
    return sum(abs(shares[0].get(v, 0.0) - shares[1].get(v, 0.0)) for v in {*shares[0], *shares[1]}) / 2


def _known(study: Study, name: str, data: str) -> pl.Series | None:
    seen = look(study, name, data)
    return None if seen is None or seen.dtype.is_temporal() else seen.drop_nulls()
