"""Facts whose cells are known beforehand, counted in flat arrays: many of them in few loops over the rows.

Where all keys of a fact are of fixed width, its cells are too, and batches add up in one array. Of facts that
differ in their keys alone (every pair of features, say) several are sums of one with all of their keys; that one is
counted, and they are rolled up from it in the end. Three pairs then cost one loop instead of three.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts.batch import Batch, flat_index
from steelyard.facts.coding import fixed_values, fixed_width
from steelyard.facts.grids import Floats
from steelyard.facts.sums import MATRIX_FROM, products
from steelyard.facts.table import FactTable
from steelyard.facts.vocabulary import Fact, Key

MOST_CELLS = 1 << 18
"""Cells of a fact that is counted in a flat array."""
MOST_NUMBERS = 1 << 24
"""Numbers in all flat arrays of one pass; facts beyond them are counted by the cells that occur."""
JOINT_CELLS = 1 << 15
"""Cells of a fact that others are rolled up from: as many as stay in the processor's cache while they are counted."""
BLOCK = 1 << 17
"""Rows counted at a time."""


@dataclass(frozen=True, eq=False)
class _Joint:
    """Keys that rows are counted by together, their widths, and the sums so far: measures × cells."""

    keys: tuple[Key, ...]
    widths: tuple[int, ...]
    sums: Floats

    @classmethod
    def of(cls, keys: tuple[Key, ...], measures: int) -> _Joint:
        """Nothing counted yet."""
        widths = tuple(fixed_width(key) or 0 for key in keys)
        return cls(keys, widths, np.zeros((measures, math.prod(widths))))

    def add(self, codes: Sequence[NDArray[Any]], block: Sequence[Floats | None]) -> None:
        """Add rows: the codes of each key, and what each measure sums (None for 1)."""
        cell = flat_index(codes, self.widths)
        with np.errstate(over="ignore", invalid="ignore"):
            for total, summed in zip(self.sums, block, strict=True):
                total += np.bincount(cell, weights=summed, minlength=len(total))

    def table(self, fact: Fact) -> FactTable:
        """The cells of a fact whose keys are some of these."""
        kept = [self.keys.index(key) for key in fact.keys]
        cube = self.sums.reshape(-1, *self.widths)
        others = tuple(axis + 1 for axis in range(len(self.keys)) if axis not in kept)
        # What is left stands in the order of these keys; the fact has its own.
        left = cube.sum(axis=others)
        order = [sorted(kept).index(axis) + 1 for axis in kept]
        sums = left.transpose(0, *order).reshape(len(cube), -1)
        used = np.flatnonzero(sums[0])
        places = np.unravel_index(used, [self.widths[axis] for axis in kept])
        codes = np.column_stack([fixed_values(key)[place] for key, place in zip(fact.keys, places, strict=True)])
        blank = np.empty((len(used), 0))
        return FactTable(codes, ((),) * len(kept), np.ascontiguousarray(sums[:, used].T), blank, blank)


class DenseCounter:
    """Facts of one family, counted together.

    Args:
        facts: facts of one family, each of them `is_dense`.
        names: the batch's column that each key is made from.
        values: columns of the family's values, missing where a row has none.
        weight: column of its weight.
    """

    def __init__(
        self, facts: Sequence[Fact], names: Mapping[Key, str], values: Sequence[str], weight: str | None
    ) -> None:
        self.facts, self.names, self.values, self.weight = facts, names, values, weight
        self.measures = facts[0].measures
        self.joints = [_Joint.of(keys, len(self.measures)) for keys in joined([fact.keys for fact in facts])]

    def add(self, batch: Batch) -> None:
        """Count one batch."""
        known, rows = batch.known(self.values, self.weight)
        if not rows:
            return

        def of(column: NDArray[Any]) -> NDArray[Any]:
            return column if known is None else column[known]

        codes = {key: of(batch.codes(key, name).codes) for key, name in self.names.items()}
        values = [of(batch.floats(name)) for name in self.values]
        weight = of(batch.floats(self.weight)) if self.weight is not None else None
        for start in range(0, rows, BLOCK):
            part = slice(start, start + BLOCK)
            block = products(self.measures, None if weight is None else weight[part], [v[part] for v in values])
            for joint in self.joints:
                joint.add([codes[key][part] for key in joint.keys], block)

    def tables(self) -> dict[Fact, FactTable]:
        """What was counted."""
        found: dict[Fact, FactTable] = {}
        for joint in self.joints:
            inside = set(joint.keys)
            found |= {
                fact: joint.table(fact) for fact in self.facts if fact not in found and inside >= set(fact.keys)
            }
        return found


def is_dense(fact: Fact) -> bool:
    """Whether a fact's cells are few and known beforehand, and sums are all it keeps of them."""
    cells = math.prod(fixed_width(key) or MOST_CELLS + 1 for key in fact.keys)
    once = len(set(fact.keys)) == len(fact.keys) > 0
    return once and cells <= MOST_CELLS and not fact.extremes and len(fact.values) < MATRIX_FROM


def families(facts: Iterable[Fact]) -> list[list[Fact]]:
    """Dense facts that are counted together, as long as their arrays have room."""
    found: dict[tuple[object, ...], list[Fact]] = {}
    room = MOST_NUMBERS
    for fact in facts:
        if not is_dense(fact):
            continue
        room -= len(fact.measures) * math.prod(fixed_width(key) or 0 for key in fact.keys)
        if room >= 0:
            found.setdefault((fact.values, fact.weight, fact.measures), []).append(fact)
    return list(found.values())


def joined(asked: Iterable[Sequence[Key]]) -> list[tuple[Key, ...]]:
    """Unite sets of keys, so that each of those asked for is part of one, and each has at most `JOINT_CELLS`.

    Greedily: the largest set that is left takes in the key that brings most others with it, while there is room.
    """
    sets = list(asked)
    keys = list(dict.fromkeys(key for held in sets for key in held))
    place = {key: i for i, key in enumerate(keys)}
    widths = [fixed_width(key) or 1 for key in keys]
    masks = {sum(1 << place[key] for key in held): math.prod(widths[place[key]] for key in held) for held in sets}
    pending = dict(sorted(masks.items(), key=lambda held: -held[1]))
    found: list[int] = []
    while pending:
        union = next(iter(pending))
        room = JOINT_CELLS // pending.pop(union)
        while (taken := _best(union, room, pending, widths)) is not None:
            union |= 1 << taken
            room //= widths[taken]
        pending = {mask: cells for mask, cells in pending.items() if mask & ~union}
        found.append(union)
    return [tuple(key for i, key in enumerate(keys) if union >> i & 1) for union in found]


def _best(union: int, room: int, pending: Iterable[int], widths: Sequence[int]) -> int | None:
    """The key by which most of the pending sets become part of the union."""
    gains: dict[int, int] = {}
    for mask in pending:
        lacking = mask & ~union
        if lacking and not lacking & (lacking - 1):
            gains[lacking] = gains.get(lacking, 0) + 1
    fitting = {bit.bit_length() - 1: gain for bit, gain in gains.items() if widths[bit.bit_length() - 1] <= room}
    return max(fitting, key=fitting.__getitem__, default=None)
