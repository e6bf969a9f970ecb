"""What is read of the scores of each group: whether they rank well, and whether they are right."""

from __future__ import annotations

import msgspec
import numpy as np

from steelyard.analyses.fairness.groups import Groups
from steelyard.analyses.fairness.values import Values, of_outcomes
from steelyard.analyses.performance import Reader
from steelyard.analyses.slicing import MOST_SLICES, SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Cells, Fact, FactTable, Profile
from steelyard.metrics import get
from steelyard.metrics.read import scores
from steelyard.records import Outcome, Undefined
from steelyard.stats.calibration import ecce


def cells_by(study: Study, by: SliceBy) -> Cells | None:
    """Label × decision × score by group, the fact that slices are read from; None without scores."""
    if study.problem.task != "binary" or not study.problem.scored:
        return None
    return msgspec.structs.replace(study.problem.cells(), by=by.within(study.bucket))


class ScoredGroups:
    """The score cells of the largest groups of one attribute."""

    def __init__(self, study: Study, profile: Profile, groups: Groups) -> None:
        self._study, self._profile, self._groups = study, profile, groups
        self._largest = np.argsort(-groups.rows, kind="stable")[:MOST_SLICES].tolist()

    def auc(self) -> Values:
        """ROC AUC within each group, with DeLong's interval."""
        metric = get("roc_auc", "binary")
        found = Reader(self._study, self._groups.by, self._cut).read(metric)
        few = Undefined(f"only the {MOST_SLICES} largest groups are ranked")
        outcomes: list[Outcome] = [found.get(i, few) for i in range(len(self._groups))]
        return of_outcomes(outcomes)

    def calibration_p(self) -> dict[int, float]:
        """p of right scores by group: Kuiper's range of the cumulative errors; none for clustered rows."""
        fact = cells_by(self._study, self._groups.by)
        if fact is None or fact not in self._profile or self._study.bucket is not None:
            return {}
        found = {}
        for i, table in self._cut(fact).items():
            view = scores(fact, table)
            n, said = view.p + view.q, view.score_p + view.score_q
            if view.rows and float(n.sum()) > 0:
                mean = np.clip(np.divide(said, n, out=np.zeros_like(said), where=n > 0), 0.0, 1.0)
                spread = (view.p_squares + view.q_squares) * mean * (1 - mean)
                found[i] = float(ecce(n, said, view.p, spread)[2])
        return found

    def _cut(self, fact: Fact) -> dict[int, FactTable]:
        table = self._profile[fact]
        place = self._groups.places(fact, table)
        return {i: table.where(place == i) for i in self._largest}
