"""What is compared, on what, and which facts tell it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from steelyard.analyses.paired.entrants import Entrant
from steelyard.analyses.paired.joints import Pair, pairs_by_gradient
from steelyard.analyses.paired.sides import Sides, facts_of
from steelyard.analyses.slicing import ALL_ROWS, SliceBy
from steelyard.facts import Bucket, Fact, Profile
from steelyard.metrics import Metric

MOST_PAIRED = 8
"""Of more models than this each is counted jointly with the first alone; how the rest go together is told by groups
of rows that are left out in turn."""


@dataclass(frozen=True)
class Contest:
    """What is compared, on what, and what was measured.

    Attributes:
        entrants: the models, two or more; the first is the one that stands.
        metrics: what they are compared by.
        guests: further models that are held against each of these and take no part in rankings: ensembles.
        slices: how rows are sliced, all rows first.
        clusters: the key of rows that belong together; None for independent rows.
        units: the key that puts single rows into groups, for metrics without a gradient; None where rows have no
            name to be grouped by.
        joint: what was measured of all of them together.
        level: nominal coverage.
        sliced: names of the metrics that are read on slices too, and ranked by; None for all of them.
    """

    entrants: tuple[Entrant, ...]
    metrics: tuple[Metric, ...]
    guests: tuple[Entrant, ...] = ()
    slices: tuple[SliceBy, ...] = (ALL_ROWS,)
    clusters: Bucket | None = None
    units: Bucket | None = None
    joint: Profile = field(default_factory=Profile)
    level: float = 0.95
    sliced: frozenset[str] | None = None

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs that are counted jointly: the later-named against the earlier."""
        first, *others = self.entrants
        if self.crowded:
            return tuple(Pair(other, first) for other in others)
        return tuple(Pair(b, a) for i, a in enumerate(self.entrants) for b in self.entrants[i + 1 :])

    @property
    def visits(self) -> tuple[Pair, ...]:
        """Each guest against each model."""
        return tuple(Pair(guest, entrant) for guest in self.guests for entrant in self.entrants)

    @property
    def ranked(self) -> tuple[Metric, ...]:
        """The metrics that models are ranked by: those that have a better side."""
        wanted = (m for m in self.metrics if self.sliced is None or m.name in self.sliced)
        return tuple(m for m in wanted if m.direction != "target")

    @property
    def crowded(self) -> bool:
        """Whether there are too many models to count every two of them jointly."""
        return len(self.entrants) > MOST_PAIRED

    def grouped(self, metric: Metric, entrant: Entrant) -> Bucket | None:
        """The groups of rows that are left out in turn for a metric; None where its gradient tells enough."""
        return self.clusters or (None if pairs_by_gradient(metric, entrant) else self.units)

    def bys(self, metric: Metric) -> tuple[SliceBy, ...]:
        """How rows are sliced for a metric; what is read group by group of independent rows is read of all alone."""
        whole = self.clusters is None and not pairs_by_gradient(metric, self.entrants[0])
        wanted = metric.sliced and (self.sliced is None or metric.name in self.sliced)
        return self.slices if wanted and not whole else (ALL_ROWS,)

    def sides(self) -> Sides:
        """The reader of each model's own metrics."""
        return Sides(self.joint, self.level, self.clusters)


def facts(contest: Contest) -> Iterator[Fact]:
    """All facts of the joint table that a contest is read from."""
    everyone = (*contest.entrants, *contest.guests)
    for metric in contest.metrics:
        for by in contest.bys(metric):
            for entrant in everyone:
                yield from _asked(entrant, metric, by, contest.grouped(metric, entrant))
            if contest.clusters is None:
                for pair in contest.pairs:
                    yield from pair.facts(metric, by)
    for metric in contest.ranked:
        if contest.clusters is None:
            for pair in contest.visits:
                yield from pair.facts(metric, ALL_ROWS)
        if contest.crowded and contest.clusters is None and contest.units is not None:
            for entrant in contest.entrants:
                yield from _asked(entrant, metric, ALL_ROWS, contest.units)


def _asked(entrant: Entrant, metric: Metric, by: SliceBy, bucket: Bucket | None) -> Iterator[Fact]:
    wanted = facts_of(entrant, metric, by, bucket)
    yield from () if isinstance(wanted, str) else map(entrant.asks, wanted)
