"""Findings of one story told together: what explains comes first, what follows stands below it."""

from steelyard.analyses.findings.linking import linked
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.metrics import Problem
from steelyard.records import Attribution, Estimate, Finding, Part, Recommendation, Severity, Slice

HIGH, MEDIUM, LOW, INFO = Severity.HIGH, Severity.MEDIUM, Severity.LOW, Severity.INFO


def found(name, severity=MEDIUM, subject="", impact=0.1, where=None, standing=False, sentence="", action="Act."):
    return Finding(
        name,
        name.split(":", 1)[0],
        severity,
        subject or name.rpartition(":")[2],
        sentence or f"{name}.",
        Recommendation(action),
        slice=Slice.of(where or {}),
        impact=impact,
        standing=standing,
    )


def estimate(value):
    return Estimate(value, value - 0.01, value + 0.01, 0.95, 1000, "test")


def study(*attributions):
    return Study(Problem(task="binary"), Roles(label="y"), (), attributions=attributions)


def attribution(metric, mechanism="mix", subject="age", share=1.0):
    part = Part(mechanism, subject, estimate(-0.1), share)
    return Attribution(metric, estimate(-0.1), estimate(0.9), estimate(0.8), (part,))


def order(findings):
    return [(f.id, f.part_of) for f in findings]


def test_a_cause_takes_in_the_change_and_the_drift_it_names():
    told = linked(
        study(attribution("roc_auc")),
        [
            found("drift:age", HIGH),
            found("change:roc_auc", HIGH),
            found("cause:roc_auc", MEDIUM),
            found("drift:other", LOW),
        ],
    )
    assert order(told) == [("cause:roc_auc", ""), ("drift:age", "cause:roc_auc"), ("drift:other", "")]
    assert told[0].severity is HIGH
    assert told[1].severity is HIGH


def test_two_metrics_with_one_cause_are_one_story():
    told = linked(
        study(attribution("roc_auc"), attribution("recall")),
        [found("cause:recall", HIGH, impact=0.9), found("cause:roc_auc", HIGH, impact=0.1)],
    )
    assert order(told) == [("cause:roc_auc", ""), ("cause:recall", "cause:roc_auc")]


def test_a_defect_explains_the_drift_of_its_column_and_is_as_severe():
    told = linked(study(), [found("drift:age", HIGH), found("quality-unit:age", MEDIUM)])
    assert order(told) == [("quality-unit:age", ""), ("drift:age", "quality-unit:age")]
    assert told[0].severity is HIGH


def test_what_is_bad_only_since_follows_from_the_fall():
    told = linked(
        study(),
        [
            found("change:roc_auc", MEDIUM),
            found("segment:a=1", HIGH, where={"a": "1"}),
            found("segment:b=1", HIGH, where={"b": "1"}, standing=True),
            found("calibration", HIGH),
            found("change:score", LOW),
        ],
    )
    parts = {f.id: f.part_of for f in told}
    assert parts["segment:a=1"] == parts["calibration"] == parts["change:score"] == "change:roc_auc"
    assert parts["segment:b=1"] == ""
    assert next(f for f in told if f.id == "calibration").severity is MEDIUM


def test_what_stood_before_ranks_a_step_lower():
    told = linked(study(), [found("a", HIGH, standing=True), found("b", MEDIUM), found("c", HIGH), found("d", LOW)])
    assert [f.id for f in told] == ["c", "b", "a", "d"]


def test_information_comes_last_whatever_its_impact():
    assert [f.id for f in linked(study(), [found("a", INFO, impact=1.0), found("b", LOW, impact=0.0)])] == ["b", "a"]


def test_missing_labels_explain_every_change_where_they_mislead():
    labels, cause = found("missing:label", LOW, "label"), found("cause:roc_auc", HIGH)
    kept = linked(study(attribution("roc_auc")), [labels, cause])
    assert order(kept) == [("cause:roc_auc", ""), ("missing:label", "")]
    told = linked(study(attribution("roc_auc")), [labels, cause, found("estimated:labels-so-far", MEDIUM)])
    assert told[0].id == "missing:label"
    assert told[0].severity is HIGH
    assert {f.part_of for f in told[1:]} == {"missing:label"}


def test_a_cause_is_mended_as_the_defect_behind_it():
    defect = found("quality-unit:age", HIGH, "age", action="Divide age by 12.")
    cause = found("cause:roc_auc", HIGH, sentence="ROC AUC fell, mostly because of age.", action="Look.")
    (first, *_) = linked(study(attribution("roc_auc", "data fault")), [cause, defect])
    assert first.recommendation.action == "Divide age by 12."
    weak = found("quality-range:age", LOW, "age", action="Check the largest.")
    (first, *_) = linked(study(attribution("roc_auc")), [cause, weak])
    assert first.recommendation.action == "Look."


def test_no_findings():
    assert linked(study(), []) == []
