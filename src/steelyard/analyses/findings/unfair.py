"""Which criteria are certainly violated, and which of them tell one story."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from steelyard.records import Estimate, Fairness, ImpactTable, Parity, Verdict

PER_TOLERANCE = 0.1
"""What a mean distance of one tolerance counts for: a gap of ten points of a share."""


@dataclass(frozen=True)
class Family:
    """Criteria that tell one story.

    Attributes:
        name: of the family.
        measures: the first that is violated names the finding; the others are told with it.
        action: what to do, with {attribute} for the columns.
    """

    name: str
    measures: tuple[str, ...]
    action: str


FAMILIES: tuple[Family, ...] = (
    Family(
        "errors",
        (
            *("equalized_odds", "recall", "false_positive_rate"),
            *("mean_score_positives", "mean_score_negatives", "miss_share"),
        ),
        "See what even errors would cost: `steelyard improve --fairness equalized_odds --attribute {attribute}` "
        "draws quality against the gap on held-out rows, and says who would pay.",
    ),
    Family(
        "selection",
        ("selection_rate",),
        "First ask whether the groups' labels differ for a reason that may count. If not, "
        "`steelyard improve --fairness demographic_parity --attribute {attribute}` finds thresholds that select "
        "evenly.",
    ),
    Family(
        "calibration",
        ("mean_calibration", "precision", "npv"),
        "The same score, or the same decision, means something else in each group: recalibrate by group "
        "(`steelyard improve --fairness calibration --attribute {attribute}`), or add features that explain why.",
    ),
    Family(
        "quality",
        ("accuracy", "roc_auc", "mae", "bias", "ranking"),
        "The model knows less of one group: look for features or labels that are poorer there, and train on more of "
        "its rows. Moving thresholds does not help.",
    ),
    Family(
        "predictions",
        ("mean_prediction", "exposure"),
        "Ask whether the difference has a reason that may count; the truth of the groups may differ as well.",
    ),
)


@dataclass(frozen=True)
class Violation:
    """Parities of one family and attribute that are violated, the naming one first.

    Attributes:
        family: the story they tell.
        parities: what is violated.
        impact: the table of adverse impact by selection, where the story is selection.
        standing: whether it was no better on the reference.
    """

    family: Family
    parities: tuple[Parity, ...]
    impact: ImpactTable | None
    standing: bool

    @property
    def main(self) -> Parity:
        """The one that names the finding."""
        return self.parities[0]

    @property
    def impact_of_all(self) -> float:
        """Gap × share of rows: how far a row's group lies from all rows on average, 0.1 for each tolerance."""
        groups = [(g.rows, g.outcome.value) for g in self.main.groups if isinstance(g.outcome, Estimate)]
        total = sum(rows for rows, _ in groups)
        if not total or self.main.tolerance <= 0:
            return 0.0
        mean = sum(rows * value for rows, value in groups) / total
        distance = sum(rows * abs(value - mean) for rows, value in groups) / total
        return PER_TOLERANCE * distance / self.main.tolerance


def violations(fairness: Fairness) -> Iterator[Violation]:
    """What is certainly violated; an intersection only where no attribute of it is by itself."""
    broken = [p for p in plain(fairness) if p.verdict is Verdict.FAIL]
    for family in FAMILIES:
        of_family = [p for p in broken if _name(p) in family.measures]
        told: list[frozenset[str]] = []
        for attribute in sorted({p.attribute for p in fairness.of()}, key=lambda a: (len(a), a)):
            of = sorted((p for p in of_family if p.attribute == attribute), key=lambda p: _place(family, p))
            impact = _selection(fairness, attribute) if family.name == "selection" else None
            if not of and impact is not None and len(attribute) == 1 and below(impact):
                rate = fairness.parity("selection_rate", attribute)
                of = [rate] if rate is not None else []
            if of and not any(part < set(attribute) for part in told):
                told.append(frozenset(attribute))
                yield Violation(family, tuple(_with_groups(fairness, p) for p in of), impact, _stood(fairness, of[0]))


def plain(fairness: Fairness, data: str = "current") -> list[Parity]:
    """The parities that are not another one's mirror image."""
    return [p for p in fairness.of(data) if not p.same_gap or p.measure == "equalized_odds"]


def below(table: ImpactTable) -> bool:
    """Whether a group that is not small is certainly below four fifths."""
    return any(row.verdict is Verdict.FAIL and not row.small for row in table.rows)


def _selection(fairness: Fairness, attribute: tuple[str, ...], data: str = "current") -> ImpactTable | None:
    found = (t for t in fairness.impacts if (t.attribute, t.data, t.measure) == (attribute, data, "selection_rate"))
    return next(found, None)


def _stood(fairness: Fairness, now: Parity) -> bool:
    """Whether the reference was not certainly better: it was no clean pass, and its gap may have been as large."""
    then = fairness.parity(now.measure, now.attribute, "reference")
    if then is None or not isinstance(then.worst, Estimate) or not isinstance(now.worst, Estimate):
        return False
    if now.verdict is not Verdict.FAIL:  # told for its impact ratio
        table = _selection(fairness, now.attribute, "reference")
        return table is not None and below(table)
    return then.verdict is not Verdict.PASS and then.worst.high >= now.worst.low


def _with_groups(fairness: Fairness, parity: Parity) -> Parity:
    """Equalised odds with the groups of the one of its two measures that differs more."""
    part = None if parity.groups else fairness.parity(parity.same_gap, parity.attribute, parity.data)
    return parity if part is None else replace(parity, groups=part.groups)


def _name(parity: Parity) -> str:
    name, _, _ = parity.measure.partition("[")
    return "ranking" if name.startswith(("ndcg", "mrr")) else name


def _place(family: Family, parity: Parity) -> tuple[int, float]:
    return family.measures.index(_name(parity)), -parity.worst.value if isinstance(parity.worst, Estimate) else 0.0
