"""From a clear change of a metric to its causes: cut the rows, take the change apart, name the parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from steelyard.analyses.attribution import dating
from steelyard.analyses.attribution.cubes import Kind, Layout, Pair, layout, pair_of
from steelyard.analyses.attribution.faults import Fault, fault_of
from steelyard.analyses.attribution.mechanisms import REPLICATES, Game, Shapley
from steelyard.analyses.attribution.segments import Told, tell
from steelyard.analyses.attribution.telling import Teller, sentence
from steelyard.analyses.attribution.yardsticks import Yardstick, yardstick
from steelyard.analyses.changes import clear_changes
from steelyard.analyses.study import Study
from steelyard.metrics import Metric
from steelyard.records import Attribution, Estimate, Part, UndefinedMetricError
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile

FALSE_DISCOVERIES = 0.05
MOST_METRICS = 3
MOST_FAULTS = 4
"""Faults whose effect is worked out, those that grew most."""
MOST_DETAILS = 20
NOTHING = 1e-9
"""Share of the change below which a mechanism did nothing at all."""
NEGLIGIBLE = 0.02
"""Share of the change, or of its standard error, below which what binning leaves over is spread over the parts."""
REACHED = 0.005
"""Jensen–Shannon divergence of the scores from which on a fault of all rows has reached the model."""


def read(study: Study) -> Study:
    """The study with the causes of its clear changes."""
    if "reference" not in study.profiles or not study.features:
        return study
    cells = layout(study)
    if cells is None:
        return study
    tracer = Tracer(study, cells)
    found: list[Attribution] = []
    clear = clear_changes(study)
    for moved in (*clear.worse, *clear.better):
        attribution = tracer.trace(moved.metric)
        if attribution is not None:
            found.append(attribution)
        if len(found) == MOST_METRICS:
            break
    return replace(study, attributions=tuple(found))


@dataclass(frozen=True)
class Cut:
    """How the rows are cut for one metric: by the groups of a feature, with or without a fault of the data."""

    game: Game
    result: Shapley
    fault: Fault | None = None


class Tracer:
    """Finds the causes of changes in one study; cubes and faults are made once."""

    def __init__(self, study: Study, cells: Layout) -> None:
        self.study, self.cells = study, cells
        self._pairs: dict[tuple[Kind, int], list[Pair]] = {}
        self._games: dict[tuple[Kind, int, str, bool], Game] = {}

    def trace(self, metric: Metric) -> Attribution | None:
        """The causes of one metric's change; None where it is no function of the cubes."""
        study = self.study
        change, then, now = (
            study.estimate(metric.name, data=data) for data in ("difference", "reference", "current")
        )
        yard = yardstick(study, self.cells, metric)
        if change is None or then is None or now is None or yard is None or change.value == 0:
            return None
        pairs = self.pairs(yard.kind, yard.power)
        if not pairs:
            return None
        try:
            told = tell(pairs, yard)
            cut = self._cut(pairs, yard, told)
            if cut.fault is not None:
                told = tell(_beside(pairs, cut.game), yard)
        except UndefinedMetricError:
            return None
        widened = _widening(change, cut.result.se)
        teller = Teller(study, metric, cut.game, cut.fault, told)
        parts = tuple(_parts(cut.result, change, widened, teller))
        details = tuple(_details(told, cut, self.faults, change, widened, teller))
        onset = dating.since(study, metric.name, change.value)
        events = dating.events_near(study, metric.name, onset) if onset else ()
        made = Attribution(metric.name, change, then, now, parts, details, onset, events, _method(cut, yard, widened))
        return replace(made, sentence=sentence(made, metric))

    def pairs(self, kind: Kind, power: int) -> list[Pair]:
        """The cubes of every feature."""
        if (kind, power) not in self._pairs:
            found = (pair_of(self.study, self.cells, feature, kind, power) for feature in self.study.features)
            self._pairs[kind, power] = [pair for pair in found if pair is not None]
        return self._pairs[kind, power]

    @cached_property
    def faults(self) -> dict[str, Fault]:
        """What broke, by column; the same whatever the metric."""
        pairs = next(iter(self._pairs.values()))
        found = [fault for pair in pairs if (fault := fault_of(self.study, pair)) is not None]
        found.sort(key=lambda f: f.then - f.now)
        return {fault.feature.name: fault for fault in found[:MOST_FAULTS]}

    def _cut(self, pairs: list[Pair], yard: Yardstick, told: list[Told]) -> Cut:
        broken = [cut for pair in pairs if (cut := self._broken(pair, yard)) is not None]
        if broken:
            return max(broken, key=lambda cut: abs(cut.result.shares[0].effect))
        game = self._game(most_telling(told).by.pair, yard)
        return Cut(game, game.shapley(yard))

    def _game(self, pair: Pair, yard: Yardstick, fault: Fault | None = None) -> Game:
        """The game of one cut; that of one metric serves the others of its kind."""
        key = (yard.kind, yard.power, pair.feature.name, fault is not None)
        if key not in self._games:
            affected = np.isin(pair.codes, fault.codes) if fault is not None else np.zeros(0, dtype=bool)
            self._games[key] = Game(pair, affected)
        return self._games[key]

    def _broken(self, pair: Pair, yard: Yardstick) -> Cut | None:
        """The change with a column's fault taken out, where that clearly did something."""
        fault = self.faults.get(pair.feature.name)
        if fault is None:
            return None
        game = self._game(pair, yard, fault)
        if game.all_broken and game.scores_moved < REACHED:
            return None
        result = game.shapley(yard)
        share = result.shares[0]
        p = two_sided_p(share.effect / share.se) if share.se > 0 else 1.0
        return Cut(game, result, fault) if p * len(self.faults) <= FALSE_DISCOVERIES else None


