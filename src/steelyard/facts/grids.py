"""Grids: how a number becomes a bin.

A grid is a pure function of its spec, never of the data it bins, so that bins of two data sets add.
Bins are integers in the order of the numbers; beside them stand atoms: MISSING, BELOW and ABOVE for what
lies outside (−∞ and ∞ included). Only operations that IEEE 754 rounds correctly (+ − × ÷ √ floor and
comparisons) take part, so every engine puts every number into the same bin, to the last bit: the logarithm
in "logit" and "asinh" spacing is replaced by repeated square roots, 16·sinh(ln(x)/16) = 8·(r − 1/r) with
r = x^(1/16), which is the logarithm to within a smooth, monotone stretch.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING = -(2**31)
BELOW = -(2**30)
ABOVE = 2**30
STEPS = 32
"""Bins per unit of the stretched scale."""


class LogitGrid(msgspec.Struct, frozen=True, tag=True):
    """Probabilities, 1/32 of a logit wide near ½, from about −16 to 16 logits; 0 and 1 are atoms.

    Bins are cut at `thresholds`, so that any metric at a deployed threshold is exact.
    """

    thresholds: tuple[float, ...] = ()

    LIMIT = 601

    @property
    def tiers(self) -> int:
        """Sub-bins each base bin is cut into."""
        return len(self.thresholds) + 1

    def index(self, column: str) -> nw.Expr:
        """Bin index as a Narwhals expression; the column must be Float64."""
        p = nw.col(column)
        root = (p / (1.0 - p)).sqrt().sqrt().sqrt().sqrt()
        base = ((root - 1.0 / root) * (8.0 * STEPS)).floor().clip(-self.LIMIT - 1.0, float(self.LIMIT))
        tier = sum(((p >= t).cast(nw.Float64()) for t in self.thresholds), start=nw.lit(0.0))
        inside = base * float(self.tiers) + tier
        return _select(p, [(p <= 0.0, BELOW), (p >= 1.0, ABOVE)], inside)

    def positions(self, p: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            root = np.sqrt(np.sqrt(np.sqrt(np.sqrt(p / (1.0 - p)))))
            base = np.floor((root - 1.0 / root) * (8.0 * STEPS))
        np.clip(base, -self.LIMIT - 1.0, float(self.LIMIT), out=base)
        if self.thresholds:
            base *= float(self.tiers)
            for threshold in self.thresholds:
                base += p >= threshold
        base -= self.size[0] - 2.0
        np.copyto(base, 1.0, where=p <= 0.0)
        np.copyto(base, width(self) - 1.0, where=p >= 1.0)
        np.copyto(base, 0.0, where=np.isnan(p))
        return base.astype(np.int64)

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges of bins; atoms have both edges at 0 or 1."""
        base, tier = np.divmod(index, self.tiers)
        left, right = _expit_of_bin(base), _expit_of_bin(base + 1)
        bounds = np.array([-np.inf, *self.thresholds, np.inf])
        inner = (index > BELOW) & (index < ABOVE)
        tier = np.where(inner, tier, 0)
        left, right = np.maximum(left, bounds[tier]), np.minimum(right, bounds[tier + 1])
        left = np.where(base <= -self.LIMIT - 1, 0.0, left)
        right = np.where(base >= self.LIMIT, 1.0, right)
        zero, one = index <= BELOW, index >= ABOVE
        return np.where(zero, 0.0, np.where(one, 1.0, left)), np.where(zero, 0.0, np.where(one, 1.0, right))

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return (-self.LIMIT - 1) * self.tiers, self.LIMIT * self.tiers + self.tiers - 1


