"""What a rule for groups is learned from, and what learning one gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.deciding import EVERYONE, NO_ONE
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import NEGATIVE, POSITIVE, Criterion, Objective

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Fitted:
    """A rule that was learned.

    Attributes:
        chances: of a positive decision, by group and score bin, shape (places, bins).
        policy: the same as plain values.
    """

    chances: Floats
    policy: Mapping[str, Any]


Learned = Callable[[float], Fitted | None]
"""From the largest gap allowed to the best rule; None where there is none."""


@dataclass(frozen=True, eq=False)
class Training:
    """Weights to learn from.

    Attributes:
        cells: the rows; what tells groups, bins and the deployed threshold.
        table: weight by group, label and bin, shape (places, 2, bins).
        scope: places of the groups that get rules of their own; each has both classes.
        criterion: the rates that are to be alike.
        objective: what is kept high.
    """

    cells: GroupCells
    table: Floats
    scope: tuple[int, ...]
    criterion: Criterion
    objective: Objective

    @cached_property
    def flagged(self) -> Floats:
        """Weight from each bin on, by group, label and threshold; shape (places, 2, bins + 1), the last is no one."""
        ends = np.zeros((*self.table.shape[:2], 1))
        return np.concatenate([np.cumsum(self.table[..., ::-1], axis=-1)[..., ::-1], ends], axis=-1)

    @property
    def complete(self) -> bool:
        """Whether every group in scope has rows of both classes."""
        return bool((self.flagged[list(self.scope), :, 0] > 0).all())

    def rates(self, place: int) -> list[Floats]:
        """The criterion's rates of one group by threshold, each shape (bins + 1,)."""
        negative, positive = self.flagged[place, NEGATIVE], self.flagged[place, POSITIVE]
        made = {
            "selection_rate": lambda: (negative + positive) / (negative[0] + positive[0]),
            "recall": lambda: positive / positive[0],
            "false_positive_rate": lambda: negative / negative[0],
        }
        return [made[name]() for name in self.criterion.rates]

    def worth(self, place: int) -> Floats:
        """What positive decisions from each threshold on add to the objective, in one group; shape (bins + 1,)."""
        return np.asarray(self.objective.worth @ self.flagged[place], dtype=float)

    @cached_property
    def otherwise(self) -> int:
        """The threshold of all other groups: the deployed one, or the best for all rows together."""
        edges = self.cells.edges
        if self.cells.threshold is not None:
            return int(np.searchsorted(edges, self.cells.threshold, side="left"))
        return int(np.argmax(self.objective.worth @ self.flagged.sum(axis=0)))

    def chances(self, rules: Mapping[int, Sequence[tuple[int, float]]]) -> Floats:
        """Chance of a positive decision by group and bin, where each group uses thresholds with a chance of each."""
        bins = np.arange(self.cells.bins)
        found = np.tile((bins >= self.otherwise).astype(float), (self.cells.places, 1))
        for place, mixture in rules.items():
            found[place] = np.clip(sum(chance * (bins >= at) for at, chance in mixture), 0.0, 1.0)
        return found

    def policy(self, rules: Mapping[int, Sequence[tuple[int, float]]]) -> dict[str, Any]:
        """The same as plain values."""
        groups = [{"group": self.cells.named(p), "thresholds": self._written(m)} for p, m in rules.items()]
        return {
            "kind": "group_thresholds",
            "by": list(self.cells.columns),
            "groups": groups,
            "otherwise": self._written([(self.otherwise, 1.0)]),
            **self.range,
        }

    @property
    def range(self) -> dict[str, Any]:
        """The scores that a policy may be given."""
        return {"range": [0.0, 1.0]} if self.cells.unit else {}

    def _written(self, mixture: Sequence[tuple[int, float]]) -> list[dict[str, Any]]:
        return [{"from": self.score(at), "chance": float(chance)} for at, chance in sorted(mixture)]

    def score(self, at: int) -> float | str:
        """From which score a threshold flags."""
        edges = self.cells.edges
        if at == 0:
            return EVERYONE
        if at >= len(edges):
            return NO_ONE
        deployed = self.cells.threshold
        return deployed if deployed is not None and at == self.otherwise else float(edges[at])
