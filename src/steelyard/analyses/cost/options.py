"""Ways to decide yes or no, what each is worth, and which would be worth more than the deployed one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from steelyard.analyses.cost.amounts import number
from steelyard.analyses.cost.choosing import (
    Bins,
    Choose,
    Places,
    best_review,
    best_threshold,
    bins_of,
    edge,
    held_out,
    way,
)
from steelyard.analyses.cost.draws import Thresholds, thresholds
from steelyard.analyses.cost.folding import coarser, split
from steelyard.analyses.cost.ledger import Ledger
from steelyard.analyses.cost.worth import Rules, Way, acted, worth
from steelyard.analyses.costs import Costs
from steelyard.analyses.study import Study
from steelyard.records import Best, Option, Outcome, Undefined

DEPLOYED, EVERYONE, NO_ONE, PERFECT = "deployed", "flag everyone", "flag no one", "perfect model"
BEST, WITHIN, REVIEW = "best threshold", "best within capacity", "with review"
FEW = 20
"""Positives or negatives below which nothing is chosen."""


@dataclass(frozen=True)
class Case:
    """A question of yes or no with costs.

    Attributes:
        study: where it comes from.
        costs: what decisions are worth.
        book: the rows.
    """

    study: Study
    costs: Costs
    book: Ledger

    @property
    def rules(self) -> Rules:
        """What a person's look brings."""
        return Rules(self.costs.reviewed_accuracy)

    @property
    def capacity(self) -> float | None:
        """Share of the rows that can be flagged."""
        said = self.costs.capacity
        return said if said is None or said <= 1 else min(said / max(self.book.rows, 1), 1.0)

    @property
    def wanted(self) -> str:
        """The best threshold that is allowed: within capacity, where there is one."""
        return BEST if self.capacity is None else WITHIN

    @property
    def deployed(self) -> Way | None:
        """The decisions as they were made."""
        return Way(self.book.decided) if self.book.is_decided else None

    @cached_property
    def parts(self) -> Ledger | None:
        """The rows split, for choosing on some and judging on others; None where they are too few."""
        positives = float(self.book.counts @ self.book.label)
        if not self.book.scored or self.book.bins < 2 or min(positives, self.book.rows - positives) < FEW:
            return None
        return split(coarser(self.book), self.study.seed)

    @cached_property
    def bins(self) -> Bins:
        """All rows by score bin."""
        return bins_of(self.book, self.rules)

    @property
    def choices(self) -> dict[str, Choose]:
        """How the ways that are chosen from the data are chosen."""
        made: dict[str, Choose] = {BEST: best_threshold}
        if self.capacity is not None:
            made[WITHIN] = partial(best_threshold, capacity=self.capacity)
        if self.costs.review is not None:
            made[REVIEW] = partial(best_review, capacity=self.capacity)
        return made

    @cached_property
    def held(self) -> dict[str, Way]:
        """The chosen ways on rows that did not choose them, on the cells of `parts`."""
        if self.parts is None:
            return {}
        return {name: self.held_by(choose) for name, choose in self.choices.items()}

    @cached_property
    def places(self) -> dict[str, Places]:
        """Where the chosen ways draw the line, by all rows."""
        return {name: choose(self.bins) for name, choose in self.choices.items()} if self.parts is not None else {}

    @cached_property
    def thresholds(self) -> Thresholds:
        """Thresholds on the rows and on resampled ones."""
        keep = [p for places in self.places.values() for p in (places.review, places.flag)]
        deployed = self.study.problem.threshold
        if deployed is not None:
            keep.append(int(np.searchsorted(self.book.left, deployed)))
        return thresholds(self.book, keep)

    def edge(self, place: int) -> float:
        """The threshold at a place of the score bins; +∞ past the last."""
        return edge(self.book, place)

    def held_by(self, choose: Choose) -> Way:
        """A way chosen otherwise, on rows that did not choose it, on the cells of `parts`.

        Raises:
            ValueError: the rows are too few to be split.
        """
        if self.parts is None:
            raise ValueError("there are too few rows to choose on some and judge on others")
        return held_out(self.parts, self.rules, choose)

    def gain(self, name: str) -> Outcome:
        """Value of a chosen way minus that of the deployed decision, a row, on rows that did not choose it."""
        if self.parts is None:
            return Undefined(f"choosing takes {FEW} positives and {FEW} negatives with scores")
        if not self.parts.is_decided:
            return Undefined("there are no decisions to compare with")
        deployed = Way(self.parts.decided)
        return worth(self.parts, self.held[name], self.rules, self.study.level, less=deployed)


def options(case: Case) -> Iterator[Option]:
    """Every way to decide, the deployed one first."""
    book, rules, level = case.book, case.rules, case.study.level
    ones = np.ones(len(book.label), dtype=np.int64)
    plain = {
        EVERYONE: Way(ones, asks=False),
        NO_ONE: Way(0 * ones, asks=False),
        PERFECT: Way(book.label, informed=True),
    }
    deployed = case.deployed
    if deployed is not None:
        flagged, _ = acted(book, deployed)
        yield Option(DEPLOYED, case.study.problem.threshold, worth(book, deployed, rules, level), flagged)
    for name in case.places:
        yield _chosen(case, name)
    for name, made in plain.items():
        gain = None if deployed is None else worth(book, made, rules, level, less=deployed)
        yield Option(name, None, worth(book, made, rules, level), acted(book, made)[0], gain=gain)


def best(case: Case) -> Best | None:
    """The best threshold that is allowed, with the range of those that may be it; None where none is chosen."""
    if case.wanted not in case.places:
        return None
    made, book = case.thresholds, case.book
    allowed = made.flagged <= (1.0 if case.capacity is None else case.capacity) * (1 + 1e-9)
    kept = np.flatnonzero(made.may_be_best(case.study.level, allowed))
    first, last = int(made.places[kept[0]]), int(made.places[kept[-1]])
    low = edge(book, first - 1) if first else (0.0 if book.probability else -math.inf)
    return Best(
        edge(book, case.places[case.wanted].flag),
        low,
        edge(book, last),
        bayes(case.costs) if book.probability and case.capacity is None else None,
        case.study.problem.threshold,
    )


def bayes(costs: Costs) -> float | None:
    """The threshold that is best for calibrated probabilities; None where amounts differ by row.

    (tn − fp) / ((tn − fp) + (tp − fn)): flag where the expected gain of a hit outweighs that of a false alarm.

    Source: Elkan 2001.
    """
    if any(isinstance(value, str) for value in (costs.tp, costs.fp, costs.fn, costs.tn)):
        return None
    alarm, hit = number(costs.tn) - number(costs.fp), number(costs.tp) - number(costs.fn)
    return alarm / (alarm + hit)


def _chosen(case: Case, name: str) -> Option:
    assert case.parts is not None  # noqa: S101 - for the type checker: places are chosen only where there are parts
    places = case.places[name]
    flagged, reviewed = acted(case.book, way(case.book, places))
    return Option(
        name,
        case.edge(places.flag),
        worth(case.parts, case.held[name], case.rules, case.study.level),
        flagged,
        reviewed,
        case.edge(places.review) if name == REVIEW else None,
        case.gain(name),
    )
