"""The charts of an evaluation, by section: curves of the scores, errors of numbers, numbers over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Curve, Estimate, Series
from steelyard.report.figures import arrival, calibration, errors, ranking, scores
from steelyard.report.figures.figure import Figure, points_table
from steelyard.report.figures.over_time import drawable, over_time, title
from steelyard.report.figures.spec import MOST_SUBJECTS
from steelyard.report.text import visible

__all__ = ["Figure", "OverTime", "curve_figures", "error_figures", "followed"]

MOST_SERIES = 12
MOST_QUIET = 12

_ERRORS: dict[str, Callable[[Sequence[Curve]], Figure]] = {
    "residual_histogram": errors.residual_histogram,
    "error_by_prediction": errors.error_by_prediction,
    "residual_quantiles": errors.residual_quantiles,
    "error_by_horizon": errors.error_by_horizon,
    "quantile_coverage": errors.quantile_coverage,
}
_TABLES = {"confusion", "per_class", "per_label", "calibration_smooth"}  # drawn elsewhere


@dataclass(frozen=True)
class OverTime:
    """What was followed over time: drawn, named because nothing happened, and too many to draw.

    `quiet` names the first of the `quiet_count` series in which nothing happened; `more` counts those not drawn.
    """

    figures: tuple[Figure, ...] = ()
    quiet: tuple[str, ...] = ()
    quiet_count: int = 0
    more: int = 0

    def __bool__(self) -> bool:
        return bool(self.figures or self.quiet)


def curve_figures(evaluation: Evaluation) -> tuple[Figure, ...]:
    """Return the charts of scores, classes and ranked lists; a kind without a chart comes as its table."""
    by_kind = _by_kind(evaluation)
    known = {r.metric: r.outcome for r in evaluation.readings if not r.slice and r.data == "current"}
    overall = {name: o for name, o in known.items() if isinstance(o, Estimate)}
    made: dict[str, Callable[[Sequence[Curve]], Figure]] = {
        "roc": lambda c: scores.roc(c, overall),
        "precision_recall": lambda c: scores.precision_recall(c, overall),
        "calibration": lambda c: calibration.calibration(c, _plain_smooth(c, by_kind)),
        "score_histogram": calibration.score_histogram,
        "threshold": calibration.threshold,
        "gain": lambda c: scores.gain(c, overall),
        "top_k": ranking.top_k,
        "ranking_at_k": ranking.ranking_at_k,
        "maturity": arrival.maturity,
    }
    drawn = [_with_count(make(by_kind[kind]), evaluation) for kind, make in made.items() if kind in by_kind]
    rest = [k for k in by_kind if k not in made and k not in _ERRORS and k not in _TABLES]
    return (*drawn, *(_other(kind, by_kind[kind]) for kind in rest))


def error_figures(evaluation: Evaluation) -> tuple[Figure, ...]:
    """Return the charts of the errors of a numeric prediction."""
    by_kind = _by_kind(evaluation)
    return tuple(make(by_kind[kind]) for kind, make in _ERRORS.items() if kind in by_kind)


def followed(evaluation: Evaluation) -> OverTime:
    """Return what was followed over time: metrics and rows, whatever raised an alarm, and the names of the rest."""
    known = [s for s in evaluation.series if drawable(s)]
    told = sorted(filter(_told_of, known), key=lambda s: (s.kind != "metric", not s.alarms, not s.changes))
    quiet = [s for s in known if not _told_of(s)]
    return OverTime(
        tuple(over_time(s, evaluation.task) for s in told[:MOST_SERIES]),
        tuple(title(s, evaluation.task) for s in quiet[:MOST_QUIET]),
        len(quiet),
        len(told[MOST_SERIES:]),
    )


def _told_of(series: Series) -> bool:
    return series.kind in ("metric", "volume") or bool(series.alarms or series.changes)


def _by_kind(evaluation: Evaluation) -> dict[str, list[Curve]]:
    """Return the curves that have points; of many classes the first `MOST_SUBJECTS`."""
    found: dict[str, list[Curve]] = {}
    for curve in evaluation.curves:
        if curve.columns and len(next(iter(curve.columns.values()))):
            found.setdefault(curve.kind, []).append(curve)
    for kind, curves in found.items():
        subjects = list(dict.fromkeys(c.subject for c in curves))[:MOST_SUBJECTS]
        found[kind] = [c for c in curves if c.subject in subjects]
    return found


def _with_count(figure: Figure, evaluation: Evaluation) -> Figure:
    """Say in the caption when not all classes are drawn."""
    subjects = len({c.subject for c in evaluation.curves if c.kind == figure.kind})
    if subjects <= MOST_SUBJECTS:
        return figure
    return replace(figure, caption=f"{figure.caption} The first {MOST_SUBJECTS} of {subjects} classes.")


def _plain_smooth(curves: Sequence[Curve], by_kind: dict[str, list[Curve]]) -> list[Curve]:
    if len({c.subject for c in curves}) > 1:
        return []
    return [c for c in by_kind.get("calibration_smooth", []) if c.subject == curves[0].subject]


def _other(kind: str, curves: Sequence[Curve]) -> Figure:
    columns = dict.fromkeys(name for c in curves for name in c.columns)
    title = visible(kind).replace("_", " ")
    return Figure(kind, title, "", points_table(curves, {name: visible(name) for name in columns}))
