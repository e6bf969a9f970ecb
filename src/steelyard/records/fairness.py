"""How groups fare: every gap with its interval, and whether it is a violation, none, or cannot be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from steelyard.records.estimate import Estimate, Outcome
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import Verdict


@dataclass(frozen=True)
class GroupRate:
    """One measure of one group.

    Attributes:
        where: the group, or an intersection of groups.
        rows: rows of the group.
        outcome: the group's own rate.
        gap: the rate minus that of the group it is compared with; None for that group itself.
        ratio: the rate over that of the group it is compared with, where the measure is a share.
        shrunken: the rate after empirical Bayes over all groups of the measure, where the measure is a share.
        p: of the hypothesis that the scores of this group are right (calibration only).
    """

    where: Slice
    rows: int
    outcome: Outcome
    gap: Outcome | None = None
    ratio: Outcome | None = None
    shrunken: Outcome | None = None
    p: float | None = None


@dataclass(frozen=True)
class Parity:
    """One measure over all groups of one attribute, or intersection of attributes.

    Attributes:
        measure: "selection_rate", "recall", "false_positive_rate", "precision", "mean_calibration" …; of one class
            "recall[cat]".
        criterion: what equal values of it mean: "demographic parity", "equal opportunity" …
        attribute: the columns.
        against: the group that others are compared with.
        worst: the largest difference between any two groups, with an interval that accounts for choosing it.
        worst_pair: the two groups, the one with the larger value first.
        tolerance: differences up to here count as none.
        verdict: pass: no violation; fail: a violation; inconclusive: can't tell.
        p: of the hypothesis that all groups are alike.
        groups: the groups, largest first; of many those that tell most.
        count: how many groups there are.
        by_chance: the largest difference that groups of these sizes would show on average if all were alike.
        spread: standard deviation between the groups' values once chance is taken out.
        rows_needed: rows in all that would settle it if the difference stayed where it is; None where it is settled
            or no number of rows would.
        same_gap: the measure whose differences are the same by definition (of false negatives: recall; of equalised
            odds: the one of recall and false positive rate that differs more), or "".
        sentence: plain words.
        data: "current" or "reference".
    """

    measure: str
    criterion: str
    attribute: tuple[str, ...]
    against: Slice
    worst: Outcome
    tolerance: float
    verdict: Verdict
    worst_pair: tuple[Slice, Slice] = (EVERYTHING, EVERYTHING)
    p: float | None = None
    groups: tuple[GroupRate, ...] = ()
    count: int = 0
    by_chance: float | None = None
    spread: float | None = None
    rows_needed: int | None = None
    same_gap: str = ""
    sentence: str = ""
    data: str = "current"


@dataclass(frozen=True)
class ImpactRow:
    """One group of a table of adverse impact.

    Attributes:
        where: the group.
        rows: rows of the group with a decision (or a score).
        share: its share of the rows of all groups.
        selected: how many were selected, or score above the median.
        rate: selected over rows.
        ratio: the rate over the highest rate among groups that are not small; 1 for that group itself.
        ratio_of_all: the same over the highest rate of all groups, small ones too.
        p: that its rate is that of the most favoured group; Fisher's exact test (by rows).
        adjusted_p: the same after Holm over the groups of the table.
        shortfall: how many more would have to be selected for four fifths of the highest rate; 0 where none.
        flips: whether one more (or one less) selected would move the ratio across four fifths.
        small: whether it is less than 2 % of the rows, so that it may be left out of the comparison.
        verdict: whether the ratio is below four fifths: the whole interval (fail), none of it (pass), or can't tell.
    """

    where: Slice
    rows: int
    share: float
    selected: float
    rate: Outcome
    ratio: Outcome
    ratio_of_all: float | None = None
    p: float | None = None
    adjusted_p: float | None = None
    shortfall: float = 0.0
    flips: bool = False
    small: bool = False
    verdict: Verdict = Verdict.INCONCLUSIVE


@dataclass(frozen=True)
class ImpactTable:
    """Adverse impact by one attribute or intersection: impact ratios as New York City's Local Law 144 defines them,
    with the statistics of the four-fifths rule beside them. The law itself sets no threshold.

    Attributes:
        attribute: the columns.
        measure: "selection_rate", or "scoring_rate": the share that scores above the median of all.
        favoured: the group with the highest rate among those that are not small.
        rows: every group, most favoured first.
        unknown: rows left out because the attribute is not known.
        without_outcome: rows left out because they have no decision (or score).
        median: the median score of all; None for a selection rate.
        data: "current" or "reference".
    """

    attribute: tuple[str, ...]
    measure: str
    favoured: Slice
    rows: tuple[ImpactRow, ...]
    unknown: int = 0
    without_outcome: int = 0
    median: float | None = None
    data: str = "current"

    @property
    def worst(self) -> ImpactRow | None:
        """The group with the lowest ratio among those that are not small; None where there is none to compare."""
        compared = [
            r for r in self.rows if not r.small and r.where != self.favoured and isinstance(r.ratio, Estimate)
        ]
        return min(compared, key=_ratio, default=None)


@dataclass(frozen=True)
class Proxy:
    """How well a feature gives an attribute away.

    Attributes:
        feature, attribute: the two columns.
        association: Cramér's V between them without its bias, 0 (tells nothing) to 1 (tells all).
        guessed: share of rows whose group the feature's value tells, guessing the commonest.
        base: the same without the feature.
        reliance: share of the score's variance that goes with the feature; None where unknown.
    """

    feature: str
    attribute: str
    association: Estimate
    guessed: float
    base: float
    reliance: float | None = None


@dataclass(frozen=True)
class GivenAway:
    """How well all features together tell one group of an attribute from the others.

    Attributes:
        attribute: the column.
        group: its largest group.
        auc: chance that a row of the group looks more like it than a row of another; 0.5 tells nothing. Of an
            additive model of the features' groups, on rows that it has not seen.
        features: how many features it uses.
    """

    attribute: str
    group: Slice
    auc: Estimate
    features: int


@dataclass(frozen=True)
class Fairness:
    """The audit of one evaluation.

    Attributes:
        parities: every criterion by every attribute, single attributes first.
        base_rates: how often the labels of groups are positive, by single attribute: no doing of the model's, but
            it bounds which criteria can hold together.
        impacts: adverse impact by attribute and by pairs of attributes.
        proxies: features that give an attribute away, the strongest first.
        given_away: how well all features together tell each attribute.
        notes: what was suppressed, left out, or cannot be known.
        min_cell: groups with fewer rows are not shown; 0 where all are.
    """

    parities: tuple[Parity, ...] = ()
    base_rates: tuple[Parity, ...] = ()
    impacts: tuple[ImpactTable, ...] = ()
    proxies: tuple[Proxy, ...] = ()
    given_away: tuple[GivenAway, ...] = ()
    notes: tuple[str, ...] = field(default_factory=tuple)
    min_cell: int = 0

    def of(self, data: str = "current") -> tuple[Parity, ...]:
        """The parities of one data set."""
        return tuple(p for p in self.parities if p.data == data)

    def parity(self, measure: str, attribute: str | tuple[str, ...], data: str = "current") -> Parity | None:
        """One parity; None where it was not read."""
        columns = (attribute,) if isinstance(attribute, str) else attribute
        return next((p for p in self.of(data) if p.measure == measure and p.attribute == columns), None)


def _ratio(row: ImpactRow) -> float:
    return row.ratio.value if isinstance(row.ratio, Estimate) else 1.0