class RootGrid(msgspec.Struct, frozen=True, tag=True):
    """Any number: 1/32 of `scale` wide at `centre`, widening about in proportion to the distance from it.

    With z = (x − centre)/scale the stretched scale is ±16·((1+|z|)^(1/16) − 1), close to ±ln(1+|z|).
    Covers |z| up to about 4·10⁷. `centre` and `scale` are frozen from the reference.
    """

    centre: float
    scale: float

    LIMIT = 1023

    def index(self, column: str) -> nw.Expr:
        """Bin index as a Narwhals expression; the column must be Float64."""
        x = nw.col(column)
        z = (x - self.centre) / self.scale
        root = (z.abs() + 1.0).sqrt().sqrt().sqrt().sqrt()
        distance = (root - 1.0) * (16.0 * STEPS)
        inside = nw.when(z >= 0.0).then(distance).otherwise(0.0 - distance).floor()
        far = [(inside < -self.LIMIT - 1.0, BELOW), (inside > float(self.LIMIT), ABOVE)]
        return _select(x, far, inside)

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        return self.standard_positions((x - self.centre) / self.scale)

    def standard_positions(self, z: Floats) -> Ints:
        """Positions of numbers that are already centred and scaled."""
        root = np.abs(z)
        root += 1.0
        for _ in range(4):
            np.sqrt(root, out=root)
        root -= 1.0
        root *= 16.0 * STEPS
        np.copysign(root, z, out=root)
        np.floor(root, out=root)
        root += self.LIMIT + 3.0
        return _capped(root, width(self))

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges of bins; the outermost reach to ±∞."""
        def at(k: Floats) -> Floats:
            z = np.sign(k) * ((1.0 + np.abs(k) / (16.0 * STEPS)) ** 16 - 1.0)
            return self.centre + self.scale * z

        inner = np.clip(index, -self.LIMIT - 1, self.LIMIT).astype(float)
        left, right = at(inner), at(inner + 1.0)
        low, high = at(np.array(-self.LIMIT - 1.0)), at(np.array(self.LIMIT + 1.0))
        below, above = index <= BELOW, index >= ABOVE
        left = np.where(below, -np.inf, np.where(above, high, left))
        return left, np.where(below, low, np.where(above, np.inf, right))

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return -self.LIMIT - 1, self.LIMIT


class IntegerGrid(msgspec.Struct, frozen=True, tag=True):
    """Whole numbers from `low` to `high`, each its own bin; the rest is BELOW or ABOVE, fractions go down."""

    low: int
    high: int

    def index(self, column: str) -> nw.Expr:
        """Bin index as a Narwhals expression; the column must be Float64."""
        x = nw.col(column)
        outside = [(x < float(self.low), BELOW), (x >= float(self.high + 1), ABOVE)]
        return _select(x, outside, x.floor().clip(float(self.low), float(self.high)))

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        return _capped(np.floor(x) - (self.low - 2.0), width(self))

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges: each bin is the whole number itself."""
        inner = np.where(index <= BELOW, self.low - 1, np.where(index >= ABOVE, self.high + 1, index)).astype(float)
        return (
            np.where(index <= BELOW, -np.inf, inner),
            np.where(index >= ABOVE, np.inf, inner),
        )

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return self.low, self.high


class CutGrid(msgspec.Struct, frozen=True, tag=True):
    """Groups between given cut points: bin k holds cuts[k−1] ≤ x < cuts[k]."""

    cuts: tuple[float, ...]

    def index(self, column: str) -> nw.Expr:
        """Bin index as a Narwhals expression; the column must be Float64."""
        x = nw.col(column)
        count = sum(((x >= cut).cast(nw.Float64()) for cut in self.cuts), start=nw.lit(0.0))
        return _select(x, [], count)

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        group = np.searchsorted(np.asarray(self.cuts), x, side="right") + 2
        return np.where(np.isnan(x), 0, group)

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges; the outermost reach to ±∞."""
        bounds = np.array([-np.inf, *self.cuts, np.inf])
        inner = np.clip(index, 0, len(self.cuts))
        return bounds[inner], bounds[inner + 1]

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return 0, len(self.cuts)

    def name(self, index: int) -> str:
        """Name a group for people."""
        if index == MISSING:
            return "(missing)"
        if index <= 0:
            return f"< {self.cuts[0]:g}"
        if index >= len(self.cuts):
            return f"≥ {self.cuts[-1]:g}"
        return f"{self.cuts[index - 1]:g} to < {self.cuts[index]:g}"


Grid = LogitGrid | RootGrid | IntegerGrid | CutGrid


def _select(value: nw.Expr, outside: Iterable[tuple[nw.Expr, int]], inside: nw.Expr) -> nw.Expr:
    result = inside
    for condition, atom in outside:
        result = nw.when(condition).then(nw.lit(float(atom))).otherwise(result)
    known = nw.when(value.is_null()).then(nw.lit(float(MISSING))).otherwise(result)
    return known.cast(nw.Int64())


def width(grid: Grid) -> int:
    """Number of positions: MISSING, BELOW, the inner bins in order, ABOVE."""
    low, high = grid.size
    return high - low + 4


def indices(grid: Grid) -> Ints:
    """Bin index at every position."""
    low, high = grid.size
    return np.concatenate([[MISSING, BELOW], np.arange(low, high + 1), [ABOVE]]).astype(np.int64)


def _capped(position: Floats, positions: int) -> Ints:
    # minimum and maximum keep NaN, fmax drops it: so NaN ends at 0 without a mask.
    np.minimum(position, positions - 1.0, out=position)
    np.maximum(position, 1.0, out=position)
    np.fmax(position, 0.0, out=position)
    return position.astype(np.int64)


def _expit_of_bin(base: NDArray[Any]) -> Floats:
    logit = 16.0 * np.arcsinh(np.asarray(base, dtype=float) / (16.0 * STEPS))
    return 1.0 / (1.0 + np.exp(-np.clip(logit, -700.0, 700.0)))
