"""What is wrong with the values of the columns, in words: held against the reference, and as they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import singledispatch

from steelyard.analyses.findings.quality_severity import touched
from steelyard.analyses.findings.severity import by_bounds
from steelyard.analyses.quality.categories import NewValues, RenamedValues, VanishedValues, category_changes
from steelyard.analyses.quality.defect import Defect
from steelyard.analyses.quality.dependencies import (
    BrokenDependency,
    BrokenOrder,
    broken_dependencies,
    broken_orders,
)
from steelyard.analyses.quality.informative import Constant, constants
from steelyard.analyses.quality.missing import MissingChange, missing_changes
from steelyard.analyses.quality.ranges import (
    FarOut,
    Infinite,
    OutOfRange,
    Precision,
    far_out,
    infinite,
    out_of_range,
    precision,
)
from steelyard.analyses.quality.schema import (
    AddedColumn,
    RemovedColumn,
    RenamedColumn,
    TypeChange,
    schema_changes,
)
from steelyard.analyses.quality.spikes import SpikedValue, StandIn, spiked_values, stand_ins
from steelyard.analyses.quality.swaps import SwappedColumns, swapped_columns
from steelyard.analyses.quality.units import UnitChange, unit_changes
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, listed, number, p_text, percent, points, rows, shown
from steelyard.records import Finding, Recommendation, Severity

SMALL = 0.05
"""What a change that moves every value only a little counts for, as a share of rows."""
SHOWN = 4
"""Examples that a sentence gives."""


def changed_values(study: Study) -> list[Finding]:
    """Columns whose values are not what they are in the reference; one cause a column, the most telling one."""
    if not study.columns or not study.profiles["current"].rows:
        return []
    return [as_finding(defect, study) for defect in _first_causes(_changes(study))]


def _changes(study: Study) -> Iterator[Defect]:
    """The most telling causes first: what comes later is often their effect."""
    yield from schema_changes(study)
    yield from swapped_columns(study)
    yield from unit_changes(study)
    yield from (c for c in constants(study) if isinstance(c, Constant) and c.stale)
    yield from precision(study)
    yield from spiked_values(study)
    yield from stand_ins(study)
    yield from out_of_range(study)
    yield from infinite(study)
    yield from far_out(study)
    yield from category_changes(study)
    yield from missing_changes(study)
    yield from broken_dependencies(study)
    yield from broken_orders(study)


_EXPLAINS = (
    SwappedColumns,
    RenamedColumn,
    TypeChange,
    UnitChange,
    Constant,
    Precision,
    SpikedValue,
    StandIn,
    OutOfRange,
)
_EFFECTS = (
    UnitChange,
    Constant,
    SpikedValue,
    StandIn,
    OutOfRange,
    FarOut,
    Precision,
    NewValues,
    VanishedValues,
    RenamedValues,
    BrokenDependency,
    BrokenOrder,
)


def _first_causes(defects: Iterable[Defect]) -> Iterator[Defect]:
    explained: set[str] = set()
    ruled: set[str] = set()
    for defect in defects:
        if isinstance(defect, _EFFECTS) and explained & set(defect.columns):
            continue
        if isinstance(defect, BrokenDependency):
            # One fault in a column breaks every dependency it takes part in: the largest is told.
            if set(defect.columns) & ruled:
                continue
            ruled |= set(defect.columns)
        if isinstance(defect, _EXPLAINS):
            explained |= set(defect.columns)
        yield defect


@singledispatch
def as_finding(defect: Defect, study: Study) -> Finding:
    """A defect in words."""
    raise TypeError(f"no words for a {type(defect).__name__}")


@as_finding.register
def _(defect: MissingChange, study: Study) -> Finding:
    names, grown = _names(defect), defect.change.value > 0
    one = len(defect.columns) == 1
    is_are, s = ("is", "") if one else ("are", "s")
    half = half_width(defect.change)
    change, low, high = (
        points(v, half, sign=True) for v in (defect.change.value, defect.change.low, defect.change.high)
    )
    everything = defect.rows >= 0.999 * defect.share.n
    what = (
        f"{names} {is_are} no longer filled: all rows lack {'it' if one else 'them'}"
        if everything
        else f"{names} {is_are} missing in {shown(defect.share)} of the rows"
    )
    level = touched(study, defect.columns, abs(defect.change.value)) if grown else Severity.INFO
    return Finding(
        f"quality-missing-change:{'+'.join(defect.columns)}",
        "quality-missing-change",
        level,
        defect.columns[0],
        f"{what}, {percent(defect.then)} in the reference ({change}; {low} to {high}).",
        Recommendation(
            f"Look in the source of {names} for what stopped being delivered; until then decide what the model gets "
            "instead."
            if grown
            else "Nothing has to be done; if missing values are now filled in before they come here, find out how.",
            "" if not grown else f"{rows(defect.rows)} get {'a real value' if one else 'real values'} again.",
        ),
        f"Column{s}: {', '.join(defect.columns)}. Change with Newcombe's interval; {_q(defect)}.",
        estimate=defect.change,
        impact=abs(defect.change.value),
    )


@as_finding.register
def _(defect: UnitChange, study: Study) -> Finding:
    column, rule = defect.columns[0], defect.rule
    between = f" ({rule.unit})" if rule.unit else ""
    amount = "All values" if defect.whole else f"The values of {rows(defect.rows)} ({shown(defect.share)})"
    undo = rule.undo.format(column=column)
    where = "in the current data" if defect.whole else "in the rows outside the reference's range"
    return Finding(
        f"quality-unit:{column}",
        "quality-unit",
        touched(study, defect.columns, defect.share.value),
        column,
        f"{amount} of {column} look as if they were {rule.name}{between}. A model trained on the reference reads "
        "them as something else.",
        Recommendation(
            f"{undo[0].upper()}{undo[1:]} {where}, and mend the step that changed it.",
            f"The distance to the reference falls from {number(defect.before)} to {number(defect.after)}.",
            verified=True,
        ),
        "Distance: Kolmogorov–Smirnov between the looks at both data sets, before and after the rule is undone"
        f"{'' if defect.whole else ', of the rows beyond the reference'}.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: SwappedColumns, study: Study) -> Finding:
    a, b = defect.columns
    return Finding(
        f"quality-swap:{a}+{b}",
        "quality-swap",
        touched(study, defect.columns, 1.0),
        a,
        f"{a} and {b} seem to have changed places: {a} holds what {b} held in the reference, and {b} what {a} held.",
        Recommendation(
            f"Swap {a} and {b} back, and look for columns that are read by their place.",
            f"The distance to the reference falls from {number(defect.before)} to {number(defect.after)}.",
            verified=True,
        ),
        "Distance: Kolmogorov–Smirnov of numbers, total variation of texts, between the looks at both data sets.",
        impact=0.999,
    )


@as_finding.register
def _(defect: Constant, study: Study) -> Finding:
    column = defect.columns[0]
    if defect.stale:
        sentence = (
            f"{column} stands still: every row has {_quoted(defect.value)}, while the reference has many values."
        )
        advice = f"Look for a feed of {column} that stopped, or a default that replaced it."
        level = touched(study, defect.columns, defect.share.value)
    else:
        both = " in both data sets" if defect.against else ""
        sentence = f"{column} has one value{both}, {_quoted(defect.value)}: it says nothing."
        advice = f"Leave {column} out, or find out why it does not vary."
        level = Severity.INFO
    return Finding(
        f"quality-constant:{column}",
        "quality-constant",
        level,
        column,
        sentence,
        Recommendation(advice, "The model gets back what it learnt from." if defect.stale else ""),
        f"{rows(defect.rows)} with a value, all the same.",
        estimate=defect.share,
        impact=defect.share.value if defect.stale else 0.0,
    )


_SPIKES = {
    "stand-in": "a number that people write where there is none",
    "limit": "the end of its range: values beyond it were cut off, though the reference has them",
    "filled": "the middle of the reference: missing values seem to be filled with it",
    "zero": "zero, which may stand for a missing value",
    "default": "one single value, perhaps a default",
}


@as_finding.register
def _(defect: SpikedValue, study: Study) -> Finding:
    column, value = defect.columns[0], plain(defect.value)
    mend = {
        "limit": f"Lift the limit of {value} on {column} where it is set, or train with it.",
        "filled": f"Mark {column} = {value} as missing, and find out what stopped delivering it.",
    }.get(defect.spike, f"Mark {column} = {value} as missing where it is no real value, and mend the source.")
    return Finding(
        f"quality-spike:{column}",
        "quality-spike",
        touched(study, defect.columns, defect.share.value - defect.then),
        column,
        f"{shown(defect.share)} of the rows have {column} = {value}, {percent(defect.then)} in the reference. It is "
        f"{_SPIKES[defect.spike]}.",
        Recommendation(mend, f"It concerns {rows(defect.rows)}."),
        f"At least three times as common as its neighbours and as in the reference; {_q(defect)}.",
        estimate=defect.share,
        impact=defect.share.value - defect.then,
    )


@as_finding.register
def _(defect: StandIn, study: Study) -> Finding:
    column, value = defect.columns[0], plain(defect.value)
    return Finding(
        f"quality-stand-in:{column}",
        "quality-stand-in",
        Severity.LOW,
        column,
        f"{rows(defect.rows)} ({shown(defect.share)}) have {column} = {value}, far from all other values: it "
        "probably stands for missing.",
        Recommendation(f"Mark {column} = {value} as missing before it is averaged, scaled or fed to a model."),
        "A number that people write where there is none, apart from all others by more than their spread.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: OutOfRange, study: Study) -> Finding:
    column = defect.columns[0]
    if defect.negative:
        what = f"are negative (down to {plain(defect.seen[0])}), which the reference never is"
        advice = f"Look for a flipped sign, a difference or a code in {column} below 0."
    else:
        seen = f"{plain(defect.seen[0])} to {plain(defect.seen[1])}"
        what = (
            f"lie outside the reference's range of {plain(defect.low)} to {plain(defect.high)}: the current data "
            f"reach from {seen}"
        )
        advice = (
            f"Check the largest and smallest {column} at their source: wrong entries, another unit, or new cases."
        )
    # A column of one value in the reference (a year, a batch) names the data set: another one is no surprise.
    level = touched(study, defect.columns, defect.share.value) if defect.high > defect.low else Severity.INFO
    return Finding(
        f"quality-range:{column}",
        "quality-range",
        level,
        column,
        f"{rows(defect.rows)} ({shown(defect.share)}) of {column} {what}.",
        Recommendation(
            advice, "If they are right, the model extrapolates on them; if not, it gets back what it knows."
        ),
        "Exact chance that rows beyond the reference's extremes all fall to one side, Bonferroni over both ends; "
        f"{_q(defect)}.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: Infinite, study: Study) -> Finding:
    column = defect.columns[0]
    before = "" if defect.then is None else f", {percent(defect.then)} in the reference"
    new = defect.then is None or defect.share.low > defect.then
    return Finding(
        f"quality-infinite:{column}",
        "quality-infinite",
        touched(study, defect.columns, defect.share.value) if new else Severity.INFO,
        column,
        f"{rows(defect.rows)} ({shown(defect.share)}) of {column} are infinite{before}.",
        Recommendation(f"Look for a division by zero or an overflow where {column} is made."),
        "Infinite numbers are in no mean and no bin.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: Precision, study: Study) -> Finding:
    column = defect.columns[0]
    if defect.change == "fractions":
        sentence = f"{shown(defect.share)} of {column} are no whole numbers, as all of the reference are."
        advice = f"Find out whether {column} is now a mean, a share or another unit."
    else:
        step = f"{defect.decimals} decimals" if defect.decimals > 0 else f"multiples of {10**-defect.decimals:,}"
        sentence = f"{column} is rounder than it was: all values are {step}, {percent(defect.then)} of the reference."
        advice = f"Find out where {column} is rounded, and whether the model was trained that way."
    return Finding(
        f"quality-precision:{column}",
        "quality-precision",
        touched(study, defect.columns, min(defect.share.value, SMALL)),
        column,
        sentence,
        Recommendation(advice),
        "By the looks at both data sets.",
        estimate=defect.share,
        impact=min(defect.share.value, SMALL),
    )


@as_finding.register
def _(defect: FarOut, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-outliers:{column}",
        "quality-outliers",
        by_bounds(defect.share.value - defect.then, None, 0.05),
        column,
        f"{shown(defect.share)} of {column} lie far out (below {plain(defect.low)} or above {plain(defect.high)}), "
        f"{percent(defect.then)} in the reference.",
        Recommendation(f"Look at these rows of {column}: entries by mistake, or cases that the model hardly knows."),
        f"Three quartile ranges beyond the reference's quartiles (Tukey's outer fences); {_q(defect)}.",
        estimate=defect.share,
        impact=(defect.share.value - defect.then) / 2,
    )


@as_finding.register
def _(defect: NewValues, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-new-values:{column}",
        "quality-new-values",
        touched(study, defect.columns, defect.share.value),
        column,
        f"{column} has {rows(len(defect.values), 'value')} that the reference does not have, in "
        f"{shown(defect.share)} of the rows: {_examples(defect.values)}.",
        Recommendation(
            f"Decide what each new value of {column} means to the model: most encoders turn it into nothing or into "
            "another value without a word.",
            f"It concerns {rows(defect.rows)}.",
        ),
        "Values that are too common for chance to keep them out of the reference (exact, Benjamini–Hochberg at 1 %).",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: VanishedValues, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-vanished-values:{column}",
        "quality-vanished-values",
        by_bounds(defect.share.value, None, 0.10),
        column,
        f"{rows(len(defect.values), 'value')} of {column} no longer occur, {shown(defect.share)} of the reference's "
        f"rows: {_examples(defect.values)}.",
        Recommendation(
            f"Find out whether these cases are really gone, are now called otherwise, or are lost before {column} "
            "comes here."
        ),
        "Values that are too common for chance to keep them out of the current data (exact, Benjamini–Hochberg at "
        "1 %).",
        estimate=defect.share,
        impact=defect.share.value / 2,
    )


@as_finding.register
def _(defect: RenamedValues, study: Study) -> Finding:
    column = defect.columns[0]
    pairs = listed([f"{_quoted(old)} is now {_quoted(new)}" for old, new in defect.names], SHOWN)
    back = listed([f"{_quoted(new)} back to {_quoted(old)}" for old, new in defect.names], SHOWN)
    return Finding(
        f"quality-renamed-values:{column}",
        "quality-renamed-values",
        touched(study, defect.columns, defect.share.value),
        column,
        f"Values of {column} go by another name in {shown(defect.share)} of the rows: {pairs}.",
        Recommendation(
            f"Map {back} before the data reach the model.",
            f"{rows(defect.rows)} are read as what they are again.",
        ),
        f"A value that vanished and one that is new: {defect.because}.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: RemovedColumn, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-column-removed:{column}",
        "quality-column-removed",
        touched(study, defect.columns, 1.0),
        column,
        f"The current data have no column {column}; the reference has.",
        Recommendation(f"Bring {column} back, or say what the model gets in its place."),
        "Names of the columns are compared as they are.",
        impact=1.0,
    )


@as_finding.register
def _(defect: AddedColumn, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-column-added:{column}",
        "quality-column-added",
        Severity.INFO,
        column,
        f"{column} is new: the reference has no such column, so nothing can be said of its change.",
        Recommendation("Nothing has to be done if no model reads it; else evaluate with a reference that has it."),
        impact=0.0,
    )


@as_finding.register
def _(defect: RenamedColumn, study: Study) -> Finding:
    old, new = defect.columns
    return Finding(
        f"quality-column-renamed:{old}",
        "quality-column-renamed",
        touched(study, (old,), 1.0),
        new,
        f"The column {old} seems to be called {new} now: one is gone, the other new, and their values agree.",
        Recommendation(f"Rename {new} to {old}, or tell whoever reads it.", "The column is compared again.", True),
        f"Likeness of values {number(defect.alike)} (1 − distance of the distributions beyond chance).",
        impact=0.999,
    )


@as_finding.register
def _(defect: TypeChange, study: Study) -> Finding:
    column = defect.columns[0]
    said = "" if defect.parsed is None else f" {percent(defect.parsed)} of the texts still are numbers."
    return Finding(
        f"quality-type:{column}",
        "quality-type",
        touched(study, defect.columns, 1.0),
        column,
        f"{column} is {defect.now} now and {defect.then} in the reference, so the two cannot be compared.{said}",
        Recommendation(
            f"Read {column} as {defect.then} again; look for the values that are no such thing.",
            "The column is compared again.",
        ),
        "Types as the data sets state them; different widths of numbers count as one type.",
        impact=0.999,
    )


@as_finding.register
def _(defect: BrokenDependency, study: Study) -> Finding:
    a, b = defect.columns
    value, then, now = defect.example
    return Finding(
        f"quality-dependency:{a}+{b}",
        "quality-dependency",
        touched(study, defect.columns, defect.share.value),
        b,
        f"{a} decides {b} in the reference, but not in {shown(defect.share)} of the current rows: {a} = "
        f"{_quoted(value)} went with {b} = {_quoted(then)}, and now also with {_quoted(now)}.",
        Recommendation(f"Look for a join or a mapping from {a} to {b} that went wrong."),
        f"By the looks at both data sets; exact, {_q(defect)}.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: BrokenOrder, study: Study) -> Finding:
    a, b = defect.columns
    return Finding(
        f"quality-order:{a}+{b}",
        "quality-order",
        touched(study, defect.columns, defect.share.value),
        b,
        f"{a} is never above {b} in the reference, but is in {shown(defect.share)} of the current rows, e.g. "
        f"{defect.example[0]} and {defect.example[1]}.",
        Recommendation(f"Look for swapped or wrong entries of {a} and {b}."),
        f"By the looks at both data sets; exact, {_q(defect)}.",
        estimate=defect.share,
        impact=defect.share.value,
    )


def plain(value: float) -> str:
    """A value of a column as it would be written: 2015, −1, 0.25, 1,250,000."""
    written = f"{value:.6g}" if abs(value) < 10_000 else f"{value:,.6g}"
    return written.replace("-", "−")


def _names(defect: Defect) -> str:
    return listed(list(defect.columns), SHOWN)


def _quoted(value: str) -> str:
    return f"“{value}”"


def _examples(values: Iterable[tuple[str, int]]) -> str:
    return listed([f"{_quoted(v)} ({n:,})" for v, n in values], SHOWN)


def _q(defect: Defect) -> str:
    return "no test" if defect.q is None else f"Benjamini–Hochberg over the columns, {p_text(defect.q, 'q')}"
