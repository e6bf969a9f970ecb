"""Rows of the reference and of the current data side by side, for what counts alone cannot tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from steelyard.analyses.study import Study
from steelyard.data import read
from steelyard.facts import Among, Binned, FactTable, Sample, Window, columns_in, measure
from steelyard.facts.levels import Level
from steelyard.facts.windows import every, window_steps
from steelyard.stats.discriminate import Flags
from steelyard.stats.logistic import Floats, Ints

BOTH = ("reference", "current")
FEWEST = 40
"""Rows of each data set below which nothing is said of rows together."""
REPEATED = 0.02
"""Share of sampled rows that are not the only ones of their content, from which on both samples keep to the same
contents."""
FEWEST_UNITS = 5
"""Windows (or clusters) in each data set from which on they, not rows, are what is independent."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """Sampled rows, those of the reference first.

    Attributes:
        columns: names of the columns.
        tables: the sample of each data set: contents by hash, then by column.
        contents: which content each row has, by data set.
    """

    columns: tuple[str, ...]
    tables: tuple[FactTable, ...]
    contents: tuple[Ints, ...]

    @property
    def second(self) -> Flags:
        """Whether a row is of the current data."""
        return np.repeat([False, True], [len(rows) for rows in self.contents])

    def values(self, column: str) -> list[Level]:
        """A column's value in every row."""
        return [levels[c] for levels, codes in self._parts(column) for c in codes.tolist()]

    def numbered(self, column: str) -> Ints:
        """A column's values as numbers that are equal where the values are."""
        place: dict[Level, int] = {}
        found = [
            np.array([place.setdefault(level, len(place)) for level in levels], dtype=np.int64)[codes]
            for levels, codes in self._parts(column)
        ]
        return np.concatenate(found)

    def numbers(self, column: str) -> Floats:
        """A numeric column, missing as NaN."""
        return np.concatenate([_floats(levels)[codes] for levels, codes in self._parts(column)])

    def grouped(self, key: Among | Binned) -> Ints:
        """The group of each row, as a position that counts missing first and any other last."""
        if isinstance(key, Binned):
            return key.grid.positions(self.numbers(key.column))
        place: dict[Level, int] = {None: 0, **{value: i + 1 for i, value in enumerate(key.values)}}
        other = len(place)
        found = [
            np.array([place.get(level, other) for level in levels], dtype=np.int64)[codes]
            for levels, codes in self._parts(key.column)
        ]
        return np.concatenate(found)

    def windows(self, key: Window) -> Ints:
        """The window of each row."""
        return np.concatenate([_windows(key, levels)[codes] for levels, codes in self._parts(key.column)])

    def _parts(self, column: str) -> Iterator[tuple[Sequence[Level], Ints]]:
        place = 1 + self.columns.index(column)
        for table, rows in zip(self.tables, self.contents, strict=True):
            yield table.levels[place], table.codes[rows, place]


@dataclass(frozen=True, eq=False)
class Units:
    """What is independent of each other: "rows", or their "clusters" or "windows", by number."""

    clusters: Ints | None
    name: str

    def of(self, kept: Flags, second: Flags) -> Units:
        """Of some of the rows; rows where too few clusters are left."""
        if self.clusters is None or not _enough(self.clusters[kept], second[kept]):
            return Units(None, "rows")
        return Units(self.clusters[kept], self.name)


def sampled(study: Study, fact: Sample) -> Sampled | None:
    """The rows of a `Sample` of both data sets; None where one has too few rows or does not have them at all."""
    tables = [_table(study, fact, data) for data in BOTH]
    found = [table for table in tables if table is not None and table.rows >= FEWEST]
    if len(found) < len(BOTH):
        return None
    reference, current = _of_equal_contents(found, fact.size)
    if min(reference.rows, current.rows) < FEWEST:
        return None
    rng = np.random.default_rng(study.seed)
    contents = tuple(_rows(table, fact.size, rng) for table in (reference, current))
    return Sampled(fact.columns, (reference, current), contents)


def beside(study: Study) -> tuple[str, ...]:
    """Columns that keep sampled rows apart, and tell which are independent: id, cluster and time."""
    time = study.window.column if study.window is not None else None
    return tuple(c for c in (study.roles.id, study.roles.cluster, time) if c is not None and in_both(study, c))


