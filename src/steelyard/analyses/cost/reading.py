"""Everything about money that is read of one study."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.cost import classes
from steelyard.analyses.cost.amounts import varying
from steelyard.analyses.cost.curves import decision_curve, value_curve
from steelyard.analyses.cost.kpis import LATENCIES, by_slice, metrics, outcome
from steelyard.analyses.cost.ledger import ledger
from steelyard.analyses.cost.metric import value_metric
from steelyard.analyses.cost.options import DEPLOYED, FEW, REVIEW, Case, bayes, best, options
from steelyard.analyses.cost.returns import returns
from steelyard.analyses.cost.telling import at
from steelyard.analyses.costs import Costs
from steelyard.analyses.slicing import ALL_ROWS
from steelyard.analyses.study import Study
from steelyard.analyses.testing import difference
from steelyard.analyses.words import number, percent, rows
from steelyard.metrics import Metric
from steelyard.records import Curve, Estimate, Money, Option, Outcome, Return, Slice


def money_of(study: Study, costs: Costs) -> Money:
    """Read what decisions are worth, and which way to decide would be worth more."""
    made = Money(costs.currency, costs.unit, volume=costs.volume, notes=tuple(_assumptions(costs)))
    kpis = {name: outcome(study, metric) for name, metric in metrics(costs).items()}
    made = replace(made, run=kpis.get("run"), latency=tuple((n, kpis[n]) for n in LATENCIES if n in kpis))
    metric = value_metric(costs)
    if metric is None:
        return made
    made = _with_value(made, study, metric)
    match study.problem.task:
        case "binary":
            return _of_case(made, study, costs)
        case "multiclass":
            return replace(made, options=tuple(classes.options(study, costs)))
        case _:
            return _of_numbers(made, costs)


def _with_value(made: Money, study: Study, metric: Metric) -> Money:
    """The value of the decisions as they are made: now, on the reference, by slice."""
    now = outcome(study, metric)
    slices: list[tuple[Slice, Outcome]] = []
    for by in study.slices:
        if by is not ALL_ROWS:
            slices += by_slice(study, metric, by).items()
    made = replace(made, value=now, by_slice=tuple(dict(slices).items()))
    if "reference" not in study.profiles:
        return made
    then = outcome(study, metric, "reference")
    lost = difference(now, then) if isinstance(now, Estimate) and isinstance(then, Estimate) else None
    return replace(made, reference=then, at_stake=lost)


def _of_case(made: Money, study: Study, costs: Costs) -> Money:
    book = ledger(study, costs)
    if book is None or not book.rows:
        lack = (
            "The amounts cannot be counted from these columns"
            if book is None
            else "No row has a label, an answer of the model and every amount"
        )
        return replace(made, notes=(*made.notes, f"{lack}, so nothing can be valued."))
    case = Case(study, costs, book)
    found = tuple(options(case))
    chosen = next((o for o in found if o.name == case.wanted), None)
    top = best(case)
    labelled = study.profiles["current"].rows
    return replace(
        made,
        options=found,
        regret=None if chosen is None else chosen.gain,
        best=top,
        returns=tuple(_returns(found, case)),
        curves=tuple(_curves(case)),
        rows=book.rows,
        left_out=labelled - book.rows,
        notes=(*made.notes, *_of_rows(case, labelled - book.rows)),
    )


def _returns(found: tuple[Option, ...], case: Case) -> Iterator[Return]:
    """The return of moving to each way that surely earns more."""
    for option in found:
        gain = option.gain
        if option.name not in (case.wanted, REVIEW) or not isinstance(gain, Estimate) or gain.low <= 0:
            continue
        threshold = at(math.inf if option.threshold is None else option.threshold)
        what = "sending unsure rows to people" if option.name == REVIEW else f"a threshold of {threshold}"
        bring = returns(gain, case.costs, what)
        if bring is not None:
            yield replace(bring, option=option.name)


def _curves(case: Case) -> Iterator[Curve]:
    deployed = case.study.problem.threshold
    notes = {} if deployed is None else {"threshold": f"{deployed:g}"}
    if case.places:
        top = case.edge(case.places[case.wanted].flag)
        yield value_curve(case.book, case.thresholds, case.study.level, {**notes, "best": f"{top:g}"})
    by_costs = bayes(case.costs)
    curve = decision_curve(case.book, case.study.level, notes | ({"costs": f"{by_costs:g}"} if by_costs else {}))
    if curve is not None:
        yield curve


def _of_numbers(made: Money, costs: Costs) -> Money:
    """Regression: the deployed value, and which quantile is worth most to predict."""
    found = () if made.value is None else (Option(DEPLOYED, None, made.value, 0.0),)
    if isinstance(costs.over, str) or isinstance(costs.under, str):
        return replace(made, options=found)
    share = costs.under / (costs.under + costs.over)
    said = (
        f"With these costs the number worth most is the {number(share, 0.05)} quantile of what may come "
        "(newsvendor), not its middle."
        if abs(share - 0.5) > 0.01
        else "Too much costs as much as too little, so the number worth most is the median of what may come."
    )
    return replace(made, options=found, notes=(*made.notes, said))


def _assumptions(costs: Costs) -> Iterator[str]:
    yield (
        f"Values are in {costs.currency} a {costs.unit} as they were given; that they are true is assumed. "
        "What is lost is negative."
    )
    yield from costs.cautions
    if isinstance(costs.run, str) or costs.run:
        yield (
            "What asking the model costs is taken off wherever it is asked; flagging everyone or no one does without."
        )
    if costs.review is not None:
        yield (
            f"A person who looks at a row is taken to decide rightly {percent(costs.reviewed_accuracy, 0.01)} of the "
            "time, on positives and negatives alike, whatever their score."
        )
    if costs.volume is None:
        yield "How many decisions there are a year was not said (volume), so nothing is told by year."
    else:
        yield f"A year has {costs.volume:,.0f} decisions like those at hand."


def _only_of(case: Case) -> str:
    if not varying(case.costs):
        return ""
    return " Where an amount is known of some rows only and is 0 for others, write where(is_missing(x), 0, x)."


def _of_rows(case: Case, left_out: int) -> Iterator[str]:
    if left_out:
        amounts = " or an amount" if varying(case.costs) else ""
        yield f"{rows(left_out)} without a label, a decision, a score{amounts} could not be valued.{_only_of(case)}"
    if case.parts is None:
        yield f"No threshold is chosen: that takes {FEW} positives and {FEW} negatives with scores."
    else:
        yield (
            "What a chosen threshold is worth is told of rows that did not choose it: chosen on four fifths, valued "
            "on the last, in ten random splits."
        )
    capacity, deployed = case.capacity, next((o for o in options(case) if o.name == DEPLOYED), None)
    if capacity is not None and deployed is not None and deployed.flagged > capacity:
        yield (
            f"The deployed decision flags {percent(deployed.flagged, 0.005)} of the rows, more than the "
            f"{percent(capacity, 0.005)} there is capacity for."
        )
