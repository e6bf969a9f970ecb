"""Another threshold, or people for the unsure rows: proposed only where the gain is certain on held-out rows.

With costs money decides; without, F1, or balanced accuracy.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from steelyard.analyses.cost.choosing import Bins, Places
from steelyard.analyses.cost.ledger import ledger
from steelyard.analyses.cost.options import WITHIN, Case
from steelyard.analyses.cost.returns import returns
from steelyard.analyses.cost.telling import a_row, at
from steelyard.analyses.cost.worth import Way
from steelyard.analyses.costs import Costs
from steelyard.analyses.findings.threshold import GOALS, LEAST_GAIN, NO_LOSS, best_place
from steelyard.analyses.study import Study
from steelyard.analyses.words import number
from steelyard.improve import abstention
from steelyard.improve.thresholds_effects import effect, flagged_effect, flips, settled_by, value_effect
from steelyard.records import Effect, Estimate, Proposal

NEUTRAL = Costs(fp=-1.0, fn=-1.0)
"""Values that stand in where none are given; nothing is chosen by them."""
MEASURES = ("recall", "precision", "f1", "balanced_accuracy")


def propose(study: Study) -> list[Proposal]:
    """Proposals of kind "threshold" and "abstention", each with its effects on rows that did not choose it.

    Where no gain is certain a proposal says so, with the rows that would settle it; it has no policy. None at all
    where there is nothing to choose by: no scores, no decisions, or fewer than 20 positives or negatives.
    """
    if study.problem.task != "binary":
        return []
    priced = study.costs is not None and study.costs.decides_binary
    case = _case(study, study.costs if priced and study.costs is not None else NEUTRAL)
    if case is None:
        return []
    if not priced:
        return list(_by_goal(case))
    return [*_by_value(case), *abstention.propose(case)]


def _case(study: Study, costs: Costs) -> Case | None:
    book = ledger(study, costs)
    if book is None or not book.rows:
        return None
    case = Case(study, costs, book)
    return case if case.parts is not None and case.parts.is_decided else None


def _by_value(case: Case) -> Iterator[Proposal]:
    name, costs = case.wanted, case.costs
    gain, place = case.gain(name), case.places[name].flag
    assert case.parts is not None  # noqa: S101 - for the type checker: `_case` has made sure
    if not isinstance(gain, Estimate):
        return
    threshold = case.edge(place)
    effects = (value_effect(case, name), *_measured(case, case.held[name]))
    if not (gain.low > 0 and math.isfinite(threshold)):
        yield _nothing_sure(
            "threshold:value", "the value", gain, a_row(gain, costs.currency, costs.unit, None), effects
        )
        return
    bring = returns(gain, costs, f"a threshold of {at(threshold)}")
    limit = " within capacity" if name == WITHIN else ""
    yield Proposal(
        id="threshold:value",
        kind="threshold",
        title=f"Threshold {at(threshold)}{limit}",
        sentence=(
            f"Flag scores from {at(threshold)} on{_instead(case)}: it earns "
            f"{a_row(gain, costs.currency, costs.unit, costs.volume, 'more')}, on rows that did not choose it."
            f"{f' {bring.sentence}' if bring is not None else ''}"
        ),
        detail=_HOW,
        effects=effects,
        policy={"kind": "threshold", "threshold": threshold},
        verified=True,
        cautions=_CAUTIONS,
        moves=(flips(case.parts, Way(case.parts.decided), case.held[name], case.study.level),),
    )


def _by_goal(case: Case) -> Iterator[Proposal]:
    """The threshold that is best for F1, else for balanced accuracy."""
    unsure: Proposal | None = None
    for goal in GOALS:
        made = _for_goal(case, goal)
        if made.verified:
            yield made
            return
        unsure = unsure or made
    if unsure is not None:
        yield unsure


def _for_goal(case: Case, goal: str) -> Proposal:
    title, value = GOALS[goal]

    def choose(bins: Bins) -> Places:
        place = best_place(bins.p, bins.q, value)
        return Places(place, place)

    assert case.parts is not None  # noqa: S101 - for the type checker: `_case` has made sure
    held, threshold = case.held_by(choose), case.edge(choose(case.bins).flag)
    effects = _measured(case, held)
    main = next(e.change for e in effects if e.measure == goal)
    balance = next(e.change for e in effects if e.measure == "balanced_accuracy")
    gain = main if isinstance(main, Estimate) else None
    if gain is None:
        return Proposal(f"threshold:{goal}", "threshold", f"No threshold for {title}", f"{title} has no value.")
    fair = not isinstance(balance, Estimate) or balance.value >= -NO_LOSS
    if not (gain.low > 0 and gain.value >= LEAST_GAIN and fair and math.isfinite(threshold)):
        return _nothing_sure(f"threshold:{goal}", title, gain, number(gain.value, gain.se or 0.0, sign=True), effects)
    half = max(gain.se or 0.0, 0.001)
    low, high = number(gain.low, half, sign=True), number(gain.high, half, sign=True)
    return Proposal(
        id=f"threshold:{goal}",
        kind="threshold",
        title=f"Threshold {at(threshold)} for {title}",
        sentence=(
            f"Flag scores from {at(threshold)} on{_instead(case)}: {title} {number(gain.value, half, sign=True)} "
            f"({low} to {high}), on rows that did not choose it. If misses and false alarms have costs, give them: "
            "the threshold hangs on them."
        ),
        detail=_HOW,
        effects=effects,
        policy={"kind": "threshold", "threshold": threshold},
        verified=True,
        cautions=_CAUTIONS,
        moves=(flips(case.parts, Way(case.parts.decided), held, case.study.level),),
    )


def _measured(case: Case, held: Way) -> tuple[Effect, ...]:
    assert case.parts is not None  # noqa: S101 - for the type checker: `_case` has made sure
    before = Way(case.parts.decided)
    found = (effect(name, case.parts, before, held, case.study.level) for name in MEASURES)
    return (*found, flagged_effect(case.parts, before, held, case.study.level))


def _nothing_sure(name: str, what: str, gain: Estimate, told: str, effects: tuple[Effect, ...]) -> Proposal:
    low, high = (number(end, gain.se or 0.0, sign=True) for end in (gain.low, gain.high))
    seen = f"the best one found changes {what} by {told}" + ("" if "(" in told else f" ({low} to {high})")
    return Proposal(
        id=name,
        kind=name.partition(":")[0],
        title="Keep the threshold",
        sentence=f"{_verdict(gain)}: {seen}, on rows that did not choose it.{settled_by(gain)}",
        detail=_HOW,
        effects=effects,
    )


def _verdict(gain: Estimate) -> str:
    return "No other threshold is better enough" if gain.low > 0 else "No other threshold is surely better"


def _instead(case: Case) -> str:
    deployed = case.study.problem.threshold
    return "" if deployed is None else f" instead of from {at(deployed)}"


_HOW = (
    "Chosen on four fifths of the rows and judged on the rest, in ten random splits (whole clusters together where "
    "there are any); differences are paired by row."
)
_CAUTIONS = (
    "The gain is that of deciding like this on rows like those at hand: check it on later rows, and again when the "
    "share of positives moves.",
)
