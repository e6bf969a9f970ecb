"""The report in a real browser: charts drawn, nothing complained about, nothing asked of the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from steelyard.report import write

pytestmark = pytest.mark.browser
CHARTS = {
    "binary": 6,
    "regression": 5,
    "ranking": 1,
    "multiclass": 4,
    "hostile": 9,
    "empty": 0,
    "edges": 3,
    "wide": 6,
    "diagnosed": 10,
    "diagnosed_regression": 6,
    "long": 18,
}


@pytest.fixture(params=CHARTS)
def opened(request: pytest.FixtureRequest, tab: Any, examples: Any, tmp_path: Path) -> tuple[str, Any]:
    path = write(examples.ALL[request.param](), tmp_path / "report.html")
    tab.events.clear()
    tab.open(path)
    return request.param, tab


def test_charts_are_drawn_in_silence_and_offline(opened: tuple[str, Any]) -> None:
    name, page = opened
    assert page.evaluate("document.querySelectorAll('.view > svg, .view .marks').length") >= CHARTS[name]
    assert page.evaluate("document.querySelectorAll('figure.drawn').length") == CHARTS[name]
    named = "[...document.querySelectorAll('.view')].every(v => v.querySelector('[aria-label]') || v.ariaLabel)"
    assert page.evaluate(named)
    assert page.complaints() == []
    assert [url.rpartition("/")[2] for url in page.requests()] == ["report.html"]
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_hostile_text_stays_text(tab: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.hostile(), tmp_path / "report.html")
    tab.events.clear()
    tab.open(path)
    assert tab.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert tab.evaluate("document.querySelectorAll('script:not([type])').length") == 4
    options = "[...document.querySelectorAll('select')].map(s => s.options.length)"
    assert tab.evaluate(options) == [16, 16]
    assert not [e for e in tab.events if e["method"] == "Page.javascriptDialogOpening"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_width_needs_sideways_scrolling(tab: Any, examples: Any, tmp_path: Path, width: int) -> None:
    for name in ("binary", "multiclass", "diagnosed", "edges"):
        tab.open(write(examples.ALL[name](), tmp_path / "report.html"), width=width, height=800)
        assert tab.evaluate("document.documentElement.scrollWidth") <= width


def test_charts_follow_the_colour_scheme(tab: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.binary(), tmp_path / "report.html")
    line = "getComputedStyle(document.querySelector('.view .mark-line path')).stroke"
    tab.open(path)
    light = tab.evaluate(line), tab.evaluate("getComputedStyle(document.body).backgroundColor")
    tab.open(path, dark=True)
    dark = tab.evaluate(line), tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light[0] != dark[0]
    assert light[1] == "rgb(255, 255, 255)" != dark[1]


def test_without_scripts_the_tables_are_there(tab: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.binary(), tmp_path / "report.html")
    tab.open(path, scripts=False)
    tree = tab.call("DOMSnapshot.captureSnapshot", computedStyles=[])["strings"]
    assert any("The chart needs JavaScript" in text for text in tree)
    assert any("The numbers of this chart" in text for text in tree)
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_metric_explains_itself_without_scripts(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.open(write(examples.binary(), tmp_path / "report.html"))
    if not tab.evaluate("document.querySelectorAll('.metrics details').length"):
        pytest.skip("no documented metric is registered")
    shown = "getComputedStyle(document.querySelector('tr.about')).display"
    assert tab.evaluate(shown) == "none"
    tab.evaluate("document.querySelector('.metrics details').open = true")
    assert tab.evaluate(shown) == "table-row"


def test_paper(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.events.clear()
    tab.open(write(examples.binary(), tmp_path / "report.html"), dark=True)
    printed = tab.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    assert len(printed) > 50_000
    assert tab.complaints() == []


SHOWN = "(e => e.checkVisibility())"


def test_causes_drift_and_segments_need_no_script(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.open(write(examples.diagnosed(), tmp_path / "report.html"), scripts=False)
    styles = ["display", "width"]
    seen = tab.call("DOMSnapshot.captureSnapshot", computedStyles=styles)
    drawn = [seen["strings"][i] for i in seen["documents"][0]["nodes"]["nodeName"]]
    laid_out = {drawn[i] for i in seen["documents"][0]["layout"]["nodeIndex"]}
    assert {"rect", "circle", "line"} <= laid_out
    tab.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_rule_opens_below_its_segment(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.open(write(examples.diagnosed(), tmp_path / "report.html"))
    rule = f"{SHOWN}(document.querySelector('.segments tr.about'))"
    assert not tab.evaluate(rule)
    tab.evaluate("document.querySelector('.segments details').open = true")
    assert tab.evaluate(rule)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_link_to_a_folded_finding_opens_the_fold(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.open(write(examples.diagnosed(), tmp_path / "report.html"))
    last = f"{SHOWN}([...document.querySelectorAll('.parts article')].at(-1))"
    assert not tab.evaluate(last)
    tab.evaluate("location.hash = [...document.querySelectorAll('.parts article')].at(-1).id")
    tab.wait(last)


def test_a_day_is_the_same_day_in_every_zone(tab: Any, examples: Any, tmp_path: Path) -> None:
    ticks = "document.querySelectorAll('#over-time figure:first-child .role-axis-label text')"
    labels = f"[...{ticks}].map(t => t.textContent)"
    path = write(examples.diagnosed(), tmp_path / "report.html")
    told = []
    for zone in ("America/Los_Angeles", "Pacific/Auckland"):
        tab.call("Emulation.setTimezoneOverride", timezoneId=zone)
        tab.open(path)
        told.append(tab.evaluate(labels))
    tab.call("Emulation.setTimezoneOverride", timezoneId="")
    assert told[0] == told[1] != []


def test_a_window_without_a_value_breaks_the_line(tab: Any, examples: Any, tmp_path: Path) -> None:
    tab.open(write(examples.diagnosed(), tmp_path / "report.html"))
    figure = "document.querySelectorAll('#over-time figure')[1]"
    line = tab.evaluate(f"{figure}.querySelector('.mark-line path').getAttribute('d')")
    assert line.count("M") == 2
    assert tab.evaluate(f"[...{figure}.querySelectorAll('text')].filter(t => t.textContent === '×').length") == 2
