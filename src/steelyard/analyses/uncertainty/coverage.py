"""How often intervals and sets hold the truth: overall, by slice, by size, by prediction; and how large they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import bucketed
from steelyard.analyses.curves.means import group_sums, mean_intervals
from steelyard.analyses.curves.shares import share
from steelyard.analyses.performance import Reader, facts_by
from steelyard.analyses.slicing import ALL_ROWS, SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.judging import Part, judged
from steelyard.analyses.uncertainty.promises import NUMBERS, Promise
from steelyard.analyses.words import number
from steelyard.facts import Binned, Category, Fact, FactTable, Moments, Profile, RootGrid, text
from steelyard.metrics import Metric, intervals
from steelyard.metrics.means import mean_gradient, of_means, share_of_rows
from steelyard.metrics.problem import DECISION
from steelyard.metrics.views import Means
from steelyard.records import Coverage, Estimate, Outcome, Sharpness, Slice, Undefined
from steelyard.records.uncertainty import By
from steelyard.stats.calibration import equal_mass_groups

GROUPS = 5
"""Groups of about equal size that rows are told apart in by the width of their interval, or by their prediction."""
MOST_SIZES = 12
"""Sizes of sets that are told apart; larger ones are one group."""
NONE_READ = Undefined("no row has what it needs")


def measures(study: Study, promise: Promise) -> dict[str, Metric]:
    """What is estimated of a promise, by name: "coverage", "size", "score", "empty", "full"."""
    task = study.problem.task

    def mean(name: str, of_what: str, share_of_all: bool) -> Metric:
        interval = share_of_rows if share_of_all else intervals.mean
        return of_means(
            name,
            name,
            task,
            lambda problem: (of_what,),
            _mean,
            interval,
            "target",
            mean_gradient,
            cubes=not share_of_all,
        )

    found = {"coverage": mean("coverage", promise.covered, True), "size": mean("size", promise.size, False)}
    if promise.score is not None:
        found["score"] = mean("score", promise.score, False)
    if promise.kind == "set":
        found["empty"] = mean("empty", f"{promise.size} == 0", True)
        found["full"] = mean("full", f"{promise.size} >= {promise.ignorant!r}", True)
    return found


def facts(study: Study, promise: Promise) -> Iterator[Fact]:
    """The facts it is read from."""
    made = measures(study, promise)
    for by in study.slices:
        for name in ("coverage", "size"):
            yield from facts_by(study, made[name], by)
    for metric in made.values():
        yield from facts_by(study, metric, ALL_ROWS)
    yield from (fact for _, fact in _strata(study, promise))
    yield counts(promise)


def counts(promise: Promise) -> Moments:
    """How many rows lack something, or are odd."""
    return Moments(tuple(expression for _, expression in promise.counted), cubes=False)


def odd_rows(study: Study, promise: Promise, data: str = "current") -> list[tuple[str, int]]:
    """What is odd, with the number of its rows, where there are any."""
    fact = counts(promise)
    if fact not in study.profiles[data]:
        return []
    table = study.profiles[data][fact]
    rows = group_sums(fact, table, np.zeros(len(table), dtype=np.int64), 1).first[0] if len(table) else []
    found = ((told, round(float(n))) for (told, _), n in zip(promise.counted, rows, strict=False))
    return [(told, n) for told, n in found if n]


def coverages(study: Study, promise: Promise) -> list[Coverage]:
    """All rows, slices, sizes and predictions of every data set."""
    made = measures(study, promise)
    found: list[Coverage] = []
    for data, profile in study.profiles.items():
        by_slice: list[Part] = []
        for by in study.slices:
            reader = Reader(study, by, cutter(profile, by))
            sizes = reader.read(made["size"])
            parts = [(w, c, sizes.get(w, NONE_READ)) for w, c in reader.read(made["coverage"]).items()]
            if by is ALL_ROWS:
                found += judged(promise, parts or [(Slice(), NONE_READ, NONE_READ)], study.level, data=data)
            else:
                by_slice += parts
        found += judged(promise, by_slice, study.level, "slice", data)
        for kind, fact in _strata(study, promise):
            strata = _by_stratum(study, promise, kind, fact, profile[fact]) if fact in profile else []
            if len(strata) > 1:
                found += judged(promise, strata, study.level, kind, data)
    return found


def sharpness(study: Study, promise: Promise) -> Iterator[Sharpness]:
    """How large the intervals or sets of every data set are."""
    made = measures(study, promise)
    for data, profile in study.profiles.items():
        reader = Reader(study, ALL_ROWS, cutter(profile, ALL_ROWS))

        def read(name: str, reader: Reader[Slice] = reader) -> Outcome | None:
            return reader.read(made[name]).get(Slice(), NONE_READ) if name in made else None

        yield Sharpness(
            promise.subject,
            promise.kind,
            read("size") or NONE_READ,
            read("score"),
            read("empty"),
            read("full"),
            promise.ignorant,
            data,
        )


def cutter(profile: Profile, by: SliceBy) -> Callable[[Fact], Mapping[Slice, FactTable]]:
    """Cuts the cells of a fact into those of each slice; into nothing where the fact was not to be had."""

    def cut(fact: Fact) -> Mapping[Slice, FactTable]:
        if fact not in profile:
            return {}
        named, _ = slices_of(by, fact, profile[fact])
        return {where: profile[fact].where(cells) for where, cells in named}

    return cut


def _mean(view: Means) -> Any:
    return view.mean()


def _strata(study: Study, promise: Promise) -> Iterator[tuple[By, Moments]]:
    """Coverage by size and by prediction, on keys of fine bins."""
    problem = study.problem
    values: tuple[str, ...] = (promise.covered, promise.size)
    keys: list[tuple[By, Binned | Category]] = []
    if promise.size_key is not None:
        keys.append(("size", promise.size_key))
    if problem.task in NUMBERS and DECISION in problem.columns:
        values = (*values, DECISION)
        keys.append(("prediction", Binned(DECISION, RootGrid(*problem.label_shift))))
    fact = Moments(values, by=ALL_ROWS.within(study.bucket), weight=problem.weight, cubes=False)
    yield from ((kind, msgspec.structs.replace(fact, by=(*fact.by, key))) for kind, key in keys)


def _by_stratum(study: Study, promise: Promise, kind: By, fact: Moments, table: FactTable) -> list[Part]:
    """Coverage and mean size of each group; groups are sizes of sets, or of about equal weight."""
    if not table.rows:
        return []
    group, names = _groups(promise, kind, fact, table)
    count = int(group.max()) + 1
    whole = group_sums(fact, table, group, count)
    places = [table.codes[:, 0] == part.codes[0, 0] for part in bucketed(fact, table)]
    parts = [
        group_sums(fact, part, group[place], count) for part, place in zip(bucketed(fact, table), places, strict=True)
    ]
    sizes, lows, highs = mean_intervals(whole, 1, study.level, parts)
    found: list[Part] = []
    for g in range(count):
        if not whole.weight[g] > 0:
            continue
        by_bucket = (
            (np.array([p.first[g, 0] for p in parts]), np.array([p.weight[g] for p in parts])) if parts else None
        )
        weight, squares, rows = float(whole.weight[g]), float(whole.squares[g]), int(whole.rows[g])
        ends = share(float(whole.first[g, 0]), weight, squares, study.level, by_bucket)
        covered = Estimate(*ends, study.level, rows, "wilson", weight**2 / squares)
        size: Outcome = Undefined("one row makes no interval")
        if np.isfinite(lows[g]):
            size = Estimate(float(sizes[g]), float(lows[g]), float(highs[g]), study.level, rows, "student-t")
        middle = float(whole.mean(2)[g] if kind == "prediction" else sizes[g])
        told = names[g] if names else f"about {number(middle)}"
        found.append((Slice.of({promise.size_name if kind == "size" else "prediction": told}), covered, size))
    return found


def _groups(promise: Promise, kind: By, fact: Moments, table: FactTable) -> tuple[NDArray[np.int64], list[str]]:
    """Each cell's group, and the names of the groups where they have some."""
    codes = table.codes[:, -1]
    if kind == "size" and promise.kind == "set":
        levels = [text(level) for level in table.levels[-1]]
        many = len(levels) > MOST_SIZES
        names = [*levels[: MOST_SIZES - 1], f"{levels[MOST_SIZES - 1]} or more"] if many else levels
        return np.minimum(codes, len(names) - 1).astype(np.int64), names
    bins, place = np.unique(codes, return_inverse=True)
    fine = group_sums(fact, table, place.astype(np.int64).ravel(), len(bins))
    merged = equal_mass_groups(fine.weight, GROUPS)
    _, merged = np.unique(merged, return_inverse=True)
    return merged[place.ravel()].astype(np.int64), []
