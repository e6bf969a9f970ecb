"""Every segment that a few features can make, held against all other rows and against the wholes it is part of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slices.cubes import Floats, sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.stats.segments import Sums, deviation_of, gap, worse_mean, worse_share, worsened

ALARMS = 0.05
"""Chance of any false segment, over everything that is searched."""
FEWEST_ROWS, LEAST_SHARE = 32, 0.01
"""A segment has at least so many rows, and so large a share of all."""
MOST_SHARE = (0.5, 0.25, 0.25)
"""A segment has at most this share of the rows, by how many features it combines: more is the model at large."""
WORSE = 0.10
"""A segment's loss is at least so much above that of each whole it is part of, relatively."""
PER_FAMILY = 6
"""Segments of the same features that are kept for the cover, none of which has about the rows of another."""
ALIKE = 0.5
"""Share of common rows (Jaccard) from which on two segments are versions of one."""
EXAMPLES = 64
"""Groups of a family that tell what effects are like."""

Rule = tuple[tuple[int, tuple[bool, ...]], ...]
"""Which groups of which features: the feature's place, and which of its groups."""


@dataclass(frozen=True)
class Candidate:
    """A segment that is surely worse.

    Attributes:
        rule: its conditions, in the order of the features.
        sums: of its rows now (the array that `sums_of` names).
        then: of its rows in the reference; None where there is none.
        sure: standard normal deviations, after the worse of its comparisons.
        tests: by what its p is multiplied: everything that was searched, shared out.
        gap, error: mean loss above the rest, and its standard error.
        effect: the design effect of clusters.
        newly: whether it got worse since the reference, rather than is worse.
    """

    rule: Rule
    sums: Floats
    then: Floats | None
    sure: float
    tests: float
    gap: float
    error: float
    effect: float
    newly: bool = False


class Family(NamedTuple):
    """The loss by groups of a few features, and what it is searched with.

    Attributes:
        features: their places among all features.
        groups: the features.
        now: the cube of the current data.
        then: that of the reference, None where there is none.
        effects: design effects of each feature's conditions.
        tests: by what p is multiplied, before the family's own number of candidates.
        counts: whether the loss is 0 or 1.
    """

    features: tuple[int, ...]
    groups: tuple[Groups, ...]
    now: Floats
    then: Floats | None
    effects: tuple[Floats, ...]
    tests: float
    counts: bool


class Found(NamedTuple):
    """What a family holds: segments that are worse, segments that got worse, and examples of effects with errors."""

    worse: list[Candidate]
    newly: list[Candidate]
    examples: tuple[Floats, Floats]
    searched: int


def search(family: Family) -> Found:
    """Look at every segment of a family."""
    now = _Sliced(family.now, family.groups)
    rows, total = now.sums.rows, now.total
    least = max(FEWEST_ROWS, LEAST_SHARE * float(total.rows))
    room = (rows >= least) & (now.sums.weight <= MOST_SHARE[len(family.groups) - 1] * float(total.weight))
    searched = int(np.count_nonzero(room))
    nothing = (np.empty(0), np.empty(0))
    if not searched or not float(total.loss) > 0:
        return Found([], [], nothing, searched)
    sure_from = float(deviation_of(ALARMS / (family.tests * searched)))
    judge = _Judge(family, now, sure_from)
    examples = _examples(now, room, family)
    worse = _without_versions(judge.worse(room), judge, family, searched)
    if family.then is None:
        return Found(worse, [], examples, searched)
    then = _Sliced(family.then, family.groups)
    shared = room & (then.sums.rows >= FEWEST_ROWS)
    newly = _without_versions(judge.newly(shared, then), judge, family, searched, then)
    return Found(worse, newly, examples, searched)


class _Sliced:
    """The sums of every segment of a cube, and of the wholes each is part of."""

    def __init__(self, cube: Floats, groups: Sequence[Groups]) -> None:
        self.cube, self.groups = cube, groups
        self.array = _contracted(cube, [g.conditions for g in groups])
        self.sums = sums_of(self.array)
        everything = [np.ones((1, g.width), dtype=bool) for g in groups]
        self.total = Sums(*(part.reshape(()) for part in sums_of(_contracted(cube, everything))))
        self.wholes: list[Floats] = []
        if len(groups) > 1:
            for axis in range(len(groups)):
                masks = [everything[k] if k == axis else g.conditions for k, g in enumerate(groups)]
                self.wholes.append(_contracted(cube, masks))

    def at(self, places: tuple[NDArray[np.intp], ...]) -> Sums:
        """Sums of some segments."""
        return sums_of(self.array[places])

    def whole_at(self, axis: int, places: tuple[NDArray[np.intp], ...]) -> Sums:
        """Sums of the wholes that some segments are part of, without the condition on one feature."""
        return sums_of(self.wholes[axis][tuple(np.zeros_like(p) if k == axis else p for k, p in enumerate(places))])


class Picked(NamedTuple):
    """Segments that passed: their places among the conditions, and how surely each is worse."""

    places: tuple[NDArray[np.intp], ...]
    sure: Floats


