"""Every group by itself: its rate, its gap and ratio to the group it is compared with, its shrunken rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from steelyard.analyses.fairness.groups import Groups
from steelyard.analyses.fairness.values import Values
from steelyard.records import Estimate, GroupRate, Outcome, Undefined
from steelyard.stats.beta_binomial import beta_prior
from steelyard.stats.gaps import gaps_to
from steelyard.stats.intervals import katz_log_ratio
from steelyard.stats.ratios import koopman

MOST_KEPT = 40
"""Groups of one parity that are kept one by one: the ends, and the largest of the rest."""
ENDS = 12
FEW_GROUPS = 3
"""Fewer groups say too little of what groups are like to borrow from."""


def group_rates(
    groups: Groups, values: Values, against: int, level: float, p: Mapping[int, float]
) -> tuple[GroupRate, ...]:
    """The groups that are kept, largest first.

    Args:
        groups: the groups.
        values: the measure of each.
        against: place of the group that others are compared with.
        level: nominal coverage.
        p: of the hypothesis that a group's scores are right, by place.
    """
    kept = _kept(groups, values)
    gaps, ratios = _gaps(values, against, level), _ratios(values, against, kept, level)
    shrunken = _shrunken(values, level)
    return tuple(
        GroupRate(
            where=groups.slices[i],
            rows=int(groups.rows[i]),
            outcome=values.outcomes[i],
            gap=gaps.get(i),
            ratio=ratios.get(i),
            shrunken=shrunken.get(i),
            p=p.get(i),
        )
        for i in kept
    )


def ratio_of(one: Estimate, n: float, base: Estimate, m: float, level: float) -> Outcome:
    """The ratio of two shares from n and m effective rows: Katz on the log scale, the score test with empty cells."""
    if base.value == 0.0:
        return Undefined("the rate it is compared with is 0")
    k, j = min(one.value * n, n), min(base.value * m, m)
    empty = k == 0.0 or (k == n and j == m)
    low, high = koopman(k, n, j, m, level) if empty else katz_log_ratio(k, n, j, m, level)
    value = one.value / base.value
    method = "koopman score" if empty else "katz log"
    return Estimate(value, min(low, value), max(high, value), level, one.n + base.n, method)


def _kept(groups: Groups, values: Values) -> list[int]:
    order: list[int] = np.argsort(-groups.rows, kind="stable").tolist()
    if len(order) <= MOST_KEPT:
        return order
    value = {i: o.value for i, o in enumerate(values.outcomes) if isinstance(o, Estimate)}
    by_value = sorted(value, key=value.__getitem__)
    wanted = list(dict.fromkeys([*by_value[:ENDS], *by_value[-ENDS:], *order]))[:MOST_KEPT]
    return sorted(wanted, key=order.index)


def _gaps(values: Values, against: int, level: float) -> dict[int, Outcome]:
    defined, each = values.defined, values.estimates
    if against not in defined:
        missing = Undefined("the group that others are compared with has no value")
        return dict.fromkeys(defined, missing)
    at = defined.index(against)
    made = gaps_to([e.value for e in each], [e.low for e in each], [e.high for e in each], at)
    return {
        i: Estimate(gap, low, high, level, e.n + each[at].n, "mover")
        for i, e, gap, low, high in zip(defined, each, *(m.tolist() for m in made), strict=True)
        if i != against
    }


def _ratios(values: Values, against: int, wanted: Sequence[int], level: float) -> dict[int, Outcome]:
    base = values.outcomes[against] if len(values.outcomes) else None
    if values.effective is None or not isinstance(base, Estimate):
        return {}
    n = values.effective.tolist()
    return {
        i: ratio_of(one, n[i], base, n[against], level)
        for i in wanted
        if i != against and isinstance(one := values.outcomes[i], Estimate)
    }


def _shrunken(values: Values, level: float) -> dict[int, Outcome]:
    """Rates after empirical Bayes: small groups lend from all (beta-binomial)."""
    defined, each = values.defined, values.estimates
    if values.effective is None or len(defined) < FEW_GROUPS:
        return {}
    n = values.effective[defined]
    k = np.clip(np.array([e.value for e in each]) * n, 0.0, n)
    made = beta_prior(k, n).shrunken(k, n, level)
    return {
        i: Estimate(value, low, high, level, e.n, "beta-binomial, credible")
        for i, e, value, low, high in zip(defined, each, *(m.tolist() for m in made), strict=True)
    }
