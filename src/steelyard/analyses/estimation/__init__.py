"""How good is the model while labels are late?

Rows without labels are judged by rows of the reference that had the same score, decision and segment. See
`docs/without-labels.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.estimation import backtest, readings, strata, young
from steelyard.analyses.estimation.approach import approach_of
from steelyard.analyses.estimation.known import known
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Fact


def facts(study: Study) -> Iterator[Fact]:
    """Facts about the rows: labels by score and segment, and by window."""
    approach = approach_of(study.problem)
    if approach is None:
        return
    if "reference" in study.looks:
        yield from strata.facts(study, approach)
    else:
        yield from (fact for by in study.slices for fact in approach.facts(study, by))
    if study.window is not None:
        yield from approach.facts(study, SliceBy((study.window,)))


def about(study: Study) -> Iterator[Fact]:
    """Facts about the user's own columns: none."""
    return iter(())


def read(study: Study) -> Study:
    """The study with estimates where labels are missing, and with back-tests where they are there."""
    study = replace(study, series=young.flagged(study))
    found = known(study)
    if found is None:
        return study
    windows = backtest.by_window(found)
    made = [*backtest.readings([*backtest.overall(found), *windows])]
    if found.late:
        made += readings.estimated(found, backtest.widening(found, windows))
        powered = readings.powered(found)
        made += [powered] if powered is not None else []
    return replace(study, readings=(*study.readings, *made))
