"""A planned experiment as a report: how many units, how long, how looked at, what that tells, what else could be."""

from __future__ import annotations

import math
from collections.abc import Iterator

from steelyard.analyses.experiment.design.alternatives import change
from steelyard.evaluation.design import Design
from steelyard.records import Verdict
from steelyard.records.design import Alternative
from steelyard.report import numerals
from steelyard.report.document import Document
from steelyard.report.figures.power import power_curve, smallest_effects
from steelyard.report.first_screen import AnswerLine, Badge, moment
from steelyard.report.method import method_of
from steelyard.report.section import Block, Column, Grid, Section, Words, grid
from steelyard.report.text import sentence, visible

_BADGES = {
    None: Badge("none", "–", "Plan"),
    Verdict.PASS: Badge("pass", "✓", "Enough units"),
    Verdict.FAIL: Badge("fail", "✕", "Too few units"),
}
_KINDS = {
    "difference": "a change",
    "noninferiority": "not worse by a margin",
    "equivalence": "alike within a margin",
}
MOST_ARMS = 20
"""Arms that a table lists."""


def document(design: Design) -> Document:
    """Turn a design into its document."""
    return Document(
        kind="experiment design",
        subject=visible(design.subject),
        badge=_BADGES[design.verdict],
        answer=sentence(design.sentence),
        answers=tuple(_answers(design)),
        about=_about(design),
        sections=(_plan(design), _tells(design), *_otherwise(design), _rests(design)),
        method=method_of(
            warnings=design.warnings,
            settings=design.settings,
            versions=design.versions,
            record={"Created": design.created, "Interval level of the analysis": numerals.percent(design.level)},
        ),
    )


def _answers(design: Design) -> Iterator[AnswerLine]:
    if design.days is not None:
        yield AnswerLine("How long?", f"{_days(design.days)} at {numerals.count(design.traffic)} units a day.", "")
    if design.average_units < design.units:
        share = numerals.percent(design.average_units / design.units)
        yield AnswerLine(
            "May it stop early?", f"Yes: on average with {share} of the units if the effect is there.", ""
        )
    cheaper = [a for a in design.alternatives if a.times < 0.995]
    if cheaper:
        least = min(cheaper, key=lambda a: a.times)
        yield AnswerLine("Could it be shorter?", sentence(least.sentence), "")


def _about(design: Design) -> tuple[str, ...]:
    return (
        f"{numerals.count(design.units)} units",
        f"{numerals.count(len(design.arms))} arms",
        f"power {numerals.percent(design.power)}",
        f"false alarms {numerals.percent(design.alpha)}",
        moment(design.created),
    )


def _plan(design: Design) -> Section:
    """The arms and the looks."""
    clusters = any(arm.clusters is not None for arm in design.arms)
    daily = design.traffic is not None
    columns = [
        Column("Arm", "label"),
        Column("Share", "number"),
        Column("Units", "number"),
        *([Column("Clusters", "number")] if clusters else []),
        *([Column("Units a day", "number")] if daily else []),
    ]
    rows = [
        [
            arm.name,
            numerals.percent(arm.share),
            numerals.count(arm.units),
            *([numerals.count(arm.clusters)] if clusters else []),
            *([numerals.count(arm.per_day and round(arm.per_day))] if daily else []),
        ]
        for arm in design.arms[:MOST_ARMS]
    ]
    blocks: list[Block] = [grid("Arms", columns, rows, total=len(design.arms))]
    if design.looks:
        blocks.append(_looks(design))
    lead = f"To be told: {_KINDS[design.test]} of {_metric(design)}."
    return Section("plan", "What to run", lead, tuple(blocks), short="Plan")


def _metric(design: Design) -> str:
    known = "" if design.baseline is None else f", now {_value(design, design.baseline)}"
    spread = (
        "" if design.metric_kind == "proportion" else f", standard deviation of a unit {numerals.number(design.sd)}"
    )
    name = design.metric if design.metric != design.metric_kind else f"a {design.metric}"
    return f"{visible(name)}{known}{spread}"


def _looks(design: Design) -> Grid:
    daily = design.traffic is not None
    columns = [
        Column("Look", "label"),
        Column("Units", "number"),
        *([Column("Day", "number")] if daily else []),
        Column("|z| from", "number"),
        Column("p up to", "number"),
        Column("Found by then", "number"),
    ]
    rows = [
        [
            numerals.percent(look.share),
            numerals.count(look.units),
            *([numerals.count(math.ceil(look.day))] if look.day is not None else []),
            numerals.number(look.limit),
            numerals.p_value(look.p),
            numerals.percent(look.found),
        ]
        for look in design.looks
    ]
    return grid(
        "Looks",
        columns,
        rows,
        note="A look stops the experiment where |z| is as large; stopping early without an effect costs power only.",
    )


