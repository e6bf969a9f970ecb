"""What a difference says: which model is better, once all that was asked is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from steelyard.analyses.testing import outside
from steelyard.metrics import Metric
from steelyard.records import Estimate, Gain, Outcome
from steelyard.stats.multiplicity import benjamini_hochberg, holm

SLICE_RATE = 0.1
"""Share of false discoveries that is allowed among slices."""
UNCLEAR = "no difference shown"
OTHER_SIDE = {"better": "worse", "worse": "better", "higher": "lower", "lower": "higher"}


def judged(
    found: Sequence[Gain], metrics: Iterable[Metric], level: float, margin: float | None = None
) -> tuple[Gain, ...]:
    """Gains with their p adjusted and what they say: over pairs by Holm, over slices by Benjamini–Hochberg.

    Args:
        found: gains; those of one metric and, of slices, one pair are a family.
        metrics: what they are of.
        level: of the intervals; 1 − level is the chance of any false claim among the pairs of a metric.
        margin: differences up to which models count as alike.
    """
    of = {metric.name: metric for metric in metrics}
    overall = _adjusted(found, lambda g: None if g.slice else (g.metric,), holm)
    sliced = _adjusted(found, lambda g: (g.metric, g.model, g.against) if g.slice else None, benjamini_hochberg)
    made = []
    for place, gain in enumerate(found):
        adjusted = sliced.get(place) if gain.slice else overall.get(place)
        rate = SLICE_RATE if gain.slice else 1.0 - level
        said = word(gain.outcome, adjusted, rate, of[gain.metric].direction, margin)
        made.append(replace(gain, adjusted_p=adjusted, word=said))
    return tuple(made)


def word(outcome: Outcome, p: float | None, rate: float, direction: str, margin: float | None = None) -> str:
    """What a difference says, in a word."""
    if not isinstance(outcome, Estimate):
        return "undefined"
    if p is not None and p < rate and outside(outcome, 0.0):
        if direction == "target":
            return "higher" if outcome.value > 0 else "lower"
        return "better" if (outcome.value > 0) == (direction == "higher") else "worse"
    if margin is not None and -margin <= outcome.low and outcome.high <= margin:
        return "alike"
    return UNCLEAR


def turned(gain: Gain) -> Gain:
    """The same difference, seen from the other model."""
    outcome = gain.outcome
    if isinstance(outcome, Estimate):
        outcome = replace(outcome, value=-outcome.value, low=-outcome.high, high=-outcome.low)
    said = OTHER_SIDE.get(gain.word, gain.word)
    return replace(gain, model=gain.against, against=gain.model, outcome=outcome, word=said)


def _adjusted(
    found: Sequence[Gain],
    family: Callable[[Gain], tuple[str, ...] | None],
    adjust: Callable[[list[float]], Iterable[float]],
) -> dict[int, float]:
    """Adjusted p-values by place, family by family; a family of None takes no part."""
    families: dict[tuple[str, ...], list[int]] = {}
    for place, gain in enumerate(found):
        name = family(gain)
        if name is not None and gain.p is not None:
            families.setdefault(name, []).append(place)
    return {
        place: float(p)
        for places in families.values()
        for place, p in zip(places, adjust([found[i].p or 0.0 for i in places]), strict=True)
    }
