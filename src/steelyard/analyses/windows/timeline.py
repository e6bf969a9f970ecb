"""The windows there are: in which order, which of them are whole, and which ones the limits rest on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.study import Study
from steelyard.analyses.windows.wanted import volume
from steelyard.facts import FactTable, Window
from steelyard.facts.grids import MISSING
from steelyard.facts.windows import end_of, every, start_of

Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]
FEWEST = 8
"""Windows that limits rest on at least."""
MOST = 1_000
"""Windows of one data set that are read; the latest are kept."""
GAP = 30
"""A longer run of empty windows than this, and than there are windows with rows, cuts off strays."""
PARTIAL = 0.8
"""The first and the last window count as cut off with fewer rows than this share of the usual."""
_DAY, _WEEK, _YEAR = 86_400, 7, 12


@dataclass(frozen=True)
class Timeline:
    """The windows of the reference, then those of the current data, each in the order of time without gaps.

    Attributes:
        window: the key.
        codes: number of each window.
        current: whether it is of the current data; else it is of the reference.
        rows: its rows, 0 in a gap.
        partial: whether it is the first or last of its data and seems cut off.
        baseline: whether limits rest on it.
        monitored: whether it is held against them.
        basis: what the baseline is, or why there is none, in words.
        left_out: rows by reason why they are in no window.
    """

    window: Window
    codes: Ints
    current: Mask
    rows: Ints
    partial: Mask
    baseline: Mask
    monitored: Mask
    basis: str
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.codes)

    @cached_property
    def starts(self) -> tuple[str, ...]:
        """Start of each window."""
        return tuple(start_of(self.window, code) for code in self.codes.tolist())

    @cached_property
    def ends(self) -> tuple[str, ...]:
        """End of each window."""
        return tuple(end_of(self.window, code) for code in self.codes.tolist())

    @property
    def period(self) -> int:
        """Windows in a cycle: in a day for parts of it, in a week for days, in a year for months; else 1."""
        width = every(self.window.every)
        if width.months:
            return _YEAR // width.months if _YEAR % width.months == 0 else 1
        if width.seconds == _DAY:
            return _WEEK
        return _DAY // width.seconds if width.seconds and _DAY % width.seconds == 0 else 1

    @property
    def in_order(self) -> Mask:
        """The windows that make one course of time: those of the reference belong to it where they come before."""
        reference, current = self.codes[~self.current], self.codes[self.current]
        joined = len(reference) > 0 and len(current) > 0 and reference.max() <= current.min()
        return self.current | joined

    def places(self, data: str) -> dict[int, int]:
        """Where each window of a data set stands, by its number."""
        at = np.flatnonzero(self.current == (data == "current"))
        return dict(zip(self.codes[at].tolist(), at.tolist(), strict=True))


def timeline(study: Study) -> Timeline | None:
    """The windows of a study; None where there are no windows or no times."""
    if study.window is None:
        return None
    fact = volume(study.window)
    left_out: dict[str, int] = {}
    spans = {
        data: _span(study.profiles[data][fact], left_out)
        for data in ("reference", "current")
        if data in study.profiles and fact in study.profiles[data]
    }
    if "current" not in spans or not len(spans["current"][0]):
        return None
    codes = np.concatenate([codes for codes, _ in spans.values()])
    rows = np.concatenate([rows for _, rows in spans.values()])
    partial = np.concatenate([_partial(rows) for _, rows in spans.values()])
    current = np.concatenate([np.full(len(codes), data == "current") for data, (codes, _) in spans.items()])
    baseline, monitored, basis = _roles(current, (rows > 0) & ~partial)
    return Timeline(study.window, codes, current, rows, partial, baseline, monitored, basis, left_out)


def _span(table: FactTable, left_out: dict[str, int]) -> tuple[Ints, Ints]:
    """Codes and rows of the windows of one data set, gaps filled."""
    codes, rows = table.codes[:, 0], table.sums[:, 0].astype(np.int64)
    known = codes != MISSING
    _add(left_out, "without a time", int(rows[~known].sum()))
    codes, rows = codes[known], rows[known]
    order = np.argsort(codes)
    codes, rows = codes[order], rows[order]
    if not len(codes):
        return codes, rows
    part = np.cumsum(np.diff(codes, prepend=codes[0]) > max(GAP, len(codes)))
    body = part == np.argmax(np.bincount(part, weights=rows))
    _add(left_out, "with times far from all others", int(rows[~body].sum()))
    latest = codes > codes[body][-1] - MOST
    _add(left_out, f"before the latest {MOST:,} windows", int(rows[body & ~latest].sum()))
    codes, rows = codes[body & latest], rows[body & latest]
    filled = np.arange(codes[0], codes[-1] + 1)
    counts = np.zeros(len(filled), dtype=np.int64)
    counts[codes - codes[0]] = rows
    return filled, counts


def _add(left_out: dict[str, int], reason: str, rows: int) -> None:
    if rows:
        left_out[reason] = left_out.get(reason, 0) + rows


def _partial(rows: Ints) -> Mask:
    """Whether the outermost windows hold far fewer rows than is usual."""
    found = np.zeros(len(rows), dtype=bool)
    inner = rows[1:-1]
    if np.any(inner > 0):
        few = PARTIAL * float(np.median(inner[inner > 0]))
        found[[0, -1]] = rows[[0, -1]] < few
    return found


def _roles(current: Mask, whole: Mask) -> tuple[Mask, Mask, str]:
    """Baseline, monitored windows, and the words for it."""
    reference = whole & ~current
    if reference.sum() >= FEWEST:
        return reference, current & whole, f"{reference.sum()} windows of the reference"
    there = np.flatnonzero(whole & current)
    first = there[: max(len(there) // 2, FEWEST)]
    if len(there) <= FEWEST:
        none = np.zeros(len(current), dtype=bool)
        held = f"{len(there)} of the current data" + (
            f", {reference.sum()} of the reference" if (~current).any() else ""
        )
        return (
            none,
            none,
            f"no limits: they need {FEWEST} whole windows to rest on and one to watch; there are {held}",
        )
    baseline = np.zeros(len(current), dtype=bool)
    baseline[first] = True
    monitored = whole & current & ~baseline
    return baseline, monitored, f"the first {len(first)} windows of the current data"
