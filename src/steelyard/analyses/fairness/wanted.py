"""Which facts an audit wants: the rows of each group, and the sums its measures are read from."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.fairness.counting import decisions_by, means_by
from steelyard.analyses.fairness.criteria import Measure
from steelyard.analyses.fairness.groups import attributes
from steelyard.analyses.fairness.scored import cells_by
from steelyard.analyses.fairness.scoring import scores_by
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Count, Fact
from steelyard.metrics.problem import DECISION, ERROR, SCORE
from steelyard.metrics.ranking_rows import NDCG, RR
from steelyard.metrics.rows import ABS_ERROR

MOST_CLASSES = 12
MOST_IMPACT = 2
"""Attributes that cross in a table of adverse impact."""


def facts(study: Study) -> Iterator[Fact]:
    """The facts of every measure, by every attribute and intersection."""
    columns = study.problem.columns
    for by in attributes(study):
        yield rows_by(study, by)
        match study.problem.task:
            case "binary":
                yield from _binary_facts(study, by)
            case "multiclass":
                yield from _known(decisions_by(study, by))
            case "multilabel" if len(by.keys) == 1:
                for i in range(min(len(study.problem.classes), MOST_CLASSES)):
                    yield from _known(decisions_by(study, by, f"_{i}"))
            case "regression" | "forecasting" if ERROR in columns:
                yield means_by(study, by, (ERROR, ABS_ERROR))
                yield means_by(study, by, (prediction(study),))
            case "regression" | "forecasting" if DECISION in columns:
                yield means_by(study, by, (prediction(study),))
            case "ranking":
                yield from (means_by(study, by, (value,)) for _, value in of_queries(study))
            case _:
                pass


def of_queries(study: Study) -> list[tuple[Measure, str]]:
    """The measures of a query and the row column of each."""
    k = max(study.problem.cutoffs, default=0)
    ndcg = Measure(f"ndcg_at_{k}", "ranking quality parity", f"NDCG@{k}", kind="ranking quality")
    mrr = Measure("mrr", "ranking quality parity", "reciprocal rank", kind="ranking quality", crossed=False)
    return [*([(ndcg, f"{NDCG}_{k}")] if k else []), (mrr, RR)]


def rows_by(study: Study, by: SliceBy) -> Count:
    """Rows by group."""
    return Count(by.keys, study.problem.weight)


def _binary_facts(study: Study, by: SliceBy) -> Iterator[Fact]:
    yield from _known(decisions_by(study, by))
    if study.problem.scored:
        yield means_by(study, by, (SCORE,), label=True)
    if len(by.keys) == 1:
        yield from _known(cells_by(study, by))
    if len(by.keys) <= MOST_IMPACT:
        yield from _known(scores_by(study, by))


def _known(fact: Fact | None) -> tuple[Fact, ...]:
    return () if fact is None else (fact,)


def prediction(study: Study) -> str:
    """The prediction less the labels' centre, so that its square loses no digits."""
    return f"{DECISION} - {study.problem.label_shift[0]!r}"
