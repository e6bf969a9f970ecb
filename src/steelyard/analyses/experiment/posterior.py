"""What one would bet: the chance that an arm is the best, and what is lost on average by choosing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from steelyard.analyses.experiment.contrast import Side, sides_of
from steelyard.analyses.experiment.effects import by_arm
from steelyard.analyses.experiment.setup import Setup
from steelyard.records.experiment import Posterior
from steelyard.stats import posteriors
from steelyard.stats.posteriors import Belief


def posterior(setup: Setup, told: Sequence[str], control: str) -> tuple[Posterior, ...]:
    """The primary metrics of some arms, and of the control, from flat priors."""
    return tuple(
        one
        for metric in setup.primary
        if metric.kind != "quantile"
        for one in _of(
            sides_of(setup, metric, by_arm(setup, metric)).sides,
            metric.name,
            metric.better == "higher",
            told,
            control,
            setup.level,
        )
    )


def _of(
    sides: Mapping[str, Side], metric: str, higher: bool, told: Sequence[str], control: str, level: float
) -> Iterator[Posterior]:
    names = [
        name for name in (control, *told) if name in sides and (sides[name].counts or sides[name].used.variance > 0)
    ]
    if control not in names or len(names) < 2:
        return
    beliefs = {name: _belief(sides[name]) for name in names}
    stand = posteriors.standing(list(beliefs.values()), higher)
    for name, best, loss in zip(names, stand.best.tolist(), stand.loss.tolist(), strict=True):
        above = None
        if name != control:
            above = posteriors.difference(beliefs[name], beliefs[control], level).above
        better = above if above is None or higher else 1.0 - above
        yield Posterior(metric, name, best, better, loss)


def _belief(side: Side) -> Belief:
    if side.counts:
        return posteriors.proportion(side.plain.mean * side.plain.n, side.plain.n)
    return posteriors.mean(side.used)
