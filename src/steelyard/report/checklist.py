"""The checks of an evaluation alone: one sentence, a table, and what to know of those that do not pass."""

from __future__ import annotations

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import CheckResult, Verdict
from steelyard.report.performance import cell
from steelyard.report.section import Column, Grid, grid
from steelyard.report.text import sentence, visible

ORDER = (Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS)


def ordered(evaluation: Evaluation) -> list[CheckResult]:
    """The checks, the failing ones first."""
    return sorted(evaluation.checks, key=lambda check: ORDER.index(check.verdict))


def outcome(evaluation: Evaluation) -> str:
    """What came out, in a sentence: "1 of 5 checks fails, 2 cannot be settled yet."."""
    total = len(evaluation.checks)
    failed, unsettled, _ = (sum(c.verdict is v for c in evaluation.checks) for v in ORDER)
    if total == 1:
        return f"The check {'fails' if failed else 'cannot be settled yet' if unsettled else 'passes'}."
    if not failed and not unsettled:
        return f"All {total:,} checks pass."
    of = f" of {total:,} checks"
    said = [f"{failed:,}{of} {'fails' if failed == 1 else 'fail'}"] if failed else []
    said += [f"{unsettled:,}{'' if failed else of} cannot be settled yet"] if unsettled else []
    return f"{', '.join(said)}."


def about(check: CheckResult) -> str:
    """What a check is about, without its bound."""
    return visible(f"{check.metric} [{check.slice}]" if check.slice else check.metric)


def checks_grid(evaluation: Evaluation, most: int | None = None) -> Grid:
    """The table of the checks, `most` rows of it."""
    shown = ordered(evaluation)[:most]
    columns = (
        Column("verdict", "verdict"),
        Column("check", "label"),
        Column(f"value ({100 * evaluation.level:g} % interval)", "estimate"),
        Column("bound"),
    )
    rows = [(c.verdict, about(c), cell(c.outcome, sign=c.relative_to is not None), visible(c.bound)) for c in shown]
    total = len(evaluation.checks)
    return grid("Checks", columns, rows, total=total, brief=len(rows))


def explained(check: CheckResult) -> str:
    """Why a check did not pass, or what else to know of it; "" where there is nothing."""
    if check.verdict is Verdict.PASS:
        return sentence(" ".join(check.notes))
    return sentence(" ".join(part for part in (check.sentence, check.next) if part))
