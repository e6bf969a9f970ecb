"""Grids: how a number becomes a bin.

A grid is a pure function of its spec, never of the data it bins, so that bins of two data sets add.
Bins are integers in the order of the numbers; beside them stand atoms: MISSING, BELOW and ABOVE for what
lies outside (−∞ and ∞ included). Only operations that IEEE 754 rounds correctly (+ − × ÷ √ floor and
comparisons) take part, so every engine puts every number into the same bin, to the last bit: the logarithm
in "logit" and "asinh" spacing is replaced by repeated square roots, 16·sinh(ln(x)/16) = 8·(r − 1/r) with
r = x^(1/16), which is the logarithm to within a smooth, monotone stretch.

Each grid says it twice: `steps` for any engine, as Narwhals expressions applied one after the other (an
engine that nests them writes each operand out several times), and `positions` for NumPy. Tests hold them equal.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from steelyard.facts.levels import MISSING_TEXT
from steelyard.records import ConfigError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MISSING = -(2**31)
BELOW = -(2**30)
ABOVE = 2**30
STEPS = 32
"""Bins per unit of the stretched scale."""
FEW_CUTS = 16
"""Cut points up to which comparing with each is cheaper than a search."""
BLOCK = 1 << 15
"""Numbers worked on at a time where they are read more than once: they stay in the processor's cache."""
MOST_BINS = 2**22
"""Bins a grid may have; more is no longer a summary."""


