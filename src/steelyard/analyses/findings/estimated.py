"""How good is the model while labels are missing?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.estimation import doubts
from steelyard.analyses.estimation.intervals import Terms
from steelyard.analyses.estimation.known import Known, known
from steelyard.analyses.estimation.labelling import Labelling, labelling
from steelyard.analyses.estimation.readings import ESTIMATED, MEAN_LOSS, POWERED
from steelyard.analyses.findings import severity
from steelyard.analyses.losses import Loss
from steelyard.analyses.study import Study
from steelyard.analyses.testing import difference, p_value
from steelyard.analyses.words import half_width, listed, number, p_text, percent, rows, shown
from steelyard.metrics import Metric
from steelyard.records import Estimate, Finding, Recommendation, Severity
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.05
SHARES = frozenset({"accuracy", "recall", "precision", "balanced_accuracy"})
MANY_THIN = 0.10
"""Share of rows the reference hardly knows that is worth a word."""


@dataclass(frozen=True)
class Compared:
    """An estimated metric against the reference.

    Attributes:
        metric: the metric.
        now: the estimate.
        then: the reference's value.
        gap: estimate less reference.
        q: of no difference, over all metrics compared.
    """

    metric: Metric
    now: Estimate
    then: Estimate
    gap: Estimate
    q: float

    @property
    def growth(self) -> float:
        """Relative growth of the loss; negative where it shrank."""
        loss = Loss(self.metric)
        before = loss.of(self.then.value)
        return loss.worse(self.gap.value) / before if before > 0 else float(np.sign(loss.worse(self.gap.value)))

    @property
    def clear(self) -> bool:
        """Whether the difference is told from chance."""
        return self.q <= FALSE_DISCOVERIES


def estimated(study: Study) -> list[Finding]:
    """Where labels are missing: estimates against the reference, what the labels so far say, and doubts."""
    found = known(study)
    if found is None or not found.late:
        return []
    return [*_performance(found), *_so_far(found), *_label_shift(found)]


def _performance(found: Known) -> Iterator[Finding]:
    compared = _compared(found)
    missing = _missing(found)
    if not compared:
        yield from _alone(found, missing)
        return
    clear = [c for c in compared if c.clear]
    worse = sorted((c for c in clear if c.growth > 0), key=lambda c: -c.growth)
    main = worse[0] if worse else _headline(compared, found)
    word = (
        "probably worse"
        if worse
        else "probably better"
        if main.clear
        else "no clear difference, as far as this can tell"
    )
    others = [c.metric.title for c in worse if c is not main]
    also = f" Also probably worse: {listed(others)}." if others else ""
    thin = doubts.thin(found)
    caution = (
        f" {percent(thin)} of these rows are of a kind the reference hardly has, so the estimate is a guess for them."
        if thin >= MANY_THIN
        else ""
    )
    advice = labelling(found, _aim(compared, found))
    yield Finding(
        f"estimated:{main.metric.name}",
        "estimated",
        severity.of_change(main.growth) if worse else Severity.INFO,
        main.metric.name,
        f"{missing} {main.metric.title} is estimated at {_shown(main.now, main.metric)} against "
        f"{_shown(main.then, main.metric)} on the reference: {word}.{also}{caution}",
        _label_some(advice, "confirm it"),
        "; ".join(_line(c) for c in compared)
        + f". Method: {main.now.method}; {main.now.note}."
        + (f" {percent(thin)} of the rows lie in cells with fewer than 10 labelled rows." if thin else ""),
        estimate=main.now,
        impact=main.growth / (1 + main.growth) if worse else 0.0,
    )


def _alone(found: Known, missing: str) -> Iterator[Finding]:
    """Without a reference to compare with: what the labels so far say of all rows."""
    metric = next((m for m in found.metrics if found.study.estimate(m.name, data=ESTIMATED) is not None), None)
    now = found.study.estimate(metric.name, data=ESTIMATED) if metric is not None else None
    if metric is None or now is None:
        return
    yield Finding(
        f"estimated:{metric.name}",
        "estimated",
        Severity.INFO,
        metric.name,
        f"{missing} Over all rows {metric.title} is estimated at {_shown(now, metric)}.",
        _label_some(labelling(found, None), "know it better"),
        f"Method: {now.method}; {now.note}.",
        estimate=now,
    )


def _so_far(found: Known) -> Iterator[Finding]:
    """Where those who were labelled first do better or worse than all rows."""
    name = MEAN_LOSS.get(found.study.problem.task, "")
    metric = found.study.metric(name)
    naive, corrected = found.study.estimate(name), found.study.estimate(name, data=ESTIMATED)
    if metric is None or naive is None or corrected is None or corrected.low <= naive.value <= corrected.high:
        return
    kind = "easier" if Loss(metric).worse(corrected.value - naive.value) > 0 else "harder"
    powered = found.study.estimate(name, data=POWERED)
    beside = f" Taking the labelled rows for a random sample (PPI++) gives {shown(powered)}." if powered else ""
    gap = abs(corrected.value - naive.value)
    yield Finding(
        "estimated:labels-so-far",
        "estimated",
        of_bias(gap / max(Loss(metric).of(corrected.value), 1e-12)),
        name,
        f"The rows that have a label so far are {kind} than the rest: {metric.title} is {_shown(naive, metric)} on "
        f"them, but {_shown(corrected, metric)} over all rows once their scores and segments are weighed in.",
        Recommendation(
            "Read the estimate, not the labelled rows alone, until most labels are there.",
            f"They differ by {_difference(gap, corrected, metric)}.",
        ),
        f"{rows(found.labelled)} of {found.every:,.0f} have a label. Method: {corrected.method}; {corrected.note}."
        + beside,
        estimate=corrected,
        impact=min(gap / max(Loss(metric).of(corrected.value), 1e-12), 1.0) / 2,
    )


def _label_shift(found: Known) -> Iterator[Finding]:
    shift = doubts.label_shift(found)
    metric = found.study.metric("accuracy")
    if shift is None or metric is None:
        return
    terms = Terms(found.study.level, "cbpe under label shift")
    other = doubts.under_label_shift(found, shift, metric, terms)
    estimate = found.study.estimate("accuracy", data=ESTIMATED)
    beside = (
        f" Accuracy would then be {percent(other.value, half_width(other))}, not "
        f"{percent(estimate.value, half_width(estimate))}."
        if other is not None and estimate is not None
        else ""
    )
    yield Finding(
        "estimated:label-shift",
        "estimated",
        Severity.LOW,
        "label",
        f"Scores have moved the way they would if positives alone had become "
        f"{'more' if shift.shifted > shift.then else 'less'} frequent, from {percent(shift.then)} to "
        f"{percent(shift.shifted)}; the estimate takes them to be {percent(shift.assumed)}.{beside}",
        Recommendation(
            "Ask whether positives themselves became more or less frequent (a campaign, a season, another base "
            "rate); if so, trust the second number, and label a few hundred rows to settle it."
        ),
        f"EM (Saerens et al. 2002) on groups of scores; a mixture of the old scores of positives and negatives "
        f"accounts for {percent(shift.explained)} of the χ² between current and reference scores. Rows without "
        "labels cannot tell a shift of the labels from one of the inputs.",
        impact=min(abs(shift.shifted - shift.assumed), 0.5),
    )


def of_bias(growth: float) -> Severity:
    """By how much the loss on labelled rows is off, relative to that of all rows."""
    return severity.by_bounds(growth, None, 0.10)


def _compared(found: Known) -> list[Compared]:
    study, pairs = found.study, []
    for metric in found.metrics:
        now, then = study.estimate(metric.name, data=ESTIMATED), study.estimate(metric.name, data="reference")
        if now is not None and then is not None:
            pairs.append((metric, now, then, difference(now, then)))
    if not pairs:
        return []
    q = benjamini_hochberg(np.array([p_value(gap) for *_, gap in pairs])).tolist()
    return [Compared(*pair, value) for pair, value in zip(pairs, q, strict=True)]


def _headline(compared: Sequence[Compared], found: Known) -> Compared:
    """The mean loss, else the first: average precision and the like rise with the share of positives alone."""
    name = MEAN_LOSS.get(found.study.problem.task)
    return next((c for c in compared if c.metric.name == name), compared[0])


def _missing(found: Known) -> str:
    if found.labelled == 0:
        return "No label of the current data is there yet."
    return f"{percent(found.missing)} of the current rows have no label yet."


def _label_some(advice: Labelling | None, purpose: str) -> Recommendation:
    if advice is None:
        return Recommendation(f"Label a random sample of a few hundred rows to {purpose}.")
    how = f", {advice.where}, and the rest at random from all" if advice.where else " at random"
    return Recommendation(
        f"Label {advice.rows:,} rows{how}, to {purpose}.",
        f"They tell the {advice.what} to ±{number(advice.half, advice.half)}.",
    )


def _aim(compared: Sequence[Compared], found: Known) -> float | None:
    """Half-width of the mean loss that settles the question: half of its difference, where that is clear."""
    name = MEAN_LOSS.get(found.study.problem.task)
    return next((abs(c.gap.value) / 2 for c in compared if c.metric.name == name and c.clear), None)


def _line(c: Compared) -> str:
    change = _difference(c.gap.value, c.gap, c.metric, sign=True)
    now, then = _shown(c.now, c.metric), _shown(c.then, c.metric)
    return f"{c.metric.title} {now} estimated, {then} on the reference, {change}, {p_text(c.q, 'q')}"


def _shown(estimate: Estimate, metric: Metric) -> str:
    return shown(estimate, metric.name in SHARES)


def _difference(gap: float, like: Estimate, metric: Metric, sign: bool = False) -> str:
    half = half_width(like)
    if metric.name in SHARES:
        return f"{number(100 * gap, 100 * half / 4, sign)} points"
    return number(gap, half, sign)
