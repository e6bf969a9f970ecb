"""Metrics of the rows a score puts first: the top share of them, or all down to a required precision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics import intervals
from steelyard.metrics.confusions import few
from steelyard.metrics.metric import Measured, Metric
from steelyard.metrics.score_cells import of_scores, small_class
from steelyard.metrics.views import ScoreCells
from steelyard.records import UndefinedMetricError
from steelyard.stats import intervals as bounds

Floats = NDArray[np.float64]
LEVEL = 0.95


class Top(NamedTuple):
    """The rows with the highest scores.

    `inside` is the part of each bin that belongs to them (1 above the cut, 0 below, the rest of the share in the
    bin the cut falls into), `at` that bin, `found` the positives among them.
    """

    inside: Floats
    at: int
    found: float


def top(view: ScoreCells, share: float) -> Top:
    """The `share` of the weight with the highest scores; a bin that is cut gives an even part of its rows.

    Raises:
        UndefinedMetricError: the share is less than one row.
    """
    if share * view.rows < 1:
        raise UndefinedMetricError(f"{share:.0%} of {view.rows} rows is less than one row")
    weight = view.p + view.q
    above = np.cumsum(weight[::-1])[::-1] - weight
    room = np.clip(share * weight.sum() - above, 0.0, weight)
    inside = np.divide(room, weight, out=np.zeros_like(weight), where=weight > 0)
    at = int(np.flatnonzero(inside > 0)[0])
    return Top(inside, at, float(inside @ view.p))


def _found_gradient(view: ScoreCells, share: float, rate: float | None = None) -> Floats:
    """Gradient of the positives found; `rate` is the share of positives at the cut (None: in the bin it cuts)."""
    cut = top(view, share)
    if rate is None:
        rate = float(view.p[cut.at] / (view.p[cut.at] + view.q[cut.at]))
    # A row more above the cut pushes a row of the cut out; a row more anywhere lowers the cut by `share` of a row.
    return np.concatenate([cut.inside * (1 - rate), -cut.inside * rate]) + share * rate


def _rate_at_cut(view: ScoreCells, share: float) -> float:
    """Share of positives near the cut: from ¾ to 5⁄4 of the share, so that single rows do not decide it."""
    weight = view.p + view.q
    rank = (np.cumsum(weight[::-1])[::-1] - weight / 2) / weight.sum()
    near = np.abs(rank - share) <= share / 4
    near[top(view, share).at] = True
    return float(view.p[near].sum() / weight[near].sum())


def recall_at(share: float) -> Metric:
    """Recall in the top `share` of rows by score; register it to use it."""

    def value(view: ScoreCells) -> Any:
        view.need_both_classes()
        return top(view, share).found / view.p.sum()

    value.__doc__ = f"""Share of all positives that are in the {share:.0%} of rows with the highest scores.

    Formula: positives in the top {share:.0%} of rows / positives
    Range: 0 to 1; higher is better. A random order reaches {share:g}; perfect is min(1, {share:g}/prevalence).
    Misleads: its best possible value depends on the prevalence.
    Next: if only so many rows can be handled, this is what they catch; compare it with the best possible value.
    Source: gain chart; interval by Wilson with n from the delta method. Ties at the cut count in part.
    """
    return _of_top(
        f"recall_at_{_percent(share)}",
        f"Recall in the top {share:.0%}",
        share,
        value,
        lambda view: 1 / float(view.p.sum()),
        lambda view: np.concatenate([np.ones_like(view.p), np.zeros_like(view.q)]) / view.p.sum(),
        intervals.proportion(lambda view: view.effective_positives),
    )


def precision_at(share: float) -> Metric:
    """Precision in the top `share` of rows by score; register it to use it."""

    def value(view: ScoreCells) -> Any:
        view.need_both_classes()
        return top(view, share).found / (share * (view.p.sum() + view.q.sum()))

    value.__doc__ = f"""Share of positives among the {share:.0%} of rows with the highest scores.

    Formula: positives in the top {share:.0%} of rows / rows in it
    Range: 0 to 1; higher is better. A random order reaches the prevalence.
    Misleads: where there are fewer positives than rows at the top, even a perfect order stays below 1.
    Next: divide it by the prevalence (lift) to see what the ranking adds.
    Source: interval by Wilson with n from the delta method. Ties at the cut count in part.
    """
    return _of_top(
        f"precision_at_{_percent(share)}",
        f"Precision in the top {share:.0%}",
        share,
        value,
        lambda view: 1 / (share * float(view.weights.sum())),
        lambda view: np.ones_like(view.weights) / view.weights.sum(),
        intervals.proportion(lambda view: share * view.effective_rows),
    )


def lift_at(share: float) -> Metric:
    """Lift in the top `share` of rows by score; register it to use it."""
    recall = recall_at(share)

    def value(view: ScoreCells) -> Any:
        return recall.value(view) / share

    value.__doc__ = f"""How many times more positives are in the top {share:.0%} of rows by score than in random ones.

    Formula: (share of positives in the top {share:.0%}) / prevalence
    Range: 0 to {1 / share:g}; higher is better, 1 is a random order; at most 1/prevalence.
    Misleads: where positives are common it cannot be large, however good the model is.
    Next: multiply it by the prevalence to get the precision of working through the top {share:.0%}.
    Source: lift chart; interval from that of the recall in the same rows. Ties at the cut count in part.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        low, high, method = recall.interval(replace(m, value=m.value * share, se=m.se * share))
        return low / share, high / share, method

    return _of_top(
        f"lift_at_{_percent(share)}",
        f"Lift in the top {share:.0%}",
        share,
        value,
        lambda view: 1 / (share * float(view.p.sum())),
        lambda view: np.concatenate([np.ones_like(view.p), np.zeros_like(view.q)]) / view.p.sum(),
        interval,
    )


