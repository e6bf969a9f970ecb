"""Does confidence tell right answers from wrong ones, and from which confidence on can answers be trusted?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.confidence import confident
from steelyard.analyses.uncertainty.judging import rows_worth
from steelyard.metrics import Metric, ScoreCells, estimate, intervals
from steelyard.metrics.metric import Interval
from steelyard.metrics.scores import roc_auc, roc_auc_discretisation, roc_auc_gradient, roc_auc_interval
from steelyard.records import Estimate, Outcome, RiskPoint, SafeThreshold, Selective, Undefined
from steelyard.stats import guarantees, ranks
from steelyard.stats import intervals as bounds
from steelyard.stats import selective as stats

Floats = NDArray[np.float64]
COVERAGES = (0.5, 0.8, 0.9, 0.95)
"""Shares of the rows, the most certain ones, whose accuracy is told."""
RISKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
"""Shares of errors that a threshold is looked for; the largest ones below the error rate are taken."""
MOST_RISKS = 3
MOST_POINTS = 100
FEW_ROWS = 20
"""The curve begins where so many rows are answered; fewer tell nothing."""
MOST_ROWS = 2**20
"""Times as many rows as there are, beyond which no guarantee is hoped for."""


def selective(study: Study, data: str) -> Selective | None:
    """Measures, curve and thresholds of one data set; None where there is no confidence."""
    one = confident(study, data)
    if one is None:
        return None
    read = {name: _read(one, metric) for name, metric in _measures().items()}
    error = read["error"]
    safe = tuple(_safe(one, error)) if data == "current" and isinstance(error, Estimate) else ()
    return Selective(tuple(read.items()), tuple(_curve(one)), safe, data)


def _measures() -> dict[str, Metric]:
    found = {
        "error": _metric("error", _error, _error_gradient, intervals.proportion(lambda v: v.effective_rows)),
        "auroc_failure": _metric("auroc_failure", roc_auc, roc_auc_gradient, roc_auc_interval, _delong),
        "augrc": _metric("augrc", _augrc, _augrc_gradient, intervals.logit(0.0, 0.5)),
        "aurc": _metric("aurc", _aurc, _aurc_gradient, intervals.plain(0.0, 1.0)),
    }
    for share in COVERAGES:
        found[f"accuracy_at_{100 * share:g}"] = _accuracy_at(share)
    return found


def _metric(name: str, value: Any, gradient: Any, interval: Interval, variance: Any = None) -> Metric:
    discretisation = {"auroc_failure": roc_auc_discretisation, "aurc": _aurc_room}.get(name)
    return Metric(
        name,
        name,
        frozenset({"binary", "multiclass"}),
        "target",
        lambda problem: (),
        lambda facts, tables, problem: None,
        value,
        interval,
        gradient=gradient,
        variance=variance,
        discretisation=discretisation,
    )


def _read(one: Scored, metric: Metric) -> Outcome:
    without = [one.view.without(part) for part in one.buckets] if one.buckets else None
    if not one.view.negatives and metric.name not in ("error", *_ACCURACIES):
        return Undefined("every answer is right, so there is no error to rank")
    if not one.view.positives and metric.name not in ("error", *_ACCURACIES):
        return Undefined("every answer is wrong, so there is nothing to rank errors against")
    return estimate(metric, one.view, one.study.level, without)


_ACCURACIES = tuple(f"accuracy_at_{100 * share:g}" for share in COVERAGES)


def _error(view: ScoreCells) -> Any:
    return view.q.sum() / (view.p.sum() + view.q.sum())


def _error_gradient(view: ScoreCells) -> Floats:
    total, error = float(view.weights.sum()), float(_error(view))
    wrong = np.repeat([0.0, 1.0], len(view.p))
    gradient: Floats = (wrong - error) / total
    return gradient


def _delong(view: ScoreCells) -> float:
    if min(view.effective_positives, view.effective_negatives) <= 1.0:
        return math.nan
    return ranks.delong_variance(view.p, view.q, view.p_squares, view.q_squares)


def _augrc(view: ScoreCells) -> Any:
    return stats.augrc(view.p, view.q)


def _augrc_gradient(view: ScoreCells) -> Floats:
    return np.concatenate(stats.augrc_gradient(view.p, view.q))


def _aurc(view: ScoreCells) -> Any:
    return stats.aurc(*_as_rows(view))


def _aurc_gradient(view: ScoreCells) -> Floats:
    scale = view.rows / float(view.weights.sum())
    return np.concatenate(stats.aurc_gradient(*_as_rows(view))) * scale


def _aurc_room(view: ScoreCells) -> float:
    """What any order of the rows inside their bins can change."""
    if view.atom.all():
        return 0.0
    value, (best, worst) = stats.aurc(*_as_rows(view)), stats.aurc_bounds(*_as_rows(view))
    return max(worst - value, value - best)


def _as_rows(view: ScoreCells) -> tuple[Floats, Floats]:
    """Weights on the scale of rows, which the area of a step depends on."""
    scale = view.rows / float(view.weights.sum())
    return view.p * scale, view.q * scale


def _accuracy_at(share: float) -> Metric:
    """Accuracy of the most certain rows, a given share of all; the bin at the edge counts in part."""

    def parts(view: ScoreCells) -> tuple[Floats, float]:
        n = (view.p + view.q)[::-1]
        before = np.cumsum(n) - n
        taken = np.clip(share * n.sum() - before, 0.0, n)
        kept = np.divide(taken, n, out=np.zeros_like(n), where=n > 0)[::-1]
        filled = np.flatnonzero((view.p + view.q) > 0)
        edge = next((b for b in filled.tolist() if kept[b] > 0), int(filled[-1]))
        return kept, float(view.p[edge] / (view.p[edge] + view.q[edge]))

    def value(view: ScoreCells) -> Any:
        kept, _ = parts(view)
        return (kept @ view.p) / (kept @ (view.p + view.q))

    def gradient(view: ScoreCells) -> Floats:
        kept, at_edge = parts(view)
        total, accuracy = float(view.weights.sum()), float(value(view))
        right = np.repeat([1.0, 0.0], len(view.p))
        # More rows move the edge: of what comes in a part as right as the rows at the edge goes out.
        made: Floats = (np.tile(kept, 2) * (right - at_edge) + share * (at_edge - accuracy)) / (share * total)
        return made

    interval = intervals.proportion(lambda view: view.effective_rows * share)
    return _metric(f"accuracy_at_{100 * share:g}", value, gradient, interval)


def _curve(one: Scored) -> Iterator[RiskPoint]:
    view = one.view
    path = stats.risk_coverage(view.p, view.q)
    worth = view.effective_rows / float(view.weights.sum())
    wanted = np.unique(
        np.searchsorted(path.coverage, np.linspace(0.0, 1.0, MOST_POINTS)).clip(max=len(path.bins) - 1)
    )
    least = min(FEW_ROWS, float(path.rows[-1]) * worth)
    for i in wanted[path.rows[wanted] * worth >= least * (1.0 - 1e-9)].tolist():
        risk = min(float(path.risk[i]), 1.0)
        low, high = bounds.wilson(risk, float(path.rows[i]) * worth, one.study.level)
        yield RiskPoint(float(view.left[path.bins[i]]), float(path.coverage[i]), risk, low, high)


def _safe(one: Scored, error: Estimate) -> Iterator[SafeThreshold]:
    view, level = one.view, one.study.level
    path = stats.risk_coverage(view.p, view.q)
    worth = rows_worth(error) / float(view.weights.sum())
    rows, wrong = path.rows * worth, path.wrong * worth
    for risk in [r for r in RISKS if r < error.value][-MOST_RISKS:]:
        at = guarantees.guaranteed_threshold(rows, wrong, risk, level)
        if at is None:
            reason = Undefined("no threshold keeps this risk for certain")
            yield SafeThreshold(risk, None, reason, reason, level, _rows_needed(rows, wrong, risk, level, error.n))
            continue
        answered = _share(float(path.coverage[at]), float(rows[-1]), level, error.n)
        seen = _share(float(path.risk[at]), float(rows[at]), level, round(error.n * float(path.coverage[at])))
        yield SafeThreshold(risk, float(view.left[path.bins[at]]), answered, seen, level)


def _share(value: float, worth: float, level: float, rows: int) -> Estimate:
    value = min(max(value, 0.0), 1.0)
    return Estimate(value, *bounds.wilson(value, worth, level), level, rows, "wilson", worth)


def _rows_needed(rows: Floats, wrong: Floats, risk: float, level: float, n: int) -> int | None:
    """How many rows of the same kind would be enough, to a factor of two."""
    if not np.any(wrong < risk * rows):
        return None
    factor = 2
    while factor <= MOST_ROWS:
        if guarantees.guaranteed_threshold(rows * factor, wrong * factor, risk, level) is not None:
            return n * factor
        factor *= 2
    return None
