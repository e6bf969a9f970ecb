"""Features: the columns that drift, segments and causes are told of, each with a few frozen groups of its values."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.slicing import SliceBy
from steelyard.facts import Among, Binned, CutGrid
from steelyard.records import Slice


@dataclass(frozen=True)
class Feature:
    """A column with its groups, frozen from the reference (from the current data where there is none).

    Attributes:
        plan: how the column is counted finely; its facts are those of the data overview.
        key: its groups: quantile groups of a number, the commonest values of anything else. A dozen or two, of fixed
            width, with missing (and other) as groups of their own.
    """

    plan: ColumnPlan
    key: Among | Binned

    @property
    def name(self) -> str:
        """The column."""
        return self.plan.name

    @property
    def by(self) -> SliceBy:
        """Its groups as slices."""
        return SliceBy((self.key,))

    def group(self, code: int) -> str:
        """What a code of its key stands for, as a reader sees it."""
        if isinstance(self.key, Among):
            return self.key.name(code)
        return self.key.grid.name(code) if isinstance(self.key.grid, CutGrid) else str(code)

    def slice(self, code: int) -> Slice:
        """The rows of one group."""
        return Slice.of({self.name: self.group(code)})
