"""The points of every chart, one file a kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from steelyard.analyses.curves.calibration import calibration
from steelyard.analyses.curves.calibration_smooth import calibration_smooth
from steelyard.analyses.curves.cells import (
    Scored,
    all_scored,
    decided,
    decided_fact,
    scored_fact,
    subjects,
)
from steelyard.analyses.curves.confusion import confusion
from steelyard.analyses.curves.error_by_horizon import by_horizon_fact, error_by_horizon
from steelyard.analyses.curves.error_by_prediction import by_prediction_fact, error_by_prediction
from steelyard.analyses.curves.gain import gain
from steelyard.analyses.curves.missing import missing_facts
from steelyard.analyses.curves.per_class import per_class, per_label
from steelyard.analyses.curves.precision_recall import precision_recall
from steelyard.analyses.curves.quantile_coverage import coverage_facts, quantile_coverage
from steelyard.analyses.curves.queries import relevant_fact
from steelyard.analyses.curves.ranking_at_k import ranking_at_k
from steelyard.analyses.curves.residual_histogram import residual_histogram
from steelyard.analyses.curves.residual_quantiles import residual_quantiles
from steelyard.analyses.curves.residuals import residual_fact
from steelyard.analyses.curves.roc import roc
from steelyard.analyses.curves.score_histogram import score_histogram
from steelyard.analyses.curves.threshold import threshold
from steelyard.analyses.curves.top_k import rank_fact, top_k
from steelyard.analyses.study import Study
from steelyard.facts import Fact
from steelyard.records import Curve

__all__ = ["curves", "facts"]

_BY_SUBJECT: tuple[Callable[[Scored], Curve | None], ...] = (roc, precision_recall, calibration)
_BY_SCORE: tuple[Callable[[Scored], Curve | None], ...] = (
    *_BY_SUBJECT,
    calibration_smooth,
    score_histogram,
    threshold,
    gain,
)
_BY_DATA: tuple[Callable[[Study, str], Curve | None], ...] = (
    per_class,
    per_label,
    top_k,
    residual_histogram,
    residual_quantiles,
    error_by_prediction,
    error_by_horizon,
    quantile_coverage,
    ranking_at_k,
)


def facts(study: Study) -> Iterator[Fact]:
    """The facts that curves and findings are read from, beyond those of the metrics."""
    problem = study.problem
    names = [(name, "") for name in problem.scored] if problem.task == "multiclass" else subjects(study)
    wanted: list[Fact | None] = [scored_fact(study, *pair) for pair in names]
    suffixes = [""] if problem.task == "multiclass" else [suffix for _, suffix in names]
    wanted += [decided_fact(study, suffix) for suffix in suffixes]
    wanted += [
        rank_fact(study),
        residual_fact(study),
        by_prediction_fact(study),
        by_horizon_fact(study),
        relevant_fact(study),
    ]
    wanted += [*(fact for _, fact in coverage_facts(study)), *missing_facts(study)]
    yield from (fact for fact in wanted if fact is not None)


def curves(study: Study) -> list[Curve]:
    """Every curve of every data set; what is undefined has none."""
    return [curve for data in study.profiles for curve in _of(study, data) if curve is not None]


def _of(study: Study, data: str) -> Iterator[Curve | None]:
    kinds = _BY_SCORE if study.problem.task == "binary" else _BY_SUBJECT
    yield from (kind(one) for one in all_scored(study, data) for kind in kinds)
    names = subjects(study) or [("", "")]
    yield from (confusion(one) for pair in names if (one := decided(study, data, *pair)) is not None)
    yield from (kind(study, data) for kind in _BY_DATA)
