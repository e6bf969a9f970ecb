"""What decisions cost and earn."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.records.curve import Curve
from steelyard.records.estimate import Outcome
from steelyard.records.slice import Slice


@dataclass(frozen=True)
class Option:
    """One way to decide (a threshold, everyone, no one, with review) and what it is worth a row.

    Attributes:
        name: "deployed", "best threshold", "flag everyone", "flag no one" …
        threshold: scores from here on are flagged; None where there is none, +∞ where none is high enough.
        value: expected value a row, in the currency; what is lost is negative. Of what was chosen on this data (the
            best threshold, the one within capacity, the limits of review) the value on rows that did not choose it.
        flagged: share of rows flagged.
        reviewed: share of rows sent to people.
        review_from: where there is review, scores from here up to the threshold go to people.
        gain: value minus that of the deployed decision, paired by row; None for the deployed one.
    """

    name: str
    threshold: float | None
    value: Outcome
    flagged: float
    reviewed: float = 0.0
    review_from: float | None = None
    gain: Outcome | None = None


@dataclass(frozen=True)
class Best:
    """The threshold that is worth most on the data at hand.

    Attributes:
        threshold: scores from here on are flagged.
        low, high: no threshold outside can be the best, at the nominal level; any inside is within noise of it.
        bayes: what it would be by the costs alone, were the scores calibrated; None where amounts differ by row or
            scores are no probabilities.
        deployed: the threshold in use, None where decisions are not made by one.
    """

    threshold: float
    low: float
    high: float
    bayes: float | None = None
    deployed: float | None = None

    @property
    def miscalibrated(self) -> bool:
        """Whether the threshold that calibrated scores would call for cannot be the best."""
        return self.bayes is not None and not self.low <= self.bayes <= self.high


@dataclass(frozen=True)
class Return:
    """What a change brings.

    Attributes:
        what: the change, a few words.
        gain: what it earns a year, in the currency, running costs taken off.
        change: what it costs once (negative).
        payback: years until it has paid for itself; the upper end is +∞ where it may never.
        roi: what is left of the gain after a year once the change is paid, as a share of its cost.
        sentence: the same in words.
        option: name of the way to decide that is moved to; "" where the change is another.
    """

    what: str
    gain: Outcome
    change: float
    payback: Outcome
    roi: Outcome
    sentence: str = ""
    option: str = ""


@dataclass(frozen=True)
class Money:
    """What the model's decisions are worth.

    Attributes:
        currency: "EUR", "points" …
        unit: what one row is ("decision").
        options: ways to decide, the deployed one first.
        regret: value of the best threshold minus that of the deployed decision, a row, on rows that did not choose
            it, paired.
        notes: assumptions, in sentences.
        best: the best threshold, with the range of those that may be it.
        value: of the decisions as they are made, a row.
        reference: the same on the reference.
        at_stake: value minus that of the reference, a row; negative where something was lost.
        by_slice: value a row by slice.
        run: cost of one prediction, where it is a column.
        latency: (name, value) of its quantiles.
        volume: decisions a year; None where it is not known.
        returns: what moving to ways to decide that surely earn more would bring, by year.
        curves: value by threshold with a simultaneous band, net benefit by threshold probability.
        rows: rows that all options are valued on.
        left_out: labelled rows that lack a score, a decision or an amount.
    """

    currency: str
    unit: str
    options: tuple[Option, ...] = ()
    regret: Outcome | None = None
    notes: tuple[str, ...] = ()
    best: Best | None = None
    value: Outcome | None = None
    reference: Outcome | None = None
    at_stake: Outcome | None = None
    by_slice: tuple[tuple[Slice, Outcome], ...] = ()
    run: Outcome | None = None
    latency: tuple[tuple[str, Outcome], ...] = ()
    volume: float | None = None
    returns: tuple[Return, ...] = ()
    curves: tuple[Curve, ...] = ()
    rows: int = 0
    left_out: int = 0

    def option(self, name: str) -> Option | None:
        """A way to decide by its name."""
        return next((option for option in self.options if option.name == name), None)

    def returned(self, name: str) -> Return | None:
        """What moving to a way to decide would bring, by its name."""
        return next((bring for bring in self.returns if bring.option == name), None)
