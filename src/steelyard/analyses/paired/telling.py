"""The answers of a comparison, in words: which is better, by how much, where, what both together give, what next."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steelyard.analyses.paired.judging import UNCLEAR, turned
from steelyard.analyses.paired.reading import Match
from steelyard.analyses.words import half_width, listed, number, p_text, percent, points, rows
from steelyard.records import Answer, Estimate, Gain, Standing
from steelyard.stats.power import rows_to_settle

MOST_SLICES = 3
NOT_COUNTED = 1e9
"""More rows than this settle nothing in practice."""


@dataclass(frozen=True)
class Telling:
    """What the answers are told from.

    Attributes:
        match: what was read.
        models: their names; the first is the one that stands.
        metric: the metric that decides.
        titles: of all metrics, for people.
        directions: which side of each is better.
        level: nominal coverage.
    """

    match: Match
    models: tuple[str, ...]
    metric: str
    titles: Mapping[str, str]
    directions: Mapping[str, str]
    level: float

    @property
    def order(self) -> list[Standing]:
        """Models on the metric that decides, best first."""
        return [s for s in self.match.standings if s.metric == self.metric]

    @property
    def possible(self) -> list[str]:
        """The models that may be the best."""
        return [s.model for s in self.order if s.may_be_best]

    @property
    def main(self) -> Gain | None:
        """The difference that matters most: the leader and the first-named, or the runner-up where that one leads.

        It is seen from the one that is better, where either is.
        """
        first = self.models[0]
        leaders = [s.model for s in self.order if s.model != first]
        found = {g.model: g for g in self.match.gains if g.metric == self.metric and g.against == first}
        gain = next((found[name] for name in leaders if name in found), None)
        return gain if gain is None or gain.word != "worse" else turned(gain)

    def alike(self, gains: Sequence[Gain]) -> list[Gain]:
        """Gains of the two models that matter most, seen as theirs is."""
        main = self.main
        if main is None:
            return []
        ways = {(main.model, main.against): False, (main.against, main.model): True}
        return [turned(g) if ways[g.model, g.against] else g for g in gains if (g.model, g.against) in ways]


def answers(told: Telling) -> tuple[Answer, ...]:
    """Which is better? By how much? Where? What would both together give? What next?"""
    found = [
        Answer("Which is better?", which(told)),
        Answer("By how much?", how_much(told)),
        Answer("Where?", where(told)),
        Answer("What would they give together?", together(told)),
        Answer("What next?", what_next(told)),
    ]
    return tuple(answer for answer in found if answer.answer)


def which(told: Telling) -> str:
    """The verdict in a sentence."""
    gain, title = told.main, told.titles[told.metric]
    if gain is None or gain.estimate is None:
        reason = gain.outcome.reason if gain is not None and not isinstance(gain.outcome, Estimate) else "no metric"
        return f"It cannot be told: {title} has no difference to show ({reason})."
    if len(told.models) == 2:
        return _of_two(told, gain, gain.estimate)
    possible = told.possible
    if len(possible) == 1:
        return f"{possible[0]}: on {title} it is ahead of all {len(told.models) - 1} others, beyond chance."
    if not possible:
        return f"It cannot be told which of the {len(told.models)} is best on {title}."
    rest = len(told.models) - len(possible)
    rule = f" The other {rest} {'is' if rest == 1 else 'are'} ruled out." if rest else " None is ruled out."
    return (
        f"On {title}, {listed(possible, 6)} may each be the best; the rows cannot tell them apart "
        f"at {told.level:.0%}.{rule}"
    )


def _of_two(told: Telling, gain: Gain, estimate: Estimate) -> str:
    title = told.titles[told.metric]
    sure = f"{difference(gain)}, {p_text(gain.p)}" if gain.p is not None else difference(gain)
    match gain.word:
        case "better":
            return f"{gain.model} is better than {gain.against}: {title} differs by {sure}."
        case "alike":
            return f"Neither: they are alike within the margin. {title} differs by {sure}."
        case _:
            return f"It cannot be told: {title} differs by {sure}, which chance alone may do."


def how_much(told: Telling) -> str:
    """The other metrics, by what they say."""
    gain = told.main
    if gain is None:
        return ""
    ranked = _ranked(told)
    same = [g for g in told.alike(told.match.gains) if g.metric in ranked]
    by = {w: [told.titles[g.metric] for g in same if g.word == w] for w in ("better", "worse", "alike", UNCLEAR)}
    said = [f"{word} on {listed(titles, 8)}" for word, titles in by.items() if titles]
    first = f"{told.titles[told.metric]}: {difference(gain)}. " if gain.estimate is not None else ""
    return f"{first}{gain.model} against {gain.against}: {'; '.join(said)}." if said else first.strip()


def where(told: Telling) -> str:
    """The slices that each wins."""
    gain = told.main
    found = [g for g in told.alike(told.match.sliced) if g.metric == told.metric and g.estimate is not None]
    if gain is None or not found:
        return ""
    won, lost = ([g for g in found if g.word == word] for word in ("better", "worse"))
    parts = [
        f"{name} is better on {len(of)} of {rows(len(found), 'slice')}{_examples(of)}"
        for name, of in ((gain.model, won), (gain.against, lost))
        if of
    ]
    if not parts:
        return f"On none of {rows(len(found), 'slice')} is either shown to be better."
    return f"By {told.titles[told.metric]}, {'; '.join(parts)}."


def _examples(found: Sequence[Gain]) -> str:
    largest = sorted(found, key=lambda g: -abs(g.estimate.value) if g.estimate else 0.0)[:MOST_SLICES]
    shown = listed([f"{g.slice}: {_written(g.estimate, g.estimate.value)}" for g in largest if g.estimate])
    return f" (most on {shown})" if len(found) > 1 else f" ({shown})"


def together(told: Telling) -> str:
    """What the ensemble gains, and what choosing between them could reach."""
    said = []
    made = next((e for e in told.match.ensembles if e.metric == told.metric), None)
    if made is not None and made.gain.estimate is not None:
        title = told.titles[told.metric]
        effect = {
            "better": f"is better than {made.gain.against}, the best of them",
            "worse": f"is worse than {made.gain.against}, the best of them",
        }.get(made.gain.word, f"is not shown to differ from {made.gain.against}, the best of them")
        said.append(f"The {made.how} {effect}: {title} {difference(made.gain)}.")
    gain = told.main
    pair = next(
        (
            d
            for d in told.match.disagreements
            if gain is not None and {d.model, d.against} == {gain.model, gain.against}
        ),
        None,
    )
    if pair is not None and isinstance(pair.oracle, Estimate):
        either = max(pair.both_right + pair.only_model, pair.both_right + pair.only_against) / pair.rows
        said.append(
            f"On {percent(pair.oracle.value, half_width(pair.oracle))} of the rows at least one of {pair.model} and "
            f"{pair.against} is right; alone the better one is right on {percent(either, half_width(pair.oracle))}."
        )
    return " ".join(said)


def what_next(told: Telling) -> str:
    """What to do."""
    made = next((e for e in told.match.ensembles if e.metric == told.metric), None)
    first = _alone(told)
    if first and made is not None and made.gain.word == "better":
        return (
            f"{first} If asking all of them is affordable, use both or all: the {made.how} is better than any alone."
        )
    return first


def _alone(told: Telling) -> str:
    """What to do with one of the models."""
    gain = told.main
    if gain is None or gain.estimate is None:
        return ""
    if len(told.models) > 2 and len(told.possible) != 1:
        return _of_several(told, told.possible)
    if gain.word == "alike":
        return "Choose by cost, speed or simplicity: on this metric nothing is lost either way."
    if gain.word != "better":
        return _more_rows(gain, gain.estimate, told)
    lost = [g for g in told.alike(told.match.sliced) if g.metric == told.metric and g.word == "worse"]
    ranked = _ranked(told)
    against = [
        told.titles[g.metric] for g in told.alike(told.match.gains) if g.metric in ranked and g.word == "worse"
    ]
    advice = f"Take {gain.model}."
    if against:
        advice += f" First decide whether being worse on {listed(against)} matters."
    if lost:
        worst = max(lost, key=lambda g: abs(g.estimate.value) if g.estimate else 0.0)
        advice += f" Look at {worst.slice} before, where it is worse."
    return advice


def _of_several(told: Telling, best: Sequence[str]) -> str:
    if told.models[0] in best:
        return f"Keep {told.models[0]}: no other is shown to be better. More rows would narrow the choice."
    return f"Any of {listed(list(best), 6)} is a defensible choice; more rows would narrow it, or choose by cost."


def _more_rows(gain: Gain, estimate: Estimate, told: Telling) -> str:
    keep = f"Keep {gain.against} until there is more to go by."
    if not estimate.se or estimate.value == 0:
        return keep
    needed = rows_to_settle(estimate.value, estimate.se, max(estimate.n, 1), 0.0, told.level)
    if not math.isfinite(needed) or needed > NOT_COUNTED or needed <= estimate.n:
        return keep
    there = f"there are {estimate.n:,}"
    return f"{keep} If the difference stayed what it is, about {needed:,.0f} rows would show it; {there}."


def difference(gain: Gain) -> str:
    """A difference with its interval: "+1.8 points (+1.7 to +1.9)"."""
    estimate = gain.estimate
    if estimate is None:
        return str(gain.outcome)
    low, high = (_written(estimate, end).replace("\u00a0points", "") for end in (estimate.low, estimate.high))
    return f"{_written(estimate, estimate.value)} ({low} to {high})"


def _written(estimate: Estimate, value: float) -> str:
    half = half_width(estimate)
    return points(value, half, sign=True) if estimate.method == "tango" else number(value, half, sign=True)


def _ranked(told: Telling) -> set[str]:
    return {s.metric for s in told.match.standings}
