"""The Markdown: tables that hold, text that stays text."""

from __future__ import annotations

from typing import Any

import pytest

from steelyard.report import to_markdown
from steelyard.report.markdown import escape


def test_what_it_says(examples: Any) -> None:
    text = to_markdown(examples.binary())
    assert text.startswith("# predictions.parquet\n\n**✕ Fail.** 1 of 4 checks fails: Recall is 0.488")
    assert "1. ▲ **High:** The model ranks patients worse than on the training data" in text
    assert "| 0.812 | 0.806 to 0.818 | 0.843 |" in text
    assert "age_group = 80+" in text
    assert "| ✕ Fail | " in text
    assert text.endswith("\n")


def test_every_table_row_has_the_columns_of_its_header(evaluation: Any) -> None:
    width = 0
    for line in to_markdown(evaluation).splitlines():
        if not line.startswith("| "):
            width = 0
            continue
        columns = line.replace("\\|", "").count("|")
        width = width or columns
        assert columns == width


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a|b", "a\\|b"),
        ("<img onerror=x>", "&lt;img onerror=x&gt;"),
        ("*b* `c` [d](e)", "\\*b\\* \\`c\\` \\[d\\](e)"),
        ("roc_auc", "roc_auc"),
        ("_x_", "\\_x\\_"),
        ("@someone", "@\u200bsomeone"),
        ("https://a.b", "https&#58;//a.b"),
        ("www.a.b", "www&#46;a.b"),
        (":smile:", "&#58;smile:"),
        ("14:03:22", "14:03:22"),
        ("# title", "\\# title"),
        ("- item", "\\- item"),
        ("1. item", "1\\. item"),
        ("0.812", "0.812"),
        ("---", "\\---"),
        ("a\\", "a\\\\"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_escape(given: str, expected: str) -> None:
    assert escape(given) == expected


def test_nothing_from_data_becomes_markup(examples: Any) -> None:
    pytest.importorskip("markdown_it")
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(to_markdown(examples.hostile()))
    for forbidden in ("<script", "<img", "<a ", "<em>", "<code>", "<!--"):
        assert forbidden not in html
