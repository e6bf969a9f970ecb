"""Did labels, scores or predictions move since the reference?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import Scored, bucketed, scored
from steelyard.analyses.curves.error_by_prediction import by_prediction_fact
from steelyard.analyses.curves.means import group_sums
from steelyard.analyses.study import Study
from steelyard.stats import resampling
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile

Floats = NDArray[np.float64]
FEW_CLUSTERS = 5


@dataclass(frozen=True)
class Shift:
    """A mean then and now.

    Attributes:
        what: "label", "score" or "prediction".
        then, now: the means.
        p: of no difference.
        half: half-width of the difference's interval.
        deviations: the difference in standard deviations of the reference.
        share: whether the mean is a share of rows.
    """

    what: str
    then: float
    now: float
    p: float
    half: float
    deviations: float
    share: bool


@dataclass(frozen=True)
class _Mean:
    mean: float
    se: float
    sd: float


def shifts(study: Study) -> Iterator[Shift]:
    """The moments that are known without another look at the data."""
    if study.problem.task == "binary":
        then, now = scored(study, "reference"), scored(study, "current")
        if then is not None and now is not None and then.view.rows and now.view.rows:
            yield _shift("label", _label(then), _label(now), study.level, True)
            yield _shift("score", _score(then), _score(now), study.level, False)
    elif study.problem.task in ("regression", "forecasting"):
        made = [_prediction(study, data) for data in ("reference", "current")]
        if made[0] is not None and made[1] is not None:
            yield _shift("prediction", made[0][0], made[1][0], study.level, False)
            yield _shift("label", made[0][1], made[1][1], study.level, False)


def _shift(what: str, then: _Mean, now: _Mean, level: float, share: bool) -> Shift:
    se = math.hypot(then.se, now.se)
    gap = now.mean - then.mean
    p = two_sided_p(gap / se) if se > 0 else 1.0
    return Shift(what, then.mean, now.mean, p, quantile(level) * se, gap / then.sd if then.sd > 0 else 0.0, share)


def _label(one: Scored) -> _Mean:
    v = one.view
    buckets = [(float(b.p.sum()), float((b.p + b.q).sum())) for b in one.buckets]
    return _mean(float(v.p.sum()), float(v.p.sum()), float((v.p + v.q).sum()), float(v.squares.sum()), buckets)


def _score(one: Scored) -> _Mean:
    v = one.view
    buckets = [(float((b.score_p + b.score_q).sum()), float((b.p + b.q).sum())) for b in one.buckets]
    return _mean(
        float((v.score_p + v.score_q).sum()),
        float((v.score2_p + v.score2_q).sum()),
        float((v.p + v.q).sum()),
        float(v.squares.sum()),
        buckets,
    )


def _prediction(study: Study, data: str) -> tuple[_Mean, _Mean] | None:
    fact = by_prediction_fact(study)
    if fact is None or fact not in study.profiles[data] or not study.profiles[data][fact].rows:
        return None
    table = study.profiles[data][fact]
    whole, *parts = (
        group_sums(fact, t, np.zeros(len(t), dtype=np.int64), 1) for t in (table, *bucketed(fact, table))
    )
    n, squares = float(whole.weight[0]), float(whole.squares[0])
    ratio = n / squares
    # Σ w²v² · n/Σw² is Σ w·v² without weights, near enough with them.
    prediction = _mean(
        float(whole.first[0, 0]),
        float(whole.second[0, 0]) * ratio,
        n,
        squares,
        [(float(p.first[0, 0]), float(p.weight[0])) for p in parts],
    )
    product = float(whole.joint[0]) * ratio
    label = _mean(
        float(whole.first[0, 0] - whole.first[0, 1]),
        float(whole.second[0, 0] + whole.second[0, 1]) * ratio - 2 * product,
        n,
        squares,
        [(float(p.first[0, 0] - p.first[0, 1]), float(p.weight[0])) for p in parts],
    )
    return prediction, label


def _mean(first: float, second: float, weight: float, squares: float, buckets: list[tuple[float, float]]) -> _Mean:
    mean = first / weight
    variance = max(second / weight - mean * mean, 0.0)
    se = math.sqrt(variance * squares) / weight
    if len(buckets) >= FEW_CLUSTERS:
        se, _ = resampling.jackknife([(first - a) / (weight - w) for a, w in buckets])
    return _Mean(mean, se, math.sqrt(variance))
