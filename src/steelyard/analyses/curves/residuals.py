"""The residuals (actual − predicted) as a distribution."""

from __future__ import annotations

from dataclasses import replace

from steelyard.analyses.curves.cells import over_all
from steelyard.analyses.study import Study
from steelyard.facts import Histogram, RootGrid
from steelyard.metrics import Distribution
from steelyard.metrics.problem import ERROR
from steelyard.metrics.read import distribution


def residual_fact(study: Study) -> Histogram | None:
    """Bins of the error; None where there is no prediction."""
    problem = study.problem
    if problem.task not in ("regression", "forecasting") or ERROR not in problem.columns:
        return None
    return over_all(Histogram(ERROR, RootGrid(0.0, problem.error_scale), weight=problem.weight), study)


def residuals(study: Study, data: str) -> Distribution | None:
    """Read them; errors are predicted − actual, so bins are turned round."""
    fact = residual_fact(study)
    if fact is None or fact not in study.profiles[data]:
        return None
    found = distribution(fact, study.profiles[data][fact])
    if not found.rows:
        return None
    return replace(
        found,
        mass=found.mass[::-1],
        squares=found.squares[::-1],
        left=-found.right[::-1],
        right=-found.left[::-1],
    )