def _beside(pairs: list[Pair], game: Game) -> list[Pair]:
    """What can still be told beside a fault: its own column by its whole rows, if there are enough of them."""
    own = game.pair.feature
    return [game.sound if p.feature is own else p for p in pairs if not (game.all_broken and p.feature is own)]


def most_telling(told: list[Told]) -> Told:
    """The feature by whose groups a change is told.

    Where segments carry more than any mix, the one whose segments do. Else, of the features with at least half the
    greatest mix, the one that moved farthest: what follows another column moves no farther than that does (the data
    processing inequality). Where nothing is clear, the one with the fewest groups.
    """
    by_segment = max(told, key=lambda t: t.concentration)
    mixed = max(abs(t.mix) for t in told)
    if by_segment.concentration > mixed:
        return by_segment
    if mixed:
        return max((t for t in told if abs(t.mix) >= mixed / 2), key=lambda t: t.moved)
    return min(told, key=lambda t: len(t.by.held))


def _widening(change: Estimate, se: float) -> float:
    """How much wider the change as read is than independent rows would have it: clusters, mostly."""
    return max(change.se / se, 1.0) if change.se and se > 0 else 1.0


def _parts(result: Shapley, change: Estimate, widened: float, teller: Teller) -> Iterator[Part]:
    """The parts, the largest first; they add up to the change as read."""
    left = change.value - sum(share.effect for share in result.shares)
    bound = NEGLIGIBLE * max(abs(change.value), change.se or 0.0)
    sizes = sum(abs(share.effect) for share in result.shares)
    spread = left / sizes if abs(left) <= bound and sizes > 0 else 0.0
    made = [
        teller.part(share.mechanism, _estimate(share.effect + spread * abs(share.effect), share.se * widened, change))
        for share in result.shares
        if abs(share.effect) > NOTHING * abs(change.value)
    ]
    if not spread and abs(left) > 1e-12 * max(abs(change.value), 1.0):
        made.append(teller.part("rest", _estimate(left, 0.0, change)))
    yield from sorted(made, key=lambda part: -abs(part.effect.value))


def _details(
    told: list[Told], cut: Cut, faults: dict[str, Fault], change: Estimate, widened: float, teller: Teller
) -> list[Part]:
    """The change told by every other column: clear mix, and segments that clearly changed otherwise than the rest."""
    found = []
    for one in told:
        if one.mix and not cut.game.prior_shift and one.by.pair.feature is not cut.game.pair.feature:
            found.append(teller.mix_of(one, _estimate(one.mix, one.by.mix_se * widened, change)))
        for place in np.flatnonzero(one.clear).tolist():
            effect = _estimate(float(one.by.concept[place]), float(one.by.concept_se[place]) * widened, change)
            found.append(teller.segment_of(one, place, effect))
    found.sort(key=lambda part: -abs(part.effect.value))
    return found[:MOST_DETAILS]


def _estimate(value: float, se: float, change: Estimate) -> Estimate:
    half = quantile(change.level) * se
    return Estimate(value, value - half, value + half, change.level, change.n, "normal", se=se)


def _method(cut: Cut, yard: Yardstick, widened: float) -> str:
    order = "truth first" if cut.game.prior_shift else "segment, score, truth, decision"
    said = [
        f"exact Shapley values over mechanisms ({order}), by {cut.game.pair.feature.name}",
        f"standard errors from {REPLICATES} gamma replicates, linearised",
    ]
    if cut.game.backed_off > 0.001:
        said.append(f"{cut.game.backed_off:.1%} of the mass backed off to wider groups")
    if widened > 1.05:
        said.append(f"intervals widened {widened:.2f} times to the change's own")
    return "; ".join(said)
