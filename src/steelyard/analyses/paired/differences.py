"""One model minus another on the same rows, for any metric: value, interval, p."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from steelyard.analyses.paired import influence, shares
from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.joints import Pair, pairs_by_gradient
from steelyard.analyses.paired.sides import Side, Sides
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.testing import p_value
from steelyard.metrics import Measured, Metric
from steelyard.metrics import intervals as metric_intervals
from steelyard.metrics.estimate import FEW_CLUSTERS, value_of
from steelyard.metrics.read import means
from steelyard.metrics.views import Confusion, Means, ScoreCells
from steelyard.records import Estimate, Gain, Outcome, Slice, Undefined, UndefinedMetricError
from steelyard.stats import intervals, resampling

NOTHING = "the two models have nothing in common that this metric could be compared by"


def gains(contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy) -> Iterator[Gain]:
    """The first of a pair minus the second, on every slice where both have rows."""
    of_a, of_b = (sides.read(e, metric, by, contest.grouped(metric, e)) for e in (pair.a, pair.b))
    for where in [*of_a, *(w for w in of_b if w not in of_a)]:
        a, b = of_a.get(where), of_b.get(where)
        if a is not None and b is not None:
            yield _gain(contest, sides, metric, pair, by, where, (a, b))


def _gain(
    contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy, where: Slice, both: tuple[Side, Side]
) -> Gain:
    found = _difference(contest, sides, metric, pair, by, where, both)
    p, test = None, ""
    if isinstance(found, shares.Shares):
        outcome: Outcome = found.estimate(contest.level)
        p, test = found.p, "mcnemar mid-p"
    else:
        outcome = found
    if isinstance(outcome, Estimate) and p is None:
        p, test = p_value(outcome), "interval"
    return Gain(metric.name, pair.a.name, pair.b.name, outcome, p=p, test=test, slice=where)


def _difference(
    contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy, where: Slice, both: tuple[Side, Side]
) -> Outcome | shares.Shares:
    for side in both:
        if isinstance(side.outcome, Undefined):
            return Undefined(f"{side.entrant.name}: {side.outcome.reason}")
    if contest.grouped(metric, pair.a) is not None:
        return _by_groups(contest, sides, metric, both)
    if not pairs_by_gradient(metric, pair.a):
        return Undefined("its difference needs rows with an id, or in a fixed order, to be put into groups")
    try:
        return _by_gradient(contest, sides, metric, pair, by, where, both)
    except UndefinedMetricError as error:
        return Undefined(str(error))


def _by_gradient(
    contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy, where: Slice, both: tuple[Side, Side]
) -> Outcome | shares.Shares:
    """The difference from the facts of both at once."""
    a, b = both
    views = (Means, Confusion, ScoreCells)
    kind = next((v for v in views if isinstance(a.view, v) and isinstance(b.view, v)), None)
    if kind is Means:
        return _of_means(contest, sides, metric, pair, by, where, both)
    if kind is Confusion:
        return _of_decisions(contest, sides, metric, pair, by, where, both)
    fact = pair.scored(by) if kind is ScoreCells else None
    if fact is None or fact not in sides.joint:
        return Undefined(NOTHING)
    table = sides.parts(fact, by).get(where)
    if table is None:
        return Undefined("there is no row that both have an answer for")
    variance = influence.of_scores(metric, a, b, fact, table)
    return _estimate(contest, metric, both, variance, "paired delong" if _is_auc(metric) else "paired delta method")


def _of_decisions(
    contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy, where: Slice, both: tuple[Side, Side]
) -> Outcome | shares.Shares:
    fact = pair.decided(by)
    if fact is None or fact not in sides.joint:
        return Undefined(NOTHING)
    table = sides.parts(fact, by)[where]
    found = shares.counted(metric, pair, fact, table)
    if found is not None:
        return found
    variance = influence.of_decisions(metric, *both, fact, table)
    return _estimate(contest, metric, both, variance, "paired delta method")


def _of_means(
    contest: Contest, sides: Sides, metric: Metric, pair: Pair, by: SliceBy, where: Slice, both: tuple[Side, Side]
) -> Outcome:
    fact, rows = pair.means(metric, by), pair.row_gaps(metric, by)
    if fact is None or rows is None:
        return Undefined(NOTHING)
    joint = means(fact, sides.parts(fact, by)[where])
    if joint.rows < 2:
        return Undefined("fewer than two rows have a value of both models")
    value, variance = influence.of_means(metric, *both, joint)
    n, effective = joint.rows, joint.effective_rows
    if all(_is_mean(metric, side) for side in both):
        gaps = means(rows, sides.parts(rows, by)[where])
        if gaps.rows == joint.rows:
            se = math.sqrt(variance * (effective - 1.0) / effective)
            low, high, method = metric_intervals.mean(
                Measured(value, se, math.inf, contest.level, gaps, False, lambda _: _)
            )
            return _made(value, low, high, contest.level, n, f"paired {method}", effective, math.sqrt(variance))
    se = math.sqrt(variance)
    low, high = intervals.wald(value, se, contest.level, max(effective - 1.0, 1.0))
    return _made(value, low, high, contest.level, n, "paired delta method", effective, se)


def _is_mean(metric: Metric, side: Side) -> bool:
    """Whether a metric is the mean of its first value, so that its difference is a mean of differences."""
    own, mean = value_of(metric, side.view), float(side.view.mean(0))
    return math.isclose(own, mean, rel_tol=1e-12, abs_tol=1e-300)


def _is_auc(metric: Metric) -> bool:
    return metric.name in ("roc_auc", "gini")


def _estimate(contest: Contest, metric: Metric, both: tuple[Side, Side], variance: float, method: str) -> Outcome:
    """The difference ± its standard errors; of scores by Student's t with the rarer class's rows less one."""
    a, b = both
    df, n = math.inf, min(side.view.rows for side in both)
    if isinstance(a.view, ScoreCells):
        df = max(min(a.view.effective_positives, a.view.effective_negatives) - 1.0, 1.0)
    value, se = value_of(metric, a.view) - value_of(metric, b.view), math.sqrt(max(variance, 0.0))
    low, high = intervals.wald(value, se, contest.level, df)
    return _made(value, low, high, contest.level, n, method, float(a.view.effective_rows), se)


def _by_groups(contest: Contest, sides: Sides, metric: Metric, both: tuple[Side, Side]) -> Outcome:
    """The difference with the standard error of leaving out each group of rows in turn."""
    a, b = both
    value = value_of(metric, a.view) - value_of(metric, b.view)
    of_a, of_b = (sides.left_out(metric, side) for side in both)
    gaps = [of_a[bucket] - of_b[bucket] for bucket in of_a if bucket in of_b]
    if len(gaps) < FEW_CLUSTERS:
        return Undefined(f"only {len(gaps)} groups of rows; {FEW_CLUSTERS} are needed for an interval")
    se, df = resampling.jackknife(gaps)
    low, high = intervals.wald(value, se, contest.level, df)
    method = "paired jackknife, clustered" if contest.clusters is not None else "paired jackknife"
    return _made(value, low, high, contest.level, a.view.rows, method, float(a.view.effective_rows), se)


def _made(
    value: float, low: float, high: float, level: float, n: int, method: str, effective: float | None, se: float
) -> Outcome:
    if not all(map(math.isfinite, (value, low, high))):
        return Undefined("there are too few rows for an interval of the difference")
    return Estimate(value, min(low, value), max(high, value), level, n, method, effective, se)


def all_gains(contest: Contest, sides: Sides, metrics: Sequence[Metric], bys: Sequence[SliceBy]) -> list[Gain]:
    """Every pair on every metric and slice."""
    return [
        gain
        for metric in metrics
        for by in bys
        if by in contest.bys(metric)
        for pair in contest.pairs
        for gain in gains(contest, sides, metric, pair, by)
    ]
