"""Proposals as a report: what to do, what it brings and costs whom, the trade-off, the policy, cautions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from steelyard.evaluation.improvement import Improvement
from steelyard.improve.measures import CRITERIA, RATES
from steelyard.records import EVERYTHING, Effect, Estimate, Move, Outcome, Proposal
from steelyard.report import numerals
from steelyard.report.document import Document
from steelyard.report.figures.frontier import frontier
from steelyard.report.first_screen import AnswerLine, Badge, moment
from steelyard.report.method import method_of
from steelyard.report.metric_words import metric_doc
from steelyard.report.section import Block, Code, Column, Section, Words, grid
from steelyard.report.text import sentence, visible

THOUSAND = 1_000
SUMMED_UP = 2
"""Effects that sum up a proposal."""
MOST_GROUPS = 20
"""Groups whose effects are shown; the JSON has all."""
HOW = 'from steelyard.improve.policy import Policy\n\npolicy = Policy.read("policy.json")\n{call}'


def document(improvement: Improvement) -> Document:
    """Turn proposals into their document."""
    proposals = improvement.proposals
    outcomes = [o for p in proposals for o in _outcomes(p)]
    return Document(
        kind="improvement",
        subject=visible(improvement.subject),
        badge=_badge(improvement),
        answer=sentence(_answer(improvement)),
        answers=tuple(
            AnswerLine(visible(p.title), _summary(p, improvement.task), _anchor(i))
            for i, p in enumerate(proposals)
            if p.verified
        ),
        about=_about(improvement),
        sections=tuple(_section(p, i, improvement) for i, p in enumerate(proposals)),
        method=method_of(
            outcomes,
            notes=improvement.notes,
            warnings=improvement.warnings,
            guesses=improvement.guesses,
            roles=improvement.roles,
            settings={"tolerance of gaps": improvement.tolerance},
            versions=improvement.versions,
            record={
                "Created": improvement.created,
                "Interval level": numerals.percent(improvement.level),
                "Seed": improvement.seed,
                "Digest of the data": improvement.digest or "not recorded",
            },
        ),
        level=numerals.percent(improvement.level),
    )


def _summary(proposal: Proposal, task: str) -> str:
    """What changes, in a line: "Gap in equalised odds 0.580 → 0.027; Accuracy 0.828 → 0.785"."""
    told = [
        f"{title_of(e.measure, task)} {numerals.value(e.before)} → {_value(e)}"
        for e in proposal.effects[:SUMMED_UP]
        if e.where == EVERYTHING and isinstance(e.before, Estimate)
    ]
    return sentence("; ".join(told) or proposal.sentence)


def compact(policy: Mapping[str, Any]) -> str:
    """A policy as JSON with a line for each of its parts, and for each group."""
    lines = []
    for key, value in policy.items():
        many = key == "groups" and isinstance(value, list)
        text = _lines(value) if many else json.dumps(value, ensure_ascii=False)
        lines.append(f"  {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}"


def _lines(items: Sequence[Any]) -> str:
    return "[\n" + ",\n".join(f"    {json.dumps(item, ensure_ascii=False)}" for item in items) + "\n  ]"


def _badge(improvement: Improvement) -> Badge:
    count = sum(p.verified for p in improvement.proposals)
    if not count:
        return Badge("none", "–", "Nothing proposed")
    return Badge("pass", "✓", f"{count} proposal{'s' if count > 1 else ''}")


def _answer(improvement: Improvement) -> str:
    found = [p for p in improvement.proposals if p.verified]
    if found:
        first = found[0].sentence
        more = f" {len(found) - 1} more below." if len(found) > 1 else ""
        return f"{first}{more}"
    if not improvement.proposals:
        return "Nothing could be looked for." + "".join(f" {note}" for note in improvement.notes[:1])
    return improvement.proposals[0].sentence


def _about(improvement: Improvement) -> tuple[str, ...]:
    return (
        f"{numerals.count(improvement.rows)} rows",
        visible(improvement.task),
        moment(improvement.created),
    )


def _anchor(place: int) -> str:
    return f"proposal-{place + 1}"


def _section(proposal: Proposal, place: int, improvement: Improvement) -> Section:
    earlier = {p.kind for p in improvement.proposals[:place] if p.verified}
    return Section(
        id=_anchor(place),
        title=visible(proposal.title),
        lead=sentence(proposal.sentence),
        blocks=tuple(_blocks(proposal, improvement.task)),
        brief=place == 0 or (proposal.verified and proposal.kind not in earlier),
    )


def _blocks(proposal: Proposal, task: str) -> Iterator[Block]:
    overall = [e for e in proposal.effects if e.where == EVERYTHING]
    by_group = [e for e in proposal.effects if e.where != EVERYTHING]
    if overall:
        rows = [(title_of(e.measure, task), e) for e in overall]
        yield _effects("All rows, before and after", "Measure", rows, len(rows))
    if proposal.frontier:
        yield frontier(proposal, title_of(proposal.quality, task), proposal.quality != "value")
    if proposal.moves:
        yield _moves(proposal.moves)
    for measure in dict.fromkeys(e.measure for e in by_group):
        rows = [(visible(e.where), e) for e in by_group if e.measure == measure]
        yield _effects(f"{title_of(measure, task)} by group", "Group", rows[:MOST_GROUPS], len(rows))
    if proposal.cautions:
        yield Words(tuple(sentence(c) for c in proposal.cautions), listed=True)
    if proposal.detail:
        yield Words((sentence(proposal.detail),))
    if proposal.policy:
        yield Code(compact(proposal.policy), "policy.json")
        yield Code(HOW.format(call=_call(proposal)), "How it is applied")


def _effects(title: str, first: str, rows: Sequence[tuple[str, Effect]], total: int) -> Block:
    columns = (
        Column(first, "label"),
        Column("Before", "estimate"),
        Column("After", "number"),
        Column("Change", "estimate", drawn=True, sign=True),
    )
    told = [(name, e.before, _value(e), e.change) for name, e in rows]
    return grid(title, columns, told, middle=0.0, total=total, brief=len(told))


def _value(effect: Effect) -> str:
    """The value afterwards, with as many decimals as the one before."""
    after, before = effect.after, effect.before
    if not isinstance(after, Estimate):
        return "–"
    return numerals.number(after.value, numerals.estimate_places(before if isinstance(before, Estimate) else after))


def _moves(moves: Sequence[Move]) -> Block:
    columns = (
        Column("Group", "label"),
        Column("Rows", "number"),
        Column("Newly decided positively, in 1,000", "estimate"),
        Column("No longer, in 1,000", "estimate"),
    )
    rows = [
        (visible(m.where), numerals.count(m.rows), _in_thousand(m.gained), _in_thousand(m.lost))
        for m in moves[: MOST_GROUPS + 1]
    ]
    note = "Whose decisions change, on rows that did not choose the rule."
    return grid("Who gains and who loses", columns, rows, note=note, total=len(moves))


def _in_thousand(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Estimate):
        return outcome
    value, low, high = (THOUSAND * x for x in (outcome.value, outcome.low, outcome.high))
    return Estimate(value, low, high, outcome.level, outcome.n, outcome.method)


def title_of(measure: str, task: str) -> str:
    """A measure for people."""
    if measure.startswith("gap:"):
        name = measure.removeprefix("gap:")
        return f"Gap in {CRITERIA[name].title if name in CRITERIA else name.replace('_', ' ')}"
    if measure in RATES:
        return RATES[measure].title
    found = metric_doc(measure, task).title
    return found if found != measure else measure.replace("_", " ").capitalize()


def _outcomes(proposal: Proposal) -> Iterator[Outcome]:
    for effect in proposal.effects:
        yield from (effect.before, effect.after, effect.change)
    for step in proposal.frontier:
        yield from (step.gap, step.quality)


def _call(proposal: Proposal) -> str:
    by = [column["column"] for column in proposal.policy.get("by", ())]
    score = proposal.policy.get("score", "score")
    given = [f"rows[{score!r}]"]
    if by:
        given.append(f"rows[{by[0]!r}]" if len(by) == 1 else f"{{name: rows[name] for name in {by!r}}}")
    random = any(len(group.get("thresholds", ())) > 1 for group in proposal.policy.get("groups", ()))
    if random:
        given.append('ids=rows["id"]')
    made = "scores" if proposal.policy["kind"] == "calibration" else "decisions"
    return f"{made} = policy.apply({', '.join(given)})"
