"""An evaluation with what the registry says of its bounds."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from dataclasses import replace

from steelyard.analyses.checks import Check
from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.registry import Registry, Standing, moment, named
from steelyard.evaluation.registry_file import record
from steelyard.records import CheckResult


def registered(
    evaluation: Evaluation, checks: Sequence[Check], lock: str | os.PathLike[str], now: dt.datetime
) -> Evaluation:
    """Register bounds and data in the lock file; tell of the bounds that were moved after data had been seen.

    Args:
        evaluation: what was judged; its results begin with those of the checks, in their order.
        checks: the checks.
        lock: the lock file.
        now: the time to register them with.

    Raises:
        ConfigError: the file is not what was written.
        OutputError: it cannot be written.
    """
    data = data_name(evaluation)
    registry = record(lock, checks, evaluation.level, data, now)
    standings = registry.standings(data)
    names = [name for name, _ in named(checks)]
    results = evaluation.checks[: len(names)]
    noted = [_noted(result, standings[name]) for result, name in zip(results, names, strict=True)]
    dropped = [s for s in standings.values() if s.kind == "removed" and s.seen and (s.again or s.at == moment(now))]
    said = [f"The check {s.check} was {s.sentence}." for s in dropped]
    return replace(
        evaluation,
        checks=(*noted, *evaluation.checks[len(names) :]),
        settings={**evaluation.settings, "registry": (*said, summary(registry, [standings[name] for name in names]))},
    )


def history(evaluation: Evaluation) -> tuple[str, ...]:
    """What the registry says of the gate as a whole: checks that were dropped, how many bounds stood before."""
    return tuple(evaluation.settings.get("registry", ()))


def data_name(evaluation: Evaluation) -> str:
    """What a data set is called in the registry: its digest, or its description where there is none."""
    return evaluation.digest or f"{evaluation.subject} ({evaluation.rows['current']:,} rows, without a digest)"


def summary(registry: Registry, standings: Sequence[Standing]) -> str:
    """How many bounds stood before they met data."""
    late = [s for s in standings if s.seen]
    sets = len(registry.data)
    moved = f"{len(late):,} of them {'was' if len(late) == 1 else 'were'} set or moved after data had been judged"
    return (
        f"{len(standings):,} {'bound is' if len(standings) == 1 else 'bounds are'} registered, with {sets:,} data "
        f"{'set' if sets == 1 else 'sets'} judged; {moved if late else 'all stood before'}. The history ends in "
        f"{registry.head[:12]}."
    )


def _noted(result: CheckResult, standing: Standing) -> CheckResult:
    """A result with the history of its bound, where data had been seen."""
    if not standing.seen:
        return result
    note = f"The bound was {standing.sentence}."
    return replace(result, sentence=f"{result.sentence} {note}", notes=(*result.notes, note))
