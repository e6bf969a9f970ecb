"""Is the move more than chance, and more than windows of time or clusters differ anyway?

Rows of one day, or of one user, are alike, so that data sets of many rows differ "significantly" where nothing
changed. With enough windows the reference itself says how far windows lie apart: each of its windows is held against
all others, and the current data against them all. Otherwise rows count as independent, or as independent clusters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.drift.counts import Floats, GroupedCounts, Ints
from steelyard.facts import Window
from steelyard.facts.grids import MISSING
from steelyard.facts.windows import every
from steelyard.stats import divergences

CONFORMAL = 19
"""Reference windows from which on the rank of the current one among them is a p-value of use."""
FEWEST_WINDOWS = 8
"""Reference windows that are needed to tell how far windows lie apart."""
FEWEST_CLUSTERS = 8
"""Buckets of clusters that are needed for the same."""
FEWEST_ROWS = 20
"""Rows of a window that counts."""
DAY, WEEKS = 86_400, 3 * 7 * 86_400


@dataclass(frozen=True)
class Test:
    """How sure a move is.

    Attributes:
        p: of no change.
        overdispersion: by how much shares vary more than those of independent rows.
        name: the test and what it assumes.
        expected: the reference as it would be at the current windows' hours or days; None for the reference as it is.
    """

    p: float
    overdispersion: float
    name: str
    expected: Floats | None = None


def of_rows(now: Floats, then: Floats, design: tuple[float, float]) -> Test:
    """Pearson's chi-square; with weights divided by the design effect (Kish 1965)."""
    factor = divergences.pooled_overdispersion(design[0], float(now.sum()), design[1], float(then.sum()))
    statistic = divergences.chi_square(now, then) / factor
    law = divergences.Law.of(statistic, _df(now, then), 0.95)
    weighted = "" if design == (1.0, 1.0) else ", design effect of the weights"
    return Test(law.p, factor, f"row level, rows independent{weighted}")


def of_clusters(now: Floats, then: Floats, design: tuple[float, float]) -> Test | None:
    """The same from rows by bucket of clusters and bin, divided by how much buckets differ; None with one bin."""
    whole, before = now.sum(axis=0), then.sum(axis=0)
    if _df(whole, before) == 0:
        return None
    spread, spread_before = _spread(now), _spread(then)
    factor = divergences.pooled_overdispersion(
        max(spread.factor, design[0]), float(whole.sum()), max(spread_before.factor, design[1]), float(before.sum())
    )
    df = _df(whole, before)
    ratio = divergences.chi_square(whole, before) / (factor * df)
    known = np.ones(len(now) + len(then))
    p = divergences.moment_scaled_p(ratio, known, min(spread.df, spread_before.df, float(df)))
    return Test(p, factor, "row level, clusters independent")


def enough_windows(made: GroupedCounts) -> bool:
    """Whether the reference has windows enough to tell how far they lie apart."""
    return (
        len(_filled(made.then, made.then_codes)[0]) >= FEWEST_WINDOWS
        and len(_filled(made.now, made.now_codes)[0]) > 0
    )


def enough_clusters(made: GroupedCounts) -> bool:
    """Whether both data sets have buckets of clusters enough to tell how much they differ."""
    return min(int((side.sum(axis=1) > 0).sum()) for side in (made.now, made.then)) >= FEWEST_CLUSTERS


def of_windows(made: GroupedCounts, window: Window) -> Test | None:
    """The current windows against how far reference windows lie apart; None with one bin only.

    As many reference windows in a row as there are current ones are one block, held against all others of the same
    hour or day of the week where the reference is long enough to know. Where that leaves too few blocks, windows
    count as independent clusters.
    """
    current, reference = made.binned()
    series = WindowSeries.of(reference, made.then_codes, window)
    now, codes = _filled(current, made.now_codes)
    length = len(now) if len(series.table) // len(now) >= FEWEST_WINDOWS else 1
    blocks = series.blocks(length)
    expected, weight = series.expected(now, series.phase_of(codes))
    together = now.sum(axis=0)
    df = _df(together, expected)
    if df == 0:
        return None
    between = _between(blocks, df)
    known = np.array([one.statistic / (1.0 + between * one.rows) for one in blocks])
    rows = 1.0 / (1.0 / together.sum() + 1.0 / weight)
    factor = 1.0 + between * rows * length / len(now)
    statistic = divergences.chi_square(together, expected / expected.sum() * weight) / factor
    # Only blocks as long as the current data are exchangeable with it, so only among them has its rank a meaning.
    alike = length == len(now)
    p, how = (
        _p(statistic, known, float(df)) if alike else (_scaled(statistic, known, float(df)), "windows independent")
    )
    unit = f"{len(known)} windows" if length == 1 else f"{len(known)} blocks of {length} windows"
    return Test(p, factor, f"window level, {unit} of the reference{series.phases}, {how}", expected)


def standing(made: GroupedCounts, window: Window) -> Standing | None:
    """How far each window lies from the reference; None where either side has no window with enough rows."""
    current, reference = made.binned()
    series = WindowSeries.of(reference, made.then_codes, window)
    now, codes = _filled(current, made.now_codes)
    if not len(now) or len(series.table) < 2:
        return None
    before = series.blocks(1)
    since = [series.apart(rows[None, :], series.phase_of(codes[i : i + 1])) for i, rows in enumerate(now)]
    total = series.table.sum(axis=0)
    between = _between(before, max(_df(now.sum(axis=0), total), 1))
    statistics = [np.array([w.statistic / (1.0 + between * w.rows) for w in side]) for side in (since, before)]
    return Standing(codes, statistics[0], statistics[1], now, total)


