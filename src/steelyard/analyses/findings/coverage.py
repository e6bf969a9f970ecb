"""Do intervals and sets hold the truth as often as they promise, and are they of use?"""

from __future__ import annotations

from steelyard.analyses.findings import severity
from steelyard.analyses.findings.quantiles import quantile_coverages
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.promises import Promise, named, nominal, promises
from steelyard.analyses.words import listed, number, p_text, percent, points, shown
from steelyard.records import Coverage, Estimate, Finding, Recommendation, Severity, Sharpness, Uncertainty, Verdict

OF_LITTLE_USE = 0.8
"""Intervals and sets this wide, beside what knows nothing of the inputs, say hardly anything."""
MOST_SLICES = 5


def coverage(study: Study) -> list[Finding]:
    """Intervals and sets that hold the truth less or more often than promised, on the whole or in slices."""
    found = study.uncertainty
    if found is None:
        return []
    told_of_quantiles = bool(study.problem.quantiles) and bool(quantile_coverages(study))
    told: list[Finding] = []
    for place, promise in enumerate(promises(study)):
        suffix = f":{promise.subject}" if place else ""
        whole = _whole(found, promise)
        if whole is None or not isinstance(whole.coverage, Estimate):
            continue
        silent = told_of_quantiles and promise.quantiles
        if whole.verdict is Verdict.FAIL and not silent:
            told.append(_too_rarely(study, promise, whole, whole.coverage, suffix))
        elif _too_often(whole, study.level) and not silent:
            told.append(_wider_than_needed(promise, whole, whole.coverage, suffix))
        told += _in_slices(found, promise, whole.coverage, suffix)
    return told


def vagueness(study: Study) -> list[Finding]:
    """Intervals and sets that are too wide to be of use."""
    found = study.uncertainty
    if found is None:
        return []
    made = {promise.subject: promise for promise in promises(study)}
    return [
        finding
        for sharp in found.sharpness
        if sharp.data == "current" and (finding := _vague(made[sharp.subject], sharp)) is not None
    ]


def _whole(found: Uncertainty, promise: Promise) -> Coverage | None:
    return next(
        (c for c in found.coverages if (c.subject, c.by, c.data) == (promise.subject, "all", "current")), None
    )


def _too_rarely(study: Study, promise: Promise, whole: Coverage, seen: Estimate, suffix: str) -> Finding:
    promised = whole.promised or 0.0
    times = (1.0 - seen.value) / (1.0 - promised)
    size = f" Their mean {promise.size_name} is {shown(whole.size)}." if isinstance(whole.size, Estimate) else ""
    return Finding(
        f"uncertainty:coverage{suffix}",
        "uncertainty",
        severity.of_coverage(promised - seen.value),
        promise.subject,
        f"{named(promise)} hold the truth in only {shown(seen)} of the rows: it is missed {number(times, 0.1)} times "
        f"as often as promised.{_since(study, promise)}{size}",
        Recommendation(
            "Calibrate them again on recent labelled rows (conformal prediction adds the margin that was missing), "
            "and keep counting how often they hold.",
            f"The truth would be held in {percent(promised - seen.value, 0.01)} more of the rows.",
        ),
        _law(whole, seen),
        estimate=seen,
        impact=promised - seen.value,
    )


def _too_often(whole: Coverage, level: float) -> bool:
    seen = whole.coverage
    if not isinstance(seen, Estimate) or whole.p is None or whole.expected is None:
        return False
    return whole.p <= 1.0 - level and seen.value > whole.expected


def _wider_than_needed(promise: Promise, whole: Coverage, seen: Estimate, suffix: str) -> Finding:
    promised = whole.promised or 0.0
    more, less = ("wider", "narrower") if promise.kind == "interval" else ("larger", "smaller")
    return Finding(
        f"uncertainty:coverage{suffix}",
        "uncertainty",
        Severity.LOW,
        promise.subject,
        f"{named(promise)} hold the truth in {shown(seen)} of the rows, more often than promised: they are {more} "
        "than they need be.",
        Recommendation(f"Calibrate them again on recent labelled rows: {less} ones would keep the promise too."),
        _law(whole, seen),
        estimate=seen,
        impact=(seen.value - promised) / 4,
    )


