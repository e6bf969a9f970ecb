"""Values by arm as counts in order: what quantiles and comparisons by rank are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import Floats, Ints, groups
from steelyard.facts import FactTable, Histogram, measure_index, text
from steelyard.facts.grids import MISSING


@dataclass(frozen=True)
class Held:
    """The units of one arm by bin; the first axis is the cluster bucket (one, where units stand alone).

    Attributes:
        weight: Σw; buckets × bins.
        squared: Σw² over all.
        rows: units.
        keys: number of each bucket.
    """

    weight: Floats
    squared: float
    rows: int
    keys: tuple[int, ...]

    @property
    def counts(self) -> Floats:
        """Weight by bin."""
        return np.asarray(self.weight.sum(axis=0))

    def effective(self, below: Floats) -> float:
        """(Effective) units behind a share: of weights Kish's, of clusters those that would vary as much.

        Args:
            below: what of each bin counts for the share, 0 to 1.
        """
        total = float(self.weight.sum())
        alone = total**2 / self.squared if self.squared > 0 else 0.0
        buckets = len(self.keys)
        if buckets < 2:
            return alone
        held = self.weight.sum(axis=1)
        share = float(self.weight.sum(axis=0) @ below) / total
        rest = self.weight @ below - share * held
        variance = float(rest @ rest) * buckets / (buckets - 1.0) / total**2
        return min(share * (1.0 - share) / variance, alone) if variance > 0 else alone


@dataclass(frozen=True)
class Ranked:
    """Bins in ascending order, and the cells of each arm; what an arm holds is laid out when it is asked for.

    Attributes:
        left, right: edges of the bins.
        cells: the cells of each arm, with the bin and the bucket of each.
        place: bin of each cell that holds a number, −1 of any other.
        buckets: bucket of each cell.
        rows, weight, squared: units, Σw and Σw² of each cell.
    """

    left: Floats
    right: Floats
    cells: Mapping[str, slice]
    place: Ints
    buckets: Ints
    rows: Floats
    weight: Floats
    squared: Floats

    def held(self, arm: str) -> Held | None:
        """What an arm holds; None where it has no value."""
        if arm not in self.cells:
            return None
        cells = self.cells[arm]
        place = self.place[cells]
        there = place >= 0
        if not there.any():
            return None
        keys, row = np.unique(self.buckets[cells][there], return_inverse=True)
        weight = np.zeros((len(keys), len(self.left)))
        np.add.at(weight, (row, place[there]), self.weight[cells][there])
        squared, rows = (float(column[cells][there].sum()) for column in (self.squared, self.rows))
        return Held(weight, squared, int(rows), tuple(keys.tolist()))


def ranked(setup: Setup, column: str) -> Ranked:
    """The values of a column by arm; missing and infinite ones left out."""
    fact = setup.binned(column)
    table = setup.profile[fact]
    left, right, place = _bins(fact, table)
    weight, squared = (measure_index(fact, power) for power in (1, 2))
    buckets = table.codes[:, 1] if setup.bucket is not None else np.zeros(len(table), dtype=np.int64)
    cells = {text(table.levels[0][arm]): cells for (arm,), cells in groups(table, 1)}
    sums = table.sums
    return Ranked(left, right, cells, place, buckets, sums[:, 0], sums[:, weight], sums[:, squared])


def _bins(fact: object, table: FactTable) -> tuple[Floats, Floats, Ints]:
    """Edges of the bins in order, and the bin of each cell."""
    codes = table.codes[:, -1]
    if isinstance(fact, Histogram):
        kept = codes != MISSING
        used = np.unique(codes[kept])
        left, right = fact.grid.edges(used)
        # Outermost bins have no far end: their units are taken to lie at the near one.
        left, right = np.where(np.isfinite(left), left, right), np.where(np.isfinite(right), right, left)
    else:
        values = np.array([v if isinstance(v, int | float) else np.nan for v in table.levels[-1]], dtype=float)
        kept = np.isfinite(values)[codes] if len(values) else np.zeros(len(codes), dtype=bool)
        used = np.unique(codes[kept])
        left = right = values[used]
    return left, right, np.where(kept, np.searchsorted(used, codes), -1)
