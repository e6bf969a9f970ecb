"""The closed vocabulary of facts: additive aggregates over key columns.

A fact says which keys rows are grouped by and which sums are kept in each cell; it says nothing of engines.
Facts are frozen values: equal facts are asked once.

A row whose weight is missing, infinite, zero or negative has no place in a sample: a weighted fact leaves it out,
so that a weight of 2 is the row twice and a weight of 0 no row at all. How many rows that were is the difference
between `Count()` and `Count(weight=…)`. A row with a missing, NaN or infinite value is left out by facts that
keep sums of values (`Moments`, and `Cells` with values), of all their sums at once.
"""

from __future__ import annotations

from importlib.metadata import version
from itertools import combinations_with_replacement

import msgspec

from steelyard.facts.expression import names_in, quote
from steelyard.facts.grids import ABOVE, MISSING, Grid
from steelyard.facts.levels import MISSING_TEXT, OTHER_TEXT, text

HASHED_BY = f"rows 1, polars {version('polars')}"
"""What makes row hashes: ours of a row, and Polars' of a text, which it promises within one version only."""


class Category(msgspec.Struct, frozen=True, tag=True):
    """A column's own values, as a key; missing is a value of its own."""

    column: str


class Binned(msgspec.Struct, frozen=True, tag=True):
    """The bin of a numeric column on a grid, as a key."""

    column: str
    grid: Grid


class Bucket(msgspec.Struct, frozen=True, tag=True):
    """hash(cluster) mod `groups`, as a key: rows of one cluster share a bucket. Missing counts as cluster 0."""

    column: str
    groups: int = 32


class Among(msgspec.Struct, frozen=True, tag=True):
    """A column's value among a few given ones, as a key: their place in `values`, MISSING, or ABOVE for any other.

    The key has a fixed, small number of codes whatever the data holds, so its cells can be counted in flat arrays.
    Values are in the one spelling of `steelyard.facts.levels.normal` (True is "True", 1.0 is 1). What a column of
    some type cannot hold (text among numbers) is not found there; times and nested columns hold none of them.
    """

    column: str
    values: tuple[str | int | float, ...]

    def name(self, code: int) -> str:
        """What a code stands for, as a reader sees it."""
        if code == MISSING:
            return MISSING_TEXT
        return OTHER_TEXT if code == ABOVE else text(self.values[code])


class Window(msgspec.Struct, frozen=True, tag=True):
    """The window of time that a row falls into, as a key: windows are numbered; MISSING where there is no time.

    `every` is a whole number and a unit: s, min, h, d, w (from Monday), mo, q, y; without a unit it is the width of
    windows of a numeric column, whose numbers beyond 2^53 widths count as missing. Windows start at full units of the
    calendar, in UTC: a day of a time with a zone is a day in UTC, and no hour comes twice in autumn.
    See `steelyard.facts.windows` for their starts and names.
    """

    column: str
    every: str


class RowHash(msgspec.Struct, frozen=True, tag=True):
    """A 63-bit hash of the values of several columns, as a key: rows of equal values have equal hashes.

    `made_by` names the library and version that makes the hashes; those of different makers do not add.
    """

    columns: tuple[str, ...]
    made_by: str = HASHED_BY


Key = Category | Binned | Bucket | Among | Window | RowHash


def columns_of(key: Key) -> tuple[str, ...]:
    """The columns a key is made from."""
    return key.columns if isinstance(key, RowHash) else (key.column,)


class Measure(msgspec.Struct, frozen=True, order=True):
    """One sum kept per cell: Σ weight^`weight_power` · Π values[i] for i in `factors`; no factors: Σ weight^power.

    `weight_power` 0 is the plain sum over rows, so `Measure()` counts them.
    """

    weight_power: int = 0
    factors: tuple[int, ...] = ()


ROWS = Measure()


class Grouped(msgspec.Struct, frozen=True):
    """What a fact is unless it says otherwise: rows are counted, no values are summed, no extremes are kept."""

    @property
    def values(self) -> tuple[str, ...]:
        """Expressions whose sums are kept."""
        return ()

    @property
    def extremes(self) -> bool:
        """Whether the smallest and largest value are kept."""
        return False


class Count(Grouped, frozen=True, tag=True):
    """Rows, weight and squared weight by key."""

    by: tuple[Key, ...] = ()
    weight: str | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return self.by

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        return _measures(self.weight, ())


