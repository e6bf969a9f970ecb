"""What a check is held against: the metric itself, its difference to another data set or model, or between groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.analyses.checks.across import widest
from steelyard.analyses.checks.check import Check, said
from steelyard.analyses.study import Study
from steelyard.records import ConfigError, Outcome, Undefined, UnknownNameError, nearest

OF_BASE = {None: "current", "reference": "difference", "champion": "gain"}
"""The readings that each kind of check looks at."""


@dataclass(frozen=True)
class Held:
    """A check with the outcome that must lie from `low` to `high`.

    Attributes:
        check: the check.
        subject: the outcome in words: "recall on sex = F minus that of the reference".
        outcome: the outcome.
        low, high: the bounds, infinite where there is none.
    """

    check: Check
    subject: str
    outcome: Outcome
    low: float
    high: float

    @property
    def bound(self) -> str:
        """The bounds of the outcome itself, in words."""
        return said(self.low, self.high)


def hold(check: Check, study: Study) -> Held:
    """Find what a check is about.

    Raises:
        UnknownNameError: it names a metric or slice that was not read.
        ConfigError: it is relative to data or a model that was not given, or has a margin where no side is better.
    """
    low, high = _limits(check, study)
    where = f" on {check.slice}" if check.slice else ""
    if check.across:
        groups = " × ".join(check.across)
        what = "smallest ratio" if check.ratio else "largest difference"
        outcome, pair = widest(check, study)
        between = f", between {pair[0]} and {pair[1]}," if pair else ""
        return Held(check, f"the {what} of {check.metric} across {groups}{where}{between}", outcome, low, high)
    subject = f"{check.metric}{where}"
    if check.relative_to:
        subject += f" minus that of the {check.relative_to}"
    read = study.outcome(check.metric, check.slice, OF_BASE[check.relative_to])
    return Held(check, subject, _absent(check, study) if read is None else read, low, high)


def require_metrics(checks: Sequence[Check], study: Study) -> None:
    """Refuse, before the data is read, checks that cannot be held against anything.

    Groups may also be compared by measures that are no metrics, so what is across groups is judged after reading.

    Raises:
        UnknownNameError: a check names a metric that is not measured.
        ConfigError: a check is about some rows, and its metric is read on all rows only.
    """
    for check in checks:
        if not check.across:
            require_metric(check, study)
        metric = study.metric(check.metric)
        if check.columns and metric is not None and not metric.sliced:
            raise ConfigError(
                f"A check is on {check.metric} by {', '.join(check.columns)}, but {check.metric} is read on all rows "
                "only: leave the slice out."
            )


def require_metric(check: Check, study: Study) -> None:
    """Refuse a check on a metric that is not measured.

    Raises:
        UnknownNameError: the message names the metrics that come near.
    """
    names = [m.name for m in study.metrics]
    if check.metric not in names:
        raise UnknownNameError(
            f"A check names the metric {check.metric!r}, which is not measured. {nearest(check.metric, names)}"
        )


def _limits(check: Check, study: Study) -> tuple[float, float]:
    if check.margin is None:
        return (
            check.min if check.min is not None else -math.inf,
            check.max if check.max is not None else math.inf,
        )
    require_metric(check, study)
    metric = study.metric(check.metric)
    match metric.direction if metric is not None else "target":
        case "higher":
            return -check.margin, math.inf
        case "lower":
            return -math.inf, check.margin
        case _:
            raise ConfigError(
                f"The check on {check.metric} has a margin, but neither side of {check.metric} is the better one: "
                f"give a min and a max of its difference to the {check.relative_to}."
            )


def _absent(check: Check, study: Study) -> Undefined:
    """Why there is no reading, where that is for the data to know; else the check is at fault."""
    require_metric(check, study)
    if check.relative_to == "reference" and "reference" not in study.profiles:
        raise ConfigError(
            f"The check on the change of {check.metric} needs a reference: give one with --reference FILE."
        )
    if check.relative_to == "champion" and not any(r.data in ("champion", "gain") for r in study.readings):
        raise ConfigError(
            f"The check of {check.metric} against a champion needs one: give its predictions of the same rows with "
            "--champion FILE, or name its columns in champion = {…}."
        )
    having = [r.data for r in study.readings if r.slice == check.slice]
    if not having:
        known = sorted({str(r.slice) for r in study.readings if r.slice})
        raise UnknownNameError(
            f"A check names the slice {check.slice}, which was not read. {nearest(str(check.slice), known)}"
        )
    lacking = next((data for data in ("current", "reference", "champion") if data not in having), None)
    rows = f"no row of the {lacking} data has {check.slice}" if lacking else "it was not read on these rows"
    return Undefined(rows)
