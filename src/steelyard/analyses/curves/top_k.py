"""How often the right class is among the k highest-scored."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import bucketed, over_all
from steelyard.analyses.curves.shares import share
from steelyard.analyses.study import Study
from steelyard.facts import Category, Cells, FactTable, measure_index
from steelyard.records import Curve

RANK = "sy_rank"
KS = (1, 2, 3, 5, 10)


def rank_fact(study: Study) -> Cells | None:
    """Rows by the rank of the true class; None where not every class has a score."""
    problem = study.problem
    if problem.task != "multiclass" or RANK not in problem.columns or set(problem.scored) != set(problem.classes):
        return None
    return over_all(Cells((Category(RANK),), weight=problem.weight), study)


def top_k(study: Study, data: str) -> Curve | None:
    """Accuracy at each k below the number of classes, with intervals."""
    fact = rank_fact(study)
    if fact is None or fact not in study.profiles[data]:
        return None
    table = study.profiles[data][fact]
    ks = [k for k in KS if k < len(study.problem.classes)]

    def sums(part: FactTable) -> tuple[list[float], float, float]:
        found = np.array([np.nan if v is None else float(v) for v in part.values(len(fact.by))])
        known = ~np.isnan(found)
        weight, square = (part.sums[:, measure_index(fact, power)] for power in (1, 2))
        return (
            [float(weight[known & (found <= k)].sum()) for k in ks],
            float(weight[known].sum()),
            float(square[known].sum()),
        )

    hits, total, squares = sums(table)
    if not total > 0:
        return None
    parts = [sums(part) for part in bucketed(fact, table)]
    made = []
    for i in range(len(ks)):
        by_bucket = (np.array([p[0][i] for p in parts]), np.array([p[1] for p in parts])) if parts else None
        made.append(share(hits[i], total, squares, study.level, by_bucket))
    columns = {"k": [float(k) for k in ks]} | {
        name: [m[j] for m in made] for j, name in enumerate(("accuracy", "low", "high"))
    }
    return Curve("top_k", columns, data)