def has_both(study: Study) -> bool:
    """Whether there is a reference to compare with."""
    return set(study.looks) >= set(BOTH)


def in_both(study: Study, column: str) -> bool:
    """Whether both data sets have a column, and both as numbers or both not."""
    if not has_both(study) or any(study.lacks(column, data) for data in BOTH):
        return False
    types = [study.looks[data].frame.schema.get(column) for data in BOTH]
    return None not in types and len({dtype.is_numeric() for dtype in types if dtype is not None}) == 1


def units_of(study: Study, rows: Sampled) -> Units:
    """What is independent: windows where there are enough of them, else clusters, else rows."""
    if study.window is not None and study.window.column in rows.columns:
        windows = rows.windows(study.window)
        if _enough(windows, rows.second):
            return Units(windows, "windows")
    cluster = study.roles.cluster
    if cluster is not None and cluster in rows.columns:
        clusters = rows.numbered(cluster)
        if _enough(clusters, rows.second):
            return Units(clusters, "clusters")
    return Units(None, "rows")


def _enough(units: Ints, second: Flags) -> bool:
    return min(len(np.unique(units[side])) for side in (second, ~second)) >= FEWEST_UNITS


def _table(study: Study, fact: Sample, data: str) -> FactTable | None:
    """The sample as it was measured; where an engine cannot, from a look that holds all rows."""
    profile = study.profiles.get(data)
    if profile is not None and fact in profile:
        return profile[fact]
    look = study.looks.get(data)
    if look is None or not look.complete or not set(columns_in(fact)) <= set(look.frame.columns):
        return None
    return measure(read(look.frame), [fact])[fact]


def _of_equal_contents(tables: Sequence[FactTable], size: int) -> list[FactTable]:
    """Both samples as they are where contents hardly repeat, else only contents that both would have kept.

    A sample keeps the contents of smallest hash. Where rows repeat, the smaller data set keeps contents that the
    larger one has too, but has dropped for its many others; they would tell the two apart without any drift. Below
    the smaller of the two largest hashes nothing was dropped from either.
    """
    counts = np.concatenate([table.sums[:, 0] for table in tables])
    hashes = np.concatenate([table.codes[:, 0] for table in tables])
    _, which, times = np.unique(hashes, return_inverse=True, return_counts=True)
    alone = (times[which.ravel()] == 1) & (counts == 1.0)
    full = [table for table in tables if len(table) >= size]
    if not full or float(counts[~alone].sum()) <= REPEATED * float(counts.sum()):
        return list(tables)
    last = min(int(table.codes[:, 0].max()) for table in full)
    return [table.where(table.codes[:, 0] <= last) for table in tables]


def _rows(table: FactTable, most: int, rng: np.random.Generator) -> Ints:
    """Each content as often as it has rows; of very many rows `most`, by chance."""
    rows = np.repeat(np.arange(len(table)), table.sums[:, 0].astype(np.int64))
    return rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False))


def _floats(levels: Sequence[Level]) -> Floats:
    """Levels as numbers: in their order texts come after numbers, and missing comes last."""
    known = levels[:-1] if levels and levels[-1] is None else levels
    if known and isinstance(known[-1], str):
        return np.array([v if isinstance(v, int | float) else np.nan for v in levels], dtype=float)
    return np.array([*known, *[np.nan] * (len(levels) - len(known))], dtype=float)


def _windows(key: Window, levels: Sequence[Level]) -> Ints:
    """The windows of times as they are written in a sample: ISO, or numbers."""
    if every(key.every).width:
        column = pl.Series(key.column, _floats(levels)).fill_nan(None)
    else:
        times = [dt.datetime.fromisoformat(v) if isinstance(v, str) else None for v in levels]
        column = pl.Series(key.column, times, dtype=pl.Datetime("us"))
    frame = nw.from_native(column.to_frame())
    dtype = frame.collect_schema()[key.column]
    for step in window_steps(key, dtype, "sy_window"):
        frame = frame.with_columns(step)
    return np.asarray(frame["sy_window"].to_numpy(), dtype=np.int64)
