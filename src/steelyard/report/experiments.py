"""An experiment as a report: what to do, what it changed, can it be trusted, for whom, what to bet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from steelyard.evaluation.experiment import Experiment
from steelyard.records import Estimate, Outcome, Series, Verdict
from steelyard.records.experiment import ArmEffect, Heterogeneity, IntegrityCheck, MetricPlan, Running
from steelyard.report import numerals
from steelyard.report.document import Document
from steelyard.report.figures.figure import Figure
from steelyard.report.figures.over_time import drawable, over_time
from steelyard.report.first_screen import AnswerLine, Badge, badge, moment
from steelyard.report.method import method_of
from steelyard.report.performance import Cell
from steelyard.report.section import Block, Column, Grid, Section, Words, grid
from steelyard.report.text import sentence, visible

MOST_ARMS = 12
MOST_CHARTS = 8
MOST_COLUMNS = 12
_WORDS = {"ship": "Ship", "don't ship": "Don't ship", "keep running": "Keep running", "not valid": "Not valid"}
_ANCHORS = {
    "Can it be trusted?": "trust",
    "Did it work?": "effects",
    "How much?": "effects",
    "For whom?": "whom",
}
_CHECKS = {
    "sample_ratio": "Sample ratio",
    "sample_ratio_by_segment": "Sample ratio by segment",
    "sample_ratio_over_time": "Sample ratio over time",
    "units_in_several_arms": "One arm a unit",
    "repeated_units": "One row a unit",
    "without_arm": "Every row has an arm",
    "missing_arm": "Every arm has units",
    "arm_of_one_unit": "Every arm has units",
    "missing_outcomes": "Outcomes are there",
    "balance": "Alike before",
    "novelty": "Steady over time",
    "exposure": "Exposure",
    "zero_variance": "Values vary",
    "outcomes_without_assignment": "Outcomes belong to units",
    "outcomes_before_assignment": "Outcomes come after",
    "units_without_outcomes": "Units have outcomes",
    "peeking": "Looks",
}
_ROLES = ("primary", "guardrail", "secondary")


def document(experiment: Experiment) -> Document:
    """Turn an experiment into its document."""
    decision = experiment.decision
    sections = tuple(_sections(experiment))
    known = {section.id for section in sections}
    answers = tuple(
        AnswerLine(
            visible(a.question),
            sentence(a.answer),
            anchor if (anchor := _ANCHORS.get(a.question, "")) in known else "",
        )
        for a in experiment.answers
    )
    shown = badge(decision.verdict)
    return Document(
        kind="experiment",
        subject=visible(experiment.subject),
        badge=Badge(shown.kind, shown.sign, _WORDS.get(decision.word, visible(decision.word))),
        answer=sentence(decision.sentence),
        answers=answers,
        about=(
            f"{numerals.count(experiment.units)} units",
            f"{len(experiment.arms)} arms",
            f"{len(experiment.metrics)} metrics",
            moment(experiment.created),
        ),
        sections=sections,
        method=method_of(
            _outcomes(experiment),
            notes=experiment.notes,
            warnings=experiment.warnings,
            guesses=experiment.guesses,
            roles=experiment.roles,
            settings=experiment.settings,
            versions=experiment.versions,
            record={"Created": experiment.created, "Interval level": numerals.percent(experiment.level)},
        ),
        level=numerals.percent(experiment.level),
    )


def _sections(experiment: Experiment) -> Iterator[Section]:
    yield _effects(experiment)
    yield _trust(experiment)
    yield from _over_time(experiment)
    yield from _whom(experiment)
    yield from _bets(experiment)


def _effects(experiment: Experiment) -> Section:
    plans = {p.name: p for p in experiment.metrics}
    told = sorted(experiment.effects, key=lambda e: _ROLES.index(plans[e.metric].role))
    blocks: list[Block] = [_relative(told, plans), _detail(told), _arms(experiment)]
    if experiment.decision.reasons:
        blocks.insert(0, Words(tuple(map(sentence, experiment.decision.reasons)), listed=True))
    lead = next((a.answer for a in experiment.answers if a.question == "How much?"), "")
    return Section("effects", "What it changed", sentence(lead), tuple(blocks), short="Effects")


def _relative(effects: Sequence[ArmEffect], plans: dict[str, MetricPlan]) -> Grid:
    several = len({e.arm for e in effects}) > 1
    columns = [
        Column("Metric", "label"),
        *([Column("Arm")] if several else []),
        Column("For"),
        Column("Control", "number"),
        Column("Change, %", "estimate", drawn=True, sign=True),
        Column("p", "number"),
        Column("", "verdict"),
    ]
    rows = [
        [
            e.metric,
            *([e.arm] if several else []),
            plans[e.metric].role,
            _value(e.base),
            _percent(e.relative),
            _p(e),
            _sign(e, plans[e.metric]),
        ]
        for e in effects
    ]
    note = (
        "Change against the control. p of several arms and metrics of one role know of each other; that of a "
        "guardrail "
        "with a margin is of being worse by the margin or more."
    )
    return grid("Effects", columns, rows, middle=0.0, note=note)


def _detail(effects: Sequence[ArmEffect]) -> Grid:
    adjusted, ranked = any(e.unadjusted for e in effects), any(e.superiority for e in effects)
    columns = [
        Column("Metric", "label"),
        Column("Arm"),
        Column("Control", "estimate"),
        Column("Arm's value", "estimate"),
        Column("Difference", "estimate", sign=True),
        *([Column("Without covariates", "estimate", sign=True)] if adjusted else []),
        *([Column("Variance removed", "number")] if adjusted else []),
        *([Column("Chance of the larger value", "estimate")] if ranked else []),
    ]
    rows = [
        [
            e.metric,
            e.arm,
            e.base,
            e.level_in_arm,
            e.difference,
            *([e.unadjusted] if adjusted else []),
            *([numerals.percent(e.variance_removed) if e.variance_removed is not None else ""] if adjusted else []),
            *([e.superiority] if ranked else []),
        ]
        for e in effects
    ]
    return grid("Effects in their own units", columns, rows, brief=0)


def _arms(experiment: Experiment) -> Grid:
    columns = [
        Column("Arm", "label"),
        Column("Units", "number"),
        Column("Share", "number"),
        Column("Meant", "number"),
        Column(""),
    ]
    rows = [
        [
            a.name,
            numerals.count(a.units),
            numerals.percent(a.share),
            numerals.percent(a.expected),
            "control" if a.control else "",
        ]
        for a in experiment.arms[:MOST_ARMS]
    ]
    return grid("Arms", columns, rows, total=len(experiment.arms))


def _trust(experiment: Experiment) -> Section:
    columns = [
        Column("Check", "label"),
        Column("", "verdict"),
        Column("What was found", "words"),
        Column("p", "number"),
    ]
    rows: list[list[str | Badge]] = [
        [_check_name(c), _check_badge(c.verdict), c.sentence, "" if c.p is None else numerals.p_value(c.p)]
        for c in experiment.checks
    ]
    lead = next((a.answer for a in experiment.answers if a.question == "Can it be trusted?"), "")
    block = grid("Integrity", columns, rows, note="One failed check makes the experiment invalid.", brief=6)
    return Section("trust", "Can it be trusted", sentence(lead), (block,), short="Integrity")


def _over_time(experiment: Experiment) -> Iterator[Section]:
    figures = [made for r in experiment.running[:MOST_CHARTS] if (made := _running(r)) is not None]
    if not figures:
        return
    crossed = [r for r in experiment.running if r.crossed]
    told = [f"{visible(r.metric)} in {visible(r.arm)} from {visible(r.crossed)} on" for r in crossed[:3]]
    lead = (
        f"First told apart from no effect: {'; '.join(told)}."
        if told
        else "At no time was an effect told apart from none by an interval that holds at all times."
    )
    yield Section("over-time", "As units came in", lead, tuple(figures), short="Over time", brief=False)


def _running(running: Running) -> Figure | None:
    points = tuple(replace(point, alarm=False) for point in running.points)
    name = f"{visible(running.metric)} in {visible(running.arm)}, against the control"
    series = Series(name, "metric", points, centre=0.0)
    if not drawable(series):
        return None
    missing = sum(not isinstance(p.outcome, Estimate) for p in points)
    first = (
        f"First told apart from 0 with {visible(running.crossed)}."
        if running.crossed
        else "It was at no time told apart from 0."
    )
    early = f" {missing:,} of {len(points):,} windows come before there are enough units (×)." if missing else ""
    caption = (
        f"The difference over all units so far, with an interval that holds at all times at once. {first}{early}"
    )
    return replace(over_time(series, ""), kind="running", title=name, caption=caption, note="")


def _whom(experiment: Experiment) -> Iterator[Section]:
    told = sorted(experiment.heterogeneity, key=lambda h: 1.0 if h.adjusted_p is None else h.adjusted_p)
    if not told:
        return
    lead = next((a.answer for a in experiment.answers if a.question == "For whom?"), "")
    blocks: list[Block] = [_asked(told), *(_slices(h) for h in told[:MOST_COLUMNS])]
    yield Section("whom", "For whom", sentence(lead), tuple(blocks), short="Slices")


def _asked(told: Sequence[Heterogeneity]) -> Grid:
    columns = [
        Column("By", "label"),
        Column("Effect on"),
        Column("Arm"),
        Column("adjusted p", "number"),
        Column("", "words"),
    ]
    rows = [
        [
            " and ".join(h.columns),
            h.metric,
            h.arm,
            "" if h.adjusted_p is None else numerals.p_value(h.adjusted_p),
            h.sentence,
        ]
        for h in told
    ]
    return grid("Does the effect differ", columns, rows, note="p of one effect for all slices.", brief=4)


def _slices(found: Heterogeneity) -> Grid:
    columns = [
        Column("Slice", "label"),
        Column("Units", "number"),
        Column("Difference", "estimate", drawn=True, sign=True),
        Column("After chance is taken out", "number"),
        Column("adjusted p", "number"),
    ]
    rows = [
        [
            str(s.where),
            numerals.count(s.units),
            s.difference,
            "" if s.shrunken is None else numerals.number(s.shrunken, sign=True),
            "" if s.adjusted_p is None else numerals.p_value(s.adjusted_p),
        ]
        for s in found.slices
    ]
    title = f"{visible(found.metric)} in {visible(found.arm)} by {visible(' and '.join(found.columns))}"
    note = "p of an effect like that of all other units, adjusted over all slices that were asked."
    return grid(title, columns, rows, middle=0.0, note=note, brief=0)


def _bets(experiment: Experiment) -> Iterator[Section]:
    if not experiment.posteriors:
        return
    columns = [
        Column("Metric", "label"),
        Column("Arm"),
        Column("Chance to be the best", "number"),
        Column("Chance to beat the control", "number"),
        Column("Loss expected by choosing it", "number"),
    ]
    rows = [
        [
            p.metric,
            p.arm,
            numerals.percent(p.best),
            "" if p.better is None else numerals.percent(p.better),
            numerals.number(p.loss),
        ]
        for p in experiment.posteriors
    ]
    lead = (
        "What one would bet, starting from no opinion. These are beliefs and no error rates: they stand beside the "
        "decision and have no part in it."
    )
    block = grid("Posterior", columns, rows, note="Flat priors; the loss is in the units of the metric.")
    yield Section("bets", "What one would bet", lead, (block,), short="Posterior", brief=False)


def _outcomes(experiment: Experiment) -> Iterator[Outcome]:
    for effect in experiment.effects:
        told = (effect.difference, effect.relative, effect.unadjusted, effect.superiority, effect.base)
        yield from (outcome for outcome in told if outcome is not None)
    yield from (check.outcome for check in experiment.checks if check.outcome is not None)


def _percent(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Estimate):
        return outcome
    ends = {name: 100.0 * getattr(outcome, name) for name in ("value", "low", "high")}
    return replace(outcome, **ends, se=None if outcome.se is None else 100.0 * outcome.se)


def _value(outcome: Outcome) -> str | Cell:
    if isinstance(outcome, Estimate):
        return numerals.value(outcome)
    return Cell("–", reason=sentence(outcome.reason))


def _p(effect: ArmEffect) -> str:
    p = effect.adjusted_p if effect.adjusted_p is not None else effect.p
    return "" if p is None else numerals.p_value(p)


def _sign(effect: ArmEffect, plan: MetricPlan) -> Badge:
    shown = badge(effect.verdict)
    words = {Verdict.PASS: "better", Verdict.FAIL: "worse", Verdict.INCONCLUSIVE: "can't tell"}
    if plan.role == "guardrail":
        words[Verdict.PASS] = "kept"
    return Badge(shown.kind, shown.sign, words[effect.verdict])


def _check_name(check: IntegrityCheck) -> str:
    name, _, about = check.name.partition(":")
    title = _CHECKS.get(name, name.replace("_", " "))
    about = about or (str(check.where) if check.where else "")
    return f"{title}: {visible(about.replace(':', ', '))}" if about else title


def _check_badge(verdict: Verdict) -> Badge:
    shown = badge(verdict)
    return Badge(shown.kind, shown.sign, {"pass": "fine", "fail": "fails", "inconclusive": "note"}[verdict.value])
