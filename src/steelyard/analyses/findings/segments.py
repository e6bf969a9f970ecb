"""In which segments, of all that the features can make, does the model fail most?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from steelyard.analyses.findings import severity
from steelyard.analyses.slices.candidates import ALARMS
from steelyard.analyses.slices.history import History, history
from steelyard.analyses.study import Study
from steelyard.analyses.words import (
    half_width,
    is_share,
    listed,
    number,
    p_text,
    percent,
    points,
    rows,
    shown,
)
from steelyard.records import Estimate, Finding, Recommendation, Segment, Severity
from steelyard.stats.segments import divergence_t, sliceline_score

MOST = 4
"""Segments that were weak before, or without a reference, which are told one by one; what became weak always is."""


def segments(study: Study) -> list[Finding]:
    """The worst segments, those that became so since the reference told apart from those that were before."""
    known = [(segment, history(study, segment)) for segment in study.segments]
    lasting = [s for s, past in known if past not in ("new", "grown")]
    rest = lasting[MOST:]
    found = [_finding(study, s, past) for s, past in known if s not in rest]
    return [*found, _others(study, rest)] if rest else found


def of_segment(avoidable: float, past: History) -> Severity:
    """By the share of the loss that would go; high only where it became so, low where it was so before.

    Every model has rows that are hard.
    """
    return severity.by_bounds(avoidable, 0.10 if past == "new" else None, None if past == "known" else 0.03)


def same_rows(segment: Segment, findings: Iterable[Finding]) -> Finding | None:
    """The finding about a slice of the user's own that speaks of the same rows as a segment; None where none does."""
    for finding in findings:
        if finding.kind != "weak-slice" or not finding.slice:
            continue
        counted = finding.estimate is not None and finding.estimate.n == segment.rows
        if finding.slice == segment.where or (counted and finding.slice.columns == segment.where.columns):
            return finding
    return None


def _finding(study: Study, segment: Segment, past: History) -> Finding:
    where, lost = _where(segment), _lost(study)
    sentence = (
        f"The model {_verb(past)} where {where}: {_measure(study)} is {shown(segment.loss)}, elsewhere "
        f"{_value(segment.rest)}. These {rows(segment.rows)} ({percent(segment.share)} of all) hold "
        f"{percent(segment.of_errors)} of all {lost}; were they as good as the rest, about "
        f"{percent(segment.avoidable)} would go.{_past(segment, past)}"
    )
    return Finding(
        id="segment:" + "&".join(f"{column}={value}" for column, value in segment.where),
        kind="segment",
        severity=of_segment(segment.avoidable, past),
        subject="segments",
        sentence=sentence,
        recommendation=_advice(segment, past, where, lost),
        detail=_detail(study, segment),
        slice=segment.where,
        estimate=segment.loss,
        impact=min(segment.avoidable, 1.0),
        standing=past == "known",
    )


def _verb(past: History) -> str:
    return {"new": "became worse", "grown": "became still worse"}.get(past, "is worse")


def _past(segment: Segment, past: History) -> str:
    then = segment.then
    if then is None or not past:
        return ""
    before = f"On the reference data it was {_value(then)} there"
    if past == "known":
        return f" {before}: rows that were hard before."
    return f" {before}: {'this is new' if past == 'new' else 'the gap has grown'} since."


def _advice(segment: Segment, past: History, where: str, lost: str) -> Recommendation:
    effect = f"About {percent(segment.avoidable)} fewer {lost} if it came up to the rest."
    if past in ("new", "grown"):
        return Recommendation(
            f"Find out what changed where {where} since the reference: first how inputs and labels are recorded, "
            "then whether the model must learn it anew from recent rows.",
            effect,
        )
    return Recommendation(
        f"Look at the errors where {where}: check labels and inputs there, then add such rows or features that tell "
        "them apart to the training data.",
        effect,
    )


def _detail(study: Study, segment: Segment) -> str:
    excess = segment.excess
    written = points if is_share(segment.loss) else number
    gap = written(excess.value, half_width(excess), sign=True)
    overall = segment.share * segment.loss.value + (1 - segment.share) * segment.rest.value
    parts = [
        f"Filter: {segment.rule}.",
        f"Above the rest by {gap} ({written(excess.low, half_width(excess), sign=True)} to "
        f"{written(excess.high, half_width(excess), sign=True)}, {excess.method}), {p_text(segment.p)} one-sided; "
        f"{p_text(segment.q, 'adjusted p')} by Bonferroni over everything that was searched, so that the chance of "
        f"any false segment is at most {percent(ALARMS)}. The interval itself knows nothing of the search.",
        "Avoidable share after empirical Bayes shrinkage (two groups).",
    ]
    if overall > 0:
        score = sliceline_score(segment.share, segment.loss.value / overall)
        parts.append(f"SliceLine's score is {number(score)} (α = 0.95).")
    if study.problem.loss_counts:
        n = segment.loss.effective_n or segment.loss.n
        n_all = n + (segment.rest.effective_n or segment.rest.n)
        parts.append(f"DivExplorer's t is {number(divergence_t(n * segment.loss.value, n, n_all * overall, n_all))}.")
    return " ".join(parts)


def _others(study: Study, rest: Sequence[Segment]) -> Finding:
    names = [f"{_where(s)} ({_value(s.loss)})" for s in rest]
    return Finding(
        "segment:others",
        "segment",
        Severity.LOW,
        "segments",
        f"{rows(len(rest), 'more segment')} {'is' if len(rest) == 1 else 'are'} worse than the rest too: "
        f"{listed(names, 6)}.",
        Recommendation("Mend the larger ones first, then evaluate again."),
        " ".join(f"{s.rule}: {_measure(study)} {shown(s.loss)}, adjusted {p_text(s.q)}." for s in rest),
        impact=max(s.avoidable for s in rest),
        standing="reference" in study.profiles,
    )


def _where(segment: Segment) -> str:
    return " and ".join(
        f"{column} {value}" if value[:1] in "≥<" else f"{column} is {value}" for column, value in segment.where
    )


def _value(estimate: Estimate) -> str:
    half = half_width(estimate)
    return percent(estimate.value, half) if is_share(estimate) else number(estimate.value, half)


def _measure(study: Study) -> str:
    task = study.problem.task
    return (
        "the error rate"
        if study.problem.loss_counts
        else ("the share of wrong labels" if task == "multilabel" else "the mean absolute error")
    )


def _lost(study: Study) -> str:
    task = study.problem.task
    return "errors" if study.problem.loss_counts else "wrong labels" if task == "multilabel" else "absolute error"
