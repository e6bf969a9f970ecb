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
    "hostile": 6,
    "empty": 0,
    "edges": 1,
    "wide": 6,
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
    for name in ("binary", "multiclass"):
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