def recall_at_precision(precision: float) -> Metric:
    """The greatest recall at a precision of at least `precision`; register it to use it."""

    def value(view: ScoreCells) -> Any:
        view.need_both_classes()
        return reached(view, -1e-12)

    def reached(view: ScoreCells, critical: float) -> float:
        """Recall at the thresholds whose precision lies `critical` standard errors above the one asked for."""
        found, flagged, squares = (
            np.cumsum(x[::-1]) for x in (view.p, view.p + view.q, view.p_squares + view.q_squares)
        )
        spread = np.sqrt(precision * (1 - precision) * squares)
        allowed = found >= precision * flagged + critical * spread
        return float(np.max(found[allowed], initial=0.0) / found[-1])

    def ends(view: ScoreCells, level: float) -> tuple[float, float]:
        critical, positives = bounds.quantile(level), view.effective_positives
        sure, possible = (min(reached(view, sign * critical), 1.0) for sign in (1, -1))
        return bounds.wilson(sure, positives, level)[0], bounds.wilson(possible, positives, level)[1]

    value.__doc__ = f"""Largest share of positives found with a precision of {precision:.0%} or more.

    Formula: max of recall over thresholds whose precision is at least {precision:g}; 0 if there is none
    Range: 0 to 1; higher is better.
    Misleads: the best threshold is chosen on this very data, so it is a little optimistic; in small samples a few
        rows at the top decide it.
    Next: take the threshold from other data, and check precision and recall at it here.
    Source: scikit-learn `precision_recall_curve`; score test of the precision, Wilson for the recall.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered:
            return intervals.plain(0.0, 1.0)(m)
        return *ends(m.view, m.level), "score test of the precision, wilson"

    def best_order(view: ScoreCells) -> float:
        found = np.cumsum(view.p[::-1])
        false = (np.cumsum(view.q[::-1]) - view.q[::-1])[~view.atom[::-1]]
        inside = found[~view.atom[::-1]]
        allowed = inside >= (precision - 1e-12) * (inside + false)
        best = float(np.max(inside[allowed], initial=0.0) / view.p.sum())
        return max(best - float(value(view)), 0.0)

    def variance(view: ScoreCells) -> float:
        # The value jumps from threshold to threshold, so its standard error is that of an interval so wide.
        low, high = ends(view, LEVEL)
        return ((high - low) / 2 / bounds.quantile(LEVEL)) ** 2

    def note(view: ScoreCells) -> str:
        return small_class(view) or ("" if value(view) > 0 else f"no threshold reaches precision {precision:g}")

    return of_scores(
        f"recall_at_precision_{precision * 100:.0f}",
        f"Recall at precision ≥ {precision:.0%}",
        value,
        interval,
        variance=variance,
        discretisation=best_order,
        note=note,
        parameters=(("precision", precision),),
    )


def _of_top(
    name: str,
    title: str,
    share: float,
    value: Callable[[ScoreCells], Any],
    scale: Callable[[ScoreCells], float],
    weight_gradient: Callable[[ScoreCells], Floats],
    interval: Any,
) -> Metric:
    """A metric that is the positives found in the top times `scale`, a function of the weight it is a share of."""

    def gradient(view: ScoreCells, rate: float | None = None) -> Floats:
        found = scale(view) * _found_gradient(view, share, rate)
        return np.asarray(found - float(value(view)) * weight_gradient(view), dtype=float)

    def variance(view: ScoreCells) -> float:
        return view.variance(gradient(view, _rate_at_cut(view, share)))

    def discretisation(view: ScoreCells) -> float:
        cut = top(view, share)
        if view.atom[cut.at]:
            return 0.0
        p, q = view.p[cut.at], view.q[cut.at]
        room = cut.inside[cut.at] * (p + q)
        middle = cut.inside[cut.at] * p
        return float(scale(view) * max(min(p, room) - middle, middle - max(room - q, 0.0)))

    def note(view: ScoreCells) -> str:
        return small_class(view) or few(share * view.rows)

    return of_scores(
        name,
        title,
        value,
        interval,
        gradient,
        variance,
        discretisation,
        note=note,
        parameters=(("share", share),),
    )


def _percent(share: float) -> str:
    return f"{share * 100:g}pct".replace(".", "_")


METRICS = [lift_at(0.1), recall_at(0.1), precision_at(0.1), recall_at_precision(0.9)]