def _tells(design: Design) -> Section:
    """What it would tell of other effects and after other days."""
    later = design.durations
    blocks: list[Block] = [power_curve(design), *([smallest_effects(design)] if later else []), _effects(design)]
    if later:
        blocks.append(_durations(design))
    lead = f"With these units the chance to find the planned effect is {numerals.percent(design.power)}."
    return Section("tells", "What that tells", lead, tuple(blocks), short="Power")


def _effects(design: Design) -> Grid:
    daily = design.traffic is not None
    title = "Effect" if design.test == "difference" else "True difference"
    columns = [
        Column(title, "label"),
        *([Column("Relative", "number")] if design.baseline else []),
        Column("Chance with this plan", "number"),
        Column(f"Units for {numerals.percent(design.wanted_power)}", "number"),
        *([Column("Days", "number")] if daily else []),
    ]
    rows = [
        [
            _change(design, point.effect),
            *([_share(point.relative)] if design.baseline else []),
            numerals.percent(point.power),
            numerals.count(point.units) if point.units is not None else "never",
            *([numerals.count(math.ceil(point.days)) if point.days is not None else "–"] if daily else []),
        ]
        for point in design.effects
    ]
    return grid("Other effects", columns, rows)


def _durations(design: Design) -> Grid:
    margin = design.test != "difference"
    columns = [
        Column("After", "label"),
        Column("Units", "number"),
        Column("Smallest margin" if margin else "Smallest effect found", "number"),
        *([Column("Relative", "number")] if design.baseline else []),
    ]
    rows = [
        [
            _days(found.days),
            numerals.count(found.units),
            "none" if found.effect is None else _change(design, found.effect, sign=not margin),
            *([_share(found.relative)] if design.baseline else []),
        ]
        for found in design.durations
    ]
    title = f"What is found with a chance of {numerals.percent(design.wanted_power)}, by how long it runs"
    return grid(title, columns, rows)


def _otherwise(design: Design) -> tuple[Section, ...]:
    """Other ways to run it."""
    if not design.alternatives:
        return ()
    daily = design.traffic is not None
    columns = [
        Column("Instead", "label"),
        Column("Units", "number"),
        *([Column("Days", "number")] if daily else []),
        Column("Against the plan", "text"),
    ]
    rows = [
        [
            way.name,
            numerals.count(way.units),
            *([numerals.count(math.ceil(way.days)) if way.days is not None else "–"] if daily else []),
            _against(way),
        ]
        for way in design.alternatives
    ]
    lead = "The same effect with the same false alarms, found in another way."
    return (
        Section("otherwise", "What else could be done", lead, (grid("Other ways", columns, rows),), "Other ways"),
    )


def _against(way: Alternative) -> str:
    if way.average_times is None:
        return change(way.times)
    return f"{change(way.times)} at most, {change(way.average_times)} on average"


def _rests(design: Design) -> Section:
    """What the numbers rest on."""
    blocks: list[Block] = [Words(tuple(map(sentence, design.assumptions)), listed=True)]
    if design.measured is not None:
        blocks.insert(0, _measured(design))
    lead = "A plan is as good as what it assumes. When the data are there, analyse them as planned."
    return Section("rests", "What it rests on", lead, tuple(blocks), short="Assumptions")


def _measured(design: Design) -> Grid:
    found = design.measured
    rows: list[list[str]] = []
    if found is not None:
        rows = [
            ["units with a value", numerals.count(found.units)],
            ["baseline", _value(design, found.baseline)],
            ["standard deviation of a unit", numerals.number(found.sd)],
        ]
        if found.clusters is not None:
            rows += [
                ["clusters", numerals.count(found.clusters)],
                ["units of a cluster", numerals.number(found.cluster_size)],
                ["variance through clusters", f"{numerals.number(found.design_effect)} times"],
                ["correlation within a cluster", numerals.number(found.icc)],
            ]
        if found.correlation is not None:
            rows.append(["correlation with the covariate", numerals.number(found.correlation)])
        return grid(f"Read from {visible(found.description)}", [Column("", "label"), Column("", "number")], rows)
    return grid("", [], rows)


def _value(design: Design, value: float) -> str:
    return numerals.percent(value) if design.metric_kind == "proportion" else numerals.number(value)


def _change(design: Design, effect: float, sign: bool = True) -> str:
    if design.metric_kind == "proportion":
        return f"{numerals.number(100.0 * effect, sign=sign)}{numerals.NBSP}points"
    return numerals.number(effect, sign=sign)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{numerals.number(100.0 * value, sign=True)}{numerals.NBSP}%"


def _days(days: float) -> str:
    whole = math.ceil(round(days, 6))
    return f"{numerals.count(whole)} {'day' if whole == 1 else 'days'}"
