"""Rows by window, and the share of them that lack a value of a column."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from steelyard.analyses.study import Study
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.windows.track import Track, of_counts, of_estimates
from steelyard.analyses.windows.wanted import groups
from steelyard.facts.grids import MISSING
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats import intervals


def volume(study: Study, line: Timeline) -> Track:
    """Rows by window; gaps are windows of no row, windows that are cut off are not charted."""
    counted = [Estimate(float(n), float(n), float(n), study.level, n, "count") for n in line.rows.tolist()]
    return of_counts("rows", counted, line.rows, ~line.partial)


def missing(study: Study, line: Timeline) -> Iterator[Track]:
    """The share of rows without a value, of every column that lacks any."""
    for column, fact in groups(study, line.window).items():
        lacking, known = np.zeros(len(line)), np.zeros(len(line), dtype=bool)
        for data, profile in study.profiles.items():
            if fact not in profile:
                continue
            places = line.places(data)
            known[list(places.values())] = True
            for (window, group), rows in zip(
                profile[fact].codes.tolist(), profile[fact].sums[:, 0].tolist(), strict=True
            ):
                if group == MISSING and window in places:
                    lacking[places[window]] += rows
        if lacking.any():
            outcomes = [
                _share(k, n, study.level) if there else Undefined("this data set has no such column")
                for k, n, there in zip(lacking.tolist(), line.rows.tolist(), known.tolist(), strict=True)
            ]
            yield replace(of_estimates(column, "missing", outcomes, line.baseline), upward=True)


def _share(k: float, n: int, level: float) -> Outcome:
    if not n:
        return Undefined("no row is in this window")
    share = min(k / n, 1.0)
    low, high = intervals.wilson(share, n, level)
    return Estimate(share, low, high, level, n, "wilson", float(n), float(np.sqrt(share * (1 - share) / n)))
