"""Scores calibrated within each group: what that would be worth on rows that did not fit the maps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import bucket_shares, row_shares
from steelyard.analyses.fairness.criteria import TOLERANCES
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, number, shown
from steelyard.improve import cautions
from steelyard.improve.groups import GroupCells, added
from steelyard.improve.measures import CALIBRATION
from steelyard.improve.outcomes import FEW_BUCKETS, gap_change
from steelyard.records import EVERYTHING, Effect, Estimate, Outcome, Proposal, Slice, Undefined
from steelyard.stats import gaps, intervals, resampling
from steelyard.stats.recalibrators import Recalibrator, platt

Floats = NDArray[np.float64]
OFF, OFF_AFTER, BRIER, BRIER_AFTER = range(4)


def propose(
    study: Study, cells: GroupCells, scope: Sequence[int], columns: Sequence[str], *, impossible: bool
) -> list[Proposal]:
    """A logistic map of the score for each group, with its effects on held-out rows."""
    name = " × ".join(columns)
    if not cells.unit:
        return [_nothing(name, "the scores are no probabilities, so nothing says what they should be")]
    scores = cells.mean_scores()
    final, values = _fitted(cells.table(), scope, scores), _held_out(cells, scope, scores, study.seed)
    if final is None or values is None:
        return [_nothing(name, "the rows are too few to fit a map for each group, or a score separates its labels")]
    effects = tuple(_effects(values, cells, scope, study.level))
    gap, brier = effects[0], effects[1]
    better = not _small(gap) and (_falls(gap) or (_falls(brier) and not _rises(gap)))
    policy = {**_policy(cells, final), "score": study.roles.scores[0]} if better else {}
    return [
        Proposal(
            id=f"fairness:{CALIBRATION}:{'×'.join(columns)}:maps",
            kind="fairness",
            title=f"Scores calibrated within groups, by {name}",
            sentence=_sentence(name, gap, brier, better),
            detail=(
                "A line on the scale of logits for each group (Platt 1999), fitted on four fifths of the rows and "
                "applied to the last, five times. The gap is the largest difference between groups in mean score "
                "less share of positives; scores are those of their bins. Changes of the Brier score are paired by "
                "row."
            ),
            effects=effects,
            policy=policy,
            verified=better,
            cautions=(
                *((cautions.IMPOSSIBLE,) if impossible or better else ()),
                *((cautions.LEGAL, cautions.SAMPLE) if better else ()),
            ),
            gap="calibration within groups",
        )
    ]


@dataclass(frozen=True, eq=False)
class _Values:
    """Sums of row values by group: Σw, Σw·v, Σw²·vv′ and by bucket; four values, see `OFF` …"""

    weight: Floats
    first: Floats
    second: Floats
    square: Floats
    rows: Floats
    parts: tuple[Floats, Floats] | None

    def __add__(self, other: _Values) -> _Values:
        """Sums of both."""
        parts = None
        if self.parts is not None and other.parts is not None:
            parts = self.parts[0] + other.parts[0], self.parts[1] + other.parts[1]
        return _Values(
            self.weight + other.weight,
            self.first + other.first,
            self.second + other.second,
            self.square + other.square,
            self.rows + other.rows,
            parts,
        )


def _held_out(cells: GroupCells, scope: Sequence[int], scores: Floats, seed: int) -> _Values | None:
    """Sums over rows, each mapped by what was fitted on the other folds."""
    rng = np.random.default_rng(seed)
    shares = row_shares(cells.rows, rng) if cells.bucket is None else bucket_shares(cells.bucket, rng)
    total: _Values | None = None
    for share in shares:
        maps = _fitted(cells.table(cells.weight * (1 - share)), scope, scores)
        if maps is None:
            return None
        table = np.tile(scores, (cells.places, 1))
        for place, mapped in maps.items():
            table[place] = mapped(scores)
        part = _values(cells, scores, table[cells.group, cells.bin], share)
        total = part if total is None else total + part
    return total


def _fitted(table: Floats, scope: Sequence[int], scores: Floats) -> dict[int, Recalibrator] | None:
    try:
        return {place: platt(scores, table[place].sum(axis=0), table[place, 1]) for place in scope}
    except ValueError:
        return None


def _values(cells: GroupCells, scores: Floats, after: Floats, share: Floats) -> _Values:
    label, now = cells.label.astype(float), scores[cells.bin]
    v = np.stack([now - label, after - label, (now - label) ** 2, (after - label) ** 2])

    def by_group(values: Floats) -> Floats:
        return added(cells.group, values * share, cells.places)

    second = np.stack([[by_group(cells.square * v[i] * v[j]) for j in range(4)] for i in range(4)])
    parts = None
    if cells.bucket is not None:
        held, at = np.unique(cells.bucket, return_inverse=True)
        flat, size = at.ravel() * cells.places + cells.group, len(held) * cells.places
        made = [added(flat, x * share, size) for x in (cells.weight, *(cells.weight * v))]
        shaped = [x.reshape(len(held), cells.places) for x in made]
        parts = shaped[0], np.stack(shaped[1:], axis=-1)
    return _Values(
        by_group(cells.weight),
        np.stack([by_group(cells.weight * one) for one in v], axis=-1),
        np.moveaxis(second, 2, 0),
        np.stack([by_group(cells.square * one) for one in (np.ones_like(label), *v)], axis=-1),
        by_group(cells.rows),
        parts,
    )


def _mean(values: _Values, places: Sequence[int] | slice, weights: Sequence[float], level: float) -> Outcome:
    """The mean of a combination of the four values over some groups."""
    c = np.asarray(weights, dtype=float)
    total = float(values.weight[places].sum())
    if total <= 0:
        return Undefined("there are no rows")
    mean = float(values.first[places].sum(axis=0) @ c) / total
    n = int(values.rows[places].sum())
    if values.parts is None:
        second, square = values.second[places].sum(axis=0), values.square[places].sum(axis=0)
        spread = float(c @ second @ c) - 2 * mean * float(square[1:] @ c) + mean**2 * float(square[0])
        se, df = math.sqrt(max(spread, 0.0)) / total, math.inf
    else:
        weight, first = (p[:, places].sum(axis=1) for p in values.parts)
        left = weight.sum() - weight
        known = (left > 0) & (weight > 0)
        if known.sum() < FEW_BUCKETS:
            return Undefined(f"only {int(known.sum())} groups of clusters; {FEW_BUCKETS} are needed for an interval")
        se, df = resampling.jackknife(((first.sum(axis=0) - first[known]) @ c) / left[known])
    low, high = intervals.wald(mean, se, level, df)
    return Estimate(mean, low, high, level, n, "student-t" if df < math.inf else "delta method", se=se)


def _effects(values: _Values, cells: GroupCells, scope: Sequence[int], level: float) -> list[Effect]:
    before, after = (_gap(values, scope, one, level) for one in (OFF, OFF_AFTER))
    found = [Effect(f"gap:{CALIBRATION}", before, after, gap_change(before, after))]
    parts: list[tuple[Slice, Sequence[int] | slice]] = [(EVERYTHING, slice(None))]
    parts += [(cells.groups[place], [place]) for place in scope]
    for where, places in parts:
        found.append(_effect("brier", values, places, (BRIER, BRIER_AFTER), level, where))
    for where, places in parts:
        found.append(_effect("mean_calibration", values, places, (OFF, OFF_AFTER), level, where))
    return found


def _effect(
    measure: str, values: _Values, places: Sequence[int] | slice, which: tuple[int, int], level: float, where: Slice
) -> Effect:
    unit = np.eye(4)
    one, other = unit[which[0]], unit[which[1]]
    before, after, change = (_mean(values, places, c.tolist(), level) for c in (one, other, other - one))
    return Effect(measure, before, after, change, where)


def _gap(values: _Values, scope: Sequence[int], which: int, level: float) -> Outcome:
    means = [_mean(values, [place], np.eye(4)[which].tolist(), level) for place in scope]
    known = [m for m in means if isinstance(m, Estimate)]
    if len(known) < len(means):
        return next(m for m in means if isinstance(m, Undefined))
    # The half-width over the normal quantile is the standard error, with the heavier tails of few clusters.
    q = intervals.quantile(level)
    found = gaps.worst_gap([m.value for m in known], [(m.high - m.value) / q for m in known], level)
    method = "tukey–kramer" if len(known) > 2 else "wald"
    return Estimate(found.value, min(found.low, found.value), found.high, level, sum(m.n for m in known), method)


def _small(gap: Effect) -> bool:
    return isinstance(gap.before, Estimate) and gap.before.high <= TOLERANCES["score"]


def _falls(effect: Effect) -> bool:
    return isinstance(effect.change, Estimate) and effect.change.high < 0


def _rises(effect: Effect) -> bool:
    return isinstance(effect.change, Estimate) and effect.change.low > 0


def _policy(cells: GroupCells, maps: dict[int, Recalibrator]) -> dict[str, object]:
    groups = []
    for place, made in maps.items():
        told = {key: value for key, value in made.policy().items() if key != "kind"}
        groups.append({"group": cells.named(place), **told})
    unchanged = {"method": "temperature", "parameters": {"temperature": 1.0}}
    return {
        "kind": "calibration",
        "by": list(cells.columns),
        "groups": groups,
        "otherwise": unchanged,
        "range": [0.0, 1.0],
    }


def _sentence(name: str, gap: Effect, brier: Effect, better: bool) -> str:
    if not isinstance(gap.before, Estimate) or not isinstance(gap.after, Estimate):
        reason = next(o.reason for o in (gap.before, gap.after) if isinstance(o, Undefined))
        return f"Nothing is proposed: how well scores are calibrated by {name} is not known ({reason})."
    told = f"the largest difference in calibration between groups of {name} is {shown(gap.before)}"
    if not better:
        below = f"certainly below {number(TOLERANCES['score'])}"
        why = below if _small(gap) else "and maps by group do not certainly lower it"
        return f"Nothing is proposed: {told}, {why}."
    change = brier.change
    more = f" The Brier score changes by {_signed(change)}." if isinstance(change, Estimate) else ""
    return (
        f"With a map of scores for each group, {told.replace(' is ', ' falls from ')} to {shown(gap.after)}, on rows "
        f"that did not fit the maps.{more} Decisions by a threshold on the score change with it."
    )


def _signed(change: Estimate) -> str:
    half = half_width(change)
    low, high = number(change.low, half, sign=True), number(change.high, half, sign=True)
    return f"{number(change.value, half, sign=True)} ({low} to {high})"


def _nothing(name: str, why: str) -> Proposal:
    return Proposal(
        id=f"fairness:{CALIBRATION}:{name.replace(' ', '')}:maps",
        kind="fairness",
        title=f"Scores calibrated within groups, by {name}",
        sentence=f"Nothing is proposed: {why}.",
        gap="calibration within groups",
    )
