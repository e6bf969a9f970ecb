"""Few segments that tell most: each is chosen for what those before it leave unexplained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from steelyard.analyses.slices.candidates import ALARMS, ALIKE, WORSE, Candidate, Rule
from steelyard.analyses.slices.cubes import Floats, sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.stats.overlaps import overlaps
from steelyard.stats.segments import Sums, deviation_of

POOL = 600
"""The surest candidates, among which the cover chooses."""
MOST_CHOSEN = 24
LEAST_LOSS = 0.005
"""A segment stands for at least this share of all loss, beyond what other segments explain."""
LEAST_NEW = 0.3
"""At least this part of its variation between rows is not that of segments chosen before."""
Condition = tuple[int, tuple[bool, ...]]
Recount = Callable[[Candidate], Candidate | None]
"""The candidate with what its rule counts; None where that is not known."""


class Margins:
    """Weights of rows by groups of one and of two features, and so how far two segments overlap.

    Args:
        groups: the features.
        singles: weight by group, by feature.
        pairs: weight by groups of two features, by their places in ascending order.
        total: sums of all rows.
    """

    def __init__(
        self,
        groups: Sequence[Groups],
        singles: Mapping[int, Floats],
        pairs: Mapping[tuple[int, int], Floats],
        total: Sums,
    ) -> None:
        self.groups, self.singles, self.pairs, self.total = groups, singles, pairs, total
        self._tables: dict[tuple[Condition, Condition], Floats] = {}

    def common(self, one: Rule, others: Sequence[Rule]) -> Floats:
        """Weight of the rows that a segment has in common with each of some others.

        Exact where they speak of no more than two features together; else that of greatest entropy, given every two
        conditions together.
        """
        found = np.zeros(len(others))
        by_size: dict[int, list[tuple[int, list[Condition]]]] = {}
        for i, other in enumerate(others):
            conditions = _both(one, other)
            by_size.setdefault(len(conditions), []).append((i, conditions))
        for size, held in by_size.items():
            places = [i for i, _ in held]
            if size == 1:
                found[places] = [self.singles[f] @ np.array(mask) for _, ((f, mask),) in held]
            else:
                tables = {
                    (a, b): np.stack([self._table(conditions[a], conditions[b]) for _, conditions in held])
                    for a, b in combinations(range(size), 2)
                }
                found[places] = overlaps(tables, size)
        return found

    def united(self, one: Rule, other: Rule) -> Rule | None:
        """The rule of two that differ in a category's value; intervals may differ a little, the first's holds."""
        if [f for f, _ in one] != [f for f, _ in other]:
            return None
        values = [i for i, (f, _) in enumerate(one) if one[i] != other[i] and not self.groups[f].ordered]
        moved = [i for i, (f, _) in enumerate(one) if one[i] != other[i] and self.groups[f].ordered]
        if len(values) != 1 or not all(self._about(one[i], other[i]) for i in moved):
            return None
        feature, mask = one[values[0]]
        either = tuple(a or b for a, b in zip(mask, other[values[0]][1], strict=True))
        return tuple((feature, either) if i == values[0] else held for i, held in enumerate(one))

    def _about(self, a: Condition, b: Condition) -> bool:
        weight, first, second = self.singles[a[0]], np.array(a[1]), np.array(b[1])
        return bool(weight[first & second].sum() >= ALIKE * weight[first | second].sum())

    def _table(self, a: Condition, b: Condition) -> Floats:
        if (a, b) not in self._tables:
            (f, first), (g, second) = a, b
            x, y = np.array(first, dtype=float), np.array(second, dtype=float)
            only_a, only_b = float(self.singles[f] @ x), float(self.singles[g] @ y)
            total = float(self.total.weight)
            joint = self.pairs.get((f, g))
            both = float(x @ joint @ y) if joint is not None else only_a * only_b / total if total else 0.0
            neither = max(total - only_a - only_b + both, 0.0)
            self._tables[a, b] = np.array([[neither, max(only_b - both, 0.0)], [max(only_a - both, 0.0), both]])
        return self._tables[a, b]


def cover(candidates: Iterable[Candidate], now: Margins, then: Margins | None) -> list[Candidate]:
    """Choose segments one after the other, each the surest of those that others do not explain.

    The loss is regressed on membership in the segments (least squares, from overlaps alone): what a segment's rows
    lose beyond what its overlap with others accounts for must be sure and of some size by itself. `then` is for
    segments that got worse: what counts is by how much more this rose.
    """
    pool = sorted(candidates, key=lambda c: (-c.sure, len(c.rule), c.rule))[:POOL]
    fits = [_Fit(now, pool, [c.sums for c in pool])]
    if then is not None:
        fits.append(_Fit(then, pool, [c.then if c.then is not None else np.zeros_like(c.sums) for c in pool]))
    chosen: list[int] = []
    need = deviation_of(ALARMS / np.array([c.tests for c in pool])) if pool else np.empty(0)
    sure = np.array([c.sure for c in pool])
    open_ = np.ones(len(pool), dtype=bool)
    mean, weight = float(now.total.mean), float(now.total.weight)
    first = _contrast(fits)
    while len(chosen) < MOST_CHOSEN and open_.any():
        left = fits[0].left()
        effect = _contrast(fits)
        beyond = sure * np.divide(effect, first, out=np.zeros(len(pool)), where=first > 0) * np.sqrt(left)
        stands_for = effect * fits[0].weight / (weight * mean)
        fine = open_ & (beyond >= need) & (left >= LEAST_NEW) & (effect >= WORSE * mean) & (stands_for >= LEAST_LOSS)
        if not fine.any():
            break
        best = int(np.argmax(np.where(fine, beyond, -np.inf)))
        chosen.append(best)
        for fit in fits:
            fit.add(best)
        open_ &= fits[0].alike(best) < ALIKE
        open_[best] = False
    return [pool[i] for i in chosen]


def _contrast(fits: Sequence[_Fit]) -> Floats:
    effects = [fit.effect() for fit in fits]
    return effects[0] if len(effects) == 1 else effects[0] - effects[1]


class _Fit:
    """Least squares of the loss on membership in the chosen segments, and what it leaves of each candidate."""

    def __init__(self, margins: Margins, pool: Sequence[Candidate], sums: Sequence[Floats]) -> None:
        self.margins, self.rules = margins, [c.rule for c in pool]
        held = sums_of(np.array(sums)) if sums else Sums(*(np.empty(0),) * 6)
        total = max(float(margins.total.weight), 1e-300)
        self.weight = held.weight
        self.excess = held.loss - held.weight * float(margins.total.mean)
        self.spread = held.weight * (1.0 - held.weight / total)
        self.total = total
        self.chosen: list[int] = []
        self.shared = np.empty((len(pool), 0))

    def add(self, index: int) -> None:
        """Take a candidate into the fit."""
        common = self.margins.common(self.rules[index], self.rules)
        common[index] = self.weight[index]
        self.chosen.append(index)
        self.shared = np.column_stack([self.shared, common])

    def alike(self, index: int) -> Floats:
        """Share of common rows (Jaccard) of every candidate with one that was added."""
        common = self.shared[:, self.chosen.index(index)]
        either = self.weight + self.weight[index] - common
        return np.asarray(np.divide(common, either, out=np.zeros(len(common)), where=either > 0))

    def effect(self) -> Floats:
        """Mean loss of each candidate above the rest, the chosen segments being accounted for."""
        partial, remaining = self._partial()
        return np.divide(partial, remaining, out=np.zeros(len(partial)), where=remaining > 1e-9 * self.spread)

    def left(self) -> Floats:
        """The part of each candidate's variation between rows that the chosen segments do not share."""
        _, remaining = self._partial()
        part = np.divide(remaining, self.spread, out=np.zeros(len(remaining)), where=self.spread > 0)
        return np.clip(part, 0.0, 1.0)

    def _partial(self) -> tuple[Floats, Floats]:
        if not self.chosen:
            return self.excess, self.spread
        covariance = self.shared - np.outer(self.weight, self.weight[self.chosen]) / self.total
        among = covariance[self.chosen]
        # Overlaps of more than two features are estimates, so that the matrix need not be symmetric to the last bit.
        solved = np.linalg.lstsq((among + among.T) / 2, covariance.T, rcond=1e-9)[0]
        return self.excess - self.excess[self.chosen] @ solved, self.spread - np.sum(covariance * solved.T, axis=1)


