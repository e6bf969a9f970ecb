"""Are groups alike? The largest gap with its interval, and the verdict."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.fairness.criteria import EQUALIZED_ODDS, TOLERANCES, Measure
from steelyard.analyses.fairness.groups import Groups
from steelyard.analyses.fairness.rates import group_rates
from steelyard.analyses.fairness.telling import told
from steelyard.analyses.fairness.values import Values
from steelyard.records import EVERYTHING, Estimate, Parity, Undefined, Verdict
from steelyard.stats.gaps import WorstGap, spread_beyond_chance, worst_gap
from steelyard.stats.ranges import gap_by_chance, pair_quantile

MOST_ROWS = 1e12
"""No number of rows that anyone has would settle it."""


@dataclass(frozen=True)
class Asked:
    """What is asked of one measure by one attribute.

    Attributes:
        measure: what is read.
        groups: the groups.
        against: place of the group that others are compared with.
        level: nominal coverage.
        data: "current" or "reference".
        unit: what the tolerance is counted in: 1, or the scale of errors or labels.
        subject: the class, "" where there is none.
    """

    measure: Measure
    groups: Groups
    against: int
    level: float
    data: str
    unit: float = 1.0
    subject: str = ""

    @property
    def tolerance(self) -> float:
        """Up to where differences count as none."""
        return TOLERANCES[self.measure.kind] * self.unit

    def named(self, name: str) -> str:
        """A measure's name with the class, as in "recall[cat]"."""
        return f"{name}[{self.subject}]" if name and self.subject else name


def parity(asked: Asked, values: Values, p: Mapping[int, float] | None = None) -> Parity:
    """Hold the groups of one measure against each other.

    Args:
        asked: what is asked.
        values: the measure of every group.
        p: of the hypothesis that a group's scores are right, by the group's place.
    """
    found = _unread(asked, values)
    # The groups of an intersection of the reference are many, and told nowhere.
    listed = asked.data == "current" or len(asked.groups.by.keys) == 1
    rates = group_rates(asked.groups, values, asked.against, asked.level, p or {}) if listed else ()
    return _judged(_with_gap(replace(found, groups=rates), asked, values, asked.level), asked.measure)


def equalised_odds(recall: tuple[Asked, Values], false_alarms: tuple[Asked, Values]) -> Parity:
    """The larger of the gaps of recall and of the false positive rate.

    Each is read at half the error, so that both intervals hold together (Bonferroni). Its groups are those two's.
    """
    level = 1 - (1 - recall[0].level) / 2
    parts = [_with_gap(_unread(asked, values), asked, values, level) for asked, values in (recall, false_alarms)]
    gaps = [part.worst for part in parts if isinstance(part.worst, Estimate)]
    if len(gaps) < len(parts):
        lacking = next(part for part in parts if isinstance(part.worst, Undefined))
        return _judged(_as_odds(lacking), EQUALIZED_ODDS)
    larger = max(parts, key=lambda part: part.worst.value if isinstance(part.worst, Estimate) else -1.0)
    worst = Estimate(
        max(gap.value for gap in gaps),
        max(gap.low for gap in gaps),
        max(gap.high for gap in gaps),
        recall[0].level,
        max(gap.n for gap in gaps),
        f"{gaps[0].method}, the larger of two",
    )
    p = min(2 * min(part.p for part in parts if part.p is not None), 1.0)
    rows = [part.rows_needed for part in parts]
    needed = None if None in rows else max(row for row in rows if row is not None)
    chance = max(part.by_chance for part in parts if part.by_chance is not None)
    found = replace(_as_odds(larger), worst=worst, p=p, by_chance=chance, spread=None, rows_needed=needed)
    return _judged(found, EQUALIZED_ODDS)


def compared_with(groups: Groups, chosen: Mapping[str, str]) -> int:
    """Place of the group that others are compared with: the largest that has the values chosen, else of all."""
    wanted = {(c, chosen[c]) for c in groups.by.columns if c in chosen}
    inside = [i for i, where in enumerate(groups.slices) if wanted <= set(where.items)]
    return max(inside or range(len(groups)), key=lambda i: int(groups.rows[i]), default=0)


def _unread(asked: Asked, values: Values) -> Parity:
    """The parity before its groups are held against each other."""
    return Parity(
        measure=asked.named(asked.measure.name),
        criterion=asked.measure.criterion,
        attribute=asked.groups.by.columns,
        against=asked.groups.slices[asked.against] if len(asked.groups) else EVERYTHING,
        worst=_no_gap(asked, values),
        tolerance=asked.tolerance,
        verdict=Verdict.INCONCLUSIVE,
        count=len(asked.groups),
        same_gap=asked.named(asked.measure.same_gap),
        data=asked.data,
    )


def _as_odds(part: Parity) -> Parity:
    return replace(part, measure=EQUALIZED_ODDS.name, criterion=EQUALIZED_ODDS.criterion, same_gap=part.measure)


def _no_gap(asked: Asked, values: Values) -> Undefined:
    if len(asked.groups) < 2:
        return Undefined(f"there is {'only one group' if len(asked.groups) else 'no group'}")
    reasons = [o.reason for o in values.outcomes if isinstance(o, Undefined)]
    return Undefined(f"fewer than two groups have a value: {', '.join(reasons[:1])}")


def _with_gap(found: Parity, asked: Asked, values: Values, level: float) -> Parity:
    """The same with its largest gap, where at least two groups have a value."""
    defined = values.defined
    if len(defined) < 2:
        return found
    numbers, errors = np.array([e.value for e in values.estimates]), values.errors[defined]
    gap = worst_gap(numbers, errors, level)
    high, low = (asked.groups.slices[defined[at]] for at in (gap.high_at, gap.low_at))
    return replace(
        found,
        worst=Estimate(gap.value, gap.low, gap.high, asked.level, sum(e.n for e in values.estimates), "tukey–kramer"),
        worst_pair=(high, low),
        p=gap.p,
        by_chance=gap_by_chance(values.noise_alike[defined]),
        spread=spread_beyond_chance(numbers, values.noise[defined]),
        rows_needed=_rows_needed(asked, values, gap),
    )


def _rows_needed(asked: Asked, values: Values, gap: WorstGap) -> int | None:
    """Rows in all at which the interval would leave the tolerance out, if the gap stayed: errors shrink as 1/√n.

    An interval that ends at the bounds of a share is narrower than its errors, so these count where they are more.
    """
    defined, rows = values.defined, int(asked.groups.rows.sum())
    distance = abs(gap.value - asked.tolerance)
    if gap.value > asked.tolerance:
        reach, noise = gap.value - gap.low, values.noise[[defined[gap.high_at], defined[gap.low_at]]]
    else:
        reach, noise = gap.high - gap.value, np.sort(values.noise_alike[defined])[-2:]
    reach = max(reach, pair_quantile(len(defined), asked.level) * float(np.hypot(*noise)))
    if distance <= 0 or rows * (reach / distance) ** 2 > MOST_ROWS:
        return None
    return max(math.ceil(rows * (reach / distance) ** 2), rows + 1)


def _judged(found: Parity, measure: Measure) -> Parity:
    """The same with its verdict and its sentence; what is settled needs no more rows."""
    worst = found.worst
    if isinstance(worst, Estimate):
        if worst.low > found.tolerance:
            found = replace(found, verdict=Verdict.FAIL, rows_needed=None)
        elif worst.high <= found.tolerance:
            found = replace(found, verdict=Verdict.PASS, rows_needed=None)
    return replace(found, sentence=told(found, measure))
