"""What left its limits, when, and whether it came back?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from steelyard.analyses.findings import severity
from steelyard.analyses.losses import Loss
from steelyard.analyses.study import Study
from steelyard.analyses.windows.budget import WINDOWS_A_FALSE_ALARM
from steelyard.analyses.windows.departures import NEAR, Departure, away, departures, is_distance
from steelyard.analyses.words import half_width, listed, number, p_text, percent, rows, shown
from steelyard.metrics import Metric
from steelyard.records import Estimate, Finding, Recommendation, Series, Severity

MOST_IN_DETAIL = 12


def over_time(study: Study) -> list[Finding]:
    """Departures of every series, one finding for those that began together; where there are none, that says so."""
    if not study.series:
        return []
    found = [d for series in study.series for d in departures(series)]
    lasting = [d for d in found if d.sustained]
    told = [
        *_metrics(study, [d for d in lasting if d.series.kind == "metric"]),
        *_by_onset(study, [d for d in lasting if is_distance(d.series)], _drifts),
        *(_mean(d) for d in lasting if d.series.kind == "drift" and not is_distance(d.series)),
        *_by_onset(study, [d for d in lasting if d.series.kind == "missing"], _missing),
        *(_volume(d) for d in lasting if d.series.kind == "volume"),
        *_gaps(study),
        *_incidents(study, [d for d in found if not d.sustained]),
    ]
    kept: dict[str, Finding] = {}
    for finding in sorted(told, key=lambda f: (f.severity.rank, -f.impact)):
        kept.setdefault(finding.id, finding)
    return list(kept.values()) or [_stable(study)]


def since(study: Study, metric: str) -> str:
    """Start of the level that a metric is at now, where that is not its usual one; else ""."""
    for series in study.series:
        if series.kind == "metric" and series.subject == metric:
            now = away(series)
            return now.since if now is not None else ""
    return ""


def _by_onset(
    study: Study, found: Sequence[Departure], told: Callable[[Study, Sequence[Departure]], Finding]
) -> Iterator[Finding]:
    """A finding on every group of departures that began within a few windows of each other."""
    group: list[Departure] = []
    for departure in sorted(found, key=lambda d: d.first):
        if group and departure.first - group[0].first > NEAR:
            yield told(study, group)
            group = []
        group.append(departure)
    if group:
        yield told(study, group)


def _metrics(study: Study, found: Sequence[Departure]) -> Iterator[Finding]:
    """Metrics that are away from their usual level at the same time, for the worse and for the better.

    They see one thing happen, some more sharply than others: the clearest one dates it.
    """
    known = [(d, m) for d in found if (m := study.metric(d.series.subject)) is not None]
    for side, told in ((True, _worse), (False, _better)):
        left = sorted((x for x in known if (_worsened(*x) > 0) == side), key=lambda x: (not x[0].ongoing, x[0].p))
        while left:
            lead = left[0][0]
            group = [x for x in left if x[0].first <= lead.last and lead.first <= x[0].last]
            left = [x for x in left if x not in group]
            yield told(group)


def _worse(part: Sequence[tuple[Departure, Metric]]) -> Finding:
    lead, metric = part[0]
    loss = Loss(metric)
    growth = max(_growth(d, m) for d, m in part)
    verb = "fell" if lead.difference.value < 0 else "rose"
    back = "" if lead.ongoing else f", and is back since {lead.until}"
    rest = f" Also worse: {listed([_titled(d, m, lead) for d, m in part[1:]], 8)}." if len(part) > 1 else ""
    share = _growth(lead, metric) / (1 + _growth(lead, metric))
    return Finding(
        f"over-time:{metric.name}",
        "over-time",
        severity.of_change(growth) if lead.ongoing else Severity.LOW,
        metric.name,
        f"{metric.title} {verb} at {lead.since} from {_written(lead.before)} to {shown(lead.after)} "
        f"({_lasting(lead)}){back}.{rest}",
        Recommendation(
            f"Look for what changed at {lead.since}: a release, a source of data, a rule of the business.",
            f"Up to {percent(share)} of the {loss.name} since then if the old level came back."
            if lead.ongoing
            else "",
        ),
        _detail([d for d, _ in part]),
        estimate=lead.difference,
        impact=share if lead.ongoing else share / 4,
    )


def _better(part: Sequence[tuple[Departure, Metric]]) -> Finding:
    lead, metric = part[0]
    rest = f" Also better: {listed([_titled(d, m, lead) for d, m in part[1:]], 8)}." if len(part) > 1 else ""
    return Finding(
        f"over-time:{metric.name}:better",
        "over-time",
        Severity.INFO,
        metric.name,
        f"{metric.title} got better at {lead.since}, from {_written(lead.before)} to {shown(lead.after)} "
        f"({_lasting(lead)}).{rest}",
        Recommendation("Make sure that the gain is real: the same kind of rows, labels of the same age, no leakage."),
        _detail([d for d, _ in part]),
        estimate=lead.difference,
        impact=min(abs(_growth(lead, metric)), 1.0) / 4,
    )


def _titled(d: Departure, metric: Metric, lead: Departure) -> str:
    """A metric, and since when where that is not about when the clearest one left."""
    return metric.title if abs(d.first - lead.first) <= NEAR else f"{metric.title} (since {d.since})"


def _drifts(study: Study, group: Sequence[Departure]) -> Finding:
    ranked = sorted(group, key=lambda d: -d.after.value)
    lead = ranked[0]
    names = [d.series.subject for d in ranked]
    plural = len(names) > 1
    return Finding(
        f"over-time:drift:{lead.series.subject}",
        "over-time",
        severity.by_bounds(lead.after.value, None, 0.1) if lead.ongoing else Severity.LOW,
        lead.series.subject,
        f"{listed(names)} {'have' if plural else 'has'} moved away from {_basis(study)} since {lead.since} "
        f"({_lasting(lead)}): the distance{' of ' + names[0] if plural else ''} went from {_written(lead.before)} to "
        f"{shown(lead.after)} (Jensen–Shannon, 0 to 1){_ended(lead)}.",
        Recommendation(
            f"See what changed in the source of {listed(names)} at {lead.since}, and whether the metrics changed too."
        ),
        _detail(ranked),
        estimate=lead.after,
        impact=min(lead.after.value, 1.0) / (2 if lead.ongoing else 8),
    )


def _mean(d: Departure) -> Finding:
    what = d.series.subject
    verb = "rose" if d.difference.value > 0 else "fell"
    return Finding(
        f"over-time:{what}",
        "over-time",
        Severity.LOW,
        what,
        f"The mean {what} {verb} at {d.since} from {_written(d.before)} to {shown(d.after)} "
        f"({_lasting(d)}){_ended(d)}.",
        Recommendation(_ADVICE[what]),
        _detail([d]),
        estimate=d.difference,
        impact=0.05,
    )


_ADVICE = {
    "label": "See whether the world changed, or how labels are taken; read metrics that depend on it with care.",
    "score": "See whether the inputs moved, and whether the threshold still flags as many rows as can be handled.",
    "prediction": "See whether the inputs moved, or whether the model did.",
}


def _missing(study: Study, group: Sequence[Departure]) -> Finding:
    ranked = sorted(group, key=lambda d: -d.difference.value)
    lead = ranked[0]
    names = [d.series.subject for d in ranked]
    rate = percent(lead.before.value) if lead.before.value > 0 else "none"
    when = f"are missing since {lead.since}" if lead.ongoing else f"were missing from {lead.since} to {lead.until}"
    return Finding(
        f"over-time:missing:{lead.series.subject}",
        "over-time",
        severity.of_rows(max(lead.difference.value, 0.0)) if lead.ongoing else Severity.LOW,
        lead.series.subject,
        f"Values of {listed(names)} {when} ({_lasting(lead)}): {shown(lead.after, share=True)} of the "
        f"rows{' of ' + names[0] if len(names) > 1 else ''}, {rate} otherwise.",
        Recommendation(
            f"Mend the source of {listed(names)}; until then, treat predictions on these rows with care.",
            "Rows without these values are scored on less than the model was made for.",
        ),
        _detail(ranked),
        estimate=lead.after,
        impact=min(max(lead.difference.value, 0.0), 1.0) / (2 if lead.ongoing else 8),
    )


def _volume(d: Departure) -> Finding:
    change = d.difference.value / d.before.value if d.before.value > 0 else 1.0
    verb = "dropped" if change < 0 else "grew"
    return Finding(
        "over-time:rows",
        "over-time",
        severity.by_bounds(abs(change), None, 0.5) if d.ongoing else Severity.LOW,
        "rows",
        f"The number of rows in a window {verb} at {d.since} by {percent(abs(change))}, from {d.before.value:,.0f} "
        f"to {d.after.value:,.0f} ({_lasting(d)}){_ended(d)}.",
        Recommendation(
            "See whether rows are lost on their way here, or are there twice, before other numbers are compared."
        ),
        _detail([d]),
        estimate=d.difference,
        impact=min(abs(change), 1.0) / 4,
    )


def _gaps(study: Study) -> Iterator[Finding]:
    volume = next((s for s in study.series if s.kind == "volume"), None)
    if volume is None:
        return
    current = [p for p in volume.points if p.data == "current"]
    empty = [p for p in current if isinstance(p.outcome, Estimate) and p.outcome.value == 0]
    if not empty or len(empty) > len(current) / 4:
        # Where so many windows are empty, that is how the data comes: on weekdays, by batches.
        return
    share = len(empty) / len(current)
    yield Finding(
        "over-time:gaps",
        "over-time",
        severity.of_rows(share),
        "rows",
        f"{rows(len(empty), 'window')} of {len(current):,} hold no row at all: {listed([p.start for p in empty])}.",
        Recommendation("See whether these rows were never there or did not arrive; load them if they exist."),
        f"First {empty[0].start}, last {empty[-1].start}.",
        impact=share / 4,
    )


def _incidents(study: Study, found: Sequence[Departure]) -> Iterator[Finding]:
    """Windows beyond their limits that made no level of their own."""
    if not found:
        return
    told = [f"{_name(study, d.series)} at {d.since}" for d in found]
    watched = _watched(study)
    latest = " The last is too recent to tell whether it lasts." if any(d.ongoing for d in found) else ""
    yield Finding(
        "over-time:incidents",
        "over-time",
        Severity.LOW,
        found[0].series.subject,
        f"{rows(len(found), 'departure')} from the limits did not last: {listed(told)}.{latest} By chance alone "
        f"{number(watched / WINDOWS_A_FALSE_ALARM, 0.1)} such alarms are expected in {watched:,} windows.",
        Recommendation("Look at these windows: an incident that was mended leaves such a mark, and so does chance."),
        _detail(found),
        estimate=found[0].difference,
        impact=0.02,
    )


def _stable(study: Study) -> Finding:
    watched = _watched(study)
    limited = [s for s in study.series if s.limits is not None]
    if not limited:
        return Finding(
            "over-time:unlimited",
            "over-time",
            Severity.INFO,
            "windows",
            f"There are too few windows for limits: {study.series[0].method.removeprefix('No limits: ')}",
            Recommendation("Give a reference with more windows, or take narrower ones."),
        )
    return Finding(
        "over-time:stable",
        "over-time",
        Severity.INFO,
        "windows",
        f"Nothing left its limits in {rows(watched, 'window')}: {len(limited)} series were watched, with "
        f"{limited[0].budget.split(';')[0]}.",
        Recommendation("Keep watching with the same limits."),
        limited[0].method,
    )


def _watched(study: Study) -> int:
    return max((sum(p.statistic is not None for p in s.points) for s in study.series), default=0)


def _growth(d: Departure, metric: Metric) -> float:
    loss = Loss(metric)
    before = loss.of(d.before.value)
    return loss.worse(d.difference.value) / before if before > 0 else 1.0


def _worsened(d: Departure, metric: Metric) -> float:
    return Loss(metric).worse(d.difference.value)


def _basis(study: Study) -> str:
    return "the reference" if "reference" in study.profiles else "the first windows"


def _written(estimate: Estimate) -> str:
    return shown(estimate).split(" (")[0]


def _lasting(d: Departure) -> str:
    return rows(d.windows, "window")


def _ended(d: Departure) -> str:
    return "" if d.ongoing else f"; it is over since {d.until}"


def _name(study: Study, series: Series) -> str:
    if series.kind == "metric":
        metric = study.metric(series.subject)
        return metric.title if metric is not None else series.subject
    return {"missing": "missing values of ", "drift": "", "volume": ""}[series.kind] + series.subject


def _signed(estimate: Estimate) -> str:
    half = half_width(estimate)
    value, low, high = (number(x, half, sign=True) for x in (estimate.value, estimate.low, estimate.high))
    return f"{value} ({low} to {high})"


def _detail(found: Sequence[Departure]) -> str:
    lines = [
        f"{d.series.subject} from {d.since} to {d.until}: {_signed(d.difference)}"
        + (f", {p_text(d.p)}" if d.p is not None else "")
        for d in found[:MOST_IN_DETAIL]
    ]
    return f"{'; '.join(lines)}. {found[0].series.method}"
