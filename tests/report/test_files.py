"""Writing: the right format, all or nothing, and an error that says what to do."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from steelyard.records import ConfigError, OutputError
from steelyard.report import write


@pytest.fixture
def binary(examples: Any) -> Any:
    return examples.binary()


@pytest.mark.parametrize(
    ("name", "start"), [("r.html", "<!doctype html>"), ("r.json", "{\n"), ("r.md", "# "), ("R.HTML", "<!doctype")]
)
def test_the_suffix_names_the_format(binary: Any, tmp_path: Path, name: str, start: str) -> None:
    path = write(binary, tmp_path / name)
    assert path == tmp_path / name
    assert path.read_text("utf-8").lower().startswith(start)
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_path_may_be_a_string(binary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(binary, "report.json")
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["task"] == "binary"


@pytest.mark.parametrize("name", ["report.docx", "report", "report.hmtl"])
def test_unknown_suffix(binary: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"\.html, \.json, \.md"):
        write(binary, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_pdf_is_printed_from_the_html(binary: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"report\.html.*browser and print it to PDF"):
        write(binary, tmp_path / "report.pdf")


def fails_with(number: int) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("where", ["os.fsync", "pathlib.Path.replace", "tempfile.mkstemp"])
@pytest.mark.parametrize(
    ("number", "says"),
    [(errno.ENOSPC, r"Free [\d,]+ bytes"), (errno.EACCES, "right to write"), (errno.EIO, "mend the cause")],
)
def test_a_failed_write_leaves_what_was_there(
    binary: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, number: int, says: str
) -> None:
    target = tmp_path / "report.html"
    target.write_text("the old report")
    monkeypatch.setattr(where, fails_with(number))
    with pytest.raises(OutputError, match=says) as caught:
        write(binary, target)
    monkeypatch.undo()
    assert "report.html" in str(caught.value)
    assert isinstance(caught.value, OSError)
    assert target.read_text() == "the old report"
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_a_missing_directory(binary: Any, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="Make the directory"):
        write(binary, tmp_path / "nowhere" / "report.html")


def test_a_directory_in_the_way(binary: Any, tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match="add a file name"):
        write(binary, tmp_path / "report.html")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


def test_the_mode_is_that_of_any_new_file(binary: Any, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    assert write(binary, tmp_path / "r.md").stat().st_mode == plain.stat().st_mode
    (tmp_path / "r.md").chmod(0o600)
    assert write(binary, tmp_path / "r.md").stat().st_mode & 0o777 == 0o600
