"""Where models decide differently, who is right then, and what choosing between them could reach."""

from __future__ import annotations

import math
from collections.abc import Iterator

from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.joints import Pair
from steelyard.analyses.paired.sides import Sides
from steelyard.analyses.slicing import ALL_ROWS
from steelyard.facts import Fact, Moments, measure_index
from steelyard.metrics.rows import ABS_ERROR
from steelyard.records import EVERYTHING, Disagreement, Estimate, Outcome, Undefined
from steelyard.stats import intervals, paired

DEPENDENT = "rows are weighted or come in clusters; the counts are of rows as they are"


def facts(contest: Contest) -> Iterator[Fact]:
    """Who decides what on the same rows, pair by pair."""
    for pair in contest.pairs:
        for fact in (pair.decided(ALL_ROWS), nearer(pair)):
            if fact is not None:
                yield fact


def nearer(pair: Pair) -> Moments | None:
    """How often each of two predicted numbers is nearer to the truth."""
    if not all(ABS_ERROR in e.columns for e in (pair.a, pair.b)):
        return None
    a, b = (e.columns[ABS_ERROR] for e in (pair.a, pair.b))
    return Moments((f"where({a} < {b}, 1, 0) + 0 * ({a} + {b})", f"where({b} < {a}, 1, 0)"), cubes=False)


def disagreements(contest: Contest, sides: Sides) -> tuple[Disagreement, ...]:
    """A table for every pair that was counted jointly; those that disagree most first."""
    made = [found for pair in contest.pairs if (found := _of(contest, sides, pair)) is not None]
    return tuple(sorted(made, key=lambda d: -(d.only_model + d.only_against)))


def _of(contest: Contest, sides: Sides, pair: Pair) -> Disagreement | None:
    fact = nearer(pair)
    if fact is not None and fact in sides.joint:
        table = sides.parts(fact, ALL_ROWS)[EVERYTHING]
        rows, a, b = (int(table.sums[:, measure_index(fact, 0, factors)].sum()) for factors in ((), (0,), (1,)))
        return _made(contest, pair, rows, rows - a - b, a, b, 0, a + b) if rows else None
    decided = pair.decided(ALL_ROWS)
    if decided is None or decided not in sides.joint:
        return None
    table = sides.parts(decided, ALL_ROWS)[EVERYTHING]
    counts = table.sums[:, measure_index(decided, 0)]
    seen = [(y, a, b) for y, a, b in zip(*(table.values(k) for k in range(3)), strict=True)]
    known = [
        (rows, y == a, y == b, a != b)
        for rows, (y, a, b) in zip(counts.tolist(), seen, strict=True)
        if None not in (y, a, b)
    ]
    total = int(sum(rows for rows, *_ in known))
    if not total:
        return None

    def of(a: bool, b: bool) -> int:
        return int(sum(rows for rows, right_a, right_b, _ in known if (right_a, right_b) == (a, b)))

    differ = int(sum(rows for rows, _, _, unlike in known if unlike))
    return _made(contest, pair, total, of(True, True), of(True, False), of(False, True), of(False, False), differ)


def _made(
    contest: Contest, pair: Pair, rows: int, both: int, only_a: int, only_b: int, neither: int, differ: int
) -> Disagreement:
    independent = contest.clusters is None and not pair.a.problem.weighted
    right = only_a + only_b + both if neither or pair.a.problem.task in ("binary", "multiclass") else None
    told = paired.agreement(both, only_a, only_b, neither) if right is not None else None

    def share(count: int) -> Outcome:
        if not independent:
            return Undefined(DEPENDENT)
        low, high = intervals.wilson(count / rows, rows, contest.level)
        return Estimate(count / rows, low, high, contest.level, rows, "wilson")

    return Disagreement(
        pair.a.name,
        pair.b.name,
        rows,
        both,
        only_a,
        only_b,
        neither,
        share(differ),
        paired.mcnemar_midp(only_a, only_b) if independent else None,
        None if told is None or math.isnan(told.kappa) else told.kappa,
        None if told is None or math.isnan(told.q) else told.q,
        None if right is None else share(right),
    )
