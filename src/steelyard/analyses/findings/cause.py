"""Why did the model get worse, or better?

| kind | measured by | high | medium | low |
|---|---|---|---|---|
| cause | relative growth of the loss, as of the change it explains | ≥ 20 % | ≥ 5 % | else |
"""

from __future__ import annotations

from steelyard.analyses.findings import severity
from steelyard.analyses.losses import Loss
from steelyard.analyses.study import Study
from steelyard.analyses.testing import outside
from steelyard.analyses.words import half_width, is_share, listed, number, percent
from steelyard.metrics import Metric
from steelyard.records import Attribution, Estimate, Finding, Part, Recommendation, Severity


def causes(study: Study) -> list[Finding]:
    """The causes of every change that was taken apart."""
    found = ((made, study.metric(made.metric)) for made in study.attributions)
    return [_finding(made, metric) for made, metric in found if metric is not None and made.parts]


def _finding(made: Attribution, metric: Metric) -> Finding:
    main = max(made.parts, key=lambda part: part.share)
    growth = _growth(made, metric)
    return Finding(
        f"cause:{made.metric}",
        "cause",
        severity.of_change(growth) if growth > 0 else Severity.INFO,
        made.metric,
        made.sentence,
        _recommendation(main, made, metric, growth),
        _detail(made),
        slice=main.where,
        estimate=main.effect,
        impact=growth / (1 + growth) if growth > 0 else min(-growth, 1.0),
    )


def _growth(made: Attribution, metric: Metric) -> float:
    """Relative growth of the loss; negative where it shrank."""
    loss = Loss(metric)
    before, change = loss.of(made.then.value), loss.worse(made.change.value)
    return change / before if before > 0 else change


def _recommendation(main: Part, made: Attribution, metric: Metric, growth: float) -> Recommendation:
    if growth <= 0:
        return Recommendation("Make sure that the gain is real and lasts: see whether its cause is there to stay.")
    if not outside(main.effect, 0.0):
        return Recommendation("Gather more rows: what changed is sure, but not why.")
    return Recommendation(_action(main), _comes_back(main, made, metric))


def _action(main: Part) -> str:
    column = main.subject or "the inputs"
    where = f" where {main.where}" if main.where else f" by {main.subject}" if main.subject else ""
    match main.mechanism:
        case "data fault":
            return (
                f"Mend {column} upstream, where it is made or joined; until then, hold back or mark predictions on "
                "the rows it touches."
            )
        case "mix":
            real = f"if the new mix{where} is real, retrain on it or reweight to it"
            return f"See whether the rows are sampled as before; {real}."
        case "scores":
            return f"Find out what moved the inputs{where}, and whether the same model and features are in use."
        case "base rate":
            return "Recalibrate to the new base rate, and set the threshold anew."
        case "concept":
            return f"Label recent rows{where} and retrain on them; see first whether the labels are taken as before."
        case "policy":
            return "See whether the threshold or the version that decides was meant to change; set it back if not."
        case _:
            return "Look at the change slice by slice: no mechanism tells it."


def _comes_back(main: Part, made: Attribution, metric: Metric) -> str:
    share = is_share(made.now)
    half = half_width(main.effect)
    back = made.now.value - main.effect.value
    before = percent(back, half) if share else number(back, half)
    return f"{metric.title} would be about {before} without this cause."


def _detail(made: Attribution) -> str:
    parts = "; ".join(f"{_name(p)} {_interval(p.effect)} ({percent(p.share)})" for p in made.parts)
    others = listed([f"{_name(p)} {_interval(p.effect)}" for p in made.details[:6]], most=6)
    overlapping = f" By other columns and segments, which overlap: {others}." if others else ""
    return (
        f"Parts, adding up to the change: {parts}.{overlapping} Method: {made.method}. Parts describe what moved "
        "with the metric; they are causes only as far as inputs, scores, labels and decisions follow on each other "
        "in that order."
    )


def _name(part: Part) -> str:
    told = str(part.where) if part.where else part.subject
    return f"{part.mechanism} ({told})" if told else part.mechanism


def _interval(effect: Estimate) -> str:
    half = half_width(effect)
    low, high = number(effect.low, half, sign=True), number(effect.high, half, sign=True)
    return f"{number(effect.value, half, sign=True)} ({low} to {high})"
