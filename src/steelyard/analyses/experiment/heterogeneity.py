"""For whom: whether the effect differs between the slices of a column, and what is left of it after chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.contrast import constant, difference, estimate_of, sides_of
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import MOST_SLICED, Setup
from steelyard.analyses.experiment.sums import Sums, sums_in
from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.analyses.words import number, p_text
from steelyard.records import Estimate, Outcome, Slice, Undefined
from steelyard.records.experiment import Heterogeneity, SliceEffect
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.multiplicity import benjamini_hochberg
from steelyard.stats.shrinkage import prior_of

DISCOVERY = 0.05
"""False discovery rate of columns, and of slices, told as different."""


@dataclass(frozen=True)
class _Found:
    """One column, metric and arm before adjustments: slices with their effects, and those that can be weighed."""

    metric: str
    arm: str
    columns: tuple[str, ...]
    effects: tuple[tuple[Slice, int, Outcome], ...]

    @property
    def known(self) -> tuple[tuple[Slice, Estimate], ...]:
        return tuple((w, e) for w, _, e in self.effects if isinstance(e, Estimate) and e.se)


def heterogeneity(setup: Setup, arms: Arms) -> tuple[Heterogeneity, ...]:
    """The primary and guardrail effects of the largest arms, by each slice column."""
    told = [m for m in setup.of_means if m.role != "secondary"]
    found = [one for by in setup.slices for metric in told for one in _of(setup, metric, arms, by)]
    tested = [_tested(one) for one in found]
    return tuple(_adjusted(tested))


def _of(setup: Setup, metric: Metric, arms: Arms, by: SliceBy) -> Iterator[_Found]:
    fact = setup.summed(metric, *by.keys)
    table = setup.profile[fact]
    parts = [
        (where, sums_in(fact, table.where(cells), len(by.keys) + 1)) for where, cells in slices_of(by, fact, table)[0]
    ]
    named = [(where, {str(key[-1]): sums for key, sums in held.items()}) for where, held in parts]
    for arm in arms.largest(MOST_SLICED):
        effects = [(where, *_effect(setup, metric, arms, arm, sums)) for where, sums in named]
        yield _Found(metric.name, arm, by.columns, tuple(sorted(effects, key=lambda e: -e[1])))


def _effect(setup: Setup, metric: Metric, arms: Arms, arm: str, sums: Mapping[str, Sums]) -> tuple[int, Outcome]:
    pair = {name: sums[name] for name in (arms.control, arm) if name in sums}
    units = sum(s.rows for s in pair.values())
    sides = sides_of(setup, metric, pair)
    side, base = sides.sides.get(arm), sides.sides.get(arms.control)
    if side is None or base is None:
        return units, Undefined(sides.why(arm if side is None else arms.control))
    if constant([side, base]):
        return units, Undefined("no unit differs from the others of its arm")
    if setup.looks.too_early(units):
        return units, Undefined(f"intervals that hold at any time begin at 100 units; there are {units:,}")
    wide = setup.looks.level(setup.level, units, arms.share(arm))
    return units, estimate_of(difference(side, base, wide), setup.level, units, setup.looks.told())


def _tested(found: _Found) -> Heterogeneity:
    """With Cochran's Q over the slices, each slice against all others, and effects shrunk towards their mean."""
    known = found.known
    if len(known) < 2:
        plain = tuple(SliceEffect(where, units, effect) for where, units, effect in found.effects)
        return Heterogeneity(found.metric, found.arm, found.columns, None, None, plain)
    value, se = (np.array([getattr(e, name) for _, e in known]) for name in ("value", "se"))
    weight = 1.0 / se**2
    total = float(weight.sum())
    middle = float(weight @ value) / total
    q = float(weight @ (value - middle) ** 2)
    p = float(special.chdtrc(len(known) - 1, q))
    prior = prior_of(value - middle, se)
    told = {}
    for (where, effect), w in zip(known, weight.tolist(), strict=True):
        rest = (total * middle - w * effect.value) / (total - w)
        apart = two_sided_p((effect.value - rest) / float(np.sqrt(1.0 / w + 1.0 / (total - w))))
        kept = prior.kept(effect.value - middle, float(effect.se or 0.0))
        told[where] = (middle + kept * (effect.value - middle), apart)
    slices = tuple(
        SliceEffect(where, units, effect, *told.get(where, (None, None))) for where, units, effect in found.effects
    )
    return Heterogeneity(found.metric, found.arm, found.columns, p, None, slices)


def _adjusted(found: list[Heterogeneity]) -> Iterator[Heterogeneity]:
    """The same with p-values that know of all columns, and of all slices, that were asked."""
    tested = [h for h in found if h.p is not None]
    columns = iter(benjamini_hochberg([h.p or 0.0 for h in tested]).tolist() if tested else [])
    each = iter(
        benjamini_hochberg(p).tolist() if (p := [s.p for h in tested for s in h.slices if s.p is not None]) else []
    )
    for one in found:
        q = next(columns) if one.p is not None else None
        slices = tuple(s if s.p is None else replace(s, adjusted_p=next(each)) for s in one.slices)
        made = replace(one, adjusted_p=q, slices=slices)
        yield replace(made, sentence=_told(made))


def _told(found: Heterogeneity) -> str:
    column = " and ".join(found.columns)
    what = f"the effect of {found.arm} on {found.metric}"
    if found.adjusted_p is None:
        return f"Too few units to tell {what} by {column}."
    if found.adjusted_p >= DISCOVERY:
        return f"Nothing shows that {what} differs by {column} ({p_text(found.adjusted_p, 'adjusted p')})."
    known = [(s.where, s.shrunken) for s in found.slices if s.shrunken is not None]
    (low, least), (high, most) = min(known, key=lambda k: k[1]), max(known, key=lambda k: k[1])
    half = (most - least) / 4.0
    return (
        f"{what[0].upper()}{what[1:]} differs by {column} ({p_text(found.adjusted_p, 'adjusted p')}): from "
        f"{number(least, half, True)} for {low} to {number(most, half, True)} for {high}, after chance is taken out."
    )
