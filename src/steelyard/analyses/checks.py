"""Is a metric on the good side of its bound?"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steelyard.analyses.study import Study
from steelyard.records import (
    EVERYTHING,
    CheckResult,
    ConfigError,
    Estimate,
    Slice,
    Undefined,
    UnknownNameError,
    Verdict,
    nearest,
)
from steelyard.stats import power

_COMPACT = re.compile(r"^\s*([\w@.\-]+)\s*(>=|<=|>|<)\s*([-+0-9.eE]+)\s*(?:\[(.*)\])?\s*$")


@dataclass(frozen=True)
class Check:
    """A metric that must be at least `min` and at most `max`, on a slice of the current data.

    With `change=True` the bounds hold for current minus reference.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    slice: Slice = field(default=EVERYTHING)
    change: bool = False

    @classmethod
    def parse(cls, given: str | Mapping[str, object] | Check) -> Check:
        """Read `"roc_auc >= 0.8"`, `"recall >= 0.7 [sex = F]"` or a table of `steelyard.toml`.

        Raises:
            ConfigError: it cannot be read as a check.
        """
        if isinstance(given, Check):
            return given
        if isinstance(given, str):
            return _parse_text(given)
        unknown = set(given) - {"metric", "min", "max", "slice", "change"}
        if unknown or "metric" not in given:
            raise ConfigError(
                f"A check has metric, min, max, slice, change; this one has {', '.join(sorted(map(str, given)))}."
            )
        bounds: dict[str, float] = {}
        for side in ("min", "max"):
            value = given.get(side)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
                raise ConfigError(f"The {side} of the check on {given['metric']} must be a number, not {value!r}.")
            bounds[side] = float(value)
        if not bounds:
            raise ConfigError(f"The check on {given['metric']} needs a min or a max.")
        if bounds.get("min", -math.inf) > bounds.get("max", math.inf):
            raise ConfigError(
                f"The check on {given['metric']} can never pass: its min {bounds['min']:g} is above its max "
                f"{bounds['max']:g}."
            )
        where = given.get("slice", {})
        if not isinstance(where, Mapping):
            raise ConfigError(f'The slice of the check on {given["metric"]} must be a table, e.g. {{ sex = "F" }}.')
        return cls(
            str(given["metric"]),
            bounds.get("min"),
            bounds.get("max"),
            Slice.of(where),
            bool(given.get("change", False)),
        )

    @property
    def bound(self) -> str:
        """The bound in words: "≥ 0.8"."""
        parts = [f"≥ {self.min:g}"] if self.min is not None else []
        parts += [f"≤ {self.max:g}"] if self.max is not None else []
        return ("change " if self.change else "") + " and ".join(parts)


def run_checks(checks: Sequence[Check], study: Study) -> list[CheckResult]:
    """Hold metrics against their bounds.

    Raises:
        UnknownNameError: a check names a metric or slice that was not read.
    """
    return [_run(check, study) for check in checks]


def require_metrics(checks: Sequence[Check], study: Study) -> None:
    """Refuse, before the data is read, checks that cannot be held against anything.

    Raises:
        UnknownNameError: a check names a metric that is not measured.
    """
    names = [m.name for m in study.metrics]
    for check in checks:
        if check.metric not in names:
            raise UnknownNameError(
                f"A check names the metric {check.metric!r}, which is not measured. {nearest(check.metric, names)}"
            )


def _run(check: Check, study: Study) -> CheckResult:
    outcome = study.outcome(check.metric, check.slice, "difference" if check.change else "current")
    if outcome is None:
        _complain(check, study)
        outcome = Undefined("it was not read on these rows")
    where = f" on {check.slice}" if check.slice else ""
    if isinstance(outcome, Undefined):
        sentence = f"{check.metric}{where} cannot be held against {check.bound}: {outcome.reason}."
        return CheckResult(check.metric, check.bound, Verdict.INCONCLUSIVE, sentence, outcome, check.slice)
    low, high = (
        check.min if check.min is not None else -math.inf,
        check.max if check.max is not None else math.inf,
    )
    seen = f"{check.metric}{where} is {outcome.value:.4g} ({outcome.low:.4g} to {outcome.high:.4g})"
    if low <= outcome.low and outcome.high <= high:
        sentence = f"{seen}: all of the interval is {check.bound}."
        return CheckResult(check.metric, check.bound, Verdict.PASS, sentence, outcome, check.slice)
    if outcome.high < low or outcome.low > high:
        sentence = f"{seen}: none of the interval is {check.bound}."
        return CheckResult(check.metric, check.bound, Verdict.FAIL, sentence, outcome, check.slice)
    needed = _rows_needed(outcome, low, high)
    more = (
        f" About {needed:,} rows would settle it, {needed - outcome.n:,} more than now."
        if needed
        else (" More rows would hardly settle it: the value is at the bound.")
    )
    sentence = f"{seen}: the interval holds values on both sides of {check.bound}.{more}"
    return CheckResult(check.metric, check.bound, Verdict.INCONCLUSIVE, sentence, outcome, check.slice, needed)


def _rows_needed(outcome: Estimate, low: float, high: float) -> int | None:
    if not outcome.se or outcome.n < 1:
        return None
    crossed = [b for b in (low, high) if math.isfinite(b) and outcome.low <= b <= outcome.high]
    rows = max(
        (power.rows_to_settle(outcome.value, outcome.se, outcome.n, b, outcome.level) for b in crossed),
        default=math.inf,
    )
    return math.ceil(max(rows, outcome.n + 1)) if rows < 1e12 else None


def _complain(check: Check, study: Study) -> None:
    require_metrics([check], study)
    if check.change and "reference" not in study.profiles:
        raise ConfigError(
            f"The check on the change of {check.metric} needs a reference: give one with --reference FILE."
        )
    known = sorted({str(r.slice) for r in study.readings if r.slice})
    raise UnknownNameError(
        f"A check names the slice {check.slice}, which was not read. {nearest(str(check.slice), known)}"
    )


def _parse_text(given: str) -> Check:
    match = _COMPACT.match(given)
    if match is None:
        raise ConfigError(f'{given!r} is not a check. Write one as "roc_auc >= 0.8" or "recall >= 0.7 [sex = F]".')
    metric, sign, number, where = match.groups()
    try:
        bound = float(number)
    except ValueError:
        raise ConfigError(f"The bound {number!r} of the check {given!r} is not a number.") from None
    items = {}
    for part in (where or "").split("&"):
        if part.strip():
            column, equals, value = part.partition("=")
            if not equals:
                raise ConfigError(f"The slice [{where}] of the check {given!r} must be [column = value & …].")
            items[column.strip()] = value.strip()
    low, high = (bound, None) if sign in (">=", ">") else (None, bound)
    return Check(metric, low, high, Slice.of(items))
