"""Checks as one comment on a pull request, with intervals, and whether a change is noise or a regression."""

from __future__ import annotations

import re
from collections.abc import Iterator

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.registered import history
from steelyard.records import CheckResult, Estimate
from steelyard.report.checklist import about, explained, ordered, outcome
from steelyard.report.first_screen import badge
from steelyard.report.markdown import escape
from steelyard.report.performance import cell
from steelyard.report.text import sentence, visible

MOST_ROWS = 60
MOST_EXPLAINED = 20
MOST_CHARACTERS = 60_000
"""GitHub takes 65,536."""
AGAINST = {"difference": "reference", "gain": "champion"}
"""Readings that tell noise from regression, and what they are differences to."""
_NAME = re.compile(r"[^\w .,/()+-]")


def marker(name: str = "") -> str:
    """The first line of a comment: hidden, and the same for the same gate."""
    return f"<!-- steelyard-check: {_NAME.sub('', name) or 'steelyard'} -->"


def to_comment(evaluation: Evaluation, name: str = "") -> str:
    """Return the checks as Markdown: the outcome, a table with intervals, and why what does not pass does not.

    Args:
        evaluation: what was judged.
        name: name of the gate, where a pull request has several.
    """
    sign = badge(evaluation.verdict).sign
    title = f"{visible(name)}: " if name else ""
    blocks = [marker(name), f"### {sign} {escape(title + outcome(evaluation))}", _table(evaluation)]
    reasons = [
        f"- **{escape(visible(c.title))}**: {escape(said)}" for c in ordered(evaluation) if (said := explained(c))
    ]
    left = len(reasons) - MOST_EXPLAINED
    if reasons:
        blocks.append("\n".join([*reasons[:MOST_EXPLAINED], *([f"- … and {left:,} more"] if left > 0 else [])]))
    blocks.append(_about(evaluation))
    text = "\n\n".join(blocks) + "\n"
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS].rpartition(chr(10))[0]}\n\n…\n"


def refused(message: str, name: str = "") -> str:
    """Return a comment that says why nothing could be checked."""
    title = f"{visible(name)}: nothing" if name else "Nothing"
    lines = "\n".join(f"> {escape(sentence(line))}" for line in message.strip().splitlines()[-20:])
    return f"{marker(name)}\n\n### ✕ {escape(title)} could be checked\n\n{lines}\n"


def against(check: CheckResult, evaluation: Evaluation) -> Iterator[tuple[str, Estimate, str]]:
    """Differences of the metric of a check to the reference and the champion, and what each is: noise, or more."""
    if check.across:
        return
    for reading in evaluation.readings:
        same = reading.metric == check.metric and reading.slice == check.slice
        if same and reading.data in AGAINST and isinstance(reading.outcome, Estimate):
            yield AGAINST[reading.data], reading.outcome, _meaning(reading.outcome, check)


def _meaning(difference: Estimate, check: CheckResult) -> str:
    """A change towards the side that the check forbids is a regression, if it is more than noise."""
    if difference.low <= 0 <= difference.high:
        return "within noise"
    if (check.low is None) == (check.high is None):
        return "changed"
    return "improvement" if (difference.value > 0) == (check.high is None) else "regression"


def _table(evaluation: Evaluation) -> str:
    shown = ordered(evaluation)[:MOST_ROWS]
    bases = [base for base in AGAINST.values() if any(b == base for c in shown for b, *_ in against(c, evaluation))]
    heads = ["", "Check", "Value", f"{100 * evaluation.level:g} % interval", "Bound"]
    lines = [[*heads, *(f"Against the {base}" for base in bases)]]
    lines.append(["---"] * len(lines[0]))
    for check in shown:
        told = {base: _change(difference, what) for base, difference, what in against(check, evaluation)}
        lines.append([*_cells(check), *(told.get(base, "") for base in bases)])
    rows = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    left = len(evaluation.checks) - len(shown)
    return f"{rows}\n\n… and {left:,} more checks, which pass or come last." if left else rows


def _cells(check: CheckResult) -> list[str]:
    sign, told = badge(check.verdict), cell(check.outcome, sign=check.relative_to is not None)
    return [
        f"{sign.sign} {escape(sign.word)}",
        escape(about(check)),
        escape(told.value),
        escape(told.interval or told.reason),
        escape(visible(check.bound)),
    ]


def _change(difference: Estimate, what: str) -> str:
    told = cell(difference, sign=True)
    said = f"{escape(told.value)} ({escape(told.interval)}): "
    return said + (f"**{what}**" if what == "regression" else what)


def _about(evaluation: Evaluation) -> str:
    rows = ", ".join(f"{count:,} rows of the {data} data" for data, count in evaluation.rows.items())
    version = evaluation.versions.get("steelyard", "")
    parts = [
        f"{visible(evaluation.subject)}: {rows}; seed {evaluation.seed}, Steelyard {version}.",
        *map(sentence, history(evaluation)),
        "A check passes where all of its interval is on the good side of the bound, and fails where all of it is on "
        "the bad side and the length of the list does not explain it (Holm). A difference whose interval holds 0 is "
        "within noise.",
    ]
    return f"<sub>{escape(' '.join(parts))}</sub>"
