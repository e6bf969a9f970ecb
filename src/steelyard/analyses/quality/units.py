"""Numbers in another unit than in the reference: one rule turns all (or some) of them back.

A rule is believed when the data before it clearly differ from the reference and after it hardly do. Rules of
everyday life (× 1,000, °F, inches, a logarithm) are tried first; any other factor or shift must fit almost perfectly,
for a distribution that merely moved is drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.quality.columns import Floats, Numbers, finite, numbers, numeric
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, REFERENCE, Sides, sides
from steelyard.analyses.quality.shapes import distance, noise, thinned
from steelyard.analyses.study import Study

FACTORS: dict[float, str] = {
    1_000.0: "a unit and its thousandth",
    100.0: "a whole and its hundredth (per cent, cents, centimetres)",
    10.0: "one decimal place",
    10_000.0: "four decimal places",
    1_000_000.0: "a unit and its millionth",
    60.0: "minutes and seconds, or hours and minutes",
    3_600.0: "hours and seconds",
    24.0: "days and hours",
    86_400.0: "days and seconds",
    7.0: "weeks and days",
    12.0: "years and months",
    52.1775: "years and weeks",
    30.4375: "months and days",
    365.25: "years and days",
    1_024.0: "a unit and 1,024 of it (bytes)",
    1_048_576.0: "bytes and mebibytes",
    2.54: "inches and centimetres",
    25.4: "inches and millimetres",
    30.48: "feet and centimetres",
    3.28084: "metres and feet",
    1.609344: "miles and kilometres",
    2.204623: "kilograms and pounds",
    28.349523: "ounces and grams",
    3.785412: "gallons and litres",
    4.184: "calories and joules",
    18.0182: "mmol/l and mg/dl of glucose",
    88.42: "mg/dl and µmol/l of creatinine",
    57.29578: "radians and degrees",
}
"""Factors between units that get mixed up, and what they stand between."""
NEAR = 0.03
"""How far a measured factor may be from a named one."""
FEWEST = 50
DIFFERENT = 0.25
"""Distance from the reference from which on something has to be mended."""
FAR = 0.40
UNNAMED = 3.0
"""A factor that has no name must be at least this, one way or the other."""
GENEROUS = 0.05
FEW_VALUES = 5
PARTLY = 0.002
"""Share of rows in another unit that is worth telling."""
FEWEST_OUTSIDE = 10


@dataclass(frozen=True)
class Rule:
    """What happened to the reference's numbers: how to undo it, in words and as a function.

    Attributes:
        name: what happened, e.g. "multiplied by 1,000".
        unit: the units it stands between, "" where it has no name.
        undo: what to do, with {column}.
        inverse: the numbers as they were.
        named: whether it is a rule of everyday life.
    """

    name: str
    unit: str
    undo: str
    inverse: Callable[[Floats], Floats]
    named: bool = True


@dataclass(frozen=True, kw_only=True)
class UnitChange(Defect):
    """A column whose numbers are in another unit: `before` and `after` are distances from the reference."""

    rule: Rule
    before: float
    after: float
    whole: bool


def unit_changes(study: Study) -> Iterator[UnitChange]:
    """Columns in another unit, as a whole or in part."""
    both = sides(study)
    if both is None:
        return
    for plan in numeric(study):
        then, now = finite(study, plan.name, REFERENCE), finite(study, plan.name, CURRENT)
        known_then, known_now = numbers(study, plan, REFERENCE), numbers(study, plan, CURRENT)
        if then is None or now is None or known_then is None or known_now is None:
            continue
        if min(len(then), len(now)) < FEWEST or len(np.unique(then[:1000])) < FEW_VALUES:
            continue
        found = _whole(plan.name, then, now, known_now, both) or _partly(
            plan.name, then, now, known_then, known_now, both
        )
        if found is not None:
            yield found


def _whole(name: str, then: Floats, now: Floats, known: Numbers, both: Sides) -> UnitChange | None:
    a, b = thinned(then), thinned(now)
    before = distance(a, b)
    chance = noise(len(then) / both.design_then, len(now) / both.design_now)
    if before < max(DIFFERENT, chance):
        return None
    tried = [(distance(a, np.sort(rule.inverse(b))), rule) for rule in rules(a, b)]
    fitting = [
        (after, rule)
        for after, rule in tried
        if (rule.named and after <= min(before / 3, chance + GENEROUS))
        or (before >= FAR and after <= chance + GENEROUS / 2)
    ]
    if not fitting:
        return None
    after, rule = min(fitting, key=lambda f: (not f[1].named, f[0]))
    return UnitChange(
        columns=(name,),
        share=share_of(known.known, known.rows, both.level),
        rows=known.known,
        against=True,
        rule=rule,
        before=before,
        after=after,
        whole=True,
    )


def _partly(
    name: str, then: Floats, now: Floats, known_then: Numbers, known_now: Numbers, both: Sides
) -> UnitChange | None:
    low, high = min(known_then.low, float(then.min())), max(known_then.high, float(then.max()))
    outside = known_now.below(low) + known_now.above(high)
    odd = now[(now < low) | (now > high)]
    if outside < PARTLY * known_now.rows or len(odd) < FEWEST_OUTSIDE:
        return None
    if both.only_now_p(outside) > 1e-6:
        return None
    b = thinned(odd)
    candidates = [
        _times(k, unit) for factor, unit in FACTORS.items() if factor >= UNNAMED for k in (factor, 1 / factor)
    ]
    best: tuple[float, Rule, float] | None = None
    for rule, forward in [(c, _forward(c)) for c in [*candidates, *_named_others()]]:
        moved = forward(then)
        hidden = (moved >= low) & (moved <= high)
        visible = then[~hidden & np.isfinite(moved)]
        if len(visible) < max(FEWEST_OUTSIDE, 0.5 * len(then)):
            continue
        mended = rule.inverse(b)
        after = distance(thinned(visible), np.sort(mended))
        if after <= noise(len(visible) / both.design_then, len(odd) / both.design_now) + GENEROUS and (
            best is None or after < best[0]
        ):
            best = after, rule, len(visible) / len(then)
    if best is None:
        return None
    after, rule, seen = best
    rows = min(outside / seen, known_now.known)
    return UnitChange(
        columns=(name,),
        share=share_of(rows, known_now.rows, both.level, both.design_now),
        rows=round(rows),
        against=True,
        rule=rule,
        before=1.0,
        after=after,
        whole=False,
    )


def rules(then: Floats, now: Floats) -> Iterator[Rule]:
    """Rules that could have turned numbers like `then` into numbers like `now` (both sorted)."""
    spread_then, spread_now = (float(np.subtract(*np.quantile(x, [0.9, 0.1]))) for x in (then, now))
    if spread_then <= 0 or spread_now <= 0:
        return
    factor = spread_now / spread_then
    for known, unit in FACTORS.items():
        for k in (known, 1 / known):
            if abs(factor / k - 1) <= NEAR:
                yield _times(k, unit)
    yield from _named_others()
    if factor >= UNNAMED or factor <= 1 / UNNAMED:
        yield _times(factor, "", named=False)
    shift = float(np.median(now) - np.median(then))
    if abs(factor - 1) <= 2 * NEAR and abs(shift) > spread_then:
        yield Rule(
            f"shifted by {shift:+,.4g}",
            "",
            f"subtract {shift:,.4g} from {{column}}",
            lambda x: x - shift,
            named=False,
        )
    mean, sd = float(then.mean()), float(then.std())
    if sd > 0 and abs(now.mean()) < 0.1 and abs(now.std() - 1) < 0.1:
        yield Rule(
            "standardised (mean 0, standard deviation 1)",
            "raw and standardised values",
            f"multiply {{column}} by {sd:,.4g} and add {mean:,.4g}, or feed the raw values",
            lambda x: x * sd + mean,
        )


def _times(k: float, unit: str, *, named: bool = True) -> Rule:
    if k >= 1:
        return Rule(f"multiplied by {k:,.6g}", unit, f"divide {{column}} by {k:,.6g}", lambda x: x / k, named)
    return Rule(f"divided by {1 / k:,.6g}", unit, f"multiply {{column}} by {1 / k:,.6g}", lambda x: x / k, named)


def _named_others() -> list[Rule]:
    return [rule for rule, _ in _OTHERS]


def _forward(rule: Rule) -> Callable[[Floats], Floats]:
    known = next((forward for other, forward in _OTHERS if other is rule), None)
    if known is not None:
        return known
    one = float(rule.inverse(np.array([1.0]))[0])
    return lambda x: x / one


def _quiet(function: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
    def quiet(x: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return function(x)

    return quiet


_OTHERS: tuple[tuple[Rule, Callable[[Floats], Floats]], ...] = (
    (
        Rule(
            "turned from °C to °F",
            "°C and °F",
            "subtract 32 from {column} and divide by 1.8",
            lambda x: (x - 32) / 1.8,
        ),
        lambda x: 1.8 * x + 32,
    ),
    (
        Rule("turned from °F to °C", "°F and °C", "multiply {column} by 1.8 and add 32", lambda x: 1.8 * x + 32),
        lambda x: (x - 32) / 1.8,
    ),
    (
        Rule("turned from °C to kelvin", "°C and kelvin", "subtract 273.15 from {column}", lambda x: x - 273.15),
        lambda x: x + 273.15,
    ),
    (
        Rule("turned from kelvin to °C", "kelvin and °C", "add 273.15 to {column}", lambda x: x + 273.15),
        lambda x: x - 273.15,
    ),
    (Rule("given the opposite sign", "debits and credits", "multiply {column} by −1", lambda x: -x), lambda x: -x),
    (
        Rule("replaced by their logarithm", "raw values and logarithms", "take exp of {column}", _quiet(np.exp)),
        _quiet(np.log),
    ),
    (
        Rule("replaced by log(1 + x)", "raw values and logarithms", "take exp of {column}, less 1", _quiet(np.expm1)),
        _quiet(np.log1p),
    ),
    (
        Rule(
            "replaced by their exponential", "logarithms and raw values", "take the log of {column}", _quiet(np.log)
        ),
        _quiet(np.exp),
    ),
)
