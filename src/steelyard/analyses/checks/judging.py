"""Verdicts on a whole list of checks.

A list passes where every check passes. A bad check passes by chance at most (1 − level)/2 of the time, and so does a
list with a bad check in it, however long it is: an intersection–union test needs no correction (Berger 1982). The
other mistake does grow with the list: that one of many good checks fails by chance. So a check fails only where its
p-value, adjusted over the list, still says so (Holm 1979); what would fail by itself but not so is inconclusive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from steelyard.analyses.checks.check import Check
from steelyard.analyses.checks.held import Held, hold, require_metrics
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.analyses.words import MINUS, is_share, p_text
from steelyard.records import CheckResult, Estimate, Undefined, Verdict
from steelyard.stats import power
from steelyard.stats.critical import quantile
from steelyard.stats.multiplicity import holm

__all__ = ["require_metrics", "run_checks"]

MOST_ROWS = 1e12
NEXT = {
    "slice": "Look at these rows: the report says what sets them apart.",
    "across": "Look at the groups one by one; steelyard improve --fairness says what closing the gap would cost.",
    "reference": "steelyard compare says why it changed, and where.",
    "champion": "Keep the champion, or look where the two disagree.",
    "": "The report says where it fails most: steelyard evaluate -o report.html.",
}
"""What to do about a check that fails, by its kind."""


@dataclass(frozen=True)
class _Doubt:
    """How unlikely an outcome on the bad side is; both 1 where it is on the good one.

    Attributes:
        p: two-sided p-value of the bound.
        adjusted: the same over the list.
        checks: how many checks the list has that have a value.
    """

    p: float
    adjusted: float
    checks: int


def run_checks(checks: Sequence[Check], study: Study) -> list[CheckResult]:
    """Hold metrics against their bounds, in the order of the checks.

    Raises:
        UnknownNameError: a check names a metric or slice that was not read.
        ConfigError: a check is relative to something that was not given.
    """
    held = [hold(check, study) for check in checks]
    found = [_p(h.outcome, h) for h in held if isinstance(h.outcome, Estimate)]
    doubts = iter([_Doubt(p, q, len(found)) for p, q in zip(found, holm(found).tolist(), strict=True)])
    return [
        _judged(h, h.outcome, next(doubts)) if isinstance(h.outcome, Estimate) else _undefined(h, h.outcome)
        for h in held
    ]


def _p(outcome: Estimate, held: Held) -> float:
    if outcome.value < held.low:
        return p_value(outcome, held.low)
    return p_value(outcome, held.high) if outcome.value > held.high else 1.0


def _undefined(held: Held, outcome: Undefined) -> CheckResult:
    said = f"{held.subject} cannot be held against {held.bound}: {outcome.reason}."
    return _result(held, Verdict.INCONCLUSIVE, said)


def _judged(held: Held, outcome: Estimate, doubt: _Doubt) -> CheckResult:
    numbers = f"{_number(outcome.value)} ({_number(outcome.low)} to {_number(outcome.high)})"
    seen = f"{held.subject} is {numbers}"
    if held.low <= outcome.low and outcome.high <= held.high:
        return _result(held, Verdict.PASS, f"{seen}: all of the interval is {held.bound}.", doubt)
    if outcome.high < held.low or outcome.low > held.high:
        if doubt.adjusted <= max(doubt.p, 1 - outcome.level):
            return _result(held, Verdict.FAIL, f"{seen}: none of the interval is {held.bound}.", doubt)
        return _chance(held, outcome, doubt, seen)
    crossed = [bound for bound in (held.low, held.high) if outcome.low <= bound <= outcome.high]
    rows = _rows_needed(outcome, crossed, outcome.level)
    said = f"{seen}: the interval holds values on both sides of {held.bound}. {_more(held, outcome, rows)}"
    return _result(held, Verdict.INCONCLUSIVE, said, doubt, rows)


def _chance(held: Held, outcome: Estimate, doubt: _Doubt, seen: str) -> CheckResult:
    """A check that fails by itself, in a list where one such result may be chance."""
    crossed = held.low if outcome.high < held.low else held.high
    rows = _rows_needed(outcome, [crossed], 1 - (1 - outcome.level) / doubt.checks)
    said = (
        f"{seen}: none of the interval is {held.bound}, but among {doubt.checks:,} checks one may be so by "
        f"chance: {p_text(doubt.p)} becomes {doubt.adjusted:.2g} over the list (Holm). {_more(held, outcome, rows)}"
    )
    return _result(held, Verdict.INCONCLUSIVE, said, doubt, rows)


def _more(held: Held, outcome: Estimate, rows: float) -> str:
    if math.isnan(rows):
        return "How many rows would settle it cannot be told."
    if math.isinf(rows):
        return "More rows would hardly settle it: the value is at the bound."
    both = " of both data sets together" if held.check.relative_to == "reference" else ""
    return f"About {rows:,.0f} rows{both} would settle it, {rows - outcome.n:,.0f} more than now."


def _rows_needed(outcome: Estimate, bounds: Sequence[float], level: float) -> float:
    """Rows in all by which an interval of some level would leave the bounds out; NaN where nothing tells."""
    rows = [_rows(outcome, bound, level) for bound in bounds]
    if any(map(math.isnan, rows)):
        return math.nan
    return float(max(*rows, outcome.n + 1)) if max(rows) < MOST_ROWS else math.inf


def _rows(outcome: Estimate, bound: float, level: float) -> float:
    reach = outcome.value - outcome.low if bound < outcome.value else outcome.high - outcome.value
    if outcome.n < 1 or not math.isfinite(reach):
        return math.nan
    distance = abs(outcome.value - bound)
    if outcome.se == 0 and is_share(outcome) and distance and reach < 1:
        # All rows are alike: Wilson's interval reaches z²/(n + z²), which shrinks faster than a standard error.
        return math.ceil(outcome.n * reach / (1 - reach) * (1 - distance) / distance)
    se = outcome.se or reach / quantile(outcome.level)
    return power.rows_to_settle(outcome.value, se, outcome.n, bound, level)


def _result(
    held: Held, verdict: Verdict, sentence: str, doubt: _Doubt | None = None, rows: float = math.inf
) -> CheckResult:
    check = held.check
    told = doubt if doubt is not None and doubt.p < 1 else None
    return CheckResult(
        check.metric,
        check.bound,
        verdict,
        sentence,
        held.outcome,
        check.slice,
        rows_needed=int(rows) if math.isfinite(rows) else None,
        name=check.text,
        low=held.low if math.isfinite(held.low) else None,
        high=held.high if math.isfinite(held.high) else None,
        relative_to=check.relative_to,
        across=check.across,
        p=told.p if told else None,
        p_adjusted=told.adjusted if told else None,
        next=_next(check) if verdict is Verdict.FAIL else "",
    )


def _next(check: Check) -> str:
    kind = "across" if check.across else check.relative_to or ("slice" if check.slice else "")
    return NEXT[kind]


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", MINUS)
