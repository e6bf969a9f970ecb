"""Lines of the first screen about decisions: is it fair, what is it worth, is it better than the champion?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from steelyard.analyses.cost.telling import a_row
from steelyard.analyses.losses import MAIN, Loss, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.analyses.words import half_width, listed, number, points
from steelyard.metrics import Metric
from steelyard.records import Answer, Estimate, Finding, Severity, Verdict
from steelyard.stats.multiplicity import holm

FAIR, WORTH, BETTER = "Is it fair?", "What is it worth?", "Is it better than the champion?"


def decided(study: Study, findings: Sequence[Finding]) -> Iterator[Answer]:
    """Answer what was asked: by sensitive attributes, by costs, by a champion."""
    yield from _better(study)
    yield from _fair(study, findings)
    yield from _worth(study, findings)


def _fair(study: Study, findings: Sequence[Finding]) -> Iterator[Answer]:
    parities = study.fairness.of() if study.fairness is not None else ()
    if not parities:
        return
    by = listed(list(dict.fromkeys(p.attribute[0] for p in parities if len(p.attribute) == 1)))
    verdict = Verdict.worst(p.verdict for p in parities)
    told = next((f for f in findings if f.kind == "fairness" and f.severity is not Severity.INFO), None)
    if verdict is Verdict.FAIL and told is not None:
        yield Answer(FAIR, f"No: {told.sentence}", told.id)
    elif verdict is Verdict.PASS:
        yield Answer(FAIR, f"No violation by {by}: every gap is within its tolerance, for certain.")
    else:
        unsure = sum(p.verdict is Verdict.INCONCLUSIVE for p in parities)
        yield Answer(
            FAIR,
            f"No violation is shown by {by}, but {unsure:,} of {len(parities):,} comparisons cannot be told.",
        )


def _worth(study: Study, findings: Sequence[Finding]) -> Iterator[Answer]:
    money = study.money
    if money is None or not isinstance(money.value, Estimate):
        return
    value = a_row(money.value, money.currency, money.unit, money.volume)
    told = next((f for f in findings if f.kind == "money" and f.severity is not Severity.INFO), None)
    if told is None:
        yield Answer(WORTH, f"{value}. No other threshold is shown to be worth more.")
    else:
        yield Answer(WORTH, f"{value}. {told.sentence}", told.id)


def _better(study: Study) -> Iterator[Answer]:
    known = [(m, g) for m in chosen(study, MAIN) if (g := study.estimate(m.name, data="gain")) is not None]
    if not known:
        return
    adjusted = holm([p_value(gain) for _, gain in known]).tolist()
    sure = [(m, g) for (m, g), p in zip(known, adjusted, strict=True) if p <= 1 - study.level]
    worse = [(m, g) for m, g in sure if Loss(m).worse(g.value) > 0]
    better = [(m, g) for m, g in sure if Loss(m).worse(g.value) < 0]
    if not sure:
        metric, gain = known[0]
        yield Answer(BETTER, f"That is not shown: {metric.title} {_gain(gain, metric)}, which may be nothing.")
        return
    word = "Partly" if better and worse else "Yes" if better else "No, worse"
    first, gain = (better or worse)[0]
    lost = f"; worse in {listed([m.title for m, _ in worse])}" if better and worse else ""
    names = listed([m.title for m, _ in (better or worse)])
    yield Answer(BETTER, f"{word}: {names}{lost}. {first.title} {_gain(gain, first)}, on the same rows.")


def _gain(gain: Estimate, metric: Metric) -> str:
    half = half_width(gain)
    share = metric.name in ("accuracy", "recall", "precision", "balanced_accuracy", "specificity")
    written = points if share else number
    value, low, high = (written(x, half, sign=True) for x in (gain.value, gain.low, gain.high))
    return f"{value} ({low} to {high})"
