"""A gate: checks on one model and one data set, judged with no more work than they need."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from steelyard.analyses.checks import Check
from steelyard.data import Roles
from steelyard.evaluation.config import Config, read_config
from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.inputs import Inputs
from steelyard.evaluation.preparing import LEVEL
from steelyard.evaluation.registered import registered
from steelyard.evaluation.registry import Registry
from steelyard.evaluation.registry_file import read_registry, record
from steelyard.evaluation.run import evaluate
from steelyard.metrics import get
from steelyard.records import ConfigError, UnknownNameError

Given = str | Mapping[str, object] | Check


def gate(
    data: Any = None,
    roles: Roles | None = None,
    *,
    checks: Sequence[Given] = (),
    config: str | os.PathLike[str] | Config | None = None,
    lock: str | os.PathLike[str] | None = None,
    now: dt.datetime | None = None,
    **settings: Any,
) -> Evaluation:
    """Hold metrics against their bounds, and look at nothing else.

    Args:
        data: the data to judge; None takes that of the `[data]` section of the config.
        roles: what the columns mean; those of the config, and guesses, where nothing is said.
        checks: checks beside those of the config.
        config: a `steelyard.toml`.
        lock: a lock file that bounds and data sets are registered in; bounds that were moved after data had been seen
            are told as such.
        now: the time to register them with; that of the clock where none is given.
        settings: those of `evaluate`; what is not said of reference, champion, labels and queries is taken from the
            `[data]` section.

    Returns:
        An `Evaluation` of the metrics that the checks name.

    Raises:
        ConfigError: there is no check, or no data.
        SteelyardError: the data cannot be read, is empty, or does not fit its roles or checks.
    """
    known = told(checks, config)
    if lock is not None:
        read_registry(lock)  # a broken file is told of before any work is done
    said = {name: value for name, value in settings.items() if value is not None}
    if data is not None:
        said["data"] = data
    given = {"metrics": needed(known), "columns": bool(known.expectations), **_inputs(known.data, said), **said}
    if given["data"] is None:
        raise ConfigError(
            "There is no data to judge: name a file, or say current = … in the [data] section of a steelyard.toml."
        )
    judged = evaluate(given.pop("data"), roles, config=known, **given)
    return judged if lock is None else registered(judged, known.checks, lock, now or dt.datetime.now(dt.UTC))


def register(
    lock: str | os.PathLike[str],
    checks: Sequence[Given] = (),
    config: str | os.PathLike[str] | Config | None = None,
    level: float | None = None,
    now: dt.datetime | None = None,
) -> Registry:
    """Write the bounds into a lock file before any data is judged.

    Args:
        lock: the lock file.
        checks: checks beside those of the config.
        config: a `steelyard.toml`.
        level: nominal coverage of the intervals they will be judged by, where the config does not say.
        now: the time to register them with; that of the clock where none is given.

    Returns:
        The history that the file now holds.

    Raises:
        ConfigError: there is no check, or the file is not what was written.
        OutputError: it cannot be written.
    """
    known = told(checks, config)
    wanted = level or known.level or LEVEL
    return record(lock, known.checks, wanted, None, now or dt.datetime.now(dt.UTC))


def told(checks: Sequence[Given], config: str | os.PathLike[str] | Config | None) -> Config:
    """The config with all checks.

    Raises:
        ConfigError: there is neither a check nor an expectation, so nothing could fail.
    """
    known = config if isinstance(config, Config) else Config() if config is None else read_config(config)
    bounds = (*known.checks, *(Check.parse(check) for check in checks))
    if not bounds and not known.expectations:
        raise ConfigError(
            f"There is nothing to check{f' in {known.path}' if known.path else ''}: write [[checks]] into a "
            'steelyard.toml, or give one: --check "roc_auc >= 0.8".'
        )
    return replace(known, checks=bounds)


def needed(config: Config) -> list[str]:
    """Names of the metrics that the checks are about; a user's own are measured anyhow.

    What is compared across groups may be a measure that is no metric: the fairness audit has it.
    """
    names = dict.fromkeys(check.metric for check in config.checks if check.metric not in config.metrics)
    audited = {check.metric for check in config.checks if check.across}
    return [name for name in names if name not in audited or _is_metric(name)]


def _is_metric(name: str) -> bool:
    with suppress(UnknownNameError):
        return get(name) is not None
    return False


def _inputs(told: Inputs, said: Mapping[str, Any]) -> dict[str, Any]:
    """The data sets of the config; a query belongs to the data it was written for."""
    return {
        "data": told.current,
        "sql": None if "data" in said else told.sql,
        "reference": told.reference,
        "reference_sql": None if "reference" in said else told.reference_sql,
        "champion": told.champion,
        "labels": told.labels,
        "on": told.on,
    }
