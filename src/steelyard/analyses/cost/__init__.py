"""What are the decisions worth, and which would be worth more?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from steelyard.analyses.cost import kpis
from steelyard.analyses.cost.fitting import require_fitting
from steelyard.analyses.cost.ledger import fact_of
from steelyard.analyses.cost.metric import value_metric
from steelyard.analyses.cost.reading import money_of
from steelyard.analyses.cost.returns import returns
from steelyard.analyses.performance import facts_by
from steelyard.analyses.study import Study
from steelyard.facts import Fact

__all__ = ["about", "facts", "read", "returns", "value_metric"]


def facts(study: Study) -> Iterator[Fact]:
    """The value of each decision by slice, the cells that thresholds are valued from, and the KPIs.

    Raises:
        ConfigError: the costs are for another task or class.
        ColumnError: the costs name a column that is missing or holds no numbers.
    """
    costs = study.costs
    if costs is None:
        return
    require_fitting(study, costs)
    metric = value_metric(costs)
    if metric is not None:
        for by in study.slices:
            yield from facts_by(study, metric, by)
    if costs.task == "binary":
        yield fact_of(study, costs)
    yield from kpis.facts(study, costs)


def about(study: Study) -> Iterator[Fact]:
    """There is nothing to ask of the user's own columns alone."""
    yield from ()


def read(study: Study) -> Study:
    """The study with what its decisions are worth; unchanged where no costs are given."""
    return study if study.costs is None else replace(study, money=money_of(study, study.costs))
