"""Where is the model worse than elsewhere?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.findings import severity
from steelyard.analyses.findings.contrast import Contrast, Contrasts
from steelyard.analyses.losses import BY_SLICE, Loss, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, p_text, percent, rows, shown
from steelyard.records import Finding, Recommendation, Severity, Slice
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.10
MOST = 10
NEARLY_ALL = 0.8
"""A slice with more than this share of the rows is the model at large, not a weak segment of it."""


@dataclass(frozen=True)
class Weak:
    """A slice that is worse: the contrast that tells most, and the others that are significant too."""

    main: Contrast
    others: tuple[Contrast, ...]
    q: float
    shrunken: float
    all: tuple[Contrast, ...]
    worst_part: Weak | None = None


def weak_slices(study: Study) -> list[Finding]:
    """Slices worse than the rest, all slices and metrics tested together at a false discovery rate of 10 %."""
    contrasts = Contrasts(study)
    tested = [c for metric in chosen(study, BY_SLICE, sliced=True) for c in contrasts.of(metric)]
    if not tested:
        return []
    weak = folded(without_repeats(ranked(tested)))
    shown_first, rest = weak[:MOST], weak[MOST:]
    found = [_finding(w, len(tested)) for w in shown_first]
    return [*found, _others(rest)] if rest else found


def ranked(tested: Sequence[Contrast]) -> list[Weak]:
    """The significant slices, those that stand for most loss (after shrinkage) first."""
    q = benjamini_hochberg(np.array([c.p for c in tested]))
    shrinkage = {
        name: _shrinkage([c for c in tested if c.metric.name == name]) for name in {c.metric.name for c in tested}
    }
    by_slice: dict[Slice, list[tuple[Contrast, float]]] = {}
    for contrast, value in zip(tested, q.tolist(), strict=True):
        if value <= FALSE_DISCOVERIES and contrast.gap > 0 and contrast.share <= NEARLY_ALL:
            by_slice.setdefault(contrast.where, []).append((contrast, value))
    found = []
    for where, pairs in by_slice.items():
        scored = [(c.impact * shrinkage[c.metric.name].get(where, 1.0), c, v) for c, v in pairs]
        shrunken, main, value = _telling(scored)
        others = tuple(c for c, _ in pairs if c is not main)
        found.append(Weak(main, others, value, shrunken, tuple(c for c in tested if c.where == where)))
    return sorted(found, key=lambda w: (-w.shrunken, str(w.main.where)))


def _telling(scored: list[tuple[float, Contrast, float]]) -> tuple[float, Contrast, float]:
    """The metric that stands for most; accuracy, which all understand, where it is not far behind."""
    most = max(scored, key=lambda s: s[0])
    plain = next((s for s in scored if s[1].metric.name == "accuracy"), most)
    return plain if plain[0] >= most[0] / 2 else most


def without_repeats(weak: Sequence[Weak]) -> list[Weak]:
    """Leave out a slice whose story another one already tells: the whole around it, or a part of it."""
    real = [w for w in weak if not any(_only_through(w.main, part.main) for part in weak)]
    return [w for w in real if not any(_told_by(w.main, whole.main) for whole in real)]


def folded(weak: Sequence[Weak]) -> list[Weak]:
    """Tell a part together with the whole around it: the whole names its worst part."""
    wholes = [w for w in weak if not any(_lies_in(w, whole) for whole in weak)]
    return [replace(w, worst_part=next((part for part in weak if _lies_in(part, w)), None)) for w in wholes]


def _lies_in(part: Weak, whole: Weak) -> bool:
    return set(whole.main.where.items) < set(part.main.where.items)


def _only_through(whole: Contrast, part: Contrast) -> bool:
    """Whether a slice is worse only because a part of it is much worse."""
    if not set(whole.where.items) < set(part.where.items) or not _clearly_worse(part, whole):
        return False
    without = whole.share - part.share
    if without <= 0:
        return True
    value = (whole.share * whole.inside.value - part.share * part.inside.value) / without
    return Loss(whole.metric).worse(value - whole.rest.value) < 0.5 * whole.gap


def _told_by(part: Contrast, whole: Contrast) -> bool:
    """Whether a part is no worse than the whole slice it lies in."""
    return set(whole.where.items) < set(part.where.items) and not _clearly_worse(part, whole)


def _clearly_worse(part: Contrast, whole: Contrast) -> bool:
    if part.metric.name != whole.metric.name:
        return False
    edge = part.inside.high if part.metric.direction == "higher" else part.inside.low
    return Loss(part.metric).worse(edge - whole.inside.value) > 0


def _shrinkage(contrasts: Sequence[Contrast]) -> dict[Slice, float]:
    """Empirical Bayes: the share of each gap that is not noise, τ²/(τ² + se²), τ² by DerSimonian & Laird 1986."""
    gaps, errors = np.array([c.gap for c in contrasts]), np.array([max(c.reach, 1e-12) for c in contrasts])
    if len(contrasts) < 3:
        return {}
    weight = errors**-2
    centre = float(weight @ gaps / weight.sum())
    spread = float(weight @ (gaps - centre) ** 2) - (len(gaps) - 1)
    between = max(spread / float(weight.sum() - (weight**2).sum() / weight.sum()), 0.0)
    return {c.where: between / (between + e * e) for c, e in zip(contrasts, errors.tolist(), strict=True)}


def _finding(weak: Weak, tests: int) -> Finding:
    c = weak.main
    lost = Loss(c.metric).name
    others = listed([o.metric.title for o in weak.others])
    also = f" Worse there too: {others}." if weak.others else ""
    sentence = (
        f"The model is worse where {c.where}: {c.metric.title} is {shown(c.inside)}, elsewhere {shown(c.rest)}. "
        f"That is {percent(c.share)} of the rows; were they as good as the rest, about {percent(weak.shrunken)} of "
        f"all {lost} would go.{_worst_part(weak)}{also}"
    )
    lines = [f"{o.metric.title} {shown(o.inside)} against {shown(o.rest)}, {p_text(o.p)}" for o in (c, *weak.others)]
    detail = (
        f"Against all other rows, one-sided: {'; '.join(lines)}. Benjamini–Hochberg over {tests} tests of slices and "
        f"metrics: {p_text(weak.q, 'q')}. As measured it stands for {percent(c.impact)} of all {lost}; after "
        f"empirical Bayes shrinkage over the slices for {percent(weak.shrunken)}."
    )
    return Finding(
        id=f"weak-slice:{_id(c.where)}",
        kind="weak-slice",
        severity=severity.of_errors(weak.shrunken),
        subject=c.metric.name,
        sentence=sentence,
        recommendation=_advice(weak),
        detail=detail,
        slice=c.where,
        estimate=c.inside,
        impact=weak.shrunken,
    )


def _worst_part(weak: Weak) -> str:
    part = weak.worst_part
    if part is None:
        return ""
    more = Slice(tuple(item for item in part.main.where if item not in weak.main.where.items))
    return f" Worst of them where {more}: {part.main.metric.title} {shown(part.main.inside)}."


def _advice(weak: Weak) -> Recommendation:
    c = weak.main
    effect = f"About {percent(weak.shrunken)} fewer {Loss(c.metric).name} if it came up to the rest."
    ranking = next((o for o in weak.all if o.metric.name == "roc_auc"), None)
    if ranking is not None and ranking.inside.high < 0.5:
        return Recommendation(
            f"Check the labels and the join of the rows with {c.where}: there high scores go with negative labels, "
            "as if labels or scores were swapped.",
            effect,
        )
    if ranking is not None and c.metric.name != "roc_auc" and ranking.p > 0.1:
        return Recommendation(
            f"Try a threshold or a recalibration of its own where {c.where}: scores rank rows there as well as "
            "elsewhere, so the cut is what fits badly.",
            effect,
        )
    return Recommendation(
        f"Look at the errors where {c.where} first: check labels and inputs there, then add such rows or features "
        "that tell them apart to the training data.",
        effect,
    )


def _others(weak: Sequence[Weak]) -> Finding:
    names = [str(w.main.where) for w in weak]
    sentence = (
        f"{rows(len(weak), 'more slice')} are worse than the rest too, each with less effect: {listed(names, 6)}."
    )
    return Finding(
        "weak-slice:others",
        "weak-slice",
        Severity.LOW,
        "slices",
        sentence,
        Recommendation("Mend the larger ones first, then evaluate again."),
        "; ".join(f"{w.main.where}: {w.main.metric.title} {shown(w.main.inside)}" for w in weak),
        impact=max(w.shrunken for w in weak),
    )


def _id(where: Slice) -> str:
    return "&".join(f"{column}={value}" for column, value in where.items)
