"""How often the truth lay below each predicted quantile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.analyses.curves.cells import bucketed, over_all
from steelyard.analyses.curves.means import group_sums
from steelyard.analyses.curves.shares import share
from steelyard.analyses.study import Study
from steelyard.facts import Moments
from steelyard.metrics.problem import LABEL
from steelyard.records import Curve

QUANTILE = "sy_quantile"


@dataclass(frozen=True)
class Coverage:
    """One predicted quantile: what was promised and what was seen."""

    nominal: float
    observed: float
    low: float
    high: float
    rows: int


def coverage_facts(study: Study) -> list[tuple[float, Moments]]:
    """Each predicted quantile with the share of labels at or below it."""
    problem = study.problem
    found = []
    for i, nominal in enumerate(problem.quantiles):
        column = f"{QUANTILE}_{i}"
        if {column, LABEL} <= problem.columns:
            # The zero term is missing where either number is, so those rows are left out.
            below = f"where({LABEL} <= {column}, 1, 0) + 0 * ({LABEL} - {column})"
            found.append((nominal, over_all(Moments((below,), weight=problem.weight, cubes=False), study)))
    return found


def coverages(study: Study, data: str) -> list[Coverage]:
    """Read each predicted quantile, with Wilson's interval."""
    found = []
    for nominal, fact in coverage_facts(study):
        if fact not in study.profiles[data]:
            continue
        table = study.profiles[data][fact]
        if not table.rows:
            continue
        whole, *parts = (
            group_sums(fact, part, np.zeros(len(part), dtype=np.int64), 1) for part in (table, *bucketed(fact, table))
        )
        by_bucket = (
            (np.array([p.first[0, 0] for p in parts]), np.array([p.weight[0] for p in parts])) if parts else None
        )
        total = float(whole.weight[0])
        observed, low, high = share(float(whole.first[0, 0]), total, float(whole.squares[0]), study.level, by_bucket)
        found.append(Coverage(nominal, observed, low, high, int(whole.rows[0])))
    return found


def quantile_coverage(study: Study, data: str) -> Curve | None:
    """Nominal against observed share, with intervals."""
    found = coverages(study, data)
    if not found:
        return None
    return Curve(
        "quantile_coverage",
        {
            "nominal": [c.nominal for c in found],
            "observed": [c.observed for c in found],
            "low": [c.low for c in found],
            "high": [c.high for c in found],
            "n": [float(c.rows) for c in found],
        },
        data,
    )
