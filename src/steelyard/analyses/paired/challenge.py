"""Is the challenger good enough to take the place of the others? Superiority, or non-inferiority by a margin."""

from __future__ import annotations

import math
from collections.abc import Sequence

from steelyard.analyses.paired.judging import turned
from steelyard.analyses.paired.telling import difference
from steelyard.metrics import Metric
from steelyard.records import CheckResult, Estimate, Gain, Verdict
from steelyard.stats.power import rows_to_settle


def challenge(
    found: Sequence[Gain], metric: Metric, challenger: str, margin: float | None, level: float
) -> tuple[CheckResult, ...]:
    """One check against each other model: better than it, or worse by less than the margin.

    All must pass, which needs no correction for how many there are (Berger 1982).

    Args:
        found: the gains on all rows.
        metric: the metric that decides.
        challenger: the model that is to replace the others.
        margin: how much worse it may be; None asks that it be better.
        level: nominal coverage.
    """
    of_metric = [g for g in found if g.metric == metric.name and challenger in (g.model, g.against)]
    return tuple(_check(gain, metric, challenger, margin, level) for gain in of_metric)


def _check(gain: Gain, metric: Metric, challenger: str, margin: float | None, level: float) -> CheckResult:
    lower = metric.direction == "lower"
    edge = (margin or 0.0) * (1.0 if lower else -1.0)
    other = gain.against if gain.model == challenger else gain.model
    sign = "≤" if lower else "≥"
    bound = f"difference to {other} {sign} {edge:g}" if margin else f"better than {other}"
    if not isinstance(gain.outcome, Estimate):
        said = f"{challenger} cannot be held against {other} on {metric.title}: {gain.outcome.reason}."
        return CheckResult(metric.name, bound, Verdict.INCONCLUSIVE, said, gain.outcome, relative_to="champion")
    seen = gain if gain.model == challenger else turned(gain)
    outcome = seen.outcome
    assert isinstance(outcome, Estimate)  # noqa: S101 - turning it changes its sign only
    good, bad = (outcome.high < edge, outcome.low > edge) if lower else (outcome.low > edge, outcome.high < edge)
    verdict = Verdict.PASS if good else Verdict.FAIL if bad else Verdict.INCONCLUSIVE
    needed = _needed(outcome, edge, level) if verdict is Verdict.INCONCLUSIVE else None
    return CheckResult(
        metric.name,
        bound,
        verdict,
        _sentence(seen, metric, margin, verdict, needed),
        outcome,
        rows_needed=needed,
        name=f"{challenger} against {other}: {metric.name}",
        low=None if lower else edge,
        high=edge if lower else None,
        relative_to="champion",
    )


def _sentence(gain: Gain, metric: Metric, margin: float | None, verdict: Verdict, needed: int | None) -> str:
    what = f"{metric.title} of {gain.model} differs from that of {gain.against} by {difference(gain)}"
    by = f"by more than the margin of {margin:g}" if margin else ""
    match verdict:
        case Verdict.PASS:
            return f"{what}: it is {'not worse ' + by if margin else 'better'}."
        case Verdict.FAIL:
            return f"{what}: it is worse{' ' + by if margin else ''}."
        case _:
            more = f" About {needed:,} rows would settle it." if needed else " More rows would hardly settle it."
            unsure = f"it may be worse {by}, or not" if margin else "it may be better, or not"
            return f"{what}: {unsure}.{more}"


def _needed(outcome: Estimate, edge: float, level: float) -> int | None:
    if not outcome.se or outcome.n < 1:
        return None
    needed = rows_to_settle(outcome.value, outcome.se, outcome.n, edge, level)
    return max(math.ceil(needed), outcome.n + 1) if needed < 1e12 else None
