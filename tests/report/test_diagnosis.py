"""What was diagnosed, as every face shows it: causes, drift, segments, series, estimates, findings by cause."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from steelyard.records import Answer, Change, Curve, Estimate, Part, Point, Reading, Series, Slice, Undefined
from steelyard.report import to_html, to_markdown, to_notebook_html, to_terminal
from steelyard.report.causes import causes
from steelyard.report.estimated import estimated
from steelyard.report.figures import followed
from steelyard.report.figures.arrival import maturity
from steelyard.report.figures.over_time import MOST_WINDOWS, over_time, title
from steelyard.report.first_screen import answer_lines, finding_groups
from steelyard.report.moves import moves
from steelyard.report.page import build_page
from steelyard.report.segments import segments
from steelyard.report.svg import step


@pytest.fixture(scope="module")
def diagnosed(examples: Any) -> Any:
    return examples.diagnosed()


def test_a_waterfall_goes_from_then_to_now(diagnosed: Any) -> None:
    for cause in causes(diagnosed):
        assert cause.then.estimate is not None
        assert cause.now.estimate is not None
        assert cause.bars[0].start == cause.then.estimate.value
        assert all(a.end == b.start for a, b in pairwise(cause.bars))
        assert cause.bars[-1].end == pytest.approx(cause.now.estimate.value, abs=1e-4)


def test_a_waterfalls_scale_holds_every_interval(diagnosed: Any) -> None:
    for cause in causes(diagnosed):
        assert cause.scale is not None
        ends = [x for b in cause.bars for x in (b.low, b.high)]
        ends += [x for c in (cause.then, cause.now) if c.estimate for x in (c.estimate.low, c.estimate.high)]
        assert cause.scale.low <= min(ends) <= max(ends) <= cause.scale.high


def test_better_and_worse_follow_the_metric(diagnosed: Any) -> None:
    fall, loss = causes(diagnosed)
    assert [b.kind for b in fall.bars] == ["worse", "worse", "better", "worse"]
    assert (fall.word, loss.word) == ("worse", "better")
    assert [b.kind for b in loss.bars] == ["better"]
    shares = replace(diagnosed.attributions[1], metric="prevalence")
    (target,) = causes(replace(diagnosed, attributions=(shares,)))
    assert [b.kind for b in target.bars] == ["lower"]


def test_a_part_is_told_in_its_own_words_or_explained(diagnosed: Any) -> None:
    first, *_, rest = causes(diagnosed)[0].bars
    assert (first.label, first.name) == ("Concept: age_group = 80+", "Concept")
    assert first.words == "rows with the same score turn out differently where age_group = 80+"
    assert (rest.name, rest.words) == ("Not told apart", "what no part explains")
    bare = Part("mix", "site", first.cell.estimate or Estimate(0, 0, 0, 0.95, 1, "t"), 1.0)
    (cause,) = causes(replace(diagnosed, attributions=(replace(diagnosed.attributions[0], parts=(bare,)),)))
    assert (cause.bars[0].name, cause.bars[0].words) == ("Other rows: site", "who the rows are")


def test_an_effect_its_interval_leaves_no_digit_of_is_zero(diagnosed: Any) -> None:
    assert causes(diagnosed)[0].bars[-1].cell.value == "0.000"
    assert "10⁻" not in to_html(replace(diagnosed, curves=())).split('id="causes"')[1].split("</section>")[0]


def test_what_else_is_known_of_a_cause(diagnosed: Any) -> None:
    first, second = causes(diagnosed)
    assert first.since == "2026-06-22"
    told = replace(diagnosed.attributions[0], sentence="It fell; it began about 2026-06-22.")
    assert causes(replace(diagnosed, attributions=(told,)))[0].since == ""
    assert first.events == (("2026-06-20", "deployment", "release 4.2"),)
    assert [d.subject for d in first.details] == ["sex = F", "lab_result"]
    assert first.details[1].cell.interval.startswith("−∞ to")
    many = replace(diagnosed.attributions[0], details=diagnosed.attributions[0].parts * 10)
    assert len(causes(replace(diagnosed, attributions=(many,)))[0].details) == 12
    assert (second.since, second.events, second.details) == ("", (), ())
    text = to_markdown(diagnosed)
    assert "Around that time: deployment “release 4.2” (2026-06-20). That is no proof of a cause." in text


@pytest.mark.parametrize("end", [math.inf, -math.inf, math.nan, 0.0])
def test_a_step_stays_within_its_picture(diagnosed: Any, end: float) -> None:
    scale = causes(diagnosed)[0].scale
    drawn = str(step(scale, (0.8433, end), (-math.inf, math.inf), "worse"))
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert str(step(None, (0.0, 1.0), (0.0, 1.0), "worse")) == ""


def test_what_moved_comes_first_by_what_the_model_relies_on(diagnosed: Any) -> None:
    found = moves(diagnosed)
    assert [line.column for line in found.lines] == [
        *("age", "lab_result", "all columns together", "p"),
        *("bmi", "site", "label"),
    ]
    assert (found.drifted, found.total) == (4, 7)
    assert [line.word for line in found.lines] == ["drifted"] * 4 + ["can't tell"] + ["stable"] * 2
    assert (found.tolerance, found.middle) == ("0.100", 0.1)
    assert found.test == "window level, 8 windows of the reference"
    assert found.effect == "accuracy, by the move of this column alone"
    assert found.lines[0].effect is not None
    assert found.lines[0].effect.note == ""
    assert (found.weighed, found.told) == (True, True)
    assert [line.bound for line in found.lines if line.bound] == ["counts from 0.550"]


def test_tolerances_and_tests_that_differ_are_not_told_as_one(diagnosed: Any) -> None:
    first, *rest = diagnosed.drifts
    found = moves(replace(diagnosed, drifts=(replace(first, tolerance=0.2, test="row level"), *rest)))
    assert (found.tolerance, found.middle, found.test) == ("", None, "")
    assert "beyond the tolerance, and the test agrees" in to_html(
        replace(diagnosed, drifts=(replace(first, tolerance=0.2), *rest), curves=())
    )


def test_no_drift_at_all(diagnosed: Any) -> None:
    none = replace(diagnosed, drifts=())
    assert moves(none).lines == ()
    assert 'id="drift"' not in to_html(none)
    only_joint = moves(replace(diagnosed, drifts=diagnosed.drifts[-1:]))
    assert (only_joint.scale, only_joint.middle, only_joint.weighed) == (None, None, False)


def test_segments_in_words(diagnosed: Any) -> None:
    found = segments(diagnosed)
    assert [line.where for line in found.lines] == ["age ≥ 80 & sex = F", "site = one of 60"]
    assert (found.what, found.compared, found.total) == ("error rate", True, 2)
    assert "'site 59')" in found.lines[1].rule
    assert found.lines[1].then is None
    everything = replace(diagnosed.segments[0], where=Slice())
    assert segments(replace(diagnosed, segments=(everything,))).lines[0].where == "all rows"
    assert segments(replace(diagnosed, task="regression")).what == "mean error"


def test_many_of_anything_are_cut_and_counted(examples: Any) -> None:
    text = to_html(examples.long())
    assert "40 of 1,000; all are in the JSON file" in text
    assert "The first 25 of 60; all are in the JSON file" in text
    assert "37 more that follow from it" in text
    assert "39 more series with an alarm or a level shift" in text
    assert len(text.encode()) < 1_600_000


def test_estimates_while_labels_are_late_and_their_trial(diagnosed: Any) -> None:
    late, trial = estimated(diagnosed)
    assert (late.backtest, trial.backtest) == (False, True)
    assert late.note == "assuming no concept change"
    assert [line.cell.note for line in late.lines] == ["", "", "", "labelled at random"]
    assert late.lines[2].cell.reason == "no scores"
    assert late.lines[3].title == "Accuracy, by labels and scores"
    assert [line.inside for line in late.lines] == [None] * 4
    assert [line.inside for line in trial.lines] == [False, True]
    assert trial.lines[0].realised is not None
    assert trial.lines[0].realised.value == "0.812"
    assert estimated(replace(diagnosed, readings=())) == ()
    text = to_html(diagnosed)
    assert text.index("While labels are late") < text.index("Checked where the labels are there")
    assert "Estimated while labels are late" in to_terminal(diagnosed, 100)


@pytest.mark.parametrize(("realised", "inside"), [(0.79, False), (0.8, True), (0.82, True), (0.83, False)])
def test_what_came_out_is_inside_or_not(diagnosed: Any, realised: float, inside: bool) -> None:
    trial = Reading("roc_auc", Estimate(0.81, 0.8, 0.82, 0.95, 9, "t"), data="backtest")
    truth = replace(trial, outcome=Estimate(realised, 0.7, 0.9, 0.95, 9, "t"), data="realised")
    (table,) = estimated(replace(diagnosed, readings=(trial, truth)))
    assert table.lines[0].inside is inside


def test_cautions_that_differ_stay_with_their_numbers(diagnosed: Any) -> None:
    readings = tuple(
        replace(r, outcome=replace(r.outcome, note="few rows"))
        if (r.metric, r.data) == ("recall", "estimated") and isinstance(r.outcome, Estimate)
        else r
        for r in diagnosed.readings
    )
    late, _ = estimated(replace(diagnosed, readings=readings))
    assert late.note == ""
    assert [line.cell.note for line in late.lines][:2] == ["assuming no concept change", "few rows"]


def test_what_follows_stands_below_what_explains_it(diagnosed: Any) -> None:
    groups = finding_groups(diagnosed)
    assert [(g.lead.id, len(g.parts)) for g in groups] == [("cause:roc_auc", 8), ("weak-slice:age_group=80+", 0)]
    assert groups[0].parts[0].id == "follow:0"  # a part of a part
    assert (len(groups[0].shown), len(groups[0].folded)) == (3, 5)
    assert [g.lead.standing for g in groups] == [False, True]


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ({"a": "", "b": "a", "c": "b"}, {"a": ["b", "c"]}),
        ({"a": "nowhere", "b": ""}, {"a": [], "b": []}),
        ({"a": "a", "b": "a"}, {"a": ["b"]}),
        ({"a": "b", "b": "a", "c": "a"}, {"a": [], "b": [], "c": []}),
        ({"b": "a", "a": ""}, {"a": ["b"]}),
    ],
)
def test_who_leads(diagnosed: Any, links: dict[str, str], expected: dict[str, list[str]]) -> None:
    given = tuple(replace(diagnosed.findings[0], id=name, part_of=above) for name, above in links.items())
    groups = finding_groups(replace(diagnosed, findings=given))
    assert {g.lead.id: [p.id for p in g.parts] for g in groups} == expected


def test_findings_of_the_same_id_are_all_shown(diagnosed: Any) -> None:
    given = replace(diagnosed, findings=(replace(diagnosed.findings[0], id="same"),) * 3)
    assert [g.lead.anchor for g in finding_groups(given)] == ["finding-1", "finding-2", "finding-3"]


def test_an_answer_leads_to_its_finding(diagnosed: Any) -> None:
    assert [a.anchor for a in answer_lines(diagnosed)] == ["finding-1", "", "finding-5", "", "finding-1"]
    text = to_html(diagnosed)
    assert all(f'id="{a.anchor}"' in text for a in answer_lines(diagnosed) if a.anchor)
    assert 'href="#"' not in text


def test_titles_of_series(examples: Any) -> None:
    names = [title(s, "binary") for s in examples.followed()]
    assert names == [
        *("ROC AUC", "Recall", "Rows", "Mean score", "Distance of Age_Group"),
        *("Missing values of lab_result", "Distance of site"),
    ]
    label = examples.followed()[3]
    apart = tuple(replace(p, outcome=replace(p.outcome, method="jensen_shannon, less chance")) for p in label.points)
    assert title(replace(label, points=apart), "binary") == "Distance of score"


def test_what_is_drawn_over_time(diagnosed: Any) -> None:
    found = followed(diagnosed)
    assert [f.title for f in found.figures] == ["ROC AUC", "Recall", "Rows", "Missing values of lab_result"]
    assert found.quiet == ("Mean score", "Distance of Age_Group")  # the distance of site has no value to draw
    assert (found.quiet_count, found.more) == (2, 0)
    assert not followed(replace(diagnosed, series=()))
    assert "Followed without alarm or level shift: <bdi>Mean score</bdi>, <bdi>distance of Age_Group" in to_html(
        diagnosed
    )


def captions(evaluation: Any) -> list[str]:
    return [f.caption for f in followed(evaluation).figures]


def test_captions_say_what_happened(diagnosed: Any) -> None:
    assert captions(diagnosed) == [
        "4 alarms: 2026-06-29 to 2026-07-20. Level shift at 2026-06-22: 0.845 to 0.810.",
        "2 of 6 windows without a value (×). Only 0 windows of the reference: too few for limits.",
        "2 alarms: 2026-06-03 to 2026-06-04. "
        "Level shift at 2026-06-03: 163 to 0. Level shift at 2026-06-05: 0 to 168.",
        "2 alarms: 2026-06-08 to 2026-06-15.",
    ]
    assert "Allowed: one false alarm in 500 windows" in followed(diagnosed).figures[0].note


def test_many_level_shifts_are_counted(diagnosed: Any) -> None:
    many = replace(
        diagnosed.series[0], changes=(Change("2026-06-08", 0.1, 0.2, 0.01),) * 9, points=diagnosed.series[0].points
    )
    assert over_time(many, "binary").caption.endswith("6 more level shifts.")


def marks(figure: Any) -> list[str]:
    return [layer["mark"]["type"] for layer in figure.spec["layer"]]


def test_layers_are_there_only_where_they_have_something_to_show(diagnosed: Any) -> None:
    metric, recall, rows, _ = followed(diagnosed).figures
    assert marks(metric) == ["rect", "rule", "rule", "rule", "line", "point", "point"]
    assert marks(recall) == ["rule", "line", "point", "text"]
    assert marks(rows) == ["rect", "rule", "rule", "rule", "line", "point", "point"]


def test_points_are_packed_by_data_set(diagnosed: Any) -> None:
    spec = followed(diagnosed).figures[0].spec
    reference, current = spec["data"]["values"]
    assert (reference["data"], current["data"]) == ("reference", "current data")
    assert {len(current[field]) for field in spec["transform"][0]["flatten"]} == {8}
    assert current["start"][0] == "2026-06-01"
    assert current["at"][0] == 1_780_272_000_000  # midnight in UTC
    assert "data" not in followed(diagnosed).figures[1].spec["data"]["values"][0]


@pytest.mark.parametrize(
    ("starts", "kind", "first"),
    [
        (["2026-06-01", "2026-06-08"], "temporal", 1_780_272_000_000),
        (["2026-06-01T02:00:00+02:00", "2026-06-08"], "temporal", 1_780_272_000_000),
        (["0", "1.5", "-2e3"], "quantitative", 0.0),
        (["2026"], "quantitative", 2026.0),
        (["2026-06-01", "before"], "quantitative", 0),
        (["nan", "inf"], "quantitative", 0),
    ],
)
def test_the_axis_of_time(starts: list[str], kind: str, first: object) -> None:
    points = tuple(Point(s, s, Estimate(0.5, 0.4, 0.6, 0.95, 9, "t")) for s in starts)
    spec = over_time(Series("x", "drift", points), "binary").spec
    assert spec["layer"][-1]["encoding"]["x"]["type"] == kind
    assert spec["data"]["values"][0]["at"][0] == first


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_from_utc")
def test_a_time_without_a_zone_is_in_utc(diagnosed: Any) -> None:
    _, current = followed(diagnosed).figures[0].spec["data"]["values"]
    assert current["at"][0] == 1_780_272_000_000


def test_a_long_series_keeps_its_alarms(examples: Any) -> None:
    series = examples.long().series[-1]
    figure = over_time(series, "binary")
    (row,) = figure.spec["data"]["values"]
    assert len(row["at"]) <= MOST_WINDOWS
    assert {series.points[i].start for i in (0, 7, 501, 999)} <= set(row["start"])
    assert len(figure.table.rows) == 40
    assert figure.table.total == 1_000
    assert "area" in marks(figure)


def test_a_number_that_is_not_finite_is_no_point(examples: Any) -> None:
    figure = followed(examples.edges()).figures[0]
    (row,) = figure.spec["data"]["values"]
    assert [v is None for v in row["value"]] == [False] * 5 + [True] * 2
    assert row["low"][0] is None
    assert marks(figure) == ["rule", "line", "point", "point"]  # no band without an end, no shift without a time


def test_terminal(diagnosed: Any) -> None:
    text = to_terminal(diagnosed, 100)
    order = [
        "Is it worse?",
        "Findings",
        "… and 8 more that follow from it",
        "as on the reference  Patients",
        "Why ROC AUC changed",
    ]
    places = [text.index(part) for part in [*order, "Key numbers", "What moved: 4 of 7"]]
    assert places == sorted(places)
    assert text.count("▲ high") == 2
    narrow = to_terminal(diagnosed, 60)
    assert "  Is it worse?\n    Yes: ROC AUC and recall got worse.\n" in narrow
    assert "−0.027  −0.033 to −0.021" in narrow


def test_markdown(diagnosed: Any) -> None:
    text = to_markdown(diagnosed)
    assert text.index("**Is it worse?**") < text.index("| Key number") < text.index("## Findings")
    assert text.count("\n   - ▲ **") + text.count("\n   - ◆ **") + text.count("\n   - ● **") == 3
    assert "   - … and 5 more that follow from it\n" in text
    assert "1. ▲ **High, as on the reference:** Patients of 80" in text
    assert "| Concept: age_group = 80+ | −0.027 | −0.033 to −0.021 | 87\u00a0% |" in text
    assert "| age ≥ 80 & sex = F |".replace("&", "&amp;") in text
    assert "All of them: assuming no concept change." in text


def test_notebook(diagnosed: Any) -> None:
    text = to_notebook_html(diagnosed)
    assert '<th scope="row">Is it worse?</th>' in text
    assert "8 more follow from it." in text
    assert "(as on the reference)" in text
    assert "more findings, " not in text
    assert "<script" not in text


def test_nothing_to_diagnose_leaves_no_trace(examples: Any) -> None:
    text = to_html(examples.binary())
    for name in ("causes", "segments", "drift", "over-time", "estimated"):
        assert f'id="{name}"' not in text
        assert f'href="#{name}"' not in text
    assert 'class="answers"' not in text


def test_an_attribution_without_parts(examples: Any) -> None:
    given = examples.edges()
    bare = replace(given, attributions=given.attributions[-1:])
    assert causes(bare)[0].bars == ()
    assert "Why m0 changed" not in to_terminal(bare, 80)
    assert 'class="forest waterfall"' in to_html(bare)


def test_emoji_and_control_characters(diagnosed: Any) -> None:
    name = "😀 \x1b[31m\u202eage"
    given = replace(
        diagnosed,
        answers=(Answer(name, name, name),),
        drifts=(replace(diagnosed.drifts[2], column=name, sentence=name),),
        series=(Series(name, "missing", (Point(name, name, Undefined(name)), *diagnosed.series[1].points)),),
    )
    for text in (to_html(replace(given, curves=())), to_markdown(given), to_terminal(given, 100)):
        assert "😀 \\u001b[31m\\u202eage" in text.replace("\\\\", "\\").replace("\\[", "[")
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_how_long_labels_take_is_drawn(examples: Any) -> None:
    columns = {"age": [0.0, 3.0, 9.0], "share": [0.1, 0.5, 0.96], "low": [0.0, 0.4, 0.9], "high": [0.2, 0.6, 0.99]}
    curve = Curve("maturity", {**columns, "at_risk": [90, 40, 5]}, notes={"unit": "days", "mature": "9"})
    given = examples.replace(examples.binary(), curves=(curve,))
    (figure,) = build_page(given).curves
    assert figure.title == "How long labels take to come"
    assert "19 of 20 labels come after 9 days" in figure.caption
    pytest.importorskip("altair").Chart.from_dict(dict(figure.spec))
    waiting = replace(curve, notes={"unit": "days"})
    assert "after longer than has been seen" in maturity([waiting]).caption
