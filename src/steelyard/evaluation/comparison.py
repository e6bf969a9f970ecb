"""Models against models on the same rows: which is better, by how much, where, and what they give together."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.analyses.costs import Costs, parse_costs
from steelyard.analyses.paired import Contest, Match, answers, challenge, read
from steelyard.analyses.paired.contest import MOST_PAIRED
from steelyard.analyses.paired.disagreement import facts as disagreement_facts
from steelyard.analyses.paired.folds import facts as fold_facts
from steelyard.analyses.paired.notes import notes
from steelyard.analyses.paired.telling import Telling
from steelyard.data import Roles, check_roles
from steelyard.evaluation.config import Config, read_config
from steelyard.evaluation.contests import Field, field_of, measured
from steelyard.evaluation.entries import entered
from steelyard.evaluation.matching import Matched
from steelyard.evaluation.pose import bucket_by, slices_by
from steelyard.evaluation.preparing import level_of, merged, versions
from steelyard.evaluation.result import Result
from steelyard.evaluation.yardsticks import challenger_of, decisive_of, headline_of, metrics_of
from steelyard.metrics import Metric
from steelyard.records import (
    Answer,
    CheckResult,
    ColumnError,
    Disagreement,
    Ensemble,
    FoldGain,
    Gain,
    Reading,
    Standing,
    UnknownNameError,
    Verdict,
    nearest,
)

LEVEL = 0.95


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """Two models or more, on the rows that all of them have an answer for.

    Attributes:
        subject: the models, for people ("new against old").
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "ranking".
        models: their names; the first is the one that stands.
        rows: rows that were compared.
        metric: the metric that decides; models are ranked by it first.
        titles: of all metrics, for people.
        directions: which side of each is better: "higher", "lower" or "target".
        answers: which is better, by how much, where, what they would give together, what next.
        readings: every metric of every model; `data` is the model's name.
        gains: differences on all rows, a later model minus an earlier one.
        slices: the same on slices.
        standings: the order of the models on each metric that ranks, with simultaneous intervals.
        best: the models that may be the best, by metric.
        disagreements: where two decide differently, and who is right then.
        ensembles: what the models would reach together.
        folds: differences over the folds of a cross-validation.
        checks: the challenger against each other model; where there is a challenger.
        challenger: the model that is to take the place of the others, None where none is named.
        margin: how much worse it may be, and up to which difference models count as alike.
        roles: what the columns that all share mean.
        guesses: roles that were guessed, each a sentence.
        warnings: rows that were left out, and what the reader of the data noticed.
        notes: methods and limits, each a sentence.
        level: nominal coverage of the intervals.
        seed: of the draws behind simultaneous intervals.
        created: ISO time in UTC.
        versions: steelyard, python, polars, numpy …
        settings: the constants used.
    """

    kind = "comparison"

    subject: str
    task: str
    models: tuple[str, ...]
    rows: int
    metric: str
    titles: Mapping[str, str]
    directions: Mapping[str, str]
    answers: tuple[Answer, ...]
    readings: tuple[Reading, ...]
    gains: tuple[Gain, ...]
    slices: tuple[Gain, ...] = ()
    standings: tuple[Standing, ...] = ()
    best: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    disagreements: tuple[Disagreement, ...] = ()
    ensembles: tuple[Ensemble, ...] = ()
    folds: tuple[FoldGain, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    challenger: str | None = None
    margin: float | None = None
    roles: Mapping[str, Any] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    level: float = LEVEL
    seed: int = 0
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of the challenger's checks; None where no challenger is named."""
        return Verdict.worst(check.verdict for check in self.checks)

    def gain(self, metric: str, model: str, against: str) -> Gain:
        """The difference of two models on a metric, on all rows.

        Raises:
            UnknownNameError: these two were not compared on it.
        """
        for found in self.gains:
            if (found.metric, found.model, found.against) == (metric, model, against):
                return found
        known = dict.fromkeys(g.metric for g in self.gains)
        if metric not in known:
            raise UnknownNameError(f"Models were not compared on {metric!r}. {nearest(metric, known)}")
        pairs = dict.fromkeys(f"{g.model} against {g.against}" for g in self.gains)
        raise UnknownNameError(
            f"{model!r} was not held against {against!r}. {nearest(f'{model} against {against}', pairs)}"
        )

    def __repr__(self) -> str:
        return f"<Comparison of {', '.join(self.models[:4])}: {self.task}, {self.rows:,} rows>"