class LogitGrid(msgspec.Struct, frozen=True, tag=True):
    """Probabilities, 1/32 of a logit wide near ½, from about −16 to 16 logits; 0 and 1 are atoms.

    Bins are cut at `thresholds`, so that any metric at a deployed threshold is exact. What lies below 0 or
    above 1 is counted with the atom.
    """

    thresholds: tuple[float, ...] = ()

    LIMIT = 601

    def __post_init__(self) -> None:
        _need_ascending("thresholds of a LogitGrid", self.thresholds)

    @property
    def tiers(self) -> int:
        """Sub-bins each base bin is cut into."""
        return len(self.thresholds) + 1

    def steps(self, column: str, name: str) -> list[nw.Expr]:
        """Steps that make the bin index `name` of a Float64 column."""
        p, y = nw.col(column), nw.col(name)
        inner = p.clip(0.0, 1.0).alias(name)
        odds = (y / (1.0 - y)).alias(name)
        stretched = ((y - 1.0 / y) * (8.0 * STEPS)).alias(name)
        # Clipped before it is floored: Spark's floor is a 64-bit integer, which overflows.
        base = y.clip(-self.LIMIT - 1.0, float(self.LIMIT)).floor().cast(nw.Float64()).alias(name)
        tier = sum(((p >= t).cast(nw.Float64()) for t in self.thresholds), start=nw.lit(0.0))
        inside = y * float(self.tiers) + tier if self.thresholds else y
        index = _select(p, [(p <= 0.0, BELOW), (p >= 1.0, ABOVE)], inside).alias(name)
        return [inner, odds, *_root_steps(name), stretched, base, index]

    def positions(self, p: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            root = p / (1.0 - p)
            for _ in range(4):
                np.sqrt(root, out=root)
            base = np.divide(1.0, root)
            np.subtract(root, base, out=base)
        base *= 8.0 * STEPS
        np.clip(base, -self.LIMIT - 1.0, float(self.LIMIT), out=base)
        np.floor(base, out=base)
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
        """Left and right edges of bins; atoms have both edges at 0 or 1, MISSING has none (NaN)."""
        inner = (index > BELOW) & (index < ABOVE)
        base, tier = np.divmod(np.where(inner, index, 0), self.tiers)
        bounds = np.array([-np.inf, *self.thresholds, np.inf])
        left = np.where(base <= -self.LIMIT - 1, 0.0, _expit_of_bin(base))
        right = np.where(base >= self.LIMIT, 1.0, _expit_of_bin(base + 1))
        return _with_atoms(
            index, np.maximum(left, bounds[tier]), np.minimum(right, bounds[tier + 1]), (0.0, 0.0), (1.0, 1.0)
        )

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
    OFFSET = 2048.0
    FARTHEST = 1600.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.centre) and math.isfinite(self.scale) and self.scale > 0):
            raise ConfigError(
                f"RootGrid(centre={self.centre!r}, scale={self.scale!r}): the centre must be a finite number and "
                "the scale a positive one. Take 1.0 as the scale of a column without spread."
            )

    def steps(self, column: str, name: str) -> list[nw.Expr]:
        """Steps that make the bin index `name` of a Float64 column."""
        x, r = nw.col(column), nw.col(name)
        distance = (((x - self.centre) / self.scale).abs() + 1.0).alias(name)
        # Clipped before it is floored: Spark's floor is a 64-bit integer, which overflows.
        far = (r * (16.0 * STEPS)).clip(0.0, self.FARTHEST).alias(name)
        signed = nw.when(x >= self.centre).then(r + self.OFFSET).otherwise(self.OFFSET - r).alias(name)
        code = r.floor().cast(nw.Float64()).alias(name)
        up, down = self.OFFSET + 16 * STEPS, self.OFFSET - 16 * STEPS
        inside = nw.when(r >= up).then(r - up).otherwise(r - down)
        outside = [(r < down - self.LIMIT - 1.0, BELOW), (r > up + self.LIMIT, ABOVE)]
        return [distance, *_root_steps(name), far, signed, code, _select(x, outside, inside).alias(name)]

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        with np.errstate(over="ignore"):
            z = np.subtract(x, self.centre)
            z /= self.scale
        missing = np.isnan(z)
        codes = self.codes(z, np.empty_like(z), np.empty(z.shape, dtype=np.int64), bounded=False)
        found = np.asarray(_position_of_code().take(codes), dtype=np.int64)
        found[missing] = 0
        return found

    def codes(self, z: Floats, work: Floats, out: Ints, *, bounded: bool) -> Ints:
        """Codes of centred and scaled numbers, to be counted and then `folded`; fills `out` by way of `work`.

        Args:
            z: numbers; NaN has no code.
            work: room for as many numbers.
            out: room for as many codes.
            bounded: whether every |z| is known to be below `REACH`.
        """
        np.abs(z, out=work)
        np.add(work, 1.0, out=work)
        for _ in range(4):
            np.sqrt(work, out=work)
        np.multiply(work, 16.0 * STEPS, out=work)
        if not bounded:
            np.fmin(work, self.FARTHEST, out=work)
        np.copysign(work, z, out=work)
        np.add(work, self.OFFSET, out=work)
        np.copyto(out, work, casting="unsafe")
        return out

    @property
    def codes_end(self) -> int:
        """Number of codes."""
        return int(self.OFFSET + self.FARTHEST) + 1

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges of bins; the outermost reach to ±∞, MISSING has none (NaN)."""

        def at(k: Floats) -> Floats:
            z = np.sign(k) * ((1.0 + np.abs(k) / (16.0 * STEPS)) ** 16 - 1.0)
            return self.centre + self.scale * z

        inner = np.clip(index, -self.LIMIT - 1, self.LIMIT).astype(float)
        low, high = float(at(np.array(-self.LIMIT - 1.0))), float(at(np.array(self.LIMIT + 1.0)))
        return _with_atoms(index, at(inner), at(inner + 1.0), (-np.inf, low), (high, np.inf))

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return -self.LIMIT - 1, self.LIMIT


class IntegerGrid(msgspec.Struct, frozen=True, tag=True):
    """Whole numbers from `low` to `high`, each its own bin; the rest is BELOW or ABOVE, fractions go down."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not 0 <= self.high - self.low < MOST_BINS or max(abs(self.low), abs(self.high)) >= 2**53:
            raise ConfigError(
                f"IntegerGrid(low={self.low}, high={self.high}): high must not be below low, the grid may have up "
                f"to {MOST_BINS:,} bins, and its numbers must lie within ±2^53. Take a RootGrid for a wider range."
            )

    def steps(self, column: str, name: str) -> list[nw.Expr]:
        """Steps that make the bin index `name` of a Float64 column."""
        x, low, high = nw.col(column), float(self.low), float(self.high)
        outside = [(x < low, BELOW), (x >= high + 1.0, ABOVE)]
        whole = x.clip(low, high + 1.0).floor().cast(nw.Float64()).alias(name)
        return [whole, _select(x, outside, nw.col(name)).alias(name)]

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        position = np.floor(x)
        position -= self.low - 2.0
        # minimum and maximum keep NaN, fmax drops it: so NaN ends at 0 without a mask.
        np.minimum(position, width(self) - 1.0, out=position)
        np.maximum(position, 1.0, out=position)
        np.fmax(position, 0.0, out=position)
        return position.astype(np.int64)

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges: each bin is the whole number itself, MISSING has none (NaN)."""
        inner = np.clip(index, self.low, self.high).astype(float)
        return _with_atoms(index, inner, inner, (-np.inf, self.low - 1.0), (self.high + 1.0, np.inf))

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return self.low, self.high


class CutGrid(msgspec.Struct, frozen=True, tag=True):
    """Groups between given cut points: bin k holds cuts[k−1] ≤ x < cuts[k]."""

    cuts: tuple[float, ...]

    def __post_init__(self) -> None:
        _need_ascending("cuts of a CutGrid", self.cuts)

    def steps(self, column: str, name: str) -> list[nw.Expr]:
        """Steps that make the bin index `name` of a Float64 column."""
        x = nw.col(column)
        count = sum(((x >= cut).cast(nw.Float64()) for cut in self.cuts), start=nw.lit(0.0))
        return [_select(x, [], count).alias(name)]

    def positions(self, x: Floats) -> Ints:
        """Position of each number in `range(width(grid))`; NaN is 0."""
        if len(self.cuts) > FEW_CUTS:
            position = np.searchsorted(np.asarray(self.cuts, dtype=float), x, side="right") + 2
            position[np.isnan(x)] = 0
            return position
        position = np.empty(x.shape, dtype=np.int64)
        for start in range(0, len(x), BLOCK):
            numbers = x[start : start + BLOCK]
            small = np.full(numbers.shape, 2, dtype=np.uint8)
            for cut in self.cuts:
                small += numbers >= cut
            small[np.isnan(numbers)] = 0
            position[start : start + BLOCK] = small
        return position

    def edges(self, index: Ints) -> tuple[Floats, Floats]:
        """Left and right edges; the outermost reach to ±∞, MISSING has none (NaN)."""
        bounds = np.array([-np.inf, *self.cuts, np.inf])
        inner = np.clip(index, 0, len(self.cuts))
        return _with_atoms(index, bounds[inner], bounds[inner + 1], (-np.inf, -np.inf), (np.inf, np.inf))

    @property
    def size(self) -> tuple[int, int]:
        """Smallest and largest inner index."""
        return 0, len(self.cuts)

    def name(self, index: int) -> str:
        """Name a group for people."""
        if index == MISSING:
            return MISSING_TEXT
        if not self.cuts:
            return "any"
        if index <= 0:
            return f"< {self.cuts[0]:g}"
        if index >= len(self.cuts):
            return f"≥ {self.cuts[-1]:g}"
        return f"{self.cuts[index - 1]:g} to < {self.cuts[index]:g}"


Grid = LogitGrid | RootGrid | IntegerGrid | CutGrid


def width(grid: Grid) -> int:
    """Number of positions: MISSING, BELOW, the inner bins in order, ABOVE."""
    low, high = grid.size
    return high - low + 4


def indices(grid: Grid) -> Ints:
    """Bin index at every position."""
    low, high = grid.size
    return np.concatenate([[MISSING, BELOW], np.arange(low, high + 1), [ABOVE]]).astype(np.int64)


REACH = 3.0**16 - 2.0
"""Below this |z| a RootGrid never leaves its inner bins."""


def folded(counts: Ints) -> Ints:
    """Counts by code of a RootGrid, as counts by position."""
    out = np.zeros(2 * RootGrid.LIMIT + 5, dtype=np.int64)
    np.add.at(out, _position_of_code()[: len(counts)], counts)
    return out


@cache
def _position_of_code() -> Ints:
    # Codes have a hole around the offset, as no root is below 1, and two codes for 0: one for each sign.
    code = np.arange(int(RootGrid.OFFSET + RootGrid.FARTHEST) + 1)
    up, down = int(RootGrid.OFFSET) + 16 * STEPS, int(RootGrid.OFFSET) - 16 * STEPS
    index = np.where(code >= up, code - up, code - down)
    return np.asarray(np.clip(index + RootGrid.LIMIT + 3, 1, 2 * RootGrid.LIMIT + 4), dtype=np.int64)


def _root_steps(name: str) -> list[nw.Expr]:
    return [nw.col(name).sqrt().alias(name) for _ in range(4)]


def _select(value: nw.Expr, outside: Sequence[tuple[nw.Expr, int]], inside: nw.Expr) -> nw.Expr:
    result = inside
    for condition, atom in outside:
        result = nw.when(condition).then(nw.lit(float(atom))).otherwise(result)
    known = nw.when(value.is_null()).then(nw.lit(float(MISSING))).otherwise(result)
    return known.cast(nw.Int64())


def _with_atoms(
    index: Ints, left: Floats, right: Floats, below: tuple[float, float], above: tuple[float, float]
) -> tuple[Floats, Floats]:
    def chosen(inner: Floats, low: float, high: float) -> Floats:
        atoms = np.where(index == BELOW, low, np.where(index == ABOVE, high, inner))
        return np.where(index == MISSING, np.nan, atoms)

    return chosen(left, below[0], above[0]), chosen(right, below[1], above[1])


def _expit_of_bin(base: NDArray[Any]) -> Floats:
    logit = 16.0 * np.arcsinh(np.asarray(base, dtype=float) / (16.0 * STEPS))
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -700.0, 700.0))))


def _need_ascending(what: str, numbers: Iterable[float]) -> None:
    values = list(numbers)
    if any(not math.isfinite(v) for v in values) or any(a >= b for a, b in pairwise(values)):
        raise ConfigError(f"The {what} must be finite numbers in ascending order, each once, not {values}.")
