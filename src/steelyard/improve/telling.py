"""The words of proposals by group: what to do, what it brings, what it costs whom; or why nothing is proposed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, listed, number, percent, points, rows, shown
from steelyard.improve import cautions
from steelyard.improve.frontier import Question, Tried
from steelyard.improve.policy import Policy
from steelyard.improve.selection import Choice
from steelyard.records import Effect, Estimate, Move, Outcome, Proposal, Slice, Step

TENTHS = 0.009
"""Half-widths up to here write a share with a tenth of a percent."""
_POINTS = "\u00a0points"
MOST_NAMED = 6
"""Groups that a sentence names."""
LEAST = 2.0
"""Rows in a thousand are written as whole numbers."""


class Verdict(Enum):
    """What came out."""

    PROPOSED = "proposed"
    NOTHING = "nothing"
    NOT_NEEDED = "not needed"
    TOO_FEW = "too few"


@dataclass(frozen=True)
class Told:
    """What a proposal is about.

    Attributes:
        study, question: what was asked.
        columns: the attribute.
        tolerance: gaps up to here count as none.
        present: the gap as it is.
        impossible: whether calibration is wished for as well.
    """

    study: Study
    question: Question
    columns: tuple[str, ...]
    tolerance: float
    present: Outcome
    impossible: bool = False

    @property
    def name(self) -> str:
        """The attribute as one word."""
        return " × ".join(self.columns)

    @property
    def gap(self) -> str:
        """The gap as people say it."""
        return f"gap in {self.question.criterion.title} by {self.name}"


def proposal(
    about: Told,
    verdict: Verdict,
    way: tuple[str, str] = ("thresholds", "decisions by group"),
    steps: Sequence[Tried] = (),
    choice: Choice | None = None,
    effects: tuple[Effect, ...] = (),
    moves: tuple[Move, ...] = (),
    deployed: Step | None = None,
    learned: tuple[Outcome, Outcome] | None = None,
) -> Proposal:
    """Put what was found into words."""
    place = choice.place if choice is not None else None
    score = {"score": about.study.roles.scores[0]} if about.study.roles.scores else {}
    policy = {**steps[place].fitted.policy, **score} if place is not None else {}
    sentence = _SENTENCES[verdict](about, steps, choice, effects, moves)
    return Proposal(
        id=f"fairness:{about.question.criterion.name}:{'×'.join(about.columns)}:{way[0]}",
        kind="fairness",
        title=f"{about.question.criterion.title.capitalize()} by {about.name}: {way[1]}",
        sentence=sentence,
        detail=_detail(about, steps, learned) if steps else "",
        effects=effects,
        frontier=tuple(step.step for step in steps),
        chosen=place,
        policy=policy,
        verified=place is not None,
        cautions=_cautions(about, policy),
        deployed=deployed,
        quality=about.question.objective.measure.name,
        gap=about.question.criterion.title,
        moves=moves,
    )


Steps = Sequence[Tried]


def _proposed(
    about: Told, steps: Steps, choice: Choice | None, effects: tuple[Effect, ...], moves: tuple[Move, ...]
) -> str:
    gap, quality = effects[0], effects[1]
    assert choice is not None  # noqa: S101 - only what was chosen is proposed
    assert choice.place is not None  # noqa: S101 - as above
    certain = (
        f"certainly below {points(about.tolerance)}"
        if choice.below
        else f"though not certainly below {points(about.tolerance)}{_needed(choice)}"
    )
    return (
        f"{_rule(steps[choice.place].fitted.policy)} On rows that did not choose it, the {about.gap} falls from "
        f"{shown_points(gap.before)} to {shown_points(gap.after)}, {certain}. {_quality(about, quality)} "
        f"{_who(moves)}{_a_year(about, moves[0])}"
    )


def _nothing(
    about: Told, steps: Steps, choice: Choice | None, effects: tuple[Effect, ...], moves: tuple[Move, ...]
) -> str:
    gap = effects[0]
    assert choice is not None  # noqa: S101 - there are steps, so one is the closest
    return (
        f"Nothing is proposed: the {about.gap} is {shown_points(gap.before)}, and no rule that was tried certainly "
        f"narrows it on rows that did not choose the rule. The strictest leaves {shown_points(gap.after)}"
        f"{_needed(choice) or ', and more rows alone would not bring it below ' + points(about.tolerance)}."
    )


def _not_needed(
    about: Told, steps: Steps, choice: Choice | None, effects: tuple[Effect, ...], moves: tuple[Move, ...]
) -> str:
    return (
        f"Nothing is proposed: the {about.gap} is {shown_points(about.present)} as it is, certainly below "
        f"{points(about.tolerance)}."
    )


def _too_few(
    about: Told, steps: Steps, choice: Choice | None, effects: tuple[Effect, ...], moves: tuple[Move, ...]
) -> str:
    return (
        f"Nothing is proposed for the {about.gap}: the rows are too few to learn from some and judge by others, or "
        "no rule keeps the bound without deciding everyone alike."
    )


_SENTENCES = {
    Verdict.PROPOSED: _proposed,
    Verdict.NOTHING: _nothing,
    Verdict.NOT_NEEDED: _not_needed,
    Verdict.TOO_FEW: _too_few,
}


def shown_points(outcome: Outcome) -> str:
    """A gap of shares: "5.3 points (4.8 to 5.9)"."""
    if not isinstance(outcome, Estimate):
        return f"not known ({outcome.reason})"
    half = min(half_width(outcome), TENTHS)
    low, high = (percent(x, half).rstrip("\u00a0%") for x in (outcome.low, outcome.high))
    return f"{points(outcome.value, half)} ({low} to {high})"


def _rule(policy: Mapping[str, Any]) -> str:
    """What to do: "Flag from 0.45 for F and from 0.48 for M."."""
    if policy["kind"] == "reject_option":
        favoured, others = (_groups([*policy[side]]) for side in ("favoured", "unfavoured"))
        region = f"from {policy['low']:.3g} to {policy['high']:.3g}"
        return f"Decide scores {region} positively for {favoured}, not for {others}."
    told = [f"from {_drawn(group['thresholds'])} for {_groups([group['group']])}" for group in policy["groups"]]
    return f"Decide positively {listed(told, MOST_NAMED)}."


def _drawn(thresholds: Sequence[Mapping[str, Any]]) -> str:
    parts = [(t["from"] if isinstance(t["from"], str) else f"{t['from']:.3g}", t["chance"]) for t in thresholds]
    if len(parts) == 1:
        return str(parts[0][0])
    return " or ".join(f"{at} ({percent(chance, 0.005)})" for at, chance in parts) + " as chance has it"


def _groups(groups: Sequence[Mapping[str, str]]) -> str:
    return listed([str(Slice.of(group)) for group in groups], MOST_NAMED)


def signed(change: Estimate, share: bool) -> str:
    """A change with its sign: "−4.3 points (−4.4 to −4.2)", or in its own unit."""
    half = half_width(change)
    write = points if share else number
    value, low, high = (write(x, half, sign=True) for x in (change.value, change.low, change.high))
    return f"{value} ({low.removesuffix(_POINTS)} to {high.removesuffix(_POINTS)})"


def _needed(choice: Choice) -> str:
    return f"; about {rows(choice.rows)} in all would tell, if it stays there" if choice.rows else ""


def _quality(about: Told, quality: Effect) -> str:
    change, measure = quality.change, about.question.objective.measure
    if not isinstance(change, Estimate):
        return f"What it does to {measure.title.lower()} is not known: {change.reason}."
    how = "changes by" if change.high < 0 or change.low > 0 else "does not clearly change:"
    return f"{measure.title} {how} {signed(change, measure.share)}."


def _who(moves: Sequence[Move]) -> str:
    """Which groups get more positive decisions and which fewer, in a thousand of their rows."""
    known = [
        (m.where, m.gained, m.lost)
        for m in moves
        if m.where and isinstance(m.gained, Estimate) and isinstance(m.lost, Estimate)
    ]
    net = sorted(known, key=lambda one: one[2].value - one[1].value)
    more = [_each(*one) for one in net if one[1].value > one[2].value]
    fewer = [_each(*one) for one in reversed(net) if one[1].value < one[2].value]
    if not more and not fewer:
        return "No group's share of positive decisions changes."
    parts = [f"more positive decisions for {listed(more)}"] if more else []
    parts += [f"fewer for {listed(fewer)}"] if fewer else []
    return f"In a thousand rows of each group there are {', and '.join(parts)}."


def _a_year(about: Told, move: Move) -> str:
    """How many decisions change in a year, where their number is known."""
    costs = about.study.costs
    if costs is None or costs.volume is None:
        return ""
    if not (isinstance(move.gained, Estimate) and isinstance(move.lost, Estimate)):
        return ""
    yearly = costs.volume * (move.gained.value + move.lost.value)
    return f" Of {costs.volume:,.0f} decisions a year about {yearly:,.0f} change."


def _each(where: Slice, gained: Estimate, lost: Estimate) -> str:
    more, fewer = (number(1000 * o.value, max(1000 * half_width(o), LEAST)) for o in (gained, lost))
    return f"{where} (+{more}, −{fewer})"


def _detail(about: Told, steps: Steps, learned: tuple[Outcome, Outcome] | None) -> str:
    question = about.question
    folds = "whole clusters going to one fifth" if question.cells.bucket is not None else "seeded"
    measure = question.objective.measure
    parts = [
        f"Learned on four fifths of the rows and applied to the last, five times ({folds}); every number is of the "
        f"rows applied to. {len(steps)} bounds on the gap were tried, from the strictest on, up to the first whose "
        f"gap is not certainly below {points(about.tolerance)}; of those before it the one with the best "
        f"{measure.title.lower()} is taken. Intervals of a gap hold for all pairs of groups at once; changes are "
        "paired by row, those of the gap are not, and are too wide for it.",
    ]
    if learned is not None and all(isinstance(o, Estimate) for o in learned):
        quality, gap = (o for o in learned if isinstance(o, Estimate))
        parts.append(
            f"On the rows that the final rule was learned from, the gap is {points(gap.value, 0.001)} and "
            f"{measure.title.lower()} {shown(quality, measure.share)}: such numbers are too good, which is why they "
            "are not used."
        )
    left = [g for i, g in enumerate(question.cells.groups) if i not in question.scope]
    if left:
        parts.append(
            f"Too few rows for a rule of their own: {listed([str(g) for g in left])}; they are decided as before "
            "and take no part in the gap."
        )
    return " ".join(parts)


def _cautions(about: Told, policy: dict[str, Any]) -> tuple[str, ...]:
    found = [cautions.IMPOSSIBLE] if about.impossible else []
    if not policy:
        return tuple(found)
    otherwise = about.question.training().otherwise
    score = about.question.training().score(otherwise)
    told = f"the threshold {score:.3g}" if isinstance(score, float) else f"a threshold that flags {score}"
    found = [cautions.LEGAL, *found, cautions.GROUP_NEEDED.format(otherwise=told), cautions.POSITIVE, cautions.SAMPLE]
    if Policy.from_dict(policy).random:
        found.insert(1, cautions.RANDOM)
    return tuple(found)
