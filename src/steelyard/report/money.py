"""What decisions cost and earn."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from steelyard.analyses.cost.options import BEST, DEPLOYED, REVIEW, WITHIN
from steelyard.analyses.cost.returns import scaled
from steelyard.analyses.cost.telling import a_row, at, span
from steelyard.analyses.cost.telling import money as amount
from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Money, Option, Outcome, Return, Undefined
from steelyard.report import numerals
from steelyard.report.figures.money import money_figures
from steelyard.report.section import Block, Column, Section, Words, grid
from steelyard.report.text import sentence, visible

MOST_SLICES = 24


def money(evaluation: Evaluation) -> tuple[Section, ...]:
    """Return its sections; none where nothing was read."""
    made = evaluation.money
    return () if made is None else (Section("money", "Cost and value", _lead(made), tuple(_blocks(made)), "Money"),)


def _blocks(made: Money) -> Iterator[Block]:
    if made.options:
        yield _options(made)
    if made.best is not None:
        yield Words((_range(made),))
    yield from money_figures(made)
    if made.at_stake is not None:
        yield _stake(made)
    yield from map(partial(_returned, visible(made.currency)), made.returns)
    if made.by_slice:
        yield _slices(made)
    if made.run is not None or made.latency:
        yield _running(made)
    if made.notes:
        yield Words(tuple(map(sentence, made.notes)), listed=True)


def _lead(made: Money) -> str:
    unit, currency = visible(made.unit), visible(made.currency)
    if not isinstance(made.value, Estimate):
        now = made.option(DEPLOYED)
        if now is None or not isinstance(now.value, Estimate):
            reason = made.value.reason if isinstance(made.value, Undefined) else "no values were given"
            return f"What a {unit} is worth is not known: {sentence(reason)}."
        value = now.value
    else:
        value = made.value
    told = f"As it is used, a {unit} is worth {amount(value, currency)}"
    if made.volume is not None:
        whole = scaled(value, made.volume)
        told += f", {amount(whole, currency)} a year" if isinstance(whole, Estimate) else ""
    return f"{told}{_lost(made)}.{_better(made)}"


def _better(made: Money) -> str:
    option = made.option(WITHIN) or made.option(BEST)
    if option is None or not isinstance(option.gain, Estimate):
        return ""
    gain = option.gain
    if gain.low <= 0:
        return " No other threshold is surely worth more."
    return (
        f" A threshold of {at(option.threshold or 0.0)} would earn "
        f"{a_row(gain, visible(made.currency), visible(made.unit), made.volume, 'more')}."
    )


def _lost(made: Money) -> str:
    lost = made.at_stake
    if not isinstance(lost, Estimate) or lost.low <= 0 <= lost.high:
        return ""
    word = "less" if lost.high < 0 else "more"
    low, high = sorted((abs(lost.low), abs(lost.high)))
    size = replace(lost, value=abs(lost.value), low=low, high=high)
    return f"; that is {amount(size, visible(made.currency))} {word} a {visible(made.unit)} than on the reference"


def _options(made: Money) -> Block:
    unit, currency = visible(made.unit), visible(made.currency)
    columns = [
        Column("Way to decide", "label"),
        Column("Threshold", "number"),
        Column("Flagged", "number"),
        *([Column("To people", "number")] if any(o.reviewed for o in made.options) else []),
        Column(f"{currency} a {unit}", "estimate", drawn=True),
        Column("Against deployed", "estimate", sign=True),
    ]
    people = any(o.reviewed for o in made.options)
    rows = [
        [
            option.name,
            _threshold(option),
            numerals.percent(option.flagged) if option.flagged or option.threshold is not None else _flagged(option),
            *([numerals.percent(option.reviewed) if option.reviewed else "–"] if people else []),
            option.value,
            option.gain,
        ]
        for option in made.options
    ]
    return grid(
        f"Ways to decide, valued on {numerals.count(made.rows)} rows" if made.rows else "Ways to decide",
        columns,
        rows,
        note="Differences are paired by row. What was chosen on this data is valued on rows that did not choose it.",
    )


def _threshold(option: Option) -> str:
    if option.name == REVIEW and option.review_from is not None and option.threshold is not None:
        return f"{at(option.review_from)} to {at(option.threshold)}"
    return "–" if option.threshold is None else at(option.threshold)


def _flagged(option: Option) -> str:
    return "–" if option.name.startswith("always ") else numerals.percent(option.flagged)


def _range(made: Money) -> str:
    best = made.best
    if best is None:
        return ""
    end = "any score" if math.isinf(best.high) else at(best.high)
    told = (
        f"The best threshold on these rows is {at(best.threshold)}; anything from {at(best.low)} to {end} is within "
        "noise of the best."
    )
    if best.bayes is None:
        return told
    far = (
        " That is outside: the scores do not keep their promise there; see calibration."
        if best.miscalibrated
        else " That is inside."
    )
    return f"{told} For calibrated scores the costs alone call for {at(best.bayes)}.{far}"


def _stake(made: Money) -> Block:
    unit, currency = visible(made.unit), visible(made.currency)
    lost, told = made.at_stake, ""
    if isinstance(lost, Estimate):
        told = f"Now minus then: {amount(lost, currency, sign=True)} a {unit}"
        whole = lost if made.volume is None else scaled(lost, made.volume)
        year = f", {amount(whole, currency, sign=True)} a year" if made.volume and isinstance(whole, Estimate) else ""
        told += f"{year}. A changed share of positives moves the value too, whatever the model does."
    rows: list[list[str | Outcome | None]] = [["now", made.value], ["on the reference", made.reference]]
    columns = [Column("", "label"), Column(f"{currency} a {unit}", "estimate", drawn=True)]
    return grid("Value at stake since the reference", columns, rows, note=told)


def _returned(currency: str, bring: Return) -> Block:
    rows: list[list[str]] = [
        ["gain a year", amount(bring.gain, currency) if isinstance(bring.gain, Estimate) else "–"],
        ["cost of the change, once", amount(-bring.change, currency)],
        ["paid back after", _payback(bring.payback)],
        ["return after a year", _percent(bring.roi)],
    ]
    columns = [Column("", "label"), Column("", "text")]
    return grid(f"Return of {visible(bring.what)}", columns, rows, note=sentence(bring.sentence))


def _payback(payback: Outcome) -> str:
    if not isinstance(payback, Estimate):
        return f"– ({sentence(payback.reason)})"
    late = "never" if math.isinf(payback.high) else span(payback.high)
    return f"{span(payback.value)} ({span(payback.low)} to {late})"


def _percent(roi: Outcome) -> str:
    if not isinstance(roi, Estimate):
        return f"– ({roi.reason})"
    low, high = numerals.percent(roi.low), numerals.percent(roi.high)
    return f"{numerals.percent(roi.value)} ({low} to {high}) of what it costs"


def _slices(made: Money) -> Block:
    unit = visible(made.unit)
    columns = [Column("Slice", "label"), Column(f"{visible(made.currency)} a {unit}", "estimate", drawn=True)]
    shown = made.by_slice[:MOST_SLICES]
    middle = made.value.value if isinstance(made.value, Estimate) else None
    return grid(
        "Value by slice",
        columns,
        [[str(where), outcome] for where, outcome in shown],
        middle=middle,
        note="The line is the value over all rows.",
        total=len(made.by_slice),
    )


def _running(made: Money) -> Block:
    rows: list[list[str | Outcome | None]] = []
    if made.run is not None:
        rows.append([f"value of asking the model, {visible(made.currency)} a {visible(made.unit)}", made.run])
    rows += [[f"latency, {name}", outcome] for name, outcome in made.latency]
    return grid("Running it", [Column("", "label"), Column("", "estimate")], rows)
