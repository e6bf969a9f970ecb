"""The HTML: no markup from data, no network, small, strict, readable by machines that read to people."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from steelyard.records import Curve, Reading, Slice
from steelyard.report import to_html, to_notebook_html
from steelyard.report.html import asset, digest, embed

OURS = {
    "html",
    "head",
    "meta",
    "link",
    "title",
    "style",
    "body",
    "a",
    "div",
    "nav",
    "ul",
    "li",
    "main",
    "section",
    "header",
    "p",
    "h1",
    "h2",
    "h3",
    "bdi",
    "span",
    "ol",
    "table",
    "caption",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "svg",
    "g",
    "line",
    "circle",
    "path",
    "rect",
    "text",
    "article",
    "details",
    "summary",
    "code",
    "dl",
    "dt",
    "dd",
    "figure",
    "figcaption",
    "script",
    "noscript",
    "strong",
}
VOID = {"meta", "link", "path", "line", "circle", "rect"}


class Reader(HTMLParser):
    """Collects elements, attributes and scripts; notes an element that is closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[str | None, str]] = []
        self.stack: list[str] = []
        self.untidy: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs).get("type"), ""))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.stack or self.stack.pop() != tag):
            self.untidy.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "script":
            kind, text = self.scripts[-1]
            self.scripts[-1] = (kind, text + data)


def test_only_our_elements_and_no_handlers(evaluation: Any) -> None:
    for text in (to_html(evaluation), to_notebook_html(evaluation)):
        read = Reader(text)
        assert {tag for tag, _ in read.elements} <= OURS
        assert read.untidy == []
        assert read.stack == []
        attributes = {name for _, attrs in read.elements for name in attrs}
        assert not [
            name for name in attributes if name.startswith("on") or name in ("style", "src", "srcset", "action")
        ]
        links = {attrs["href"] for tag, attrs in read.elements if "href" in attrs}
        assert all(link is not None and (link.startswith("#") or link == "data:,") for link in links)


def test_data_cannot_add_a_script(examples: Any) -> None:
    count = [kind for kind, _ in Reader(to_html(examples.binary())).scripts].count(None)
    assert [kind for kind, _ in Reader(to_html(examples.hostile())).scripts].count(None) == count == 4
    assert "{{ 7*7 }}" in to_html(examples.hostile())


def test_the_policy_names_every_script_and_style_and_nothing_else(evaluation: Any) -> None:
    text = to_html(evaluation)
    read = Reader(text)
    policy = next(a["content"] for _, a in read.elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    scripts = {digest(body) for kind, body in read.scripts if kind is None}
    assert set(re.findall(r"'sha256-[^']+'", policy.split("script-src")[1].split(";")[0])) == scripts
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert [digest(s) for s in style] == re.findall(r"'sha256-[^']+'", policy.split("style-src")[1].split(";")[0])
    head = text.split("<style>")[0]
    assert "http-equiv" in head  # before anything it governs


def test_size(evaluation: Any) -> None:
    assert len(to_html(evaluation).encode()) < 1_500_000


def test_size_of_a_monster(examples: Any) -> None:
    many = examples.multiclass([f"class number {i} with a rather long name" for i in range(100)])
    wide = examples.wide()
    names = [f"metric_{i}" for i in range(30)]
    slices = [
        Reading(m, examples.estimate(0.5, 0.01, 100), Slice.of({"a long column name": f"value {i}", "another": "x"}))
        for m in names
        for i in range(300)
    ]
    monster = replace(
        many,
        readings=many.readings + wide.readings + tuple(slices),
        columns=wide.columns,
        curves=many.curves + wide.curves,
    )
    assert len(to_html(monster).encode()) < 1_500_000


def test_nothing_to_draw_needs_no_script(examples: Any) -> None:
    text = to_html(examples.empty())
    assert Reader(text).scripts == []
    assert "script-src &#39;none&#39;" in text
    assert len(text) < 40_000
    assert "no row has both a label and a score" in text


def test_landmarks_tables_and_names(examples: Any) -> None:
    read = Reader(to_html(examples.binary()))
    tags = [tag for tag, _ in read.elements]
    assert tags.count("main") == tags.count("h1") == tags.count("nav") == 1
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attrs for tag, attrs in read.elements if tag == "th")
    ids = [attrs["id"] for _, attrs in read.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in read.elements:
        if (attrs.get("href") or "").startswith("#"):
            assert (attrs["href"] or "")[1:] in ids
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
    assert all(attrs.get("aria-hidden") == "true" for tag, attrs in read.elements if tag == "svg")
    charts = [attrs for tag, attrs in read.elements if tag == "figure" and attrs.get("class") == "chart"]
    assert len(charts) == 6
    assert next(attrs for tag, attrs in read.elements if tag == "html")["lang"] == "en"


def test_the_first_screen_says_it(examples: Any) -> None:
    text = to_html(examples.binary())
    summary = text.split('id="summary"')[1].split('id="findings"')[0]
    assert "1 of 4 checks fails: Recall is 0.488" in summary
    assert "fell from 0.843 to 0.812" in summary
    assert "Retrain on the last six months." in summary
    assert "0.806 to 0.818" in summary
    assert summary.count('class="severity') == 3


def test_three_thousand_columns_show_a_hundred(examples: Any) -> None:
    text = to_html(examples.wide())
    assert "The first 100 of 3,000 columns" in text
    assert text.count('class="hist"') == 97
    assert "40 of 415; all are in the JSON file" in text


def test_only_known_points_go_into_a_chart(examples: Any) -> None:
    specs = [
        json.loads(body) for kind, body in Reader(to_html(examples.edges())).scripts if kind == "application/json"
    ]
    roc = next(spec for spec in specs if "fpr" in spec["data"]["values"][0])
    assert roc["data"]["values"][0] == {"fpr": 0.0, "tpr": 0.0, "threshold": None}


def test_a_curve_without_a_chart_comes_as_its_table(examples: Any) -> None:
    given = replace(examples.empty(), curves=(Curve("own_curve", {"x": [1.0, 2.0], "what": ["a", "<b>"]}),))
    text = to_html(given)
    assert "own curve" in text
    assert "<td>&lt;b&gt;</td>" in text


def test_embedded_json_cannot_end_its_element() -> None:
    text = str(embed({"a": "</script><!--&\u2028"}))
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": "</script><!--&\u2028"}


@pytest.mark.parametrize("name", ["vega.min.js", "vega-lite.min.js", "vega-interpreter.js"])
def test_vendored_scripts_can_stand_inline(name: str) -> None:
    text = asset(f"vendor/{name}")
    assert "</script" not in text.lower()
    assert "<!--" not in text
    assert "sourceMappingURL" not in text


def test_notebook_styles_stay_in_their_fragment(examples: Any) -> None:
    text = to_notebook_html(examples.binary())
    style = text.split("<style>")[1].split("</style>")[0]
    rules = [
        selector.strip() for rule in style.split("}") if "{" in rule for selector in rule.split("{")[0].split(",")
    ]
    assert rules
    assert all(rule.startswith(".steelyard-evaluation") for rule in rules)
    assert "<script" not in text
    assert "://" not in text
    assert "Recall is 0.488" in text
