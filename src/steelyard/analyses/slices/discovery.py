"""The search from facts to segments: every family of features, then the few segments that tell most."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from steelyard.analyses.features import Feature
from steelyard.analyses.slices.candidates import ALIKE, Candidate, Family, Found, search
from steelyard.analyses.slices.cover import Margins, cover, united
from steelyard.analyses.slices.cubes import Floats, cube, sums_of
from steelyard.analyses.slices.design import design_effects
from steelyard.analyses.slices.groups import Groups
from steelyard.analyses.slices.plan import Plan, fact_of, plan_of
from steelyard.analyses.slices.telling import told
from steelyard.analyses.study import Study
from steelyard.facts import Fact, Profile
from steelyard.records import Segment
from steelyard.stats.segments import Sums, gap, worse_mean, worse_share
from steelyard.stats.shrinkage import Prior, prior_of

CURRENT, REFERENCE = "current", "reference"
MOST = 10
"""Segments that are told."""
MOST_NEW = 5
"""Of them at most so many for having got worse since the reference."""
AT_ONCE = 200
"""Combinations of three features that are counted in one reading."""
MOST_DEEP = 25
"""Features of which three are combined when asked for; of more, those with the surest segments of two."""
Measure = Callable[[str, Sequence[Fact]], Profile]
"""Counts facts about the rows of a data set ("current", "reference"); what it cannot count it leaves out."""


def read(study: Study) -> Study:
    """The study with the worst segments of its rows."""
    plan = plan_of(study)
    state = _State.of(study, plan)
    if state is None:
        return study
    for depth in range(1, plan.depth + 1):
        for family in plan.families(depth):
            state.look(family, study.profiles)
    return replace(study, segments=state.segments())


def refine(study: Study, measure: Measure) -> Study:
    """The study with the worst segments of up to three features, which takes further readings of the data.

    Args:
        study: as `read` leaves it.
        measure: counts facts about the prepared rows of a data set.
    """
    plan = plan_of(study)
    if plan.depth >= 3 or len(plan.features) < 3:
        return study
    deep = replace(plan, depth=3)
    state = _State.of(study, deep)
    if state is None:
        return study
    for depth in (1, 2):
        for family in deep.families(depth):
            state.look(family, study.profiles)
    families = list(replace(deep, features=state.promising(deep.features)).families(3))
    for start in range(0, len(families), AT_ONCE):
        part = families[start : start + AT_ONCE]
        facts = [fact_of(family, study.problem) for family in part]
        counted = {name: measure(name, facts) for name in study.profiles}
        for family in part:
            state.look(family, counted)
    return replace(study, segments=state.segments())


@dataclass
class _State:
    """What the search has found so far."""

    study: Study
    plan: Plan
    groups: tuple[Groups, ...]
    place: Mapping[str, int]
    effects: Mapping[str, Floats]
    total: Mapping[str, Sums]
    worse: list[Candidate] = field(default_factory=list)
    newly: list[Candidate] = field(default_factory=list)
    examples: dict[int, list[tuple[Floats, Floats]]] = field(default_factory=dict)
    pairs: dict[str, dict[tuple[int, int], Floats]] = field(default_factory=dict)
    singles: dict[str, dict[int, Floats]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: Study, plan: Plan) -> _State | None:
        """An empty state; None where nothing can be searched."""
        features = (*plan.features, *plan.alone)
        groups = tuple(Groups(feature) for feature in features)
        state = cls(study, plan, groups, {f.name: i for i, f in enumerate(features)}, {}, {})
        state.singles = {data: state._margins(data) for data in study.profiles}
        if not state.singles.get(CURRENT):
            return None
        effects = state._effects()
        if effects is None:
            return None
        state.effects = effects
        state.total = {
            data: Sums(*(part.reshape(()) for part in sums_of(next(iter(held.values())).sum(axis=0))))
            for data, held in state.singles.items()
            if held
        }
        return state

    def _margins(self, data: str) -> dict[int, Floats]:
        """Sums by group of every feature, from the first fact that holds them."""
        found: dict[int, Floats] = {}
        profile = self.study.profiles[data]
        for depth in (2, 1):
            for family in self.plan.families(depth):
                places = [self.place[f.name] for f in family]
                if all(p in found for p in places):
                    continue
                array = self._cube(family, profile)
                if array is not None:
                    for axis, p in enumerate(places):
                        others = tuple(k for k in range(depth) if k != axis)
                        found.setdefault(p, array.sum(axis=others))
        return found

    def _cube(self, family: Sequence[Feature], profile: Profile) -> Floats | None:
        fact = fact_of(tuple(family), self.study.problem)
        if fact not in profile:
            return None
        groups = [self.groups[self.place[f.name]] for f in family]
        return cube(fact, profile[fact], groups, self.study.problem)

    def _effects(self) -> dict[str, Floats] | None:
        """Design effects by feature: 1 without clusters, None where clusters are too few."""
        found: dict[str, Floats] = {}
        for groups in self.groups:
            found[groups.name] = np.ones(len(groups.conditions))
            if self.study.bucket is None:
                continue
            fact = fact_of((groups.feature,), self.study.problem, self.study)
            profile = self.study.profiles[CURRENT]
            if fact not in profile:
                return None
            effects = design_effects(cube(fact, profile[fact], [groups], self.study.problem), groups.conditions)
            if effects is None:
                return None
            found[groups.name] = effects
        return found

    def look(self, family: tuple[Feature, ...], profiles: Mapping[str, Profile]) -> None:
        """Search one family of features."""
        places = tuple(self.place[f.name] for f in family)
        arrays = {
            data: self._cube(family, profile) if len(places) > 1 else self.singles[data].get(places[0])
            for data, profile in profiles.items()
        }
        now, then = arrays[CURRENT], arrays.get(REFERENCE)
        if now is None:
            return
        if len(places) == 2:
            for data, array in arrays.items():
                if array is not None:
                    self.pairs.setdefault(data, {})[places[0], places[1]] = array
        searches = 2 if REFERENCE in self.total else 1
        found = search(
            Family(
                places,
                tuple(self.groups[p] for p in places),
                now,
                then,
                tuple(self.effects[f.name] for f in family),
                float(searches * self.plan.depth * self.plan.searched(len(family))),
                self.study.problem.loss_counts,
            )
        )
        self._keep(found, len(family))

    def _keep(self, found: Found, depth: int) -> None:
        self.worse += found.worse
        self.newly += found.newly
        self.examples.setdefault(depth, []).append(found.examples)

    def promising(self, features: tuple[Feature, ...]) -> tuple[Feature, ...]:
        """The features with the surest segments so far, as many as three at a time can be combined of."""
        surest = dict.fromkeys(range(len(features)), 0.0)
        for candidate in (*self.worse, *self.newly):
            for place, _ in candidate.rule:
                surest[place] = max(surest.get(place, 0.0), candidate.sure)
        best = sorted(range(len(features)), key=lambda p: -surest[p])[:MOST_DEEP]
        return tuple(feature for i, feature in enumerate(features) if i in best)

    def segments(self) -> tuple[Segment, ...]:
        """The few segments that tell most, those that stand for most loss first."""
        now = self._margins_of(CURRENT)
        newly: list[Candidate] = []
        if REFERENCE in self.total:
            newly = united(cover(self.newly, now, self._margins_of(REFERENCE)), now, self._recount)
        worse = united(cover(self.worse, now, None), now, self._recount)
        kept = newly[:MOST_NEW]
        incomplete = {self.groups[p].name for p, array in self.singles[CURRENT].items() if array[0, 0] > 0}
        priors = {depth: _prior(held) for depth, held in self.examples.items()}
        all_ = [*kept, *(c for c in worse if not self._repeats(c, kept, now))]
        found = [told(self.study, c, self.groups, self.total, priors[len(c.rule)], incomplete) for c in all_]
        first = {s.rule for s in found[: len(kept)]}
        ranked = sorted(found, key=lambda s: (s.rule not in first, -s.avoidable))[:MOST]
        return tuple(sorted(ranked, key=lambda s: (-s.avoidable, s.rule)))

    def _repeats(self, candidate: Candidate, kept: Sequence[Candidate], now: Margins) -> bool:
        """Whether a segment has about the same rows as one that is told already."""
        weight = float(sums_of(candidate.sums).weight)
        for other in kept:
            common = float(now.common(other.rule, [candidate.rule])[0])
            if common >= ALIKE * (weight + float(sums_of(other.sums).weight) - common):
                return True
        return False

    def _margins_of(self, data: str) -> Margins:
        singles = {place: sums_of(array).weight for place, array in self.singles[data].items()}
        pairs = {places: sums_of(array).weight for places, array in self.pairs.get(data, {}).items()}
        return Margins(self.groups, singles, pairs, self.total[data])

    def _recount(self, candidate: Candidate) -> Candidate | None:
        """A candidate with the sums of its rule; of up to two features these are at hand."""
        held = {data: self._held(candidate, data) for data in self.total}
        now = held[CURRENT]
        if now is None:
            return None
        inside = Sums(*(np.atleast_1d(part) for part in sums_of(now)))
        rest = self.total[CURRENT].minus(inside)
        above, error = gap(inside, rest, candidate.effect)
        sure = candidate.sure
        if not candidate.newly:
            test = worse_share if self.study.problem.loss_counts else worse_mean
            sure = float(test(inside, rest, candidate.effect)[0])
        return replace(
            candidate, sums=now, then=held.get(REFERENCE), gap=float(above[0]), error=float(error[0]), sure=sure
        )

    def _held(self, candidate: Candidate, data: str) -> Floats | None:
        places = tuple(place for place, _ in candidate.rule)
        masks = [np.array(mask) for _, mask in candidate.rule]
        if len(places) == 1:
            array = self.singles[data].get(places[0])
            return None if array is None else np.asarray(array[masks[0]].sum(axis=0))
        array = self.pairs.get(data, {}).get((places[0], places[1])) if len(places) == 2 else None
        return None if array is None else np.asarray(array[np.ix_(*masks)].sum(axis=(0, 1)))


def _prior(held: Sequence[tuple[Floats, Floats]]) -> Prior:
    gaps = np.concatenate([g for g, _ in held])
    errors = np.concatenate([e for _, e in held])
    return prior_of(gaps, errors) if len(gaps) else Prior((1.0,), (math.inf,))
