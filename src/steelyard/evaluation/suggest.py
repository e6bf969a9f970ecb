"""Rules that the reference suggests for data to come: each readable, each with its reason."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl

from steelyard.analyses.expectations import Expectation
from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.columns import Categories, Numbers, categories_in, numbers_in
from steelyard.analyses.quality.dependencies import ordered_pairs
from steelyard.analyses.quality.informative import identifies
from steelyard.data import Kind, Peek, Roles, Table, peek, read
from steelyard.data.names import words
from steelyard.data.reading import reading
from steelyard.evaluation.plan import column_plans
from steelyard.facts import Among, Count, Distinct, Fact, Profile, lacks, measure
from steelyard.facts.grids import MISSING
from steelyard.facts.sketches import is_whole
from steelyard.records import EmptyDataError
from steelyard.stats import intervals

RARE = 0.001
"""Share of rows that a rule learnt from a sample lets through."""
MOST_VALUES = 50
FEWEST = 30
TAIL = 0.01
"""Share of the rows at each end that the margin of a range is learnt from."""
LEVEL = 0.99
FORMATS: tuple[tuple[str, str], ...] = (
    (r"\d{4}-\d{2}-\d{2}", "dates (year-month-day)"),
    (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?", "times"),
    (r"\d{1,2}/\d{1,2}/\d{4}", "dates with slashes"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", "dates with points"),
    (r"[^@\s]+@[^@\s]+\.[^@\s]+", "mail addresses"),
    (r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", "UUIDs"),
    (r"https?://\S+", "web addresses"),
    (r"\d{1,3}(\.\d{1,3}){3}", "IP addresses"),
    (r"[+-]?\d+", "whole numbers"),
    (r"[+-]?\d+\.\d+", "decimal numbers"),
)
"""Formats that are known by name."""
MOST_SHAPES = 3
SHAPED = 0.999
_PARTS = re.compile(r"[A-Z]+|[a-z]+|\d+|.", re.DOTALL)


def suggest(data: Any, *, sql: str | None = None) -> list[Expectation]:
    """Suggest rules from data that are known to be good, typically the reference.

    Args:
        data: a path, glob, URL, list of paths, or any data frame.
        sql: the query to read from a database URL.

    Returns:
        Rules column by column: type, missing, range, values, unique, format, and order between columns. Ranges have a
        margin learnt from their tails; rules learnt from a sample let one row in a thousand through.

    Raises:
        SteelyardError: the data cannot be read, or has no row.
    """
    table = read(data, query=sql)
    seen = peek(table)
    plans = column_plans({"current": table}, seen, Roles())
    with reading(table):
        profile = measure(table, list(dict.fromkeys(_facts(table, plans, seen))))
    if not profile.rows:
        raise EmptyDataError(f"{table.description} has no rows, so there is nothing to learn rules from.")
    found = [made for plan in plans for made in _of_column(table, plan, profile, seen)]
    return [*found, *_orders(seen, plans)]


def _facts(table: Table, plans: list[ColumnPlan], seen: Peek) -> Iterator[Fact]:
    for plan in plans:
        wanted: list[Fact] = [*plan.facts()]
        if plan.kind is not Kind.OTHER:
            wanted.append(_presence(plan.name))
            if plan.name in seen.frame.columns and identifies(seen.frame[plan.name]):
                wanted.append(Distinct((plan.name,)))
        yield from (fact for fact in wanted if not lacks(table, fact))


def _presence(column: str) -> Count:
    return Count((Among(column, ()),))


def _of_column(table: Table, plan: ColumnPlan, profile: Profile, seen: Peek) -> Iterator[Expectation]:
    name = plan.name
    if plan.kind is Kind.OTHER:
        return
    yield Expectation(name, "type", type=str(plan.kind), reason=f"it is {plan.kind} in {table.description}")
    yield from _missing(name, profile)
    if name not in seen.frame.columns:
        return
    values = seen.frame[name].drop_nulls()
    unique = _unique(name, profile)
    if unique is not None:
        yield unique
    counted, numbers = categories_in(profile, plan), numbers_in(profile, plan)
    if unique is None and counted is not None and plan.kind is not Kind.NUMBER:
        yield from _values(name, counted)
    elif unique is None and numbers is not None:
        yield from _range(name, numbers, profile[next(iter(plan.facts()))].rows)
    if plan.kind is Kind.TEXT and (counted is None or len(counted.counts) > MOST_VALUES or unique is not None):
        yield from _format(name, values, growing=unique is not None)


def _missing(name: str, profile: Profile) -> Iterator[Expectation]:
    table = profile[_presence(name)]
    lacking, rows = int(table.sums[table.codes[:, 0] == MISSING, 0].sum()), profile.rows
    if not lacking:
        yield Expectation(name, "not_missing", reason=f"none of {rows:,} rows lacks it")
        return
    _, high = intervals.wilson(lacking / rows, rows, LEVEL)
    most = _up(min(1.5 * high, (1 + high) / 2))
    if most < 1:
        reason = f"{lacking / rows:.2%} of {rows:,} rows lack it; half as many again are let through"
        yield Expectation(name, "not_missing", most=most, reason=reason)


def _unique(name: str, profile: Profile) -> Expectation | None:
    fact = Distinct((name,))
    if fact not in profile or not len(profile[fact]) or profile[fact].sums[:, 0].max() > 1:
        return None
    how = "counted" if is_whole(fact, profile[fact]) else "by a sketch"
    # What only happens to be unique may meet itself one day; what is called an identifier may not.
    most = 0.0 if words(name)[-1:] == ["id"] else RARE
    return Expectation(name, "unique", most=most, reason=f"no value comes twice in {profile.rows:,} rows ({how})")


def _values(name: str, counted: Categories) -> Iterator[Expectation]:
    known = counted.rows - counted.missing
    once = sum(1 for n in counted.counts.values() if n == 1)
    # Good–Turing: as many rows of values yet unseen are to come as there are rows of values seen once.
    if not 1 <= len(counted.counts) <= MOST_VALUES or known < FEWEST or once > RARE * known:
        return
    reason = f"{len(counted.counts)} values in {known:,} rows, {once} of them seen once"
    yield Expectation(name, "values", values=tuple(sorted(counted.counts)), most=RARE, reason=reason)


def _range(name: str, numbers: Numbers, rows: int) -> Iterator[Expectation]:
    # A column of one value names the data set (a year, a batch) rather than its range.
    if numbers.known < FEWEST or numbers.low == numbers.high:
        return
    low, high = _end(numbers, rows, upper=False), _end(numbers, rows, upper=True)
    if numbers.low >= 0 and low < 0:
        low = 0.0
    if numbers.low >= 0 and numbers.high <= 1 and not numbers.whole:
        low, high = 0.0, 1.0
    if numbers.whole:
        low, high = math.floor(low), math.ceil(high)
    reason = f"{numbers.low:.6g} to {numbers.high:.6g} in {numbers.known:,} rows; a margin as their tails suggest"
    yield Expectation(name, "range", min=float(low), max=float(high), most=RARE, reason=reason)


def _end(numbers: Numbers, rows: int, *, upper: bool) -> float:
    """The end of a range that hardly one in ten data sets of as many rows would leave.

    Beyond the outermost hundredth an exponential tail is taken: its mean excess β carries β·ln(10·n/100) further.
    """
    edge = numbers.quantile(1 - TAIL if upper else TAIL)
    middle = (numbers.left + numbers.right) / 2
    outside = middle > edge if upper else middle < edge
    weight = numbers.count[outside]
    extreme = numbers.high if upper else numbers.low
    if not weight.sum():
        return extreme
    excess = float(np.dot(np.abs(middle[outside] - edge), weight) / weight.sum())
    reach = excess * math.log(max(10 * TAIL * rows, 1.0))
    end = max(edge + reach, extreme) if upper else min(edge - reach, extreme)
    return _outwards(end, upper=upper)


def _outwards(value: float, *, upper: bool) -> float:
    """A number of three digits at or beyond a value."""
    if value == 0 or not math.isfinite(value):
        return value
    step = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    rounded = (math.ceil if upper else math.floor)(value / step) * step
    return float(f"{rounded:.12g}")


def _up(share: float) -> float:
    """A share of two digits at or above a share."""
    step = 10.0 ** (math.floor(math.log10(share)) - 1)
    return float(f"{min(math.ceil(share / step) * step, 1.0):.6g}")


def _format(name: str, values: pl.Series, *, growing: bool) -> Iterator[Expectation]:
    """The format of all values; numbers within identifiers may grow, so that they may have any length."""
    known = values.cast(pl.String).to_list()
    if len(known) < FEWEST:
        return
    for pattern, what in FORMATS:
        whole = re.compile(pattern)
        if all(whole.fullmatch(v) for v in known):
            yield Expectation(name, "format", pattern=pattern, most=RARE, reason=f"all {len(known):,} are {what}")
            return
    shapes: dict[str, int] = {}
    for value in known:
        shape = _shape(value, growing=growing)
        shapes[shape] = shapes.get(shape, 0) + 1
        if len(shapes) > MOST_SHAPES * 10:
            return
    common = sorted(shapes, key=lambda s: -shapes[s])[:MOST_SHAPES]
    covered = sum(shapes[s] for s in common) / len(known)
    if covered >= SHAPED and any(c.isdigit() or c == "d" for c in common[0]):
        pattern = "|".join(common) if len(common) > 1 else common[0]
        reason = f"{covered:.2%} of {len(known):,} are written so"
        yield Expectation(name, "format", pattern=pattern, most=RARE, reason=reason)


def _shape(value: str, *, growing: bool) -> str:
    """A regular expression of the letters, digits and signs of a code: "AB-1234" is [A-Z]{2}\\-\\d{4}."""
    return "".join(_part(part, growing=growing) for part in _PARTS.findall(value))


def _part(part: str, *, growing: bool) -> str:
    first = part[0]
    if not (first.isascii() and first.isalnum()):
        return re.escape(part)
    if first.isdigit():
        return r"\d+" if growing else f"\\d{{{len(part)}}}"
    return f"{'[A-Z]' if first.isupper() else '[a-z]'}{{{len(part)}}}"


def _orders(seen: Peek, plans: list[ColumnPlan]) -> Iterator[Expectation]:
    """Columns that are never above another; of two numbers only where their names say that they belong together."""
    for a, b in ordered_pairs(seen.frame, [plan.name for plan in plans]):
        if seen.frame[a].dtype.is_temporal() or _kin(a, b):
            reason = f"so it is in all {seen.frame.height:,} rows looked at"
            yield Expectation(a, "at_most", other=b, most=RARE, reason=reason)


_OPPOSITES: Mapping[str, str] = {
    "min": "max",
    "low": "high",
    "lower": "upper",
    "start": "end",
    "begin": "end",
    "from": "to",
    "first": "last",
    "net": "gross",
}


def _kin(a: str, b: str) -> bool:
    return any(a.casefold().replace(x, y) == b.casefold() for x, y in _OPPOSITES.items() if x in a.casefold())