def _p(statistic: float, known: Floats, df: float) -> tuple[float, str]:
    """The rank among the reference; beyond its resolution, and with few of them, the scaled chi-square."""
    scaled = _scaled(statistic, known, df)
    if len(known) < CONFORMAL:
        return scaled, "scaled chi-square"
    rank = divergences.conformal_p(known, statistic)
    return (min(rank, scaled) if rank * (len(known) + 1) < 1.5 else rank), "conformal rank"


def _scaled(statistic: float, known: Floats, df: float) -> float:
    return divergences.moment_scaled_p(statistic, known, divergences.effective_df(known, df))


class Apart(NamedTuple):
    """Chi-square of some windows against the reference, and how many rows they are worth together."""

    statistic: float
    rows: float


@dataclass(frozen=True)
class Standing:
    """Each window's distance from the reference, made comparable between windows of different size.

    Attributes:
        codes: numbers of the current windows.
        now: statistic of each.
        then: that of each reference window against all others.
        rows: rows of the current windows by bin.
        reference: rows of the reference by bin.
    """

    codes: Ints
    now: Floats
    then: Floats
    rows: Floats
    reference: Floats


@dataclass(frozen=True)
class WindowSeries:
    """The reference windows in order, and the phase (hour of the day, day of the week) of each.

    Attributes:
        table: rows by window and bin.
        phase: of each window.
        cycle: windows until the same phase comes again; 1 where the reference is too short to know.
        phases: what windows are held against, in words.
    """

    table: Floats
    phase: Ints
    cycle: int
    phases: str

    @classmethod
    def of(cls, table: Floats, codes: Ints, window: Window) -> WindowSeries:
        """The windows with enough rows."""
        kept, numbers = _filled(table, codes)
        cycle, words = _cycle(window, numbers)
        return cls(kept, numbers % cycle, cycle, words)

    def phase_of(self, codes: Ints) -> Ints:
        """Phase of other windows."""
        return codes % self.cycle

    def expected(self, rows: Floats, phase: Ints, without: Ints | None = None) -> tuple[Floats, float]:
        """Reference rows by bin as they would be at these windows' phases, and how many rows they are worth."""
        kept = np.ones(len(self.table), dtype=bool)
        if without is not None:
            kept[without] = False
        total = self.table[kept].sum(axis=0)
        weight = np.bincount(phase, weights=rows.sum(axis=1))
        shares, variance = np.zeros(self.table.shape[1]), 0.0
        for one in np.flatnonzero(weight):
            same = self.table[kept & (self.phase == one)].sum(axis=0)
            held = same if same.sum() > 0 else total
            part = weight[one] / weight.sum()
            shares += part * held / held.sum()
            variance += part**2 / float(held.sum())
        return shares * float(total.sum()), 1.0 / variance

    def apart(self, rows: Floats, phase: Ints, without: Ints | None = None) -> Apart:
        """Some windows against the reference, `without` those of its windows that they are themselves."""
        expected, weight = self.expected(rows, phase, without)
        together = rows.sum(axis=0)
        statistic = divergences.chi_square(together, expected / expected.sum() * weight)
        return Apart(statistic, float(1.0 / (1.0 / together.sum() + 1.0 / weight)))

    def blocks(self, length: int) -> list[Apart]:
        """Each block of so many reference windows in a row against all others."""
        starts = range(0, len(self.table) // length * length, length)
        blocks = [np.arange(start, start + length) for start in starts]
        return [self.apart(self.table[b], self.phase[b], b) for b in blocks if length < len(self.table)]


def _between(known: list[Apart], df: int) -> float:
    """Variance between windows per row, by the method of moments: E[statistic] = df·(1 + between·rows)."""
    statistics, rows = (np.array(column) for column in zip(*known, strict=True))
    return max(float(statistics.mean()) / df - 1.0, 0.0) / float(rows.mean())


def _cycle(window: Window, codes: Ints) -> tuple[int, str]:
    """Windows until the same hour or day of the week comes again; 1 where the reference is too short to know."""
    seconds = every(window.every).seconds
    if not seconds or len(codes) == 0 or (int(codes.max()) - int(codes.min()) + 1) * seconds < WEEKS:
        return 1, ""
    if seconds == DAY:
        return 7, ", same days of the week"
    return (DAY // seconds, ", same hours of the day") if seconds < DAY and DAY % seconds == 0 else (1, "")


def _filled(table: Floats, codes: Ints) -> tuple[Floats, Ints]:
    """Windows with enough rows, in order; rows without a time are in none."""
    kept = (codes != MISSING) & (table.sum(axis=1) >= FEWEST_ROWS)
    return table[kept], codes[kept]


class _Spread(NamedTuple):
    """How much more shares vary between buckets than those of independent rows, and as if of how many bins."""

    factor: float
    df: float


def _spread(table: Floats) -> _Spread:
    held = table[:, table.sum(axis=0) > 0]
    held = held[held.sum(axis=1) > 0]
    if held.shape[1] < 2:
        return _Spread(1.0, math.inf)
    shares = held.sum(axis=0) / held.sum()
    rows = held.sum(axis=1, keepdims=True)
    statistics = np.sum((held - rows * shares) ** 2 / (rows * shares), axis=1)
    return _Spread(divergences.overdispersion(held), divergences.effective_df(statistics, held.shape[1] - 1.0))


def _df(now: Floats, then: Floats) -> int:
    held: NDArray[np.bool_] = (now > 0) | (then > 0)
    return max(int(held.sum()) - 1, 0)