def compare_models(
    models: Mapping[str, Any] | Sequence[Any],
    roles: Roles | None = None,
    *,
    data: Any = None,
    labels: Any = None,
    on: str | Sequence[str] | None = None,
    aligned: bool = False,
    metrics: Sequence[str | Metric] | None = None,
    rank_by: str | None = None,
    costs: Costs | Mapping[str, Any] | None = None,
    challenger: str | None = None,
    margin: float | None = None,
    fold: str | None = None,
    test_share: float | None = None,
    together: bool = True,
    config: str | os.PathLike[str] | Config | None = None,
    level: float | None = None,
    seed: int = 0,
) -> Comparison:
    """Compare two models or more on the same rows.

    Args:
        models: a source of predictions for each, by name or as a list, joined by id; or, with `data`, the columns of
            each: {"old": {"prediction": "p_old", "score": "s_old"}, "new": {…}}. The first is the one that stands.
        roles: what the columns mean; what is not said is guessed. Label, slices, weights and clusters are taken from
            the first source that has the label.
        data: one table with the answers of all models.
        labels: labels from a source of their own, joined by id.
        on: what labels are joined by; the id by default.
        aligned: that all sources list the same rows in the same order, where there is no id.
        metrics: names of the metrics to compare by, or metrics of your own; None takes all of the task.
        rank_by: the metric that decides; by default the value of decisions where there are costs, else the task's
            first metric.
        costs: what decisions cost and earn; models are then compared by what their decisions are worth, too.
        challenger: the model that is to take the place of the others: gives a verdict.
        margin: how much worse than the others it may be; without it, it must be better. Of two models the second is
            the challenger where only a margin is given.
        fold: a column with the fold that a row was tested in, for models that were trained fold by fold.
        test_share: share of all rows that a fold tests on; by default one round of folds of equal size.
        together: whether an ensemble of the models is measured.
        config: a `steelyard.toml` with roles, own metrics, costs and level.
        level: nominal coverage of the intervals; 0.95 where nothing is said.
        seed: of the draws behind simultaneous intervals.

    Returns:
        A `Comparison`.

    Raises:
        SteelyardError: the models cannot be read or matched; the message says what to do.
    """
    settings = config if isinstance(config, Config) else Config() if config is None else read_config(config)
    given = merged(roles or Roles(), settings.roles)
    matched, guesses = entered(models, given, data, labels, on, aligned)
    _require_columns(matched, fold)
    names = tuple(matched.roles)
    shared = next(iter(matched.roles.values()))
    posed = field_of(matched, together=together and len(names) <= MOST_PAIRED)
    chosen = metrics_of(posed, metrics, settings, parse_costs(costs) or settings.costs)
    decisive = decisive_of(rank_by, chosen, shared.task)
    challenger = challenger_of(challenger, margin, names)
    contest = Contest(
        posed.entrants,
        chosen,
        posed.guests,
        slices=slices_by(shared, posed.look),
        clusters=bucket_by(shared),
        units=matched.units,
        level=level_of(level if level is not None else settings.level),
        sliced=headline_of(chosen, decisive, shared.task),
    )
    further = [*disagreement_facts(contest), *(fold_facts(contest, fold) if fold else ())]
    contest = measured(contest, posed, further)
    match = read(contest, seed, margin, fold, test_share)
    return _comparison(contest, match, matched, posed, decisive, challenger, margin, seed, fold, guesses, settings)


def _comparison(
    contest: Contest,
    match: Match,
    matched: Matched,
    posed: Field,
    decisive: Metric,
    challenger: str | None,
    margin: float | None,
    seed: int,
    fold: str | None,
    guesses: Iterable[Any],
    settings: Config,
) -> Comparison:
    names = tuple(matched.roles)
    shared = next(iter(matched.roles.values()))
    titles = {metric.name: metric.title for metric in contest.metrics}
    directions = {metric.name: str(metric.direction) for metric in contest.metrics}
    told = Telling(match, names, decisive.name, titles, directions, contest.level)
    checks = () if challenger is None else challenge(match.gains, decisive, challenger, margin, contest.level)
    shown = " against ".join(reversed(names)) if len(names) == 2 else f"{len(names)} models"
    own = ("prediction", "score", "threshold", "quantiles")
    return Comparison(
        subject=shown if "," in matched.table.description else f"{shown} on {matched.table.description}",
        task=str(shared.task),
        models=names,
        rows=contest.joint.rows,
        metric=decisive.name,
        titles=titles,
        directions=directions,
        answers=answers(told),
        readings=match.readings,
        gains=match.gains,
        slices=match.sliced,
        standings=match.standings,
        best={
            metric.name: tuple(s.model for s in match.standings if s.metric == metric.name and s.may_be_best)
            for metric in contest.ranked
        },
        disagreements=match.disagreements,
        ensembles=match.ensembles,
        folds=match.folds,
        checks=checks,
        challenger=challenger,
        margin=margin,
        roles={role: value for role, value in shared.given().items() if role not in own},
        guesses=tuple(str(guess) for guess in guesses),
        warnings=tuple(dict.fromkeys([*matched.table.warnings, *matched.warnings, *_odd(matched, posed)])),
        notes=tuple(notes(contest, posed.without, fold, margin)),
        level=contest.level,
        seed=seed,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        versions=versions(),
        settings={**_constants(contest), **({"config": settings.path} if settings.path else {})},
    )


def _require_columns(matched: Matched, fold: str | None) -> None:
    table = matched.table
    if fold is not None and fold not in table.kinds:
        raise ColumnError(
            f"{table.description} has no column {fold!r} with the folds. {nearest(fold, table.columns)}"
        )


def _odd(matched: Matched, posed: Field) -> Iterable[str]:
    """What the check of each model's roles noticed."""
    for name, roles in matched.roles.items():
        for said in check_roles(matched.table, posed.look, roles):
            yield f"{name}: {said}"


def _constants(contest: Contest) -> dict[str, Any]:
    found: dict[str, Any] = {"level": contest.level}
    for entrant in contest.entrants:
        if entrant.problem.threshold is not None:
            found[f"threshold of {entrant.name}"] = entrant.problem.threshold
    return found
