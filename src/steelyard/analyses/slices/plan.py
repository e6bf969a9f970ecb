"""Which facts the search asks for: the loss by every two features, and by every three of a few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from steelyard.analyses.features import Feature
from steelyard.analyses.slices.candidates import ALARMS
from steelyard.analyses.slices.cubes import RIGHT_OR_WRONG, cube, sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.analyses.study import Study
from steelyard.data import read as as_table
from steelyard.facts import Binned, Cells, Fact, Moments, columns_in, lacks, measure
from steelyard.metrics import Problem
from steelyard.metrics.problem import LOSS
from steelyard.metrics.rows import prepare_rows
from steelyard.records import SteelyardError
from steelyard.stats.segments import Sums, worse_mean

DEPTH = 2
"""Features that a rule may combine where nothing else is asked for."""
MOST_FEATURES = 40
"""Features that are combined; of more, those with which the loss differs most in a look at the data."""
FEW_FEATURES = 6
"""Up to so many features three are combined without being asked for: there are no more than twenty ways."""


@dataclass(frozen=True)
class Plan:
    """What is searched.

    Attributes:
        features: the features that are combined.
        alone: further features, which are looked at one by one.
        depth: features that a rule may combine.
    """

    features: tuple[Feature, ...]
    alone: tuple[Feature, ...]
    depth: int

    def families(self, depth: int) -> Iterator[tuple[Feature, ...]]:
        """Features that are combined with each other, so many at a time."""
        if depth == 1:
            yield from ((feature,) for feature in (*self.features, *self.alone))
        elif depth <= self.depth:
            yield from combinations(self.features, depth)

    def searched(self, depth: int) -> int:
        """In how many ways features could have been combined: also those that the choice left out count."""
        n = len(self.features) + len(self.alone)
        return n if depth == 1 else n * (n - 1) // 2 if depth == 2 else n * (n - 1) * (n - 2) // 6


def plan_of(study: Study) -> Plan:
    """What is searched in a study; nothing where the loss of a row is not known."""
    if study.problem.loss is None:
        return Plan((), (), DEPTH)
    features = study.features
    depth = DEPTH + 1 if len(features) <= FEW_FEATURES else DEPTH
    if len(features) <= MOST_FEATURES:
        return Plan(features, (), min(depth, max(len(features), 1)))
    order = sorted(features, key=_told_by_look(study), reverse=True)[:MOST_FEATURES]
    chosen = {feature.name for feature in order}
    return Plan(
        tuple(f for f in features if f.name in chosen), tuple(f for f in features if f.name not in chosen), depth
    )


def fact_of(features: tuple[Feature, ...], problem: Problem, bucketed: Study | None = None) -> Fact:
    """The loss by groups of features; by cluster bucket too where a study with one is given."""
    keys = tuple(feature.key for feature in features)
    by = keys if bucketed is None or bucketed.bucket is None else (bucketed.bucket, *keys)
    if problem.loss_counts:
        return Cells(cells=(Binned(LOSS, RIGHT_OR_WRONG),), by=by, weight=problem.weight)
    return Moments((LOSS,), by=by, weight=problem.weight, cubes=False)


def facts(study: Study) -> Iterator[Fact]:
    """The loss by every feature that stands alone, by every two features, and by every three of a few.

    Single features are sums of pairs, so they are asked for only where there are no pairs, or where the cluster
    bucket is wanted too.
    """
    plan = plan_of(study)
    for depth in range(2, plan.depth + 1):
        yield from (fact_of(family, study.problem) for family in plan.families(depth))
    yield from (fact_of((feature,), study.problem) for feature in plan.alone)
    if len(plan.features) == 1:
        yield fact_of(plan.features, study.problem)
    if study.bucket is not None:
        yield from (fact_of(family, study.problem, study) for family in plan.families(1))


def _told_by_look(study: Study) -> Callable[[Feature], float]:
    """How surely the loss differs between a feature's groups, in the look at the current data."""
    asked = {feature.name: fact_of((feature,), study.problem) for feature in study.features}
    try:
        rows = prepare_rows(as_table(study.looks["current"].frame), study.roles, study.problem)
        known = {n: f for n, f in asked.items() if set(columns_in(f)) <= set(rows.kinds) and not lacks(rows, f)}
        profile = measure(rows, known.values())
    except SteelyardError:
        return lambda feature: 0.0

    def told(feature: Feature) -> float:
        if feature.name not in known:
            return 0.0
        sums = sums_of(cube(known[feature.name], profile[known[feature.name]], (Groups(feature),), study.problem))
        total = Sums(*(part.sum(keepdims=True) for part in sums))
        return float(worse_mean(sums, total.minus(sums)).max(initial=0.0))

    return told


def notes(study: Study) -> tuple[str, ...]:
    """What a reader must know of how segments were searched."""
    plan = plan_of(study)
    if not plan.features:
        return ()
    searched = f"Segments were searched among intersections of up to {plan.depth} of {len(plan.features)} features"
    left = f"; {len(plan.alone)} further ones were looked at alone" if plan.alone else ""
    return (
        f"{searched}{left}. The chance of any false segment is held to {ALARMS:.0%} over everything that was "
        "searched; the intervals of segments know nothing of the search.",
    )
