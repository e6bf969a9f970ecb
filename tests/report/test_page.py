"""The page model: what is shown, in which order, and the charts' specifications."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest

from steelyard.records import CheckResult, ColumnSummary, Curve, Estimate, Reading, Slice, Undefined, Verdict
from steelyard.report.confusion import confusion
from steelyard.report.figures import curve_figures, error_figures, followed
from steelyard.report.metric_words import group_of
from steelyard.report.page import build_page
from steelyard.report.performance import cell, change

VENDORED = {
    "vega.min.js": "8f6a3587cf8d4f42c7e08120e3eb05d067e746d554e39d2dcf52acc0bd5ba28f",
    "vega-lite.min.js": "843d20762ca6e52ff5ceab7a3296219272a9c0b5364402d6814f3c7738f4be5e",
    "vega-interpreter.js": "7b0dc1858f7743bdafda8883b0023875a86ba65c42b6c4d1a06c413e541bd602",
}


def test_specifications_are_valid_vega_lite(evaluation: Any) -> None:
    altair = pytest.importorskip("altair")
    drawn = followed(evaluation).figures
    for figure in (*curve_figures(evaluation), *error_figures(evaluation), *drawn):
        if figure.spec:
            altair.Chart.from_dict(figure.spec)
            assert figure.spec["description"]
        assert figure.table.headers
        assert all(len(row) == len(figure.table.headers) for row in figure.table.rows)


def test_sections_of_each_task(examples: Any) -> None:
    kinds = {
        name: [f.kind for f in curve_figures(examples.ALL[name]())] for name in ("binary", "multiclass", "ranking")
    }
    assert kinds["binary"] == ["roc", "precision_recall", "calibration", "score_histogram", "threshold", "gain"]
    assert kinds["multiclass"] == ["roc", "precision_recall", "calibration", "top_k"]
    assert kinds["ranking"] == ["ranking_at_k"]
    assert [f.kind for f in error_figures(examples.regression())] == [
        "residual_histogram",
        "error_by_prediction",
        "residual_quantiles",
        "error_by_horizon",
        "quantile_coverage",
    ]


def test_slices_are_sorted_worst_first_and_the_undefined_last(examples: Any) -> None:
    page = build_page(examples.binary())
    for panel in page.slices:
        values = [line.cell.estimate.value for line in panel.lines if line.cell.estimate]
        assert values == sorted(values, reverse=panel.direction == "lower")
    assert page.slices[0].lines[-1].cell.reason == "there is no positive among 12 rows"
    assert [p.name for p in page.slices][:3] == ["roc_auc", "recall", "precision"]


def test_a_slice_is_apart_when_its_interval_misses_the_whole() -> None:
    from steelyard.evaluation.evaluation import Evaluation

    def reading(value: float, *where: tuple[str, str]) -> Reading:
        return Reading("accuracy", Estimate(value, value - 0.05, value + 0.05, 0.95, 9, "wilson"), Slice(where))

    readings = (reading(0.8), reading(0.7, ("a", "1")), reading(0.78, ("a", "2")))
    panel = build_page(Evaluation("s", "binary", {}, {"current": 9}, readings)).slices[0]
    assert [line.apart for line in panel.lines] == [True, False]


@pytest.mark.parametrize(
    ("low", "high", "direction", "expected"),
    [
        (0.01, 0.03, "higher", "better"),
        (0.01, 0.03, "lower", "worse"),
        (-0.03, -0.01, "higher", "worse"),
        (-0.03, -0.01, "lower", "better"),
        (-0.01, 0.01, "higher", "no clear change"),
        (0.01, 0.03, "target", "higher"),
        (float("nan"), float("nan"), "higher", "no clear change"),
    ],
)
def test_change(low: float, high: float, direction: str, expected: str) -> None:
    assert change(Estimate((low + high) / 2, low, high, 0.95, 9, "mover"), direction) == expected
    assert change(Undefined("none"), direction) == ""


def test_the_answer(examples: Any) -> None:
    given = examples.binary(reference=False)
    passing = CheckResult("roc_auc", "≥ 0.8", Verdict.PASS, "ROC AUC is fine.", Undefined("x"))
    open_ = replace(passing, verdict=Verdict.INCONCLUSIVE, sentence="It is not clear.")
    assert build_page(replace(given, checks=())).answer.endswith("is 0.812 (0.806 to 0.818).")
    assert build_page(replace(given, checks=(passing,))).answer == "ROC AUC is fine."
    assert build_page(replace(given, checks=(passing, passing))).answer.startswith("All checks pass.")
    assert build_page(replace(given, checks=(open_,))).answer.startswith("Not settled yet: It is not clear.")
    assert build_page(replace(given, checks=(passing, open_))).answer.startswith(
        "1 of 2 checks cannot be settled yet"
    )
    assert "There is no number to report" in build_page(examples.empty()).answer


def test_confusion_of_many_classes_shows_the_commonest() -> None:
    names = [f"c{i}" for i in range(30)]
    pairs = [(a, p) for a in names for p in names]
    n = [float(i if a == p else a == "c29") for i, (a, p) in enumerate(pairs)]
    found = confusion(
        Curve("confusion", {"actual": [a for a, _ in pairs], "predicted": [p for _, p in pairs], "n": n})
    )
    assert found is not None
    assert (len(found.labels), found.classes) == (20, 30)
    assert found.labels[-1] == "c29"
    assert {m.actual for m in found.mistakes} == {"c29"}
    assert confusion(Curve("confusion", {"actual": [], "predicted": [], "n": []})) is None


def test_class_tables_start_with_the_weakest(examples: Any) -> None:
    table = build_page(examples.multiclass()).classes[0]
    f1 = [measures[2].value for _, _, measures in table.rows]
    assert f1 == sorted(f1)
    assert "–" in [measures[3].text for _, _, measures in table.rows]


def test_metrics_stand_in_groups(examples: Any) -> None:
    page = build_page(examples.binary())
    titles = [g.title for g in page.groups]
    assert titles[:3] == ["How well cases are ranked", "Decisions", "Probabilities"]
    assert [line.name for line in page.groups[0].lines][:2] == ["roc_auc", "average_precision"]
    assert page.compared


def test_vendored_scripts_are_the_ones_we_know() -> None:
    folder = files("steelyard.report").joinpath("vendor")
    for name, digest in VENDORED.items():
        assert sha256(folder.joinpath(name).read_bytes()).hexdigest() == digest
    licences = {f.name for f in folder.iterdir() if f.name.startswith("LICENSE")}
    assert licences == {
        "LICENSE-vega.txt",
        "LICENSE-vega-lite.txt",
        "LICENSE-vega-interpreter.txt",
        "LICENSE-bundled.txt",
    }


def test_importing_the_room_loads_nothing_heavy() -> None:
    heavy = ("jinja2", "rich", "altair", "polars")
    code = f"import sys, steelyard.report; print([m for m in {heavy} if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    import steelyard.report

    with pytest.raises(AttributeError, match="no attribute 'to_docx'"):
        _ = steelyard.report.to_docx
    assert all(getattr(steelyard.report, name) is not None for name in steelyard.report.__all__)


def test_method_says_how_and_with_what(examples: Any) -> None:
    page = build_page(
        replace(
            examples.binary(),
            roles={"slices": ("sex", ("sex", "age")), "weight": None},
            settings={"exact": True, "cuts": {0.5}, "by": {"a": 1}},
        )
    )
    assert dict(page.method.roles) == {"slices": "sex, sex & age"}
    assert dict(page.method.settings) == {"exact": "yes", "cuts": "0.5", "by": "a: 1"}
    assert dict(page.method.methods)["wilson jaccard"].endswith("by way of the Jaccard index")
    assert page.created == "21 September 2026, 14:03 UTC"
    assert build_page(replace(examples.binary(), created="yesterday")).created == "yesterday"


def test_the_first_sentence_of_a_finding_leads(examples: Any) -> None:
    first, *_ = examples.binary().findings
    given = replace(examples.binary(), findings=(replace(first, sentence="It fell to 0.8. It was 0.9. So act."),))
    line = build_page(given).findings[0].lead
    assert (line.lead, line.rest) == ("It fell to 0.8.", "It was 0.9. So act.")


def test_binning_is_told_where_it_shows() -> None:
    sharp = Estimate(0.8, 0.79, 0.81, 0.95, 9, "logit", discretisation=1e-5)
    assert cell(sharp).note == ""
    assert cell(replace(sharp, discretisation=0.024, note="few rows")).note == (
        "few rows; binning may move it by 0.0240"
    )


def test_columns_in_words(examples: Any) -> None:
    year = ColumnSummary("year", "number", "feature", 9, 0, mean=2017.0, sd=0.8, low=2016.0, high=2018.0)
    when = ColumnSummary("when", "time", "time", 9, 0, low="2026-01-01T00:00:00", high="2026-08-31T23:59:00")
    before = replace(year, data="reference", missing=3)
    page = build_page(replace(examples.empty(), columns=(year, when, before)))
    assert [line.name for line in page.columns.lines] == ["when", "year"]  # those with a role first
    assert [line.summary for line in page.columns.lines] == [
        "2026-01-01 to 2026-08-31 23:59",
        "2,017 ± 0.800; 2016 to 2018",
    ]
    assert page.columns.lines[1].missing_before == "33\u00a0%"
    assert page.columns.compared


@pytest.mark.parametrize(
    ("name", "task", "group"),
    [
        ("roc_auc_ovr_weighted", "multiclass", "How well cases are ranked"),
        ("f1_macro", "multiclass", "Decisions"),
        ("precision_at_10", "ranking", "Ranked lists"),
        ("recall_at_10pct", "binary", "How well cases are ranked"),
        ("top_3_accuracy", "multiclass", "Decisions"),
        ("mean_pinball_loss_0.9", "regression", "Size of the errors"),
        ("my_kpi", "binary", "Other metrics"),
        ("precision", "binary", "Decisions"),
    ],
)
def test_group(name: str, task: str, group: str) -> None:
    assert group_of(name, task) == group
