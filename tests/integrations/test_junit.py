"""JUnit XML: one test case a check, whatever the characters."""

import math
from dataclasses import replace
from xml.etree import ElementTree as Xml

import pytest

from steelyard.evaluation import Evaluation
from steelyard.integrations.junit import to_junit
from steelyard.records import CheckResult, Estimate, Undefined, Verdict

AT = Estimate(0.8, 0.75, 0.85, 0.95, 300, "wilson")


def evaluation(*checks):
    return Evaluation(
        "rows.csv", "binary", {}, {"current": 300}, (), checks=checks, created="2026-11-22T10:00:00+00:00"
    )


def check(verdict, outcome=AT, **more):
    return CheckResult("recall", "≥ 0.7", verdict, f"it is {verdict}", outcome, name=f"recall {verdict}", **more)


def properties(case):
    return {p.get("name"): p.get("value") for p in case.iter("property")}


def test_a_case_for_each_check():
    fail = check(Verdict.FAIL, p=0.01, p_adjusted=0.02, next="Look.")
    made = evaluation(check(Verdict.PASS), fail, check(Verdict.INCONCLUSIVE, rows_needed=5000))
    root = Xml.fromstring(to_junit(made, "Churn"))
    (suite,) = root
    for counted in (root, suite):
        assert [counted.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "0", "1"]
    assert (suite.get("name"), suite.get("timestamp")) == ("Churn", "2026-11-22T10:00:00+00:00")
    passed, failed, open_ = suite
    assert [c.get("name") for c in suite] == ["recall pass", "recall fail", "recall inconclusive"]
    assert {c.get("classname") for c in suite} == {"steelyard.Churn"}
    assert passed.find("failure") is passed.find("skipped") is None
    assert failed.find("failure").get("message") == "it is fail"
    assert failed.find("failure").text == "it is fail Look."
    assert open_.find("skipped").get("message") == "it is inconclusive"
    assert properties(passed) == {
        "verdict": "pass", "bound": "≥ 0.7", "value": "0.8", "low": "0.75", "high": "0.85", "level": "0.95",
        "n": "300", "method": "wilson",
    }  # fmt: skip
    assert (properties(failed)["p"], properties(failed)["p_adjusted"]) == ("0.01", "0.02")
    assert properties(open_)["rows_needed"] == "5000"


@pytest.mark.parametrize("text", ["🦊 <&>\"'", "\x00\x1b[31m\x7f", "\ud800", "a\nb\tc", "]]>", "\ufffe"])
def test_any_character(text):
    odd = replace(check(Verdict.FAIL), name=text, sentence=text, bound=text)
    xml = to_junit(evaluation(odd), text)
    (case,) = Xml.fromstring(xml.encode()).iter("testcase")
    assert case.find("failure") is not None
    assert all(ord(c) >= 32 or c in "\t\n\r" for c in case.get("name"))


def test_without_a_number():
    (case,) = Xml.fromstring(to_junit(evaluation(check(Verdict.INCONCLUSIVE, Undefined("no rows"))))).iter("testcase")
    assert properties(case) == {"verdict": "inconclusive", "bound": "≥ 0.7"}
    unbounded = check(Verdict.PASS, Estimate(0.8, -math.inf, math.inf, 0.95, 3, "x"))
    assert Xml.fromstring(to_junit(evaluation(unbounded))) is not None


def test_no_checks():
    assert Xml.fromstring(to_junit(evaluation())).get("tests") == "0"
