"""Can estimates without labels be trusted here? What they would have said, where labels came."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.estimation import backtest
from steelyard.analyses.estimation.backtest import Trial
from steelyard.analyses.estimation.known import Known, known
from steelyard.analyses.findings import severity
from steelyard.analyses.findings.estimated import SHARES
from steelyard.analyses.losses import Loss
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, number, p_text, percent, shown
from steelyard.metrics import Metric
from steelyard.records import Estimate, Finding, Recommendation, Severity
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.05
NOTABLE_GROWTH = 0.05
"""Relative growth of the loss from which an estimate that was wrong is worth a word."""
FEW_WINDOWS = 10
LEAST_COVERAGE = 0.80


@dataclass(frozen=True)
class Missed:
    """An estimate that did not hold.

    Attributes:
        trial: estimate and outcome.
        metric: the metric.
        q: of an outcome this far off by chance, over all metrics tried.
    """

    trial: Trial
    metric: Metric
    q: float

    @property
    def growth(self) -> float:
        """How much larger the loss came out than was foretold, relatively; positive for the worse."""
        loss = Loss(self.metric)
        foretold = loss.of(self.trial.estimate.value)
        gap = loss.worse(self.trial.realised.value - self.trial.estimate.value)
        return gap / foretold if foretold > 0 else float(np.sign(gap))

    @property
    def line(self) -> str:
        """The same for an engineer."""
        estimate = self.trial.estimate
        came = number(self.trial.realised.value, half_width(estimate))
        return f"{self.metric.title} {shown(estimate)} estimated, {came} realised, {p_text(self.q, 'q')}"


def backtested(study: Study) -> list[Finding]:
    """Where labels are there, but the reference would have foretold something better; and windows where it does."""
    found = known(study)
    if found is None:
        return []
    metrics = {m.name: m for m in found.metrics}
    return [*_overall(found, metrics), *_windows(found, metrics)]


def _overall(found: Known, metrics: Mapping[str, Metric]) -> Iterator[Finding]:
    trials = [t for t in backtest.overall(found) if t.estimate.se]
    if not trials:
        return
    q = benjamini_hochberg(np.array([two_sided_p(t.ratio) for t in trials])).tolist()
    missed = [Missed(t, metrics[t.metric], v) for t, v in zip(trials, q, strict=True) if v <= FALSE_DISCOVERIES]
    worse = sorted((m for m in missed if m.growth >= NOTABLE_GROWTH), key=lambda m: -m.growth)
    if worse:
        yield _concept_change(worse, len(trials))


def _concept_change(missed: Sequence[Missed], tried: int) -> Finding:
    main = missed[0]
    metric, trial, growth = main.metric, main.trial, main.growth
    loss = Loss(metric).name
    return Finding(
        "estimated:backtest",
        "estimated",
        severity.of_change(growth),
        trial.metric,
        f"Without labels {metric.title} would have been estimated at {shown(trial.estimate, metric.name in SHARES)}; "
        f"it is {_value(trial.realised, metric)}. Rows of the same score and segment turn out otherwise than in the "
        "reference: what labels follow has changed (concept change).",
        Recommendation(
            "Retrain or recalibrate on recent labels, and do not rely on estimates without labels until then.",
            f"{loss[:1].upper()}{loss[1:]} that new inputs do not explain: {percent(growth)} more than foretold.",
        ),
        f"{len(missed)} of {tried} metrics worse than foretold: "
        + "; ".join(m.line for m in missed)
        + f". Method: {trial.estimate.method}; the labels were forgotten, and looked up afterwards.",
        estimate=trial.estimate,
        impact=growth / (1 + growth),
    )


def _windows(found: Known, metrics: Mapping[str, Metric]) -> Iterator[Finding]:
    """How often estimates by window held; said where they do so far too seldom."""
    trials = backtest.by_window(found)
    by_metric = {name: [t for t in trials if t.metric == name] for name in dict.fromkeys(t.metric for t in trials)}
    low = {
        name: of
        for name, of in by_metric.items()
        if len(of) >= FEW_WINDOWS and sum(t.inside for t in of) / len(of) < LEAST_COVERAGE
    }
    if not low:
        return
    name, of = min(low.items(), key=lambda item: sum(t.inside for t in item[1]) / len(item[1]))
    held = sum(t.inside for t in of)
    widened = math.isfinite(backtest.widening(found, trials).get(name, math.inf))
    yield Finding(
        "estimated:windows",
        "estimated",
        Severity.LOW,
        name,
        f"Estimates without labels held in only {held} of {len(of)} windows for {metrics[name].title}: the model's "
        "quality varies more over time than scores tell.",
        Recommendation(
            "Look at causes that scores do not see (season, region, version), and add such a column as a slice."
            + (" Intervals of estimates are widened accordingly." if widened else "")
        ),
        "; ".join(
            f"{metrics[n].title}: {sum(t.inside for t in parts)} of {len(parts)} inside" for n, parts in low.items()
        )
        + f". Nominal coverage {found.study.level:.0%}; windows of the reference are judged by its other windows.",
        impact=(1 - held / len(of)) / 10,
    )


def _value(estimate: Estimate, metric: Metric) -> str:
    written = percent if metric.name in SHARES else number
    return written(estimate.value, half_width(estimate))
