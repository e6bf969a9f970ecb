"""Did the columns move together: can rows of now be told from rows of then, and by what?

A classifier is tried on rows it has not seen (see `steelyard.stats.discriminate`). Its ROC-AUC is the effect: 0.5
where nothing differs, whatever the number of columns, also where only the association of columns changed. Beside it
stand the maximum mean discrepancy, which needs no classifier, and each pair of columns whose association changed
while both stayed where they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from steelyard.analyses.drift.associations import Associated, associations
from steelyard.analyses.drift.coded import Coded, coded
from steelyard.analyses.drift.points import ABLE, AUC_TOLERANCE, as_estimate, as_measures, discrepancy, moved
from steelyard.analyses.drift.sampled import Units, beside, in_both, sampled, units_of
from steelyard.analyses.features import Feature
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, number, shown
from steelyard.facts import Fact, Sample
from steelyard.records import Drift, Estimate
from steelyard.records.drift import Moved
from steelyard.stats.discriminate import Carried, Flags, carried, folds_of, separation, unseen_additive

MOST_FEATURES = 100
"""Columns whose joint distribution is looked at."""
NOTABLE = 0.005
"""Loss of AUC from which on a column is named as one that carries the drift."""
MOST_NAMED = 3


@dataclass(frozen=True)
class Carrier:
    """A column that the classifier goes by, and the AUC that is lost without it."""

    column: str
    loss: float


def about(study: Study) -> Iterator[Fact]:
    """The sample of rows that the joint distribution is read from."""
    fact = rows_fact(study)
    if fact is not None:
        yield fact


def rows_fact(study: Study) -> Sample | None:
    """A sample of the features; None where fewer than two are in both data sets."""
    features = [feature.name for feature in shared(study)]
    return Sample(tuple(dict.fromkeys([*features, *beside(study)]))) if len(features) > 1 else None


def shared(study: Study) -> list[Feature]:
    """The features that both data sets have, of one kind, as many as are looked at together."""
    return [feature for feature in study.features if in_both(study, feature.name)][:MOST_FEATURES]


def drifts(study: Study) -> list[Drift]:
    """The drift of the joint distribution and of associations; nothing without a sample of both data sets."""
    fact = rows_fact(study)
    rows = None if fact is None else sampled(study, fact)
    if rows is None:
        return []
    columns = coded(shared(study), rows)
    if not columns.features:
        return []
    units = units_of(study, rows)
    found = associations(columns, rows.second, units.clusters, study.level)
    return [_together(study, columns, rows.second, units, found), *(pair.drift for pair in found)]


def _together(study: Study, columns: Coded, second: Flags, units: Units, pairs: Sequence[Associated]) -> Drift:
    clusters = units.clusters
    unseen = unseen_additive(
        columns.codes, columns.widths, columns.coarse, second, folds_of(second, study.seed, clusters)
    )
    told = separation(unseen.scores, second, study.level, clusters)
    distance = as_estimate(told, len(second), study.level, _note(study, columns))
    carriers = _carriers(columns, carried(unseen, second, study.level, clusters))
    verdict = moved(distance)
    measures = as_measures(discrepancy(columns.points(second), second, clusters, study.level, study.seed))
    return Drift(
        "",
        "joint",
        distance,
        verdict,
        {**measures, **{f"auc carried by {c.column}": c.loss for c in carriers}},
        told.p,
        test=f"classifier two-sample test, {units.name} independent",
        tolerance=AUC_TOLERANCE,
        sentence=_sentence(distance, verdict, carriers, pairs),
    )


def _carriers(columns: Coded, lost: Carried) -> list[Carrier]:
    """The columns without which the AUC surely is lower, and noticeably so; the most important first."""
    names = [feature.name for feature in columns.features]
    found = [
        Carrier(name, float(loss))
        for name, loss, low in zip(names, lost.loss, lost.low, strict=True)
        if low > 0.0 and loss >= NOTABLE
    ]
    return sorted(found, key=lambda carrier: -carrier.loss)


def _note(study: Study, columns: Coded) -> str:
    eligible = sum(in_both(study, feature.name) for feature in study.features)
    left = f"the first {len(columns.features)} of {eligible} columns, " if eligible > MOST_FEATURES else ""
    return f"{left}on a sample of rows; an AUC of 0.5 is no difference"


def _sentence(distance: Estimate, verdict: Moved, carriers: Sequence[Carrier], pairs: Sequence[Associated]) -> str:
    auc = f"(ROC-AUC {shown(distance, share=False)}, 0.5 is chance)"
    said = f"a classifier {ABLE[verdict]} current from reference rows {auc}"
    if verdict == "stable" or not carriers:
        return said
    named = listed([f"{c.column} ({number(c.loss, 0.01)} of the AUC)" for c in carriers[:MOST_NAMED]])
    together = {name for pair in pairs for name in pair.names}
    goes = f"{said}; it goes by {named}"
    both = [c.column for c in carriers[:MOST_NAMED] if c.column in together]
    return f"{goes}, of which {listed(both)} moved in how they go together, not by themselves" if both else goes
