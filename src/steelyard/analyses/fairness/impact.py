"""Adverse impact: selection or scoring rates, impact ratios, and what the four-fifths rule needs to be read rightly.

The tables are those of New York City's Local Law 144 (6 RCNY § 5-301): the rate of each category, over the highest
rate; how many are of unknown category; which categories are below 2 % of the data. The law sets no threshold; the
four fifths are the federal rule of thumb (29 CFR 1607.4 D), told with its interval, its test and its shortfall.
"""

from __future__ import annotations

import numpy as np

from steelyard.analyses.fairness.criteria import FOUR_FIFTHS, SMALL_SHARE
from steelyard.analyses.fairness.groups import Floats, Groups
from steelyard.analyses.fairness.rates import ratio_of
from steelyard.analyses.fairness.values import Values
from steelyard.records import Estimate, ImpactRow, ImpactTable, Outcome, Undefined, Verdict
from steelyard.stats.comparison import two_proportions_p
from steelyard.stats.multiplicity import holm
from steelyard.stats.ratios import fisher_exact_p


def impact_table(
    measure: str,
    groups: Groups,
    values: Values,
    selected: Floats,
    rows: Floats,
    data: str,
    *,
    without_outcome: int = 0,
    median: float | None = None,
) -> ImpactTable | None:
    """The table of one attribute; None where fewer than two groups have a rate.

    Args:
        measure: "selection_rate" or "scoring_rate".
        groups: the groups.
        values: the rate of each.
        selected: how many rows of each were selected, shape (groups,).
        rows: of how many.
        data: "current" or "reference".
        without_outcome: rows that have no decision or score.
        median: of the scores.
    """
    defined = values.defined
    if len(defined) < 2 or values.effective is None:
        return None
    counts, hits = rows.tolist(), selected.tolist()
    total = sum(counts[i] for i in defined)
    rates = {i: o for i in defined if isinstance(o := values.outcomes[i], Estimate)}
    compared = [i for i in defined if counts[i] >= SMALL_SHARE * total] or defined
    favoured = max(compared, key=lambda i: rates[i].value)
    highest = max(rate.value for rate in rates.values())
    tests = {i: _p(i, favoured, values, selected, rows) for i in compared if i != favoured}
    adjusted = dict(zip(tests, holm(list(tests.values())).tolist(), strict=True)) if tests else {}
    made = []
    for i in sorted(defined, key=lambda i: (-rates[i].value, groups.slices[i])):
        of = _to_favoured(i, favoured, rates, values.effective)
        reached, target = rates[i].value * counts[i], FOUR_FIFTHS * rates[favoured].value * counts[i]
        made.append(
            ImpactRow(
                where=groups.slices[i],
                rows=round(counts[i]),
                share=counts[i] / total,
                selected=hits[i],
                rate=rates[i],
                ratio=of,
                ratio_of_all=rates[i].value / highest if highest > 0 else None,
                p=tests.get(i),
                adjusted_p=adjusted.get(i),
                shortfall=max(target - reached, 0.0) if i != favoured else 0.0,
                flips=i != favoured and _flips(reached, target),
                small=counts[i] < SMALL_SHARE * total,
                verdict=_verdict(of) if i != favoured else Verdict.PASS,
            )
        )
    return ImpactTable(
        groups.by.columns,
        measure,
        groups.slices[favoured],
        tuple(made),
        groups.unknown,
        without_outcome,
        median,
        data,
    )


def _to_favoured(i: int, favoured: int, rates: dict[int, Estimate], n: Floats) -> Outcome:
    base, level = rates[favoured], rates[favoured].level
    if base.value == 0.0:
        return Undefined("the highest rate is 0")
    if i == favoured:
        return Estimate(1.0, 1.0, 1.0, level, base.n, "itself")
    return ratio_of(rates[i], float(n[i]), base, float(n[favoured]), level)


def _p(i: int, favoured: int, values: Values, selected: Floats, rows: Floats) -> float:
    """Fisher's exact test of whole rows; the score test where weights or clusters make them effective ones."""
    one, base = values.outcomes[i], values.outcomes[favoured]
    if values.effective is None or not isinstance(one, Estimate) or not isinstance(base, Estimate):
        return 1.0
    plain = np.allclose(values.effective[[i, favoured]], rows[[i, favoured]], rtol=1e-9)
    if plain:
        return fisher_exact_p(*(round(float(x)) for x in (selected[i], rows[i], selected[favoured], rows[favoured])))
    n, m = float(values.effective[i]), float(values.effective[favoured])
    return two_proportions_p(min(one.value * n, n), n, min(base.value * m, m), m)


def _flips(selected: float, target: float) -> bool:
    """Whether one more, or one less, would move the rate across four fifths of the highest."""
    return selected + 1 >= target if selected < target else selected - 1 < target


def _verdict(ratio: Outcome) -> Verdict:
    if isinstance(ratio, Undefined) or ratio.low < FOUR_FIFTHS <= ratio.high:
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL if ratio.high < FOUR_FIFTHS else Verdict.PASS
