"""A segment as a record: its rule, its loss against the rest, and what it stands for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from steelyard.analyses.slices.candidates import Candidate
from steelyard.analyses.slices.cubes import sums_of
from steelyard.analyses.slices.groups import Groups
from steelyard.analyses.slices.rules import expression, joined, words
from steelyard.analyses.study import Study
from steelyard.records import Estimate, Segment, Slice
from steelyard.stats import intervals
from steelyard.stats.segments import Sums, tail_of, worse_mean, worse_share
from steelyard.stats.shrinkage import Prior

SEARCHED = "found by search; the interval is that of these rows alone"


def told(
    study: Study,
    candidate: Candidate,
    groups: Sequence[Groups],
    totals: Mapping[str, Sums],
    prior: Prior,
    incomplete: Collection[str],
) -> Segment:
    """The record of a segment; `incomplete` are the columns with missing values, which may be written as NaN."""
    total = totals["current"]
    inside = _one(candidate.sums)
    rest = total.minus(inside)
    loss, others = (_mean(study, sums, candidate.effect) for sums in (inside, rest))
    conditions = sorted(((groups[f], np.array(mask)) for f, mask in candidate.rule), key=lambda c: c[0].name)
    all_loss = float(total.loss)
    test = worse_share if study.problem.loss_counts else worse_mean
    kept = prior.kept(candidate.gap, candidate.error)
    weight = float(inside.weight)
    return Segment(
        where=Slice.of({g.name: words(g, mask) for g, mask in conditions}),
        rule=joined([_expression(study, g, mask, g.name in incomplete) for g, mask in conditions]),
        rows=int(inside.rows),
        share=weight / float(total.weight),
        loss=loss,
        rest=others,
        excess=_difference(loss, others),
        of_errors=float(inside.loss) / all_loss,
        avoidable=max(kept * candidate.gap * weight / all_loss, 0.0),
        p=float(tail_of(test(_row(inside), _row(rest), candidate.effect))[0]),
        q=min(candidate.tests * float(tail_of(candidate.sure)), 1.0),
        then=_then(study, candidate),
    )


def _then(study: Study, candidate: Candidate) -> Estimate | None:
    if candidate.then is None:
        return None
    sums = _one(candidate.then)
    return _mean(study, sums, candidate.effect) if float(sums.rows) > 1 else None


def _one(array: np.ndarray) -> Sums:
    return Sums(*(np.asarray(part) for part in sums_of(array)))


def _row(sums: Sums) -> Sums:
    return Sums(*(np.atleast_1d(part) for part in sums))


def _mean(study: Study, sums: Sums, effect: float) -> Estimate:
    """A mean loss with its interval: Wilson's of a share of rows, else Student's t, which ends at 0."""
    value, level = float(sums.mean), study.level
    effective = max(float(sums.effective) / effect, 1.0 + 1e-9)
    se = float(np.sqrt(float(sums.variance) / effective))
    if study.problem.loss_counts:
        low, high = intervals.wilson(min(max(value, 0.0), 1.0), effective, level)
        method = "wilson"
    else:
        low, high = intervals.wald(value, se, level, effective - 1.0)
        low, method = max(low, 0.0), "student-t"
    return Estimate(value, low, high, level, int(sums.rows), method, effective, se, note=SEARCHED)


def _difference(a: Estimate, b: Estimate) -> Estimate:
    low, high = intervals.mover_difference(a.value, a.low, a.high, b.value, b.low, b.high)
    se = None if a.se is None or b.se is None else float(np.hypot(a.se, b.se))
    return Estimate(a.value - b.value, low, high, a.level, a.n + b.n, "mover", se=se, note=SEARCHED)


def _expression(study: Study, groups: Groups, mask: np.ndarray, incomplete: bool) -> str:
    dtype = study.types.get("current", {}).get(groups.name, "")
    return expression(groups, mask, dtype, with_nan=incomplete and dtype.startswith("Float"))
