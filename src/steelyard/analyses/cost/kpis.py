"""What a prediction costs and how long it takes, where columns tell."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.costs import Costs
from steelyard.analyses.performance import Reader, facts_by
from steelyard.analyses.slicing import ALL_ROWS, SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.facts import Fact, FactTable, quote
from steelyard.metrics import Metric
from steelyard.metrics.expression import from_expression
from steelyard.records import Outcome, Slice, Undefined

LATENCIES = {"median": "median", "95 % are at most": "p95"}


def metrics(costs: Costs) -> dict[str, Metric]:
    """The KPIs as metrics, by what they are told under; "run" is the value of asking once."""
    made: dict[str, Metric] = {}
    if isinstance(costs.run, str):
        made["run"] = from_expression("run", f"mean({costs.run})", direction="higher")
    if costs.latency is not None:
        for name, function in LATENCIES.items():
            made[name] = from_expression(name, f"{function}({quote(costs.latency)})")
    return made


def facts(study: Study, costs: Costs) -> Iterator[Fact]:
    """The facts of the KPIs."""
    for metric in metrics(costs).values():
        yield from facts_by(study, metric, ALL_ROWS)


def outcome(study: Study, metric: Metric, data: str = "current") -> Outcome:
    """A metric on all rows of a data set."""
    found = by_slice(study, metric, ALL_ROWS, data)
    reason = metric.needs(study.problem)
    return found.get(Slice(), Undefined(reason if isinstance(reason, str) else "a column it needs is not there"))


def by_slice(study: Study, metric: Metric, by: SliceBy, data: str = "current") -> dict[Slice, Outcome]:
    """A metric on the slices of a data set; none where its facts were not counted."""
    profile = study.profiles[data]
    if not all(fact in profile for fact in facts_by(study, metric, by)):
        return {}

    def cut(fact: Fact) -> dict[Slice, FactTable]:
        table = profile[fact]
        return {where: table.where(cells) for where, cells in slices_of(by, fact, table)[0]}

    return Reader(study, by, cut).read(metric)
