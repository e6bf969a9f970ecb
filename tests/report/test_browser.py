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
def opened(request: pytest.FixtureRequest, chromium: Any, examples: Any, tmp_path: Path) -> tuple[str, Any]:
    path = write(examples.ALL[request.param](), tmp_path / "report.html")
    chromium.events.clear()
    chromium.open(path)
    return request.param, chromium


def test_charts_are_drawn_in_silence_and_offline(opened: tuple[str, Any]) -> None:
    name, page = opened
    assert page.evaluate("document.querySelectorAll('.view > svg, .view .marks').length") >= CHARTS[name]
    assert page.evaluate("document.querySelectorAll('figure.drawn').length") == CHARTS[name]
    labels = page.evaluate(
        "[...document.querySelectorAll('.view svg')].every(s => s.getAttribute('aria-label') || s.closest('[aria-label]') || s.querySelector('[aria-label]'))"
    )  # noqa: E501
    assert labels
    assert page.complaints() == []
    assert [url.rpartition("/")[2] for url in page.requests()] == ["report.html"]
    assert page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_hostile_text_stays_text(chromium: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.hostile(), tmp_path / "report.html")
    chromium.events.clear()
    chromium.open(path)
    assert chromium.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0
    assert chromium.evaluate("document.querySelectorAll('script:not([type])').length") == 4
    options = "[...document.querySelectorAll('select')].map(s => s.options.length)"
    assert chromium.evaluate(options) == [16, 16]
    assert not [e for e in chromium.events if e["method"] == "Page.javascriptDialogOpening"]


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_width_needs_sideways_scrolling(chromium: Any, examples: Any, tmp_path: Path, width: int) -> None:
    for name in ("binary", "multiclass"):
        chromium.open(write(examples.ALL[name](), tmp_path / "report.html"), width=width, height=800)
        assert chromium.evaluate("document.documentElement.scrollWidth") <= width


def test_charts_follow_the_colour_scheme(chromium: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.binary(), tmp_path / "report.html")
    line = "getComputedStyle(document.querySelector('.view .mark-line path')).stroke"
    chromium.open(path)
    light = chromium.evaluate(line), chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    chromium.open(path, dark=True)
    dark = chromium.evaluate(line), chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light[0] != dark[0]
    assert light[1] == "rgb(255, 255, 255)" != dark[1]


def test_without_scripts_the_tables_are_there(chromium: Any, examples: Any, tmp_path: Path) -> None:
    path = write(examples.binary(), tmp_path / "report.html")
    chromium.open(path, scripts=False)
    tree = chromium.call("DOMSnapshot.captureSnapshot", computedStyles=[])["strings"]
    assert any("The chart needs JavaScript" in text for text in tree)
    assert any("The numbers of this chart" in text for text in tree)
    chromium.call("Emulation.setScriptExecutionDisabled", value=False)


def test_a_metric_explains_itself_without_scripts(chromium: Any, examples: Any, tmp_path: Path) -> None:
    chromium.open(write(examples.binary(), tmp_path / "report.html"))
    if not chromium.evaluate("document.querySelectorAll('.metrics details').length"):
        pytest.skip("no documented metric is registered")
    shown = "getComputedStyle(document.querySelector('tr.about')).display"
    assert chromium.evaluate(shown) == "none"
    chromium.evaluate("document.querySelector('.metrics details').open = true")
    assert chromium.evaluate(shown) == "table-row"


def test_paper(chromium: Any, examples: Any, tmp_path: Path) -> None:
    chromium.events.clear()
    chromium.open(write(examples.binary(), tmp_path / "report.html"), dark=True)
    printed = chromium.call("Page.printToPDF", preferCSSPageSize=True, printBackground=True)["data"]
    assert len(printed) > 50_000
    assert chromium.complaints() == []