class Cells(Grouped, frozen=True, tag=True):
    """Rows by label, decision and score bin (any of `cells`), with the sums of `values` (score, score²) in each.

    Rows where any value is missing or infinite are left out; write `where(is_missing(score), 0, score)` to keep them.
    """

    cells: tuple[Key, ...]
    by: tuple[Key, ...] = ()
    values: tuple[str, ...] = ()
    weight: str | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return (*self.by, *self.cells)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell: Σw, Σw², and Σw·v of each value."""
        return _measures(self.weight, tuple((i,) for i in range(len(self.values))))


class Moments(Grouped, frozen=True, tag=True):
    """Means, second and third moments of one or more row values, jointly.

    Rows where any value is missing or infinite are left out. Keeps Σw·vᵢ, Σw·vᵢ³ and, for the variance of any smooth
    function of the means, Σw²·vᵢ·vⱼ. Write a shift into the expression (`x - 5000`) for values far from 0.
    """

    values: tuple[str, ...]
    by: tuple[Key, ...] = ()
    weight: str | None = None
    cubes: bool = True
    extremes: bool = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return self.by

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        k = len(self.values)
        first: list[tuple[int, ...]] = [(i,) for i in range(k)]
        cubes = [(i, i, i) for i in range(k)] if self.cubes else []
        joint: list[tuple[int, ...]] = [*first, *combinations_with_replacement(range(k), 2)]
        if self.weight is None:
            return tuple(sorted({ROWS, *(Measure(0, f) for f in [*joint, *cubes])}))
        weighted = {ROWS, Measure(1), Measure(2), *(Measure(1, f) for f in [*first, *cubes])}
        return tuple(sorted(weighted | {Measure(2, f) for f in joint}))


class Histogram(Grouped, frozen=True, tag=True):
    """Rows of a numeric column by bin of its grid; missing and out-of-range are bins of their own."""

    column: str
    grid: Grid
    by: tuple[Key, ...] = ()
    weight: str | None = None

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return (*self.by, Binned(self.column, self.grid))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        return _measures(self.weight, ())


class Values(Grouped, frozen=True, tag=True):
    """Rows by value of a column; past `limit` distinct values the count is given up, and says so.

    What is given up keeps its rows under the one level `steelyard.facts.table.OVERFLOW`, and so does any sum with it.
    """

    column: str
    limit: int = 100_000
    by: tuple[Key, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return (*self.by, Category(self.column))

    @property
    def weight(self) -> str | None:
        """Rows are counted, not weighed."""
        return None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        return (ROWS,)


class Distinct(Grouped, frozen=True, tag=True):
    """Rows by content, of the `size` contents with the smallest hashes (a bottom-k sketch).

    Tells the number of distinct contents, the share of rows that are repeated, and, between two data sets, the share
    of contents they have in common: see `steelyard.facts.sketches`. Exact below `size` contents.
    """

    columns: tuple[str, ...]
    size: int = 4_096
    made_by: str = HASHED_BY

    @property
    def by(self) -> tuple[Key, ...]:
        """There are no slices of a sketch."""
        return ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return (RowHash(self.columns, self.made_by),)

    @property
    def weight(self) -> str | None:
        """Rows are counted, not weighed."""
        return None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        return (ROWS,)


class Sample(Grouped, frozen=True, tag=True):
    """Rows themselves: those with the `size` smallest hashes of their content, each content with its number of rows.

    Uniform over contents, the same whatever the order or the partition of the data, and additive.
    """

    columns: tuple[str, ...]
    size: int = 5_000
    made_by: str = HASHED_BY

    @property
    def by(self) -> tuple[Key, ...]:
        """There are no slices of a sample."""
        return ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What rows are grouped by."""
        return (RowHash(self.columns, self.made_by), *(Category(column) for column in self.columns))

    @property
    def weight(self) -> str | None:
        """Rows are counted, not weighed."""
        return None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The sums kept in each cell."""
        return (ROWS,)


Fact = Count | Cells | Moments | Histogram | Values | Distinct | Sample


def columns_in(fact: Fact) -> tuple[str, ...]:
    """Every column a fact is made from."""
    keyed = [column for key in fact.keys for column in columns_of(key)]
    weight = () if fact.weight is None else (fact.weight,)
    return tuple(dict.fromkeys([*keyed, *weight, *(name for value in fact.values for name in names_in(value))]))


def shape(column: str, shift: float, scale: float) -> Moments:
    """Moments of (column − shift)/scale with its extremes: the shape of one numeric column."""
    value = f"({quote(column)} - {shift!r}) / {scale!r}"
    return Moments((value,), extremes=True)


def _measures(weight: str | None, factors: tuple[tuple[int, ...], ...]) -> tuple[Measure, ...]:
    if weight is None:
        return tuple(sorted({ROWS, *(Measure(0, f) for f in factors)}))
    return tuple(sorted({ROWS, Measure(1), Measure(2), *(Measure(1, f) for f in factors)}))
