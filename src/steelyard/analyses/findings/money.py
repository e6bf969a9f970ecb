"""What are decisions worth, and which would be worth more?

| finding | measured by | high | medium | low |
|---|---|---|---|---|
| threshold, review | certain gain, as a share of what a perfect model would gain | ≥ 10 % | ≥ 3 % | else |
| worthless: less than deciding without the model | | always | | |
| at-stake | what was lost since, as a share of the same | ≥ 10 % | ≥ 3 % | else |
| champion, where it is worth more | what it is worth more, as a share of the same | ≥ 10 % | ≥ 3 % | else |
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from steelyard.analyses.cost.metric import NAME
from steelyard.analyses.cost.options import BEST, DEPLOYED, EVERYONE, NO_ONE, PERFECT, REVIEW, WITHIN
from steelyard.analyses.cost.returns import scaled
from steelyard.analyses.cost.telling import a_row, at, money
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent
from steelyard.records import Estimate, Finding, Money, Option, Outcome, Recommendation, Severity

NEAR = 0.005
"""Flagged shares nearer than this are told as the same."""


def money_matters(study: Study) -> list[Finding]:
    """What the decisions are worth against others, in money; only what is certain on rows that did not choose it."""
    if study.money is None:
        return []
    made = study.money
    return [*_worthless(made), *_thresholds(made), *_review(made), *_at_stake(made), *_champion(study, made)]


def _thresholds(made: Money) -> Iterator[Finding]:
    option = made.option(WITHIN) or made.option(BEST)
    gain, best, now = _sure(option), made.best, made.option(DEPLOYED)
    if option is None or gain is None or best is None or now is None:
        return
    instead = f"instead of {at(best.deployed)}" if best.deployed is not None else "instead of today's decisions"
    limit = " within capacity" if option.name == WITHIN else ""
    yield Finding(
        id="money:threshold",
        kind="money",
        severity=severity.of_errors(_share(made, gain.value)),
        subject="threshold",
        sentence=(
            f"A threshold of {at(best.threshold)} {instead} earns "
            f"{a_row(gain, made.currency, made.unit, made.volume, 'more')}{limit}, on rows that did not choose it."
            f"{_calibration(made)}"
        ),
        recommendation=Recommendation(
            f"Move the threshold to {at(best.threshold)}: {_flags(now, option)}. {_range(made)}",
            _effect(made, option, gain),
            True,
        ),
        detail=(
            f"{_value(now.value, made)} as deployed, {_value(option.value, made)} at thresholds chosen on four "
            f"fifths of the rows and valued on the rest, in ten random splits; paired ({gain.method}). "
            f"{_by_costs(made)}"
        ),
        estimate=gain,
        impact=_share(made, gain.value),
    )


def _review(made: Money) -> Iterator[Finding]:
    option, best = made.option(REVIEW), made.option(WITHIN) or made.option(BEST)
    gain, alone = _sure(option), _sure(best)
    if option is None or gain is None or option.reviewed < NEAR or gain.value <= (alone.value if alone else 0.0):
        return
    start, end = at(option.review_from or 0.0), at(option.threshold or 0.0)
    yield Finding(
        id="money:review",
        kind="money",
        severity=severity.of_errors(_share(made, gain.value)),
        subject="review",
        sentence=(
            f"Sending the {percent(option.reviewed, 0.005)} of rows that score from {start} to {end} to people earns "
            f"{a_row(gain, made.currency, made.unit, made.volume, 'more')}, their time paid."
        ),
        recommendation=Recommendation(
            f"Let people decide between {start} and {end}, and the model the rest; try it on some rows first, and "
            "see whether they decide as many rightly as was assumed.",
            _effect(made, option, gain),
            True,
        ),
        detail="Both limits chosen on four fifths of the rows and valued on the last, in ten random splits; paired.",
        estimate=gain,
        impact=_share(made, gain.value),
    )


def _worthless(made: Money) -> Iterator[Finding]:
    """A model that earns less than deciding without it."""
    idle = [(o, g) for name in (EVERYONE, NO_ONE) if (o := made.option(name)) is not None and (g := _sure(o))]
    idle += [(o, g) for o in made.options if o.name.startswith("always ") and (g := _sure(o))]
    if not idle:
        return
    option, gain = max(idle, key=lambda pair: pair[1].value)
    now = made.option(DEPLOYED)
    what = {EVERYONE: "flagging everyone", NO_ONE: "flagging no one"}.get(option.name, f"answering {option.name}")
    yield Finding(
        id="money:worthless",
        kind="money",
        severity=Severity.HIGH,
        subject="value",
        sentence=(
            f"As it is used, the model is worth less than {what}, without any model: "
            f"{a_row(gain, made.currency, made.unit, made.volume, 'less')}."
        ),
        recommendation=Recommendation(
            "Do not use its decisions as they are; see whether another threshold is worth more than no model at all.",
            f"{money(gain, made.currency, sign=True)} a {made.unit} by {what}.",
            True,
        ),
        detail=(
            f"{_value(now.value if now else None, made)} as deployed, {_value(option.value, made)} by {what}; paired."
        ),
        estimate=gain,
        impact=min(_share(made, gain.value), 1.0),
    )


def _at_stake(made: Money) -> Iterator[Finding]:
    lost = made.at_stake
    if not isinstance(lost, Estimate) or lost.high >= 0:
        return
    loss = _turned(lost)
    year = ""
    if made.volume is not None:
        whole = scaled(loss, made.volume)
        year = f" {money(whole, made.currency)} a year is at stake." if isinstance(whole, Estimate) else ""
    yield Finding(
        id="money:at-stake",
        kind="money",
        severity=severity.of_errors(_share(made, loss.value)),
        subject="value",
        sentence=(
            f"A {made.unit} is worth {money(loss, made.currency)} less than on the reference: "
            f"{_value(made.value, made)} instead of {_value(made.reference, made)}.{year}"
        ),
        recommendation=Recommendation(
            "Hold what a repair costs against this; the causes told here say where it would have to begin.",
            f"Up to {money(loss, made.currency)} a {made.unit} if the old value came back.",
        ),
        detail=(
            "Current minus reference by MOVER; the data sets are taken as independent. A changed share of positives "
            "moves the value too, whatever the model does."
        ),
        estimate=lost,
        impact=_share(made, loss.value),
    )


def _champion(study: Study, made: Money) -> Iterator[Finding]:
    """This model against another on the same rows."""
    gain = study.estimate(NAME, data="gain")
    if gain is None or gain.low <= 0 <= gain.high:
        return
    worse = gain.high < 0
    size, than = (_turned(gain), "less") if worse else (gain, "more")
    told = a_row(size, made.currency, made.unit, made.volume, than)
    yield Finding(
        id="money:champion",
        kind="money",
        severity=severity.of_errors(_share(made, abs(gain.value))) if worse else Severity.INFO,
        subject="value",
        sentence=f"Its decisions earn {told}, held against the other model on the same rows.",
        recommendation=Recommendation(
            "Keep the other model, or decide with this one at a better threshold."
            if worse
            else "Prefer this model, if what the change costs once is earned back soon enough.",
            f"{money(gain, made.currency, sign=True)} a {made.unit}, paired by row.",
            True,
        ),
        detail=f"Paired by row ({gain.method}).",
        estimate=gain,
        impact=_share(made, abs(gain.value)) if worse else 0.0,
    )


def _sure(option: Option | None) -> Estimate | None:
    """The gain of an option over the deployed one, where it is certain."""
    gain = option.gain if option is not None else None
    return gain if isinstance(gain, Estimate) and gain.low > 0 else None


def _share(made: Money, gain: float) -> float:
    """A gain as a share of what a perfect model would gain."""
    perfect = made.option(PERFECT)
    most = perfect.gain if perfect is not None else None
    return gain / most.value if isinstance(most, Estimate) and most.value > 0 else 0.0


def _effect(made: Money, option: Option, gain: Estimate) -> str:
    bring = made.returned(option.name)
    return bring.sentence if bring is not None else f"{money(gain, made.currency, sign=True)} a {made.unit}."


def _turned(e: Estimate) -> Estimate:
    return Estimate(-e.value, -e.high, -e.low, e.level, e.n, e.method, e.effective_n, e.se)


def _flags(now: Option, then: Option) -> str:
    before, after = percent(now.flagged, NEAR), percent(then.flagged, NEAR)
    return (
        f"{after} of the rows are flagged, as before"
        if before == after
        else (f"{after} of the rows are flagged instead of {before}")
    )


def _range(made: Money) -> str:
    best = made.best
    if best is None or best.low >= best.high:
        return ""
    end = "no limit" if math.isinf(best.high) else at(best.high)
    return f"Anything from {at(best.low)} to {end} is within noise of the best."


def _calibration(made: Money) -> str:
    best = made.best
    if best is None or not best.miscalibrated or best.bayes is None:
        return ""
    return (
        f" Were the scores calibrated the best threshold would be {at(best.bayes)} by the costs alone, so they are "
        "not calibrated there."
    )


def _by_costs(made: Money) -> str:
    best = made.best
    return (
        "" if best is None or best.bayes is None else f"By the costs alone, for calibrated scores: {at(best.bayes)}."
    )


def _value(outcome: Outcome | None, made: Money) -> str:
    return money(outcome, made.currency) if isinstance(outcome, Estimate) else "no value"
