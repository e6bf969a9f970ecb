"""A cause in words: parts, and the two sentences of an attribution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from steelyard.analyses.attribution.cubes import thresholds
from steelyard.analyses.attribution.dating import told as event_told
from steelyard.analyses.attribution.faults import Fault
from steelyard.analyses.attribution.mechanisms import Game
from steelyard.analyses.attribution.segments import Told
from steelyard.analyses.study import Study
from steelyard.analyses.testing import outside
from steelyard.analyses.words import half_width, is_share, listed, number, percent
from steelyard.facts.grids import ABOVE, MISSING
from steelyard.metrics import Metric
from steelyard.records import EVERYTHING, Attribution, Estimate, Part, Slice
from steelyard.records.attribution import Mechanism
from steelyard.stats import decomposition

TELLING = 0.3
"""Share of a part that a column must account for to be named with it."""
WORTH = 0.05
"""Share of the change from which on a further part is worth a word."""
NAMED = 3
"""Segments that are named."""


@dataclass(frozen=True)
class Teller:
    """Names the parts of one metric's change."""

    study: Study
    metric: Metric
    game: Game
    fault: Fault | None
    told: list[Told]

    @cached_property
    def change(self) -> Estimate:
        """The change as read."""
        found = self.study.estimate(self.metric.name, data="difference")
        if found is None:
            raise ValueError(f"{self.metric.name} has no change to be told")
        return found

    def part(self, mechanism: Mechanism, effect: Estimate) -> Part:
        """One part with its subject and its words."""
        subject, where, said = self._named(mechanism, effect.value)
        return self._part(mechanism, effect, subject, where, said)

    def mix_of(self, one: Told, effect: Estimate) -> Part:
        """The mix by one column."""
        return self._part("mix", effect, one.name, EVERYTHING, self._mix(one))

    def segment_of(self, one: Told, place: int, effect: Estimate) -> Part:
        """One segment that changed otherwise than the rest."""
        where = one.by.pair.feature.slice(int(one.by.pair.codes[place]))
        return self._part("concept", effect, one.name, where, f"{self._otherwise} where {where}")

    def _part(self, mechanism: Mechanism, effect: Estimate, subject: str, where: Slice, said: str) -> Part:
        share = effect.value / self.change.value if self.change.value else 0.0
        return Part(mechanism, subject, effect, share, where, said)

    def _named(self, mechanism: Mechanism, effect: float) -> tuple[str, Slice, str]:
        match mechanism:
            case "data fault" if self.fault is not None:
                return self.fault.feature.name, self._broken_slice(self.fault), self.fault.sentence
            case "mix":
                return self._cut_mix()
            case "scores":
                return self._scores(effect)
            case "base rate":
                return "", EVERYTHING, self._base_rate()
            case "concept":
                return self._concept(effect)
            case "policy":
                return "", EVERYTHING, self._policy()
            case _:
                return "", EVERYTHING, "what grouping the rows leaves over"

    @property
    def _otherwise(self) -> str:
        """What concept change means for this task."""
        match self.study.problem.task:
            case "binary" if self.study.problem.scored:
                return "rows with the same score turn out differently"
            case "binary" | "multiclass":
                return "rows with the same prediction turn out differently"
            case _:
                return "rows with the same prediction have other errors"

    def _broken_slice(self, fault: Fault) -> Slice:
        """The broken rows as a slice, where they are a group of their own and not only most of one."""
        code = int(fault.codes[0])
        return fault.feature.slice(code) if len(fault.codes) == 1 and code in (MISSING, ABOVE) else EVERYTHING

    def _cut_mix(self) -> tuple[str, Slice, str]:
        one = next((t for t in self.told if t.by.pair.feature is self.game.pair.feature), None)
        if one is None or not one.mix:
            return "", EVERYTHING, "there are somewhat other rows than before"
        return one.name, EVERYTHING, self._mix(one)

    def _mix(self, one: Told) -> str:
        pair = one.by.pair
        then, now = (cube.segments / cube.weight.sum() for cube in (pair.then, pair.now))
        moved = int(np.argmax(decomposition.surprise(then, now)))
        name = pair.feature.group(int(pair.codes[moved]))
        grew = "grew" if now[moved] > then[moved] else "shrank"
        return (
            f"there are other rows than before: {one.name} {name} {grew} {_from_to(then[moved], now[moved])} of them"
        )

    def _scores(self, effect: float) -> tuple[str, Slice, str]:
        what = "scores" if self.study.problem.scored else "predictions"
        others = [t for t in self.told if t.by.pair.feature is not self.game.pair.feature and t.mix * effect > 0]
        best = max(others, key=lambda t: abs(t.mix), default=None)
        if best is None or abs(best.mix) < TELLING * abs(effect):
            return "", EVERYTHING, f"like rows get other {what}"
        return best.name, EVERYTHING, f"like rows get other {what}, and {best.name} moved with them"

    def _base_rate(self) -> str:
        then, now = (
            cube.weight.sum(axis=(0, 1, 3)) / cube.weight.sum() for cube in (self.game.pair.then, self.game.pair.now)
        )
        if len(then) == 2:
            more = "more" if now[1] > then[1] else "less"
            alike = " at any score" if self.game.offset else ""
            return f"positives are {more} frequent{alike} ({_from_to(then[1], now[1])})"
        at = int(np.argmax(np.abs(now - then)))
        name = self.study.problem.classes[at]
        return f"class {name} went {_from_to(then[at], now[at])} of the rows"

    def _concept(self, effect: float) -> tuple[str, Slice, str]:
        best = max(self.told, key=lambda t: t.concentration)
        if not best.concentration:
            return "", EVERYTHING, self._otherwise
        places = [p for p in np.flatnonzero(best.clear).tolist() if best.by.concept[p] * effect > 0]
        places.sort(key=lambda p: -abs(best.by.concept[p]))
        if not places or abs(sum(best.by.concept[p] for p in places)) < TELLING * abs(effect):
            return "", EVERYTHING, self._otherwise
        feature, codes = best.by.pair.feature, best.by.pair.codes
        where = feature.slice(int(codes[places[0]]))
        if len(places) == 1:
            return best.name, where, f"{self._otherwise} where {where}"
        names = listed([feature.group(int(codes[p])) for p in places], NAMED)
        return best.name, EVERYTHING, f"{self._otherwise} where {best.name} = {names}"

    def _policy(self) -> str:
        cuts = thresholds(self.study)
        said = "rows with the same score are decided differently"
        if len(cuts) < 2 or cuts["reference"] == cuts["current"]:
            return said
        return f"{said}: the threshold went from about {cuts['reference']:.3g} to about {cuts['current']:.3g}"