class _Judge:
    """What makes a segment worse than the rest, and than each whole it is part of."""

    def __init__(self, family: Family, now: _Sliced, sure_from: float) -> None:
        self.family, self.now, self.sure_from = family, now, sure_from

    def effects(self, places: tuple[NDArray[np.intp], ...]) -> Floats:
        """Design effects of some segments: the largest of their conditions'."""
        found = [e[p] for e, p in zip(self.family.effects, places, strict=True)]
        return np.asarray(np.max(found, axis=0))

    def worse(self, room: NDArray[np.bool_]) -> Picked:
        """Segments surely worse than the rest and than each whole without one of their conditions."""
        test = worse_share if self.family.counts else worse_mean
        mean = self.now.sums.mean
        far = room & (mean >= (1 + WORSE) * float(self.now.total.mean))
        for whole in self.now.wholes:
            far &= mean >= (1 + WORSE) * sums_of(whole).mean
        picked = self._sure(Picked(np.nonzero(far), np.empty(0)), test, None)
        for axis in range(len(self.now.wholes)):
            picked = self._sure(picked, test, axis)
        return picked

    def _sure(self, picked: Picked, test: Callable[..., Floats], axis: int | None) -> Picked:
        places = picked.places
        inside = self.now.at(places)
        whole = self.now.total if axis is None else self.now.whole_at(axis, places)
        sure = test(inside, whole.minus(inside), self.effects(places))
        kept = sure >= self.sure_from
        # How sure it is against the rest ranks segments: against a part of the rows it would prefer small ones.
        return Picked(tuple(p[kept] for p in places), (sure if axis is None else picked.sure)[kept])

    def newly(self, room: NDArray[np.bool_], then: _Sliced) -> Picked:
        """Segments that are above the rest and surely rose by more than the rest and than each whole."""
        mean = self.now.sums.mean
        places = np.nonzero(room & (mean > float(self.now.total.mean)))
        found = np.empty(0)
        for axis in (None, *range(len(self.now.wholes))):
            inside, before = self.now.at(places), then.at(places)
            whole = self.now.total if axis is None else self.now.whole_at(axis, places)
            whole_then = then.total if axis is None else then.whole_at(axis, places)
            rise, sure = worsened(inside, whole.minus(inside), before, whole_then.minus(before), self.effects(places))
            kept = (sure >= self.sure_from) & (rise >= WORSE * float(self.now.total.mean))
            places = tuple(p[kept] for p in places)
            found = (sure if axis is None else found)[kept]
        return Picked(places, found)


def _without_versions(
    picked: Picked, judge: _Judge, family: Family, searched: int, then: _Sliced | None = None
) -> list[Candidate]:
    """The surest segments of a family, none of which shares most of its rows with a surer one."""
    found: list[Candidate] = []
    places, sure = picked.places, picked.sure
    conditions = [g.conditions for g in family.groups]
    rows = judge.now.sums.rows
    while len(sure) and len(found) < PER_FAMILY:
        best = int(np.argmax(sure))
        at = tuple(int(p[best]) for p in places)
        found.append(_candidate(family, judge, at, float(sure[best]), searched, then))
        masks = [c[i] for c, i in zip(conditions, at, strict=True)]
        common = _contracted(_within(family.now[..., :1], masks), conditions)[..., 0]
        both = common[places]
        alike = both / (rows[places] + rows[at] - both)
        kept = alike < ALIKE
        kept[best] = False
        places, sure = tuple(p[kept] for p in places), sure[kept]
    return found


def _candidate(
    family: Family, judge: _Judge, at: tuple[int, ...], sure: float, searched: int, then: _Sliced | None
) -> Candidate:
    place = tuple(np.array([i]) for i in at)
    inside, effect = judge.now.at(place), judge.effects(place)
    above, error = gap(inside, judge.now.total.minus(inside), effect)
    rule = tuple(
        (feature, tuple(g.conditions[i].tolist()))
        for feature, g, i in zip(family.features, family.groups, at, strict=True)
    )
    masks = [g.conditions[i : i + 1] for g, i in zip(family.groups, at, strict=True)]
    before = None if family.then is None else _contracted(family.then, masks).reshape(-1)
    return Candidate(
        rule,
        judge.now.array[at],
        before,
        sure,
        family.tests * searched,
        float(above[0]),
        float(error[0]),
        float(effect[0]),
        then is not None,
    )


def _examples(now: _Sliced, room: NDArray[np.bool_], family: Family) -> tuple[Floats, Floats]:
    """Gaps of single groups and their standard errors: what effects of this depth are like."""
    single = np.ix_(*(range(g.width) for g in family.groups))
    chosen = np.nonzero(room[single])
    step = -(-len(chosen[0]) // EXAMPLES) or 1
    places = tuple(p[::step] for p in chosen)
    inside = now.at(places)
    effects = np.max([e[p] for e, p in zip(family.effects, places, strict=True)], axis=0) if len(places[0]) else 1.0
    gaps, errors = gap(inside, now.total.minus(inside), effects)
    known = errors > 0
    return gaps[known], errors[known]


def _within(cube: Floats, masks: Sequence[NDArray[np.bool_]]) -> Floats:
    """A cube whose cells outside a segment are empty."""
    for axis, mask in enumerate(masks):
        cube = cube * mask.reshape([-1 if k == axis else 1 for k in range(cube.ndim)])
    return cube


def _contracted(cube: Floats, masks: Sequence[NDArray[np.bool_]]) -> Floats:
    """Sum a cube over the groups of each condition; one axis of conditions a feature.

    Not by matrix products: those take threads, which wait for each other at full load.
    """
    for axis, mask in enumerate(masks):
        moved = cube.swapaxes(0, axis)
        summed = np.einsum("cg,gr->cr", mask.astype(float), moved.reshape(len(moved), -1))
        cube = summed.reshape(len(mask), *moved.shape[1:]).swapaxes(0, axis)
    return cube
