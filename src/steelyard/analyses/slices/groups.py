"""A feature's groups as places in an array, and the conditions on them that segments are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.features import Feature
from steelyard.facts import Among, CutGrid
from steelyard.facts.grids import ABOVE, MISSING

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Groups:
    """The groups of one feature: missing first, then its own, others last."""

    feature: Feature

    @property
    def name(self) -> str:
        """The column."""
        return self.feature.name

    @property
    def inner(self) -> int:
        """How many groups there are beside missing and other."""
        key = self.feature.key
        if isinstance(key, Among):
            return len(key.values)
        low, high = key.grid.size
        return high - low + 1

    @property
    def width(self) -> int:
        """How many places there are."""
        return self.inner + 2

    @property
    def ordered(self) -> bool:
        """Whether neighbours belong together: groups of a number."""
        key = self.feature.key
        return not isinstance(key, Among) or not any(isinstance(v, str) for v in key.values)

    @cached_property
    def conditions(self) -> NDArray[np.bool_]:
        """What a segment may ask of the feature, conditions × places: each group, and of a number each interval."""
        inner, width = self.inner, self.width
        single = np.eye(width, dtype=bool)
        if not self.ordered:
            return single
        spans = [(a, b) for a in range(inner) for b in range(a + 2, inner + 1) if b - a < inner]
        places = np.arange(width) - 1
        intervals = [(places >= a) & (places < b) for a, b in spans]
        return np.array([*single, *intervals])

    def places(self, codes: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place of each code of the feature's key."""
        low = 0 if isinstance(self.feature.key, Among) else self.feature.key.grid.size[0]
        inside = np.clip(codes - low, 0, self.inner - 1) + 1
        return np.where(codes == MISSING, 0, np.where(codes == ABOVE, self.width - 1, inside))

    def codes(self, mask: Mask) -> list[int]:
        """The codes of the places of a condition, missing and other included."""
        return [
            MISSING if place == 0 else ABOVE if place == self.width - 1 else place - 1
            for place in np.flatnonzero(mask).tolist()
        ]

    @property
    def cuts(self) -> tuple[float, ...] | None:
        """The cut points of a number that is cut into intervals; None where groups are values."""
        key = self.feature.key
        return None if isinstance(key, Among) else key.grid.cuts if isinstance(key.grid, CutGrid) else None
