"""What could be done better with the same model: other decisions, other thresholds, other probabilities."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from steelyard.analyses.costs import Costs, parse_costs
from steelyard.analyses.fairness.criteria import TOLERANCES
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.data import Roles, read
from steelyard.evaluation.config import Config
from steelyard.evaluation.measuring import CURRENT, Request, Sources, study_of
from steelyard.evaluation.preparing import (
    guessed,
    level_of,
    merged,
    require_task,
    settings_of,
    sources_of,
    versions,
    warnings_of,
)
from steelyard.evaluation.result import Result
from steelyard.improve import fairness as by_group
from steelyard.improve import recalibration, thresholds
from steelyard.improve.measures import CALIBRATION, CRITERIA
from steelyard.improve.policy import Policy
from steelyard.records import ColumnError, ConfigError, DataError, Proposal, nearest

MEASURED = ("accuracy", "roc_auc", "brier")
"""Metrics of a yes-or-no problem whose cells proposals are made from; each wants the same fact."""
UNASKED = "equalized_odds"
"""The criterion where none is named."""
NOTES = (
    "Proposals are learned on four fifths of the rows and judged on the last, five times; numbers of rows that chose "
    "a proposal are too good, and are not shown. Intervals speak for sampling of the rows judged on, not for what "
    "would have been proposed by other rows.",
    "They cannot know of labels that are wrong, rows that are not representative, or what people do once decisions "
    "change.",
)
Attribute = str | Sequence[str]


@dataclass(frozen=True, repr=False)
class Improvement(Result):
    """Proposals, each proved on rows that did not choose it.

    Attributes:
        subject: the data, in words.
        task: what is predicted.
        rows: rows that were read.
        proposals: what could be done, those with a certain gain first; and what was looked for in vain.
        tolerance: gaps between groups up to here count as none.
        roles: what the columns mean.
        guesses: roles that were not given.
        notes: methods, and what could not be looked for.
        warnings: about the data.
        level: nominal coverage of the intervals.
        seed: of the folds.
        digest: of the data, where it is known.
        created: when, ISO in UTC.
        versions: of what it was made with.
    """

    subject: str
    task: str
    rows: int
    proposals: tuple[Proposal, ...] = ()
    tolerance: float = TOLERANCES["share"]
    roles: Mapping[str, Any] = field(default_factory=dict)
    guesses: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    level: float = 0.95
    seed: int = 0
    digest: str | None = None
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)

    kind = "improvement"

    @property
    def proposed(self) -> tuple[Proposal, ...]:
        """The proposals with a certain gain and a policy that can be applied."""
        return tuple(p for p in self.proposals if p.verified and p.policy)

    def policy(self, proposal: str | None = None) -> Policy:
        """The policy of a proposal, by its id; without one that of the first with a certain gain.

        Raises:
            ConfigError: there is no such proposal, or it has no policy; the message says why.
        """
        known = {p.id: p for p in self.proposals if p.policy}
        if proposal is not None and proposal in known:
            return Policy.from_dict(known[proposal].policy)
        if proposal is not None:
            raise ConfigError(f"No proposal {proposal!r} has a policy. {nearest(proposal, known)}")
        if not self.proposed:
            why = f" {self.proposals[0].sentence}" if self.proposals else ""
            raise ConfigError(f"No proposal has a certain gain, so there is no policy to use.{why}")
        return Policy.from_dict(self.proposed[0].policy)


def propose(
    data: Any,
    roles: Roles | None = None,
    *,
    fairness: str | Sequence[str] | None = None,
    attribute: Attribute | None = None,
    costs: Costs | Mapping[str, Any] | None = None,
    threshold: bool = False,
    recalibrate: bool = False,
    objective: str | None = None,
    tolerance: float = TOLERANCES["share"],
    config: str | os.PathLike[str] | Config | None = None,
    sql: str | None = None,
    level: float | None = None,
    seed: int = 0,
) -> Improvement:
    """Look for what could be done better with the same model, and prove it on rows that did not choose it.

    Where nothing is asked for by `fairness`, `threshold` or `recalibrate`, all that applies is looked for.

    Args:
        data: a path, glob, URL, list of paths, or any data frame with labels, scores and decisions.
        roles: what the columns mean; what is not said is guessed.
        fairness: what equal treatment is to mean: "demographic_parity", "equal_opportunity", "equalized_odds",
            "false_positive_rate", "calibration", or several of them.
        attribute: the column that tells the groups, or several for their intersection ("sex,race"); by default each
            of the sensitive attributes.
        costs: what decisions cost and earn; see `Costs`.
        threshold: look for a threshold that is worth more, and for rows that people had better look at.
        recalibrate: look for better probabilities.
        objective: what decisions by group keep high: "accuracy", "balanced_accuracy" or "value"; by default the
            value where there are costs, else accuracy with misses and false alarms weighed as the threshold in use
            weighs them.
        tolerance: gaps between groups up to here count as none.
        config: a `steelyard.toml` with roles and costs; what is given here comes first.
        sql: the query to read from a database URL.
        level: nominal coverage of the intervals; 0.95 where nothing is said.
        seed: of the folds.

    Returns:
        An `Improvement`.

    Raises:
        SteelyardError: the data cannot be read, is empty, or does not fit its roles, or what is asked for cannot be
            looked for; the message says what to do.
    """
    settings, _ = settings_of(config, ())
    given = merged(roles or Roles(), settings.roles)
    require_task(given)
    wish = by_group.Wish(_criteria(fairness), _tolerance(tolerance), objective)
    asked = fairness is not None or threshold or recalibrate
    sources = sources_of(read(data, query=sql), None, None)
    complete, guesses = guessed(sources, given)
    attributes = _attributes(attribute, complete, sources)
    if fairness is not None and not attributes:
        raise ConfigError(
            "Whose gaps? Name the attribute that tells the groups: --sensitive sex, or Roles(sensitive=…)."
        )
    complete = _sliced(complete, attributes)
    warnings = warnings_of(sources, complete)
    request = Request(
        roles=complete,
        one_against_rest=given.positive is not None,
        only=MEASURED if complete.task == "binary" else None,
        level=level_of(level if level is not None else settings.level),
        seed=seed,
        columns=False,
        costs=parse_costs(costs) or settings.costs,
    )
    study, _, left_out = study_of(sources, request)
    found: list[Proposal] = []
    unsaid: list[str] = []
    if fairness is not None or not asked:
        made, unsaid = _by_group(study, attributes, wish, required=fairness is not None)
        found += made
    if threshold or not asked:
        found += thresholds.propose(study)
    if recalibrate or not asked:
        found += recalibration.propose(study)
    return Improvement(
        subject=sources.tables[CURRENT].description,
        task=study.problem.task,
        rows=study.profiles[CURRENT].rows,
        proposals=tuple(sorted(found, key=lambda p: not p.verified)),
        tolerance=wish.tolerance,
        roles=complete.given(),
        guesses=tuple(str(guess) for guess in guesses),
        notes=(*unsaid, *NOTES),
        warnings=tuple(dict.fromkeys([*warnings, *left_out])),
        level=study.level,
        seed=seed,
        digest=sources.tables[CURRENT].digest,
        created=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        versions=versions(),
    )


def _by_group(
    study: Study, attributes: Sequence[tuple[str, ...]], wish: by_group.Wish, *, required: bool
) -> tuple[list[Proposal], list[str]]:
    """Proposals for every attribute, and why there are none for some; where one was required, there must be one."""
    found: list[Proposal] = []
    errors: list[DataError] = []
    for columns in attributes:
        try:
            found += by_group.propose(study, _by(study, columns), wish)
        except DataError as error:
            errors.append(error)
    if required and not found and errors:
        raise errors[0]
    return found, list(dict.fromkeys(str(error) for error in errors))


def _by(study: Study, columns: tuple[str, ...]) -> SliceBy:
    return next(by for by in study.slices if by.columns == columns)


def _criteria(fairness: str | Sequence[str] | None) -> tuple[str, ...]:
    names = (UNASKED,) if fairness is None else (fairness,) if isinstance(fairness, str) else tuple(fairness)
    known = (*CRITERIA, CALIBRATION)
    for name in names:
        if name not in known:
            raise ConfigError(f"There is no fairness criterion {name!r}. {nearest(name, known)}")
    return tuple(dict.fromkeys(names))


def _tolerance(tolerance: float) -> float:
    if not 0 < tolerance < 1:
        raise ConfigError(
            f"The tolerance of a gap must lie between 0 and 1 (0.05: five in a hundred), not {tolerance!r}."
        )
    return float(tolerance)


def _attributes(attribute: Attribute | None, roles: Roles, sources: Sources) -> list[tuple[str, ...]]:
    """The columns of each attribute, or the chosen intersection."""
    if attribute is None:
        return [(column,) for column in roles.sensitive]
    parts = attribute.split(",") if isinstance(attribute, str) and attribute not in _columns(sources) else attribute
    names = (parts,) if isinstance(parts, str) else tuple(str(part).strip() for part in parts)
    for name in names:
        if name not in _columns(sources):
            table = sources.tables[CURRENT]
            raise ColumnError(f"No column {name!r} in {table.description}. {nearest(name, table.columns)}")
    return [names]


def _columns(sources: Sources) -> tuple[str, ...]:
    return sources.tables[CURRENT].columns


def _sliced(roles: Roles, attributes: Sequence[tuple[str, ...]]) -> Roles:
    """Roles with every attribute among the slices, so that cells are counted by group."""
    return roles.updated(slices=tuple(dict.fromkeys([*roles.slices, *_items(attributes)])))


def _items(attributes: Sequence[tuple[str, ...]]) -> Iterator[str | tuple[str, ...]]:
    for columns in attributes:
        yield columns[0] if len(columns) == 1 else columns
