"""Values that are missing: more often than in the reference, and where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.analyses.quality.columns import inputs, look, missing_rows
from steelyard.analyses.quality.defect import Defect, share_of
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, REFERENCE, adjusted, design, sides
from steelyard.analyses.quality.truth import Answers, answers
from steelyard.analyses.study import Study
from steelyard.records import Estimate
from steelyard.stats import intervals
from steelyard.stats.comparison import two_proportions_p

GROWN = 0.005
"""A change of the share of missing values that counts, in points."""
ALL = 0.999
FEW = 50
DEPENDS = 0.10
"""A difference of rates between rows with and without a value that counts."""
MOSTLY = 0.5
SAME_ROWS = 0.98


@dataclass(frozen=True, kw_only=True)
class MissingChange(Defect):
    """Columns whose values are missing more (or less) often than in the reference, by the same number of rows."""

    then: float
    change: Estimate


@dataclass(frozen=True, kw_only=True)
class MostlyMissing(Defect):
    """A column that is missing in most rows, in all data there is."""


@dataclass(frozen=True, kw_only=True)
class MissingDepends(Defect):
    """A column whose missing values say something of the label: rate of the positive class without and with it."""

    without: Estimate
    with_value: Estimate
    difference: Estimate


@dataclass(frozen=True, kw_only=True)
class MissingSomewhere(Defect):
    """A column whose values are missing clearly more often in one group of another."""

    group: tuple[str, str]
    inside: Estimate
    elsewhere: Estimate


def missing_changes(study: Study) -> Iterator[MissingChange]:
    """Columns that are missing more or less often; those that go missing together are told together."""
    both = sides(study)
    if both is None:
        return
    counted = [
        (plan.name, now, then)
        for plan in inputs(study)
        if (now := missing_rows(study, plan, CURRENT)) is not None
        and (then := missing_rows(study, plan, REFERENCE)) is not None
    ]
    q = adjusted([both.change_p(now, then) for _, now, then in counted])
    clear = [
        (name, now, then, value)
        for (name, now, then), value in zip(counted, q, strict=True)
        if value <= FALSE_DISCOVERIES and abs(now / both.now - then / both.then) >= GROWN
    ]
    clear.sort(key=lambda c: -c[1])
    while clear:
        _, now, then, value = clear[0]
        together = [c for c in clear if _same(c[1] / both.now - c[2] / both.then, now / both.now - then / both.then)]
        clear = [c for c in clear if c not in together]
        yield MissingChange(
            columns=tuple(c[0] for c in together),
            share=share_of(now, both.now, study.level, both.design_now),
            rows=now,
            against=True,
            q=value,
            then=then / both.then,
            change=both.change(now, then),
        )


def mostly_missing(study: Study) -> Iterator[MostlyMissing]:
    """Columns that most rows lack, in the reference too."""
    rows = study.profiles[CURRENT].rows
    for plan in inputs(study):
        now, then = missing_rows(study, plan, CURRENT), missing_rows(study, plan, REFERENCE)
        if not rows or now is None or now < MOSTLY * rows:
            continue
        if REFERENCE in study.profiles and (then is None or then < MOSTLY * study.profiles[REFERENCE].rows):
            continue
        yield MostlyMissing(columns=(plan.name,), share=share_of(now, rows, study.level), rows=now)


def missing_depends(study: Study) -> Iterator[MissingDepends]:
    """Columns whose missing values go with the label, by the rows of a look."""
    truth = answers(study, CURRENT)
    if truth is None:
        return
    heavy = design(study, CURRENT)
    found = [d for plan in inputs(study) if (d := _with_label(study, plan.name, truth, heavy)) is not None]
    q = adjusted([p for _, p in found])
    for (defect, _), value in zip(found, q, strict=True):
        if value <= FALSE_DISCOVERIES and abs(defect.difference.value) >= DEPENDS:
            yield defect


def _with_label(study: Study, name: str, truth: Answers, heavy: float) -> tuple[MissingDepends, float] | None:
    seen = look(study, name, CURRENT)
    if seen is None or not seen.null_count():
        return None
    lacking = seen.is_null().to_numpy()
    outside, inside = lacking & truth.known, ~lacking & truth.known
    n, m = float(outside.sum()) / heavy, float(inside.sum()) / heavy
    if min(n, m) < FEW:
        return None
    a, b = (float(truth.positive[part].sum()) / heavy for part in (outside, inside))
    low, high = intervals.newcombe(a, n, b, m, study.level)
    rows = study.profiles[CURRENT].rows
    whole = len(seen)
    return MissingDepends(
        columns=(name,),
        share=share_of(int(lacking.sum()), whole, study.level, heavy),
        rows=round(lacking.sum() / whole * rows),
        without=share_of(a, n, study.level),
        with_value=share_of(b, m, study.level),
        difference=Estimate(a / n - b / m, low, high, study.level, round(n + m), "newcombe"),
    ), two_proportions_p(a, n, b, m)


def missing_somewhere(study: Study) -> Iterator[MissingSomewhere]:
    """Columns missing clearly more often in one group of a slice column, by the rows of a look."""
    peek = study.looks.get(CURRENT)
    groups = [c for c in study.roles.slice_columns() if peek is not None and c in peek.frame.columns]
    if peek is None or not groups:
        return
    lacking = [p.name for p in inputs(study) if (s := look(study, p.name, CURRENT)) is not None and s.null_count()]
    tested: list[tuple[MissingSomewhere, float]] = []
    heavy = design(study, CURRENT)
    for group in groups:
        columns = [c for c in lacking if c != group]
        if not columns or peek.frame[group].dtype.is_float():
            continue
        table = peek.frame.group_by(group, maintain_order=True).agg(
            pl.len().alias("sy_rows"), *(pl.col(c).null_count().alias(f"sy_null_{i}") for i, c in enumerate(columns))
        )
        if table.height > FEW:
            continue
        for i, column in enumerate(columns):
            tested += _groups(study, (group, column), table[group], table["sy_rows"], table[f"sy_null_{i}"], heavy)
    q = adjusted([p for _, p in tested])
    best: dict[str, MissingSomewhere] = {}
    for (defect, _), value in zip(tested, q, strict=True):
        gap = defect.inside.value - defect.elsewhere.value
        known = best.get(defect.columns[0])
        clear = value <= FALSE_DISCOVERIES and gap >= DEPENDS
        if clear and (known is None or gap > known.inside.value - known.elsewhere.value):
            best[defect.columns[0]] = defect
    yield from best.values()


def _groups(
    study: Study, pair: tuple[str, str], values: pl.Series, rows: pl.Series, nulls: pl.Series, heavy: float
) -> Iterator[tuple[MissingSomewhere, float]]:
    group, column = pair
    counts, lacking = rows.to_numpy().astype(float), nulls.to_numpy().astype(float)
    total, missing = counts.sum(), lacking.sum()
    for value, n, k in zip(values.to_list(), counts, lacking, strict=True):
        rest, without = total - n, missing - k
        if value is None or min(n, rest) < FEW * heavy or not np.isfinite(n):
            continue
        p = two_proportions_p(k / heavy, n / heavy, without / heavy, rest / heavy)
        scaled = study.profiles[CURRENT].rows / total
        yield (
            MissingSomewhere(
                columns=(column,),
                share=share_of(k, total, study.level, heavy),
                rows=round(k * scaled),
                group=(group, str(value)),
                inside=share_of(k, n, study.level, heavy),
                elsewhere=share_of(without, rest, study.level, heavy),
            ),
            p,
        )


def _same(a: float, b: float) -> bool:
    return a * b > 0 and min(abs(a), abs(b)) >= SAME_ROWS * max(abs(a), abs(b))
