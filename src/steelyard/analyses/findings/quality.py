"""What is wrong with the data, in words: writings, columns that say nothing, rows that repeat, leakage, labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from steelyard.analyses.findings.quality_columns import SHOWN, as_finding, changed_values
from steelyard.analyses.findings.quality_severity import touched
from steelyard.analyses.findings.severity import by_bounds
from steelyard.analyses.quality.defect import Defect
from steelyard.analyses.quality.duplicates import (
    DuplicateIds,
    DuplicateRows,
    NearDuplicates,
    RepeatedCases,
    duplicate_rows,
    near_duplicates,
)
from steelyard.analyses.quality.informative import (
    Constant,
    CopiedColumn,
    Identifier,
    NearlyConstant,
    constants,
    copied_columns,
    identifiers,
)
from steelyard.analyses.quality.labels import DoubtedLabels, doubted_labels
from steelyard.analyses.quality.leakage import (
    SharedGroups,
    SharedRows,
    TargetLeak,
    shared_groups,
    shared_rows,
    target_leaks,
)
from steelyard.analyses.quality.missing import (
    MissingDepends,
    MissingSomewhere,
    MostlyMissing,
    missing_depends,
    missing_somewhere,
    mostly_missing,
)
from steelyard.analyses.quality.population import Unrepresentative, unrepresentative
from steelyard.analyses.quality.text_values import (
    NumbersAsText,
    Placeholders,
    Slips,
    Spellings,
    TruthsAsText,
    text_defects,
)
from steelyard.analyses.quality.times import ImpossibleTime, TimeOverlap, impossible_times, time_overlap
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, number, percent, rows, shown
from steelyard.records import EVERYTHING, Finding, Recommendation, Severity

NOT_APPLICABLE = 0.95
"""Missing in nearly all of a group: the question does not apply to it."""

__all__ = [
    "changed_values",
    "doubted",
    "leakage",
    "repeated_rows",
    "representativeness",
    "uninformative_columns",
    "written_values",
]


def written_values(study: Study) -> list[Finding]:
    """How values are written: texts, dates, and what being missing says."""
    return _told(study, (text_defects, impossible_times, missing_depends, missing_somewhere, mostly_missing))


def uninformative_columns(study: Study) -> list[Finding]:
    """Columns that say nothing, or the same as another."""

    def still(study: Study) -> Iterator[Defect]:
        return (c for c in constants(study) if not (isinstance(c, Constant) and c.stale))

    return _told(study, (still, identifiers, copied_columns))


def repeated_rows(study: Study) -> list[Finding]:
    """Rows that come more than once."""
    return _told(study, (duplicate_rows, near_duplicates))


def leakage(study: Study) -> list[Finding]:
    """What the model should not have known."""
    return _told(study, (target_leaks, shared_rows, shared_groups, time_overlap))


def doubted(study: Study) -> list[Finding]:
    """Labels that confident scores contradict."""
    return _told(study, (doubted_labels,))


def representativeness(study: Study) -> list[Finding]:
    """Whether groups have the shares that a stated population has."""
    return [as_finding(defect, study) for defect in unrepresentative(study, study.population)]


def _told(study: Study, looks: Sequence[Callable[[Study], Iterator[Defect]]]) -> list[Finding]:
    if not study.columns or not study.profiles["current"].rows:
        return []
    return [as_finding(defect, study) for look in looks for defect in look(study)]


@as_finding.register
def _(defect: Spellings, study: Study) -> Finding:
    column = defect.columns[0]
    groups = listed([" / ".join(f"“{v}”" for v, _ in group[:3]) for group in defect.groups], SHOWN)
    grown = defect.share.value - (defect.then or 0.0)
    before = "" if defect.then is None else f", {percent(defect.then)} in the reference"
    new = defect.then is None or defect.share.low > defect.then
    return Finding(
        f"quality-spelling:{column}",
        "quality-spelling",
        touched(study, defect.columns, grown) if new else Severity.LOW,
        column,
        f"{rows(len(defect.groups), 'value')} of {column} are written in several ways, which differ in "
        f"{defect.differs}: {groups}. {shown(defect.share)} of the rows have the rarer writing{before}.",
        Recommendation(
            f"Bring {column} into one writing (trim, fold case, normalise Unicode) before it is grouped or encoded.",
            f"{defect.values[0]} values become {defect.values[1]}; {rows(defect.rows)} join their group.",
            verified=True,
        ),
        "Values are folded: NFKC, look-alike letters, case, white space.",
        estimate=defect.share,
        impact=max(grown, 0.0) if new else defect.share.value / 2,
    )


@as_finding.register
def _(defect: Slips, study: Study) -> Finding:
    column = defect.columns[0]
    pairs = listed([f"“{rare}” for “{common}”" for rare, common in defect.pairs], SHOWN)
    return Finding(
        f"quality-slips:{column}",
        "quality-slips",
        Severity.LOW,
        column,
        f"{column} has {rows(len(defect.pairs), 'rare spelling')} one letter away from a common value, in "
        f"{rows(defect.rows)} ({shown(defect.share)}): {pairs}.",
        Recommendation(f"Check these spellings of {column}, and map the wrong ones to the common value."),
        "Words of five letters or more, at most a twentieth as common as the value they are near to.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: Placeholders, study: Study) -> Finding:
    column = defect.columns[0]
    values = listed([f"“{v}” ({n:,})" for v, n in defect.values], SHOWN)
    before = "" if defect.then is None else f", {percent(defect.then)} in the reference"
    new = defect.then is not None and defect.share.low > defect.then + 0.001
    return Finding(
        f"quality-placeholder:{column}",
        "quality-placeholder",
        touched(study, defect.columns, defect.share.value - (defect.then or 0.0)) if new else Severity.LOW,
        column,
        f"{rows(defect.rows)} ({shown(defect.share)}) of {column} hold a text that stands for missing: {values}"
        f"{before}.",
        Recommendation(
            f"Read these texts of {column} as missing, so that they are counted and treated as such.",
            f"{rows(defect.rows)} are counted as missing.",
            verified=True,
        ),
        "Texts that people write where there is none, whatever their case and outer white space.",
        estimate=defect.share,
        impact=defect.share.value - (defect.then or 0.0) if new else defect.share.value / 2,
    )


@as_finding.register
def _(defect: NumbersAsText, study: Study) -> Finding:
    column = defect.columns[0]
    how = "" if defect.how == "plain" else f" with {defect.how}"
    odd = f" The rest is no number, e.g. {listed([f'“{v}”' for v in defect.odd], SHOWN)}." if defect.odd else ""
    new = defect.then is not None and defect.then < 0.5 * defect.share.value
    return Finding(
        f"quality-text-numbers:{column}",
        "quality-text-numbers",
        touched(study, defect.columns, defect.share.value) if new else Severity.LOW,
        column,
        f"{column} is text, but {shown(defect.share)} of the rows hold a number{how}.{odd}",
        Recommendation(
            f"Read {column} as a number{how and ' after the separators are mended'}, and the rest as missing.",
            "Its range, shape and drift can then be measured.",
        ),
        "Texts that are wholly a number once outer white space is gone; codes with leading zeros are not counted.",
        estimate=defect.share,
        impact=defect.share.value / 2,
    )


@as_finding.register
def _(defect: TruthsAsText, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-truths:{column}",
        "quality-truths",
        touched(study, defect.columns, min(defect.share.value, 0.05)),
        column,
        f"{column} says yes and no in {len(defect.spellings)} spellings: "
        f"{listed([f'“{v}”' for v in defect.spellings], 6)}. {shown(defect.share)} of the rows have a rarer one.",
        Recommendation(
            f"Map {column} to one spelling each.",
            f"{len(defect.spellings)} values become 2; {rows(defect.rows)} join them.",
            verified=True,
        ),
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: ImpossibleTime, study: Study) -> Finding:
    column = defect.columns[0]
    what = {
        "future": f"lie in the future (up to {defect.example})",
        "early": f"lie before 1900 (from {defect.example} on)",
        "stand-in": f"are {defect.example}, far from all others: it probably stands for no date",
    }[defect.what]
    return Finding(
        f"quality-impossible-time:{column}:{defect.what}",
        "quality-impossible-time",
        touched(study, defect.columns, defect.share.value),
        column,
        f"{rows(defect.rows)} ({shown(defect.share)}) of {column} {what}.",
        Recommendation(
            f"Mark these {column} as missing; look for a default, a swapped day and month, or a wrong unit of time."
        ),
        "Rows by day, all of them; the future is later than tomorrow (UTC).",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: MissingDepends, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-missing-tells:{column}",
        "quality-missing-tells",
        Severity.LOW,
        column,
        f"Whether {column} is missing tells of the label: {shown(defect.without)} positive where it is missing, "
        f"{shown(defect.with_value)} where it is not.",
        Recommendation(
            f"Find out why {column} is missing: if it is filled only once the outcome is known, it leaks it; if not, "
            "give the model a flag for missing instead of a filled-in value."
        ),
        "By the look at the current data; difference with Newcombe's interval, Benjamini–Hochberg at 1 %.",
        estimate=defect.difference,
        impact=defect.share.value / 2,
    )


@as_finding.register
def _(defect: MissingSomewhere, study: Study) -> Finding:
    column, (group, value) = defect.columns[0], defect.group
    return Finding(
        f"quality-missing-where:{column}",
        "quality-missing-where",
        Severity.INFO if defect.inside.value >= NOT_APPLICABLE else Severity.LOW,
        column,
        f"{column} is missing in {shown(defect.inside)} of the rows with {group} = {value}, in "
        f"{shown(defect.elsewhere)} of the others.",
        Recommendation(f"Look where {column} comes from for {group} = {value}."),
        "By the look at the current data; score test against the rest, Benjamini–Hochberg at 1 %.",
        estimate=defect.inside,
        impact=defect.share.value / 2,
    )


@as_finding.register
def _(defect: MostlyMissing, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-mostly-missing:{column}",
        "quality-mostly-missing",
        Severity.INFO,
        column,
        f"{column} is missing in {shown(defect.share)} of the rows.",
        Recommendation(f"Ask whether {column} is worth its place, and what the model does without it."),
        estimate=defect.share,
        impact=0.0,
    )


@as_finding.register
def _(defect: NearlyConstant, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-constant:{column}",
        "quality-constant",
        Severity.INFO,
        column,
        f"{column} is “{defect.value}” in all but {rows(defect.share.n - defect.rows)}: it says next to nothing.",
        Recommendation(f"Ask whether {column} is worth its place."),
        estimate=defect.share,
    )


@as_finding.register
def _(defect: Identifier, study: Study) -> Finding:
    column = defect.columns[0]
    stated = study.roles.features is not None and column in study.roles.features
    return Finding(
        f"quality-identifier:{column}",
        "quality-identifier",
        Severity.LOW if stated else Severity.INFO,
        column,
        f"{column} has another value in nearly every row, as an identifier has"
        f"{', yet it is given as a feature' if stated else ''}.",
        Recommendation(f"If {column} names the row, say so by Roles(id=…); a model can only learn it by heart."),
        "By the look at the current data: at least 99 % distinct texts or whole numbers.",
        estimate=defect.share,
        impact=0.001,
    )


@as_finding.register
def _(defect: CopiedColumn, study: Study) -> Finding:
    first, second = defect.columns
    line = f"{number(defect.factor)} × {first}" + (f" {defect.offset:+,.4g}" if defect.offset else "")
    same = f"equals {first}" if defect.equal else f"is {line}"
    return Finding(
        f"quality-copy:{second}",
        "quality-copy",
        touched(study, (second,), 1.0) if defect.new else Severity.INFO,
        second,
        f"{second} {same} in every row{', as it does not in the reference' if defect.new else ''}.",
        Recommendation(
            f"Look for the step that fills {second} from {first}."
            if defect.new
            else f"Leave one of {first} and {second} out: together they say nothing more, and explanations split "
            "between them."
        ),
        "By the look at the current data, every row.",
        impact=0.99 if defect.new else 0.0,
    )


@as_finding.register
def _(defect: DuplicateRows, study: Study) -> Finding:
    before = "" if defect.then is None else f", {percent(defect.then)} in the reference"
    return Finding(
        "quality-duplicate-rows",
        "quality-duplicate-rows",
        touched(study, (), defect.share.value),
        "rows",
        f"{rows(defect.rows)} ({shown(defect.share)}) are there already, equal in every column{before}. They count "
        "twice in every number, and make intervals too narrow.",
        Recommendation(
            "Drop the repeated rows, and look for a join, a retry or a file that was read twice.",
            f"{rows(study.profiles['current'].rows - defect.rows)} remain.",
        ),
        f"{defect.share.note or 'Counted'}: hashes of all columns.".capitalize(),
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: RepeatedCases, study: Study) -> Finding:
    before = "" if defect.then is None else f", {percent(defect.then)} in the reference"
    return Finding(
        "quality-repeated-cases",
        "quality-repeated-cases",
        touched(study, (), defect.share.value),
        "rows",
        f"{rows(defect.rows)} ({shown(defect.share)}) have the features of another row under another identifier, "
        f"time or label{before}.",
        Recommendation("Find out whether a case is recorded several times; if so, keep one row of each."),
        f"{defect.share.note or 'Counted'}: hashes of the features.".capitalize(),
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: DuplicateIds, study: Study) -> Finding:
    column = defect.columns[0]
    before = "" if defect.then is None else f", {number(defect.then)} in the reference"
    return Finding(
        f"quality-duplicate-ids:{column}",
        "quality-duplicate-ids",
        touched(study, (), defect.share.value),
        column,
        f"{column} is no longer one per row: {number(defect.per_id)} rows for each{before}; {rows(defect.rows)} "
        f"({shown(defect.share)}) have an identifier that is there already."
        if defect.then is not None
        else f"{column} should identify a row, but {rows(defect.rows)} ({shown(defect.share)}) have one that is "
        f"there already: {number(defect.per_id)} rows for each.",
        Recommendation(
            f"Look for a join that multiplies rows; keep one row for each {column}.",
            f"{rows(study.profiles['current'].rows - defect.rows)} remain.",
        ),
        f"{defect.share.note or 'Counted'}: hashes of {column}.".capitalize(),
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: NearDuplicates, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        f"quality-near-duplicates:{column}",
        "quality-near-duplicates",
        Severity.LOW,
        "rows",
        f"{shown(defect.share)} of the rows looked at equal another one in every feature but {column}.",
        Recommendation(f"Find out whether these are the same case with {column} corrected; keep the last of each."),
        "By the look at the current data; features are fine enough that equal cases are no coincidence.",
        estimate=defect.share,
        impact=defect.share.value / 2,
    )


@as_finding.register
def _(defect: SharedRows, study: Study) -> Finding:
    return Finding(
        "quality-shared-rows",
        "quality-shared-rows",
        touched(study, (), defect.share.value),
        "rows",
        f"{shown(defect.share)} of the current rows are cases that the reference has too, feature by feature "
        f"({percent(defect.by_chance)} more would be alike by chance). If the model was trained on the reference, it "
        "has seen them, and looks better than it is.",
        Recommendation(
            "Leave these rows out of the evaluation, and split by case or by time.",
            f"{rows(study.profiles['current'].rows - defect.rows)} remain.",
        ),
        "Hashes of the features on both sides; chance is the share of reference cases with a twin in the reference.",
        estimate=defect.share,
        impact=defect.share.value,
    )


@as_finding.register
def _(defect: SharedGroups, study: Study) -> Finding:
    column = defect.columns[0]
    named = defect.role == "id"
    return Finding(
        f"quality-shared-groups:{column}",
        "quality-shared-groups",
        touched(study, (), defect.share.value) if named else Severity.INFO,
        column,
        f"{shown(defect.share)} of the current rows share their {column} with the reference"
        f"{'' if named else ': rows of one group tell of each other'}.",
        Recommendation(
            f"If the reference is the training data, split by {column}, so that no {column} is on both sides."
        ),
        f"Hashes of {column} on both sides.",
        estimate=defect.share,
        impact=defect.share.value if named else 0.0,
    )


@as_finding.register
def _(defect: TimeOverlap, study: Study) -> Finding:
    column = defect.columns[0]
    return Finding(
        "quality-time-overlap",
        "quality-time-overlap",
        Severity.INFO,
        column,
        f"The current data begin on {defect.first}, before the reference ends on {defect.last}: {rows(defect.rows)} "
        f"({shown(defect.share)}) are older than its newest day.",
        Recommendation(
            "If the model was trained on the reference, evaluate on later rows only: what happens at the same time "
            "tells of each other."
        ),
        f"Rows by day of {column}.",
        estimate=defect.share,
    )


@as_finding.register
def _(defect: TargetLeak, study: Study) -> Finding:
    column = defect.columns[0]
    how = "Whether it is missing" if defect.by_missing else "It"
    return Finding(
        f"quality-target-leak:{column}",
        "quality-target-leak",
        Severity.HIGH,
        column,
        f"{column} is too good to be true: {how[0].lower() + how[1:]} alone tells the label ({defect.measure} "
        f"{shown(defect.strength, share=False)}). It has probably seen the outcome.",
        Recommendation(
            f"Find out when {column} is written: if only after the outcome is known, take it out and train again.",
            "What remains is what the model will do when it has to decide before the outcome.",
        ),
        "By the look at the current data, one feature at a time.",
        estimate=defect.strength,
        impact=1.0,
    )


@as_finding.register
def _(defect: DoubtedLabels, study: Study) -> Finding:
    pairs = listed([f"{percent(s)} of those labelled {a} look {b}" for a, b, s in defect.by_class], SHOWN)
    worst = "" if defect.worst is None else f" Most where {defect.worst[0]} ({shown(defect.worst[1], share=True)})."
    return Finding(
        "quality-label-noise",
        "quality-label-noise",
        # With a reference, a model that got worse is told by its change; without, its labels are the first to doubt.
        Severity.LOW if "reference" in study.profiles else by_bounds(defect.share.value, None, 0.03),
        study.roles.labels[0],
        f"{rows(defect.contradicted)} have a label that the model confidently contradicts, {shown(defect.share)} of "
        f"the rows more than its scores allow for: labels are wrong, or scores too sure.{worst}",
        Recommendation(
            "Look again at the labels of these rows, the most confident first; if a sample of 50 shows the labels to "
            "be right, calibrate the scores instead.",
            f"If the labels are wrong, about {percent(defect.estimate.value)} of all are.",
        ),
        f"Confident learning (Northcutt et al. 2021): {shown(defect.estimate)} wrong labels; {pairs or 'no pair'}. "
        "Scores are taken to be out of sample.",
        slice=EVERYTHING if defect.worst is None else defect.worst[0],
        estimate=defect.share,
        impact=max(defect.share.value, 0.0),
    )


@as_finding.register
def _(defect: Unrepresentative, study: Study) -> Finding:
    column = defect.columns[0]
    groups = [f"{g.name} {shown(g.share)} instead of {percent(g.population)}" for g in defect.groups]
    unknown = listed([f"“{v}” ({percent(s)})" for v, s in defect.unknown], SHOWN)
    extra = f" Not in the stated population: {unknown}." if defect.unknown else ""
    return Finding(
        f"quality-unrepresentative:{column}",
        "quality-unrepresentative",
        by_bounds(defect.share.value, 0.20, 0.05),
        column,
        f"The rows do not stand for the population by {column}: {listed(groups, SHOWN)}.{extra}",
        Recommendation(
            f"Weight the rows by population share / share of rows of {column} (Roles(weight=…)), or collect more of "
            "the first-named groups."
        ),
        f"{shown(defect.share, share=True)} of the rows would have to move (total variation, multinomial draws); "
        "chi² test, Benjamini–Hochberg at 1 %.",
        estimate=defect.share,
        impact=defect.share.value,
    )
