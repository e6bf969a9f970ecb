"""Windows whose labels have not all arrived yet: what is read on them speaks for the quick labels only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.estimation.approach import approach_of
from steelyard.analyses.estimation.known import CURRENT, REFERENCE, measured
from steelyard.analyses.estimation.strata import Strata, strata_of
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.records import Estimate, Point, Series

MATURE = 0.95
"""Share of the usual number of labels from which on a window is read without a caution."""
FEW_ROWS = 30


@dataclass(frozen=True)
class Maturity:
    """A window of the current data with the labels it has, against how many are usual.

    Attributes:
        start: of the window.
        rows, labelled: rows, and those with a label.
        share: of the usual number of labels that is there.
    """

    start: str
    rows: float
    labelled: float
    share: float

    @property
    def mature(self) -> bool:
        """Whether it is read without a caution."""
        return self.share >= MATURE


def maturities(study: Study) -> list[Maturity]:
    """Every window of the current data; usual is the reference's share of labels, else that of the best window."""
    approach = approach_of(study.problem)
    if study.window is None or approach is None:
        return []
    by = SliceBy((study.window,))
    if not measured(study, approach, by, CURRENT):
        return []
    profile = study.profiles[CURRENT]
    segments = strata_of(by, approach.facts(study, by)[0], [profile])
    rows = approach.read(study, profile, by, segments)
    parts = [approach.labelled(rows.where(rows.stratum == place)) for place in range(len(segments.names))]
    shares = [labelled / every for labelled, every in parts if every >= FEW_ROWS]
    usual = max(shares, default=0.0)
    if measured(study, approach, Strata().by, REFERENCE):
        then = study.profiles[REFERENCE]
        labelled, every = approach.labelled(approach.read(study, then, Strata().by, Strata()))
        usual = labelled / every if labelled else usual
    return [
        Maturity(name.items[0][1], every, labelled, min(labelled / every / usual, 1.0) if usual and every else 0.0)
        for name, (labelled, every) in zip(segments.names, parts, strict=True)
    ]


def flagged(study: Study) -> tuple[Series, ...]:
    """The study's series, with a caution on metrics of windows whose labels have not all arrived."""
    young = {m.start: m for m in maturities(study) if not m.mature}
    if not young:
        return study.series
    return tuple(
        replace(series, points=tuple(_flagged(point, young) for point in series.points))
        if series.kind == "metric"
        else series
        for series in study.series
    )


def _flagged(point: Point, young: dict[str, Maturity]) -> Point:
    found = young.get(point.start)
    if found is None or point.data != CURRENT or not isinstance(point.outcome, Estimate):
        return point
    said = f"only {np.floor(100 * found.share):.0f} % of the usual labels have arrived"
    note = f"{point.outcome.note}; {said}" if point.outcome.note else said
    return replace(point, outcome=replace(point.outcome, note=note))
