"""Ranking quality by the length of the list."""

from __future__ import annotations

from steelyard.analyses.study import Study
from steelyard.records import Curve, Estimate

SHOWN = {"precision": "precision", "recall": "recall", "hit_rate": "hit_rate"}


def ranking_at_k(study: Study, data: str) -> Curve | None:
    """NDCG with its interval, precision, recall and hit rate at each cutoff, from the readings."""
    if study.problem.task != "ranking":
        return None

    def at(name: str, k: int) -> Estimate | None:
        return study.estimate(f"{name}_at_{k}", data=data)

    lines = [(k, e) for k in study.problem.cutoffs if (e := at("ndcg", k)) is not None]
    if not lines:
        return None
    columns: dict[str, list[float | str | None]] = {
        "k": [float(k) for k, _ in lines],
        "ndcg": [e.value for _, e in lines],
        "ndcg_low": [e.low for _, e in lines],
        "ndcg_high": [e.high for _, e in lines],
    }
    for column, name in SHOWN.items():
        columns[column] = [e.value if (e := at(name, k)) is not None else None for k, _ in lines]
    return Curve("ranking_at_k", columns, data)