def united(chosen: Sequence[Candidate], margins: Margins, recount: Recount) -> list[Candidate]:
    """Tell segments that differ in the value of one category, and are about as bad, as one."""
    found: list[Candidate] = []
    for candidate in chosen:
        for i, other in enumerate(found):
            rule = margins.united(other.rule, candidate.rule) if _as_bad(other, candidate) else None
            whole = (
                None
                if rule is None
                else recount(replace(other, rule=rule, effect=max(other.effect, candidate.effect)))
            )
            if whole is not None and whole.gap >= 0.5 * max(other.gap, candidate.gap):
                found[i] = replace(whole, sure=max(other.sure, candidate.sure, whole.sure))
                break
        else:
            found.append(candidate)
    return found


def _as_bad(one: Candidate, other: Candidate) -> bool:
    noise = 3.0 * float(np.hypot(one.error, other.error))
    return one.newly == other.newly and abs(one.gap - other.gap) <= max(0.5 * max(one.gap, other.gap), noise)


def _both(one: Rule, other: Rule) -> list[Condition]:
    """Conditions of rows that both rules pick, one a feature, in the order of the features."""
    found = dict(one)
    for feature, mask in other:
        held = found.get(feature)
        found[feature] = mask if held is None else tuple(a and b for a, b in zip(held, mask, strict=True))
    return sorted(found.items())