def _in_slices(found: Uncertainty, promise: Promise, overall: Estimate, suffix: str) -> list[Finding]:
    """Slices that fall short of the promise, and short of the whole: what all rows lack is told already."""
    failing = [
        (c, c.coverage)
        for c in found.coverages
        if (c.subject, c.by, c.data) == (promise.subject, "slice", "current")
        and c.verdict is Verdict.FAIL
        and isinstance(c.coverage, Estimate)
        and c.coverage.high < overall.value
    ]
    if not failing:
        return []
    failing.sort(key=lambda pair: pair[1].value)
    worst, seen = failing[0]
    promised = promise.promised or 0.0
    missed = sum(e.n * (promised - e.value) for _, e in failing) / overall.n
    others = listed([str(c.where) for c, _ in failing[1:]], MOST_SLICES)
    also = f", and too rarely where {others}" if others else ""
    return [
        Finding(
            f"uncertainty:slices{suffix}",
            "uncertainty",
            severity.of_coverage(promised - seen.value),
            promise.subject,
            f"{named(promise)} hold the truth in only {shown(seen)} of the rows where {worst.where}{also}; over all "
            f"rows it is {shown(overall)}.",
            Recommendation(
                "Calibrate by group (a margin of its own for each, as in Mondrian conformal prediction), or scale "
                "the margin by a model of the error's size."
            ),
            "; ".join(f"{c.where}: {shown(e)}, {p_text(c.p or 0.0, 'adjusted p')}" for c, e in failing[:MOST_SLICES])
            + ".",
            slice=worst.where,
            estimate=seen,
            impact=min(max(missed, 0.0), 1.0),
        )
    ]


def _vague(promise: Promise, sharp: Sharpness) -> Finding | None:
    size = sharp.size
    if not isinstance(size, Estimate) or sharp.ignorant is None or size.low < OF_LITTLE_USE * sharp.ignorant:
        return None
    if promise.kind == "set":
        full = f"; {shown(sharp.full)} of them hold every one" if isinstance(sharp.full, Estimate) else ""
        said = f"hold {shown(size)} of {sharp.ignorant:g} classes on average{full}"
    else:
        said = (
            f"are {shown(size)} wide on average; an interval that knows nothing of the inputs would be about "
            f"{number(sharp.ignorant)} wide"
        )
    return Finding(
        f"uncertainty:size:{promise.subject}",
        "uncertainty",
        Severity.MEDIUM if size.low >= sharp.ignorant else Severity.LOW,
        promise.subject,
        f"{named(promise)} say hardly anything: they {said}.",
        Recommendation("A better model, or inputs that tell more, make them smaller; a lower promise does too."),
        f"Mean {promise.size_name} {shown(size)} ({size.method}).",
        estimate=size,
        impact=0.05,
    )


def _since(study: Study, promise: Promise) -> str:
    """When the alarms over time began, where there are windows."""
    found = study.uncertainty
    series = None if found is None else next((s for s in found.series if s.subject == promise.subject), None)
    if series is None or not series.alarms:
        return ""
    watched = sum(p.data == "current" for p in series.points)
    return f" {len(series.alarms)} of {watched} windows have an alarm, the first at {series.alarms[0].start}."


def _law(whole: Coverage, seen: Estimate) -> str:
    low, high = whole.limits or (0.0, 1.0)
    half = max((high - low) / 2, 0.001)
    off = seen.value - (whole.expected or 0.0)
    return (
        f"Promised {nominal(whole.promised or 0.0)}; a kept promise shows {percent(low, half)} to "
        f"{percent(high, half)} on as many rows. The coverage is off by {points(off, 0.001, sign=True)}, "
        f"{p_text(whole.p or 0.0)}."
    )
