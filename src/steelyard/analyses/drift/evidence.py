"""Evidence over time that a column moved, as e-values, which may be looked at after every window for ever.

A p-value answers one look at one window. Over a stream the chance of ever seeing p ≤ 0.05 goes to 1; that of ever
seeing an e-value of 20 does not exceed 0.05, and over many columns e-BH holds the false discovery rate whatever
depends on what (Wang & Ramdas 2022).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.drift.columns import grouped
from steelyard.analyses.drift.counts import Floats, Ints
from steelyard.analyses.drift.significance import CONFORMAL, Standing, standing
from steelyard.analyses.drift.watched import watched
from steelyard.analyses.study import Study
from steelyard.stats import divergences
from steelyard.stats.multiplicity import e_bh

ALPHA = 0.01
"""False discovery rate of alarms over columns and time."""
LARGEST = 700.0
"""Logarithm beyond which an e-value is as good as certain, and still a number."""


@dataclass(frozen=True)
class Evidence:
    """What speaks against "nothing changed" in one column, window by window.

    Attributes:
        column: its name.
        windows: numbers of the current windows, in order.
        log_e: log e-value after each.
        method: how it was made and what it assumes.
    """

    column: str
    windows: Ints
    log_e: Floats
    method: str


def evidence(study: Study) -> tuple[Evidence, ...]:
    """Of every column that is counted by window in both data sets.

    With 19 reference windows or more by bets on the rank of each window among those before it, which assumes
    exchangeable windows; with fewer, rows of all windows so far against those of the reference, which assumes
    independent rows.
    """
    found = []
    for column in watched(study):
        made = grouped(study, column, study.window)
        if made is None or study.window is None:
            continue
        one = _evidence(column.name, standing(made, study.window))
        if one is not None:
            found.append(one)
    return tuple(found)


def alarms(found: Sequence[Evidence], alpha: float = ALPHA) -> NDArray[np.bool_]:
    """Which columns to raise an alarm for, by e-BH on the evidence so far. Shape: that of `found`."""
    last = [min(float(one.log_e[-1]), LARGEST) for one in found]
    return e_bh(np.exp(last), alpha)


def _evidence(name: str, found: Standing | None) -> Evidence | None:
    if found is None:
        return None
    if len(found.then) >= CONFORMAL:
        log_e = divergences.windows_in_turn(found.then, found.now)
        return Evidence(name, found.codes, log_e, f"bets on ranks, {len(found.then)} windows of the reference")
    log_e = np.array([divergences.two_samples(rows, found.reference) for rows in np.cumsum(found.rows, axis=0)])
    return Evidence(name, found.codes, log_e, "universal inference, rows independent")
