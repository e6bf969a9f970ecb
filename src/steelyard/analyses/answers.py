"""The first screen: is it worse, how much, why, where, is it fair and worth it, what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steelyard.analyses.changes import Changes, clear_changes
from steelyard.analyses.decided import decided
from steelyard.analyses.losses import MAIN, Loss, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.words import NBSP, half_width, is_share, listed, number, percent, points, shown
from steelyard.metrics import Metric
from steelyard.records import Answer, Estimate, Finding, Severity

WORSE, HOW_MUCH, WHY, WHERE, FIRST = "Is it worse?", "How much?", "Why?", "Where?", "What to do first?"
_PLACES = ("weak-slice", "segment")


def answers(study: Study, findings: Sequence[Finding]) -> tuple[Answer, ...]:
    """Answer what was asked: the five questions where there is a reference, then those about decisions."""
    if "reference" not in study.profiles:
        return tuple(decided(study, findings))
    clear = clear_changes(study)
    change = next((f.id for f in findings if f.kind in ("change", "cause") and f.subject in _names(clear)), "")
    return (
        *_measured(study, clear, change),
        Answer(WHY, *_why(study, clear, findings)),
        Answer(WHERE, *_where(findings)),
        *decided(study, findings),
        Answer(FIRST, *_first(findings)),
    )


def _names(clear: Changes) -> set[str]:
    return {m.metric.name for m in (*clear.worse, *clear.better)}


def _measured(study: Study, clear: Changes, change: str) -> Iterator[Answer]:
    known = [(m, d) for m in chosen(study, MAIN) if (d := study.estimate(m.name, data="difference")) is not None]
    if not known:
        yield from _estimated(study)
        return
    if clear.worse:
        worst = clear.worse[0]
        word, but = "Yes", ""
        if clear.better:
            word, but = "Partly", f"; {listed([m.metric.title for m in clear.better])} got better"
        yield Answer(WORSE, f"{word}: {listed([m.metric.title for m in clear.worse])} got worse{but}.", change)
        yield Answer(HOW_MUCH, f"{_from_to(study, worst.metric)}.", change)
    elif clear.better:
        best = clear.better[0]
        yield Answer(WORSE, f"No: {listed([m.metric.title for m in clear.better])} got better.", change)
        yield Answer(HOW_MUCH, f"{_from_to(study, best.metric)}.", change)
    else:
        metric, difference = known[0]
        loss = Loss(metric)
        most = max(loss.worse(difference.low), loss.worse(difference.high))
        yield Answer(
            WORSE,
            f"No clear change in {listed([m.title for m, _ in known])}.",
        )
        yield Answer(
            HOW_MUCH,
            f"{_from_to(study, metric)}; a loss of more than {_by(max(most, 0.0), difference, metric, study)} "
            "can be ruled out.",
        )


def _estimated(study: Study) -> Iterator[Answer]:
    for metric in chosen(study, MAIN):
        now, then = study.estimate(metric.name, data="estimated"), study.estimate(metric.name, data="reference")
        if now is None or then is None:
            continue
        loss = Loss(metric)
        before, after = (loss.of(then.low), loss.of(then.high)), (loss.of(now.low), loss.of(now.high))
        word = "Nothing speaks for it"
        if min(after) > max(before):
            word = "Probably"
        elif max(after) < min(before):
            word = "Probably not"
        yield Answer(WORSE, f"{word}: labels are missing, and {metric.title} can only be estimated from the scores.")
        yield Answer(HOW_MUCH, f"{metric.title} is estimated at {shown(now)}; on the reference it was {shown(then)}.")
        return
    yield Answer(WORSE, "That cannot be told: there are no labels to measure by.")


def _from_to(study: Study, metric: Metric) -> str:
    now, then = study.estimate(metric.name), study.estimate(metric.name, data="reference")
    difference = study.estimate(metric.name, data="difference")
    if now is None or then is None or difference is None:
        return metric.title
    change = _by(difference.value, difference, metric, study, sign=True)
    ends = [_by(end, difference, metric, study, sign=True) for end in (difference.low, difference.high)]
    low, high = (end.removesuffix(f"{NBSP}points") for end in ends)
    written = percent if is_share(now) else number
    half = half_width(now)
    return f"{metric.title} {written(then.value, half)} → {written(now.value, half)}: {change} ({low} to {high})"


def _by(value: float, difference: Estimate, metric: Metric, study: Study, *, sign: bool = False) -> str:
    now = study.estimate(metric.name)
    half = half_width(difference) / 4
    if now is not None and is_share(now):
        return points(value, half, sign=sign)
    return number(value, half, sign=sign)


def _why(study: Study, clear: Changes, findings: Sequence[Finding]) -> tuple[str, str]:
    told = next((a for a in study.attributions if a.metric in _names(clear)), None)
    if told is None and study.attributions and clear.worse:
        told = study.attributions[0]
    if told is not None:
        finding = next((f.id for f in findings if f.kind == "cause" and f.subject == told.metric), "")
        return told.sentence, finding
    moved = [d for d in study.drifts if d.verdict == "drifted"]
    if moved:
        names = listed([d.column or "all columns together" for d in moved])
        lead = "No cause stands out" if clear.worse else "Nothing got worse"
        return f"{lead}; what moved in the data: {names}.", ""
    return ("No cause stands out." if clear.worse else "There is nothing to explain: no column moved clearly."), ""


def _where(findings: Sequence[Finding]) -> tuple[str, str]:
    """The gravest place; of equally grave ones one that is new since the reference."""
    places = [f for f in findings if f.kind in _PLACES and f.slice and f.severity is not Severity.INFO]
    if not places:
        return "No segment stands out from the rest.", ""
    place = min(places, key=lambda f: (f.severity is Severity.LOW, f.standing, f.severity.rank))
    return f"{'As on the reference: ' if place.standing else ''}{place.sentence}", place.id


def _first(findings: Sequence[Finding]) -> tuple[str, str]:
    first = next((f for f in findings if f.severity in (Severity.HIGH, Severity.MEDIUM) and not f.part_of), None)
    if first is None:
        return "Nothing is urgent. Set checks on the metrics that matter, to be told when this changes.", ""
    return str(first.recommendation), first.id
