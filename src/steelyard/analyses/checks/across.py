"""How far groups are apart at most, with an interval that accounts for taking the largest of many differences."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from steelyard.analyses.checks.check import Check
from steelyard.analyses.study import Study
from steelyard.records import Estimate, Outcome, Parity, Slice, Undefined, UnknownNameError, nearest
from steelyard.stats.critical import quantile
from steelyard.stats.gaps import worst_gap

CURRENT = "current"
METHOD = "tukey-kramer"
Groups = Mapping[Slice, Estimate]


class Widest(NamedTuple):
    """The outcome, and the two groups it lies between where they are known."""

    outcome: Outcome
    pair: tuple[Slice, Slice] | None = None


def widest(check: Check, study: Study) -> Widest:
    """The largest difference (or smallest ratio) between any two groups.

    Differences are those of the fairness audit where it has them; else they are made from the readings of each group,
    whose intervals give the errors on either side.

    Raises:
        UnknownNameError: there are no such groups, or nothing of that name was measured on them.
    """
    parity = None if check.ratio or check.slice else _audited(check, study)
    if parity is not None:
        pair = parity.worst_pair
        return Widest(parity.worst, pair if all(pair) else None)
    outcomes = _outcomes(check, study)
    groups = {where: o for where, o in outcomes.items() if isinstance(o, Estimate) and _has_interval(o)}
    if len(groups) < 2:
        return Widest(Undefined(_too_few(check, outcomes)))
    found = (_ratio if check.ratio else _difference)(groups, study.level)
    left_out = len(outcomes) - len(groups)
    if left_out and isinstance(found.outcome, Estimate):
        note = f"{left_out:,} of {len(outcomes):,} groups have no {check.metric} and are left out"
        found = found._replace(outcome=replace(found.outcome, note=note))
    return found


def _audited(check: Check, study: Study) -> Parity | None:
    if study.fairness is None:
        return None
    wanted = (check.metric, set(check.across), CURRENT)
    return next((p for p in study.fairness.parities if (p.measure, set(p.attribute), p.data) == wanted), None)


def _outcomes(check: Check, study: Study) -> dict[Slice, Outcome]:
    """The metric in each group."""
    there = [r for r in study.readings if r.data == CURRENT and _is_group(r.slice, check)]
    outcomes = {r.slice: r.outcome for r in there if r.metric == check.metric}
    if outcomes:
        return outcomes
    parities = study.fairness.parities if study.fairness else ()
    measured = {*(m.name for m in study.metrics), *(p.measure for p in parities)}
    if check.metric not in measured:
        raise UnknownNameError(
            f"A check names the metric {check.metric!r}, which is not measured. "
            f"{nearest(check.metric, sorted(measured))} Measures of the fairness audit need "
            f"{' and '.join(check.across)} among the sensitive columns: --sensitive {check.across[0]}."
        )
    return outcomes


def _is_group(where: Slice, check: Check) -> bool:
    return set(where.columns) == set(check.columns) and set(where.items) >= set(check.slice.items)


def _has_interval(estimate: Estimate) -> bool:
    return all(map(math.isfinite, (estimate.value, estimate.low, estimate.high)))


def _too_few(check: Check, outcomes: Mapping[Slice, Outcome]) -> str:
    groups = " × ".join(check.across)
    if len(outcomes) < 2:
        known = "one group" if outcomes else "no group"
        return f"{groups} has {known} that {check.metric} is read on, and a comparison needs two"
    without = next(f"{where}: {o.reason}" for where, o in outcomes.items() if isinstance(o, Undefined))
    return f"fewer than two groups of {groups} have a {check.metric} to compare ({without})"


def _difference(groups: Groups, level: float) -> Widest:
    q = quantile(level)
    places, known = list(groups), list(groups.values())
    # An interval that is not made around its value may leave it out by a little.
    errors = [(max(e.value - e.low, 0.0) / q, max(e.high - e.value, 0.0) / q) for e in known]
    gap = worst_gap([e.value for e in known], errors, level)
    outcome = Estimate(gap.value, gap.low, gap.high, level, sum(e.n for e in known), METHOD)
    return Widest(outcome, (places[gap.high_at], places[gap.low_at]))


def _ratio(groups: Groups, level: float) -> Widest:
    """Smallest over largest value: a difference of logarithms."""
    q = quantile(level)
    places, known = list(groups), list(groups.values())
    below_zero = next((where for where, e in groups.items() if e.value < 0), None)
    if below_zero is not None:
        return Widest(Undefined(f"it is negative on {below_zero}, and ratios of negative numbers mean nothing"))
    largest = max(e.value for e in known)
    if not largest > 0 or any(e.high <= 0 for e in known):
        return Widest(Undefined("it is 0 without any uncertainty in one of the groups, so there is no ratio"))
    logs = [_log(e, q) for e in known]
    gap = worst_gap([log for log, _ in logs], [errors for _, errors in logs], level)
    smallest = min(e.value for e in known)
    low = math.exp(-gap.high) if smallest else 0.0
    outcome = Estimate(smallest / largest, low, math.exp(-gap.low), level, sum(e.n for e in known), METHOD)
    return Widest(outcome, (places[gap.low_at], places[gap.high_at]))


def _log(estimate: Estimate, q: float) -> tuple[float, tuple[float, float]]:
    """The logarithm, with its errors below and above.

    Zero has none: the middle of its interval stands in, which for Wilson's is the share with z² rows added, half of
    them positive (Agresti & Coull 1998).
    """
    value = estimate.value or (estimate.low + estimate.high) / 2
    above = math.log(max(estimate.high / value, 1.0)) / q
    if estimate.low > 0:
        return math.log(value), (math.log(max(value / estimate.low, 1.0)) / q, above)
    half = (estimate.high - estimate.low) / (2 * q * value)
    return math.log(value), (half, max(half, above))
