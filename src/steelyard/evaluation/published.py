"""What may be published: nothing that tells of a few people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from steelyard.analyses.fairness import suppressed
from steelyard.analyses.study import Study
from steelyard.records import Estimate, Reading, Slice, Undefined


def published(study: Study, min_cell: int) -> Study:
    """The study without numbers of slices that hold fewer than `min_cell` rows, and with its audit suppressed.

    Findings are asked of what is left, so that none speaks of what is hidden.

    Raises:
        ConfigError: `min_cell` is negative.
    """
    fairness = study.fairness if study.fairness is None else suppressed(study.fairness, min_cell)
    if min_cell <= 1:
        return replace(study, fairness=fairness)
    hidden = hidden_slices(study.readings, min_cell)
    reason = Undefined(f"fewer than {min_cell:,} rows, or what would tell of such: not shown")
    money, uncertainty = study.money, study.uncertainty
    return replace(
        study,
        fairness=fairness,
        readings=tuple(replace(r, outcome=reason) if r.slice in hidden else r for r in study.readings),
        segments=tuple(s for s in study.segments if s.rows >= min_cell),
        money=money and replace(money, by_slice=tuple(s for s in money.by_slice if s[0] not in hidden)),
        uncertainty=uncertainty
        and replace(uncertainty, coverages=tuple(c for c in uncertainty.coverages if c.where not in hidden)),
    )


def hidden_slices(readings: Iterable[Reading], min_cell: int) -> set[Slice]:
    """Slices of fewer rows; and the next, where one alone could be had as the total less the others.

    The rows of a slice are the most that any of its metrics rests on; of several data sets the fewer count.
    """
    sizes: dict[tuple[Slice, str], int] = {}
    for reading in readings:
        if reading.slice and isinstance(reading.outcome, Estimate) and reading.data in ("current", "reference"):
            key = (reading.slice, reading.data)
            sizes[key] = max(sizes.get(key, 0), reading.outcome.n)
    rows: dict[Slice, int] = {}
    for (where, _), n in sizes.items():
        rows[where] = min(rows.get(where, n), n)
    hidden = {where for where, n in rows.items() if n < min_cell}
    for columns in {where.columns for where in hidden}:
        shown = sorted((n, where) for where, n in rows.items() if where.columns == columns and where not in hidden)
        if shown and sum(where.columns == columns for where in hidden) == 1:
            hidden.add(shown[0][1])
    return hidden
