"""A batch of rows whose columns are turned into arrays once: numbers as floats, keys as small integers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.facts.coding import Codes, code, code_type, floats
from steelyard.facts.grids import Floats, Ints
from steelyard.facts.hashing import Fill, words_of
from steelyard.facts.vocabulary import Key

Mask = NDArray[np.bool_]
NamedKey = tuple[Key, str]
"""A key, and the column of the batch that it is made from."""


class Batch:
    """Columns of one batch, each made into an array when first asked for."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame
        self._floats: dict[str, Floats] = {}
        self._codes: dict[NamedKey, Codes] = {}
        self._words: dict[str, Fill] = {}

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.frame.height

    def floats(self, name: str) -> Floats:
        """A numeric column as float64, missing as NaN."""
        if name not in self._floats:
            self._floats[name] = floats(self.frame[name])
        return self._floats[name]

    def words(self, name: str) -> Fill:
        """What writes the words that a column brings to the hashes of rows."""
        if name not in self._words:
            self._words[name] = words_of(self.frame[name])
        return self._words[name]

    def known(self, values: Sequence[str], weight: str | None) -> tuple[Mask | None, int]:
        """Rows that have every value and a weight (None for all of them), and how many those are."""
        masks = [self._there(name) for name in values]
        masks += [self._positive(weight)] if weight is not None else []
        stated = [mask for mask in masks if mask is not None]
        known = np.logical_and.reduce(stated) if stated else None
        return known, self.height if known is None else int(np.count_nonzero(known))

    def _there(self, name: str) -> Mask | None:
        column = self.frame[name]
        return column.is_not_null().to_numpy() if column.null_count() else None

    def _positive(self, name: str) -> Mask | None:
        """Where a weight counts: a finite number above 0; None for everywhere."""
        weight = self.floats(name)
        fine = (weight > 0) & (weight < np.inf)
        return None if fine.all() else fine

    def codes(self, key: Key, name: str) -> Codes:
        """A key as small integers."""
        if (key, name) not in self._codes:
            self._codes[key, name] = code(key, self.frame[name])
        return self._codes[key, name]

    def cells(self, keys: Sequence[NamedKey]) -> tuple[Ints, int]:
        """One code per row for a combination of keys, and how many combinations there could be."""
        found = [self.codes(key, name) for key, name in keys]
        sizes = [len(part.values) for part in found]
        return flat_index([part.codes for part in found], sizes), math.prod(sizes)


def flat_index(codes: Sequence[NDArray[Any]], sizes: Sequence[int]) -> Ints:
    """Row-major index of each row's combination of codes; calculated in small integers, which is quicker."""
    kind = code_type(math.prod(sizes))
    flat = codes[0].astype(kind)
    for part, size in zip(codes[1:], sizes[1:], strict=True):
        flat *= kind.type(size)
        flat += part.astype(kind, copy=False)
    return flat.astype(np.int64, copy=False)