def sentence(made: Attribution, metric: Metric) -> str:
    """Two sentences: how much it changed and why most of all; what else, since when, and what happened about then."""
    share = is_share(made.now)
    half = half_width(made.change)
    written = percent if share else number
    fell = "fell" if made.change.value < 0 else "rose"
    main = max(made.parts, key=lambda part: part.share)
    why = f"mostly because {main.sentence} ({_sized(main.effect, share)})"
    if not outside(main.effect, 0.0):
        why = "and no single cause of it is clear"
    first = (
        f"{metric.title} {fell} from {written(made.then.value, half)} to {written(made.now.value, half)} "
        f"({_sized(made.change, share)}), {why}."
    )
    rest = [p for p in made.parts if p is not main and abs(p.share) >= WORTH and outside(p.effect, 0.0)]
    said = [f"{p.sentence} ({_sized(p.effect, share)})" for p in rest[:NAMED]]
    clauses = [f"Besides, {listed(said)}" if said else "Nothing else clearly did"]
    if hidden := _simpson(made):
        clauses.append(hidden)
    if made.since:
        near = f", near {listed([event_told(e, made.since) for e in made.events[:2]])}" if made.events else ""
        clauses.append(f"it began about {made.since}{near}{', which is no proof' if near else ''}")
    return f"{first} {'; '.join(clauses)}."


def _from_to(then: float, now: float) -> str:
    half = abs(now - then) / 2
    return f"from {percent(float(then), half)} to {percent(float(now), half)}"


def _sized(effect: Estimate, share: bool) -> str:
    if not share:
        half = half_width(effect)
        low, high = number(effect.low, half, sign=True), number(effect.high, half, sign=True)
        return f"{number(effect.value, half, sign=True)}, {low} to {high}"
    points = [number(100 * v, 100 * half_width(effect), sign=True) for v in (effect.value, effect.low, effect.high)]
    return f"{points[0]} points, {points[1]} to {points[2]}"


def _simpson(made: Attribution) -> str:
    """That like rows changed the other way, where the mix of rows hides it."""
    mix = next((p.effect for p in made.parts if p.mechanism == "mix"), None)
    if mix is None or not outside(mix, 0.0) or abs(mix.value) < WORTH * abs(made.change.value):
        return ""
    rate = made.change.value - mix.value
    if rate * mix.value >= 0 or abs(rate) <= half_width(mix):
        return ""
    way = "rose" if rate > 0 else "fell"
    does = "hides" if rate * made.change.value < 0 else "dampens"
    return f"among like rows it {way}, which the other mix of rows {does}"
