"""What a change brings: its gain a year, when it has paid for itself, and what is left after a year."""

from __future__ import annotations

import math
from dataclasses import replace

from steelyard.analyses.cost.telling import money, span
from steelyard.analyses.costs import Costs
from steelyard.records import Estimate, Outcome, Return, Undefined


def returns(gain: Outcome, costs: Costs, what: str = "the change", running: float = 0.0) -> Return | None:
    """The return of a change; None where the number of decisions a year is not known.

    Payback is cost over yearly gain; its interval is that of the gain turned around, which is Fieller's where one
    side is known: where the gain may be nothing the upper end is +∞. The return after a year is linear in the gain.

    Args:
        gain: value a row after the change minus before, with its interval.
        costs: `volume` decisions a year, and `change`, what the change costs once (negative).
        what: the change, a few words.
        running: what it brings a year beside the gain (negative: it costs more to run).
    """
    if costs.volume is None:
        return None
    yearly = shifted(scaled(gain, costs.volume), running)
    made = Return(what, yearly, costs.change, _payback(yearly, costs.change), _roi(yearly, costs.change))
    return replace(made, sentence=_sentence(made, costs.currency))


def scaled(outcome: Outcome, factor: float) -> Outcome:
    """A value a row as that of `factor` rows (at least 0)."""
    if not isinstance(outcome, Estimate):
        return outcome
    return replace(
        outcome,
        value=outcome.value * factor,
        low=outcome.low * factor,
        high=outcome.high * factor,
        se=None if outcome.se is None else outcome.se * factor,
        discretisation=outcome.discretisation * factor,
    )


def shifted(outcome: Outcome, by: float) -> Outcome:
    """A value with a known amount added."""
    if not isinstance(outcome, Estimate):
        return outcome
    return replace(outcome, value=outcome.value + by, low=outcome.low + by, high=outcome.high + by)


def _payback(yearly: Outcome, change: float) -> Outcome:
    if not isinstance(yearly, Estimate):
        return Undefined(f"its gain has no value: {yearly.reason}")
    cost = -change
    if cost == 0:
        return Undefined("the change costs nothing once, so there is nothing to pay back")
    if yearly.value <= 0:
        return Undefined("it earns nothing, so it never pays for itself")
    late = cost / yearly.low if yearly.low > 0 else math.inf
    note = "" if yearly.low > 0 else "at the low end of its interval the gain never pays for the change"
    return replace(
        yearly,
        value=cost / yearly.value,
        low=cost / yearly.high,
        high=late,
        method="gain, inverted",
        se=None,
        note=note,
    )


def _roi(yearly: Outcome, change: float) -> Outcome:
    if not isinstance(yearly, Estimate):
        return Undefined(f"its gain has no value: {yearly.reason}")
    if change == 0:
        return Undefined("the change costs nothing once")
    return shifted(scaled(yearly, -1 / change), -1.0)


def _sentence(made: Return, currency: str) -> str:
    if not isinstance(made.gain, Estimate):
        return f"What {made.what} brings is not known: {made.gain.reason}."
    brings = (
        f"{made.what[:1].upper()}{made.what[1:]} brings {money(made.gain, currency, sign=True)} a year"
        f"{'' if not made.change else f' and costs {money(-made.change, currency)} once'}"
    )
    if not isinstance(made.payback, Estimate):
        return f"{brings}." if not made.change else f"{brings}: {made.payback.reason}."
    p = made.payback
    late = f"at the latest in {span(p.high)}" if math.isfinite(p.high) else "but at the low end of the gain never"
    return f"{brings}: it has paid for itself in {span(p.value)}, at best in {span(p.low)}, {late}."
