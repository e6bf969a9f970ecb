"""Checks as JUnit XML, which every continuous integration server reads: one test case a check."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import CheckResult, Estimate, Verdict

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, even escaped."""


def to_junit(evaluation: Evaluation, name: str = "") -> str:
    """Return the checks as a test suite.

    A check that fails is a failure; one that is inconclusive is skipped, with what would settle it as the message.

    Args:
        evaluation: what was judged.
        name: name of the suite.
    """
    checks = evaluation.checks
    failed, unsettled = (sum(c.verdict is v for c in checks) for v in (Verdict.FAIL, Verdict.INCONCLUSIVE))
    counts = {"tests": len(checks), "failures": failed, "errors": 0, "skipped": unsettled}
    told = {key: str(count) for key, count in counts.items()}
    root = Xml.Element("testsuites", told)
    suite = Xml.SubElement(root, "testsuite", {"name": _text(name or "steelyard"), **told})
    if evaluation.created:
        suite.set("timestamp", evaluation.created)
    for check in checks:
        _case(suite, check, _text(f"steelyard.{name or evaluation.subject}"))
    Xml.indent(root)
    return Xml.tostring(root, encoding="unicode", xml_declaration=False).join(
        ('<?xml version="1.0" encoding="UTF-8"?>\n', "\n")
    )


def _case(suite: Xml.Element, check: CheckResult, of: str) -> None:
    case = Xml.SubElement(suite, "testcase", {"classname": of, "name": _text(check.title), "time": "0"})
    properties = Xml.SubElement(case, "properties")
    for name, value in _properties(check).items():
        Xml.SubElement(properties, "property", {"name": name, "value": _text(value)})
    if check.verdict is Verdict.FAIL:
        failure = Xml.SubElement(case, "failure", {"message": _text(check.sentence), "type": "fail"})
        failure.text = _text(" ".join(part for part in (check.sentence, check.next) if part))
    elif check.verdict is Verdict.INCONCLUSIVE:
        Xml.SubElement(case, "skipped", {"message": _text(check.sentence)})


def _properties(check: CheckResult) -> dict[str, object]:
    """The numbers, for servers that draw them over time."""
    found: dict[str, object] = {"verdict": check.verdict.value, "bound": check.bound}
    if isinstance(check.outcome, Estimate):
        at = check.outcome
        found |= {
            "value": at.value,
            "low": at.low,
            "high": at.high,
            "level": at.level,
            "n": at.n,
            "method": at.method,
        }
    optional = {"rows_needed": check.rows_needed, "p": check.p, "p_adjusted": check.p_adjusted}
    return found | {name: value for name, value in optional.items() if value is not None}


def _text(value: object) -> str:
    return _FORBIDDEN.sub("\ufffd", str(value))
