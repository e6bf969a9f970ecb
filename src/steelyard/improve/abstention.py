"""People for the rows that the model is unsure of, where their time costs less than the mistakes they save."""

from __future__ import annotations

import math
from collections.abc import Iterator

from steelyard.analyses.cost.options import REVIEW, Case
from steelyard.analyses.cost.returns import returns
from steelyard.analyses.cost.telling import a_row, at
from steelyard.analyses.cost.worth import REVIEWED, Way, acted, worth
from steelyard.analyses.words import percent
from steelyard.improve.thresholds_effects import effect, settled_by, value_effect
from steelyard.records import Effect, Estimate, Proposal


def propose(case: Case) -> Iterator[Proposal]:
    """Two thresholds with people in between, where that surely earns more than the best single threshold.

    Nothing where costs do not say what a look costs.
    """
    parts, costs = case.parts, case.costs
    if REVIEW not in case.held or parts is None:
        return
    held, level = case.held[REVIEW], case.study.level
    gain, more = case.gain(REVIEW), worth(parts, held, case.rules, level, less=case.held[case.wanted])
    if not isinstance(gain, Estimate) or not isinstance(more, Estimate):
        return
    places = case.places[REVIEW]
    low, high = case.edge(places.review), case.edge(places.flag)
    _, reviewed = acted(parts, held)
    effects = (value_effect(case, REVIEW), _of_the_model(case, held))
    if not (more.low > 0 and gain.low > 0 and reviewed > 0 and math.isfinite(low) and math.isfinite(high)):
        yield Proposal(
            id="abstention:value",
            kind="abstention",
            title="Let the model decide all",
            sentence=(
                f"Sending unsure rows to people is not surely worth their time: "
                f"{a_row(more, costs.currency, costs.unit, None, 'more')} against the best single threshold, on rows "
                f"that did not choose it.{settled_by(more)}"
            ),
            detail=_HOW,
            effects=effects,
        )
        return
    bring = returns(gain, costs, "sending unsure rows to people")
    yield Proposal(
        id="abstention:value",
        kind="abstention",
        title=f"People decide from {at(low)} to {at(high)}",
        sentence=(
            f"Let people decide scores from {at(low)} up to {at(high)} ({percent(reviewed, 0.005)} of the rows), and "
            f"the model the rest: it earns {a_row(gain, costs.currency, costs.unit, costs.volume, 'more')}, people's "
            f"time paid; {a_row(more, costs.currency, costs.unit, None, 'more')} of it beyond the best one threshold."
            f"{f' {bring.sentence}' if bring is not None else ''}"
        ),
        detail=_HOW,
        effects=effects,
        policy={"kind": "abstention", "low": low, "high": high},
        verified=True,
        cautions=(
            f"People are taken to decide {percent(costs.reviewed_accuracy, 0.01)} of the rows rightly, also the hard "
            "ones: measure it on some rows first.",
        ),
    )


def _of_the_model(case: Case, held: Way) -> Effect:
    """Accuracy of the decisions that are left to the model."""
    assert case.parts is not None  # noqa: S101 - for the type checker: `propose` has made sure
    return effect("accuracy", case.parts, Way(case.parts.decided), held, case.study.level, leave_out=REVIEWED)


_HOW = (
    "Both limits chosen on four fifths of the rows and judged on the rest, in ten random splits; paired by row. "
    "Accuracy is that of the rows left to the model."
)
