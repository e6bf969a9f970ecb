"""How each measure of a task is read of the groups of one attribute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from steelyard.analyses.curves.cells import largest
from steelyard.analyses.fairness import criteria
from steelyard.analyses.fairness.counting import (
    Tables,
    against_rest,
    decisions_by,
    means_by,
    right_or_wrong,
    tables,
    value_sums,
)
from steelyard.analyses.fairness.criteria import Measure, Share
from steelyard.analyses.fairness.groups import Groups, groups_of
from steelyard.analyses.fairness.impact import impact_table
from steelyard.analyses.fairness.items import exposure_by, of_items
from steelyard.analyses.fairness.parity import Asked, compared_with, equalised_odds, parity
from steelyard.analyses.fairness.scored import ScoredGroups
from steelyard.analyses.fairness.scoring import scores_by, scoring
from steelyard.analyses.fairness.values import UNIT, Values, excesses, means, shares
from steelyard.analyses.fairness.wanted import MOST_CLASSES, MOST_IMPACT, of_queries, prediction, rows_by
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Cells, Moments, Profile
from steelyard.metrics.problem import ERROR, LABEL, SCORE
from steelyard.metrics.rows import ABS_ERROR
from steelyard.records import ImpactTable, Parity

NOTHING = {
    "recall": "no row is positive",
    "false_negative_rate": "no row is positive",
    "false_positive_rate": "no row is negative",
    "precision": "no row was flagged",
    "npv": "no row was left alone",
    "false_omission_rate": "no row was left alone",
    "miss_share": "there is no error",
}
"""What is absent where a share has no rows."""


@dataclass(frozen=True)
class Audit:
    """The audit of one attribute, or intersection, of one data set.

    Attributes:
        study: the study.
        data: "current" or "reference".
        groups: the groups of the attribute.
        chosen: the group to compare with, by column; the largest where nothing is said.
    """

    study: Study
    data: str
    groups: Groups
    chosen: Mapping[str, str]

    @property
    def by(self) -> SliceBy:
        """The attribute, or the intersection."""
        return self.groups.by

    @property
    def crossed(self) -> bool:
        """Whether it is an intersection."""
        return len(self.by.keys) > 1

    def parities(self) -> Iterator[Parity]:
        """Every measure of the task."""
        match self.study.problem.task:
            case "binary":
                yield from self._binary()
            case "multiclass":
                yield from self._multiclass()
            case "multilabel" if not self.crossed:
                for i, name in enumerate(self.study.problem.classes[:MOST_CLASSES]):
                    yield from self._of_class(self._tables(decisions_by(self.study, self.by, f"_{i}"), "1"), name)
            case "regression" | "forecasting":
                yield from self._numbers()
            case "ranking":
                yield from self._ranking()
            case _:
                pass

    def base_rate(self) -> Parity | None:
        """How often the groups' labels are positive."""
        made = self._tables(decisions_by(self.study, self.by), "1") if self.study.problem.task == "binary" else None
        if made is None or self.crossed or LABEL not in self.study.problem.columns:
            return None
        return self._parity(criteria.BASE_RATE, shares(made.ratios(criteria.BASE_RATE), self.study.level, "no label"))

    def impacts(self) -> Iterator[ImpactTable]:
        """Adverse impact by selection, and by score; of a binary problem."""
        if self.study.problem.task == "binary" and len(self.by.keys) <= MOST_IMPACT:
            found = [self._selection(), self._scoring()]
            yield from (table for table in found if table is not None)

    def _selection(self) -> ImpactTable | None:
        made = self._tables(decisions_by(self.study, self.by), "1")
        if made is None:
            return None
        ratios = made.ratios(criteria.SELECTION)
        return impact_table(
            criteria.SELECTION.name,
            self.groups,
            shares(ratios, self.study.level, "no row has a decision"),
            made.above(criteria.SELECTION),
            ratios.rows,
            self.data,
            without_outcome=round(float(made.rows.sum() - ratios.rows.sum())),
        )

    def _scoring(self) -> ImpactTable | None:
        fact = scores_by(self.study, self.by)
        if fact is None or fact not in self._profile:
            return None
        read = scoring(self.groups, fact, self._profile[fact], self.study.level)
        if read is None:
            return None
        return impact_table(
            "scoring_rate",
            self.groups,
            read.values,
            read.above,
            read.rows,
            self.data,
            without_outcome=read.without_score,
            median=read.median,
        )

    def _binary(self) -> Iterator[Parity]:
        made = self._tables(decisions_by(self.study, self.by), "1")
        if made is not None:
            wanted = [share for share in criteria.BINARY if share.crossed or not self.crossed]
            if LABEL not in self.study.problem.columns:
                wanted = [criteria.SELECTION]
            else:
                odds = [
                    (self._asked(share), self._share(made, share))
                    for share in (criteria.RECALL, criteria.FALSE_POSITIVES)
                ]
                yield equalised_odds(odds[0], odds[1])
            for share in wanted:
                yield self._parity(share, self._share(made, share))
        yield from self._scores()

    def _scores(self) -> Iterator[Parity]:
        fact = means_by(self.study, self.by, (SCORE,), label=True)
        profile, groups = self._profile, self.groups
        if not self.study.problem.scored or fact not in profile:
            return
        table = profile[fact]
        positives, negatives = (value_sums(groups, fact, table, label=label) for label in ("1", "0"))
        scored = ScoredGroups(self.study, profile, groups)
        if self.study.problem.probability:
            of_errors = excesses(
                (positives.less(1.0) + negatives).ratios(),
                (positives.constant(1.0) + negatives.constant(0.0)).ratios(),
                self.study.level,
                "no row has a label and a score",
            )
            p = {} if self.crossed else scored.calibration_p()
            yield self._parity(criteria.CALIBRATION, of_errors, p)
        if self.crossed:
            return
        if self.study.problem.probability:
            for measure, of, kind in zip(
                criteria.BALANCES, (positives, negatives), ("positive", "negative"), strict=True
            ):
                yield self._parity(measure, means(of.ratios(), self.study.level, f"no row is {kind}", UNIT))
        yield self._parity(criteria.AUC, scored.auc())

    def _multiclass(self) -> Iterator[Parity]:
        fact = decisions_by(self.study, self.by)
        if fact is None or fact not in self._profile or LABEL not in self.study.problem.columns:
            return
        table = self._profile[fact]
        right = tables(self.groups, fact, table, right_or_wrong(fact, table))
        values = shares(right.ratios(criteria.RECALL), self.study.level, "no row has a label and a decision")
        yield self._parity(criteria.ACCURACY, values)
        for name in largest(self.study, self.data) if not self.crossed else ():
            yield from self._of_class(self._tables(fact, name), name)

    def _of_class(self, made: Tables | None, subject: str) -> Iterator[Parity]:
        if made is not None:
            for share in criteria.OF_A_CLASS:
                yield self._parity(share, self._share(made, share), subject=subject)

    def _numbers(self) -> Iterator[Parity]:
        errors = means_by(self.study, self.by, (ERROR, ABS_ERROR))
        predictions = means_by(self.study, self.by, (prediction(self.study),))
        centre, spread = self.study.problem.label_shift
        if errors in self._profile:
            yield self._parity(criteria.BIAS, self._mean(errors), unit=spread)
            typical = self._overall(errors, 1)
            yield self._parity(criteria.MAE, self._mean(errors, 1), unit=typical)
        if predictions in self._profile:
            yield self._parity(criteria.MEAN_PREDICTION, self._mean(predictions, shift=-centre), unit=spread)

    def _ranking(self) -> Iterator[Parity]:
        if of_items(self.study, self.by):
            exposure = None if self.crossed else exposure_by(self.study, self.by)
            if exposure is not None and exposure in self._profile:
                yield self._parity(criteria.EXPOSURE, self._mean(exposure))
            return
        for measure, value in of_queries(self.study):
            fact = means_by(self.study, self.by, (value,))
            if fact in self._profile and (measure.crossed or not self.crossed):
                yield self._parity(measure, self._mean(fact))

    @property
    def _profile(self) -> Profile:
        return self.study.profiles[self.data]

    def _tables(self, fact: Cells | None, positive: str) -> Tables | None:
        if fact is None or fact not in self._profile:
            return None
        table = self._profile[fact]
        return tables(self.groups, fact, table, against_rest(fact, table, positive))

    def _share(self, made: Tables, share: Share) -> Values:
        return shares(made.ratios(share), self.study.level, NOTHING.get(share.name, "no row can be counted"))

    def _mean(self, fact: Moments, place: int = 0, shift: float = 0.0) -> Values:
        sums = value_sums(self.groups, fact, self._profile[fact], place)
        return means(sums.less(shift).ratios(), self.study.level, "no row has a value")

    def _overall(self, fact: Moments, place: int) -> float:
        """The mean of all groups together."""
        sums = value_sums(self.groups, fact, self._profile[fact], place)
        total = float(sums.weight.sum())
        return float(sums.first.sum()) / total if total > 0 else 1.0

    def _asked(self, measure: Measure, unit: float = 1.0, subject: str = "") -> Asked:
        against = compared_with(self.groups, self.chosen)
        return Asked(measure, self.groups, against, self.study.level, self.data, unit, subject)

    def _parity(
        self,
        measure: Measure,
        values: Values,
        p: Mapping[int, float] | None = None,
        unit: float = 1.0,
        subject: str = "",
    ) -> Parity:
        return parity(self._asked(measure, unit, subject), values, p)


def audit_of(study: Study, data: str, by: SliceBy, chosen: Mapping[str, str]) -> Audit | None:
    """The audit by one attribute; None where the data set has no such column."""
    fact = rows_by(study, by)
    profile = study.profiles[data]
    return Audit(study, data, groups_of(by, fact, profile[fact]), chosen) if fact in profile else None
