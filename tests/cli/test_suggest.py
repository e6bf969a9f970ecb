"""`steelyard suggest`: rules on standard output or in a file, and clear words where neither can be."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import typer
from typer.testing import CliRunner

from steelyard.analyses.expectations import parse_expectations
from steelyard.cli.suggest import suggest
from steelyard.records import ConfigError, OutputError

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    pl.DataFrame({"age": [*range(18, 78)] * 2, "sex": ["F", "M"] * 60}).write_parquet("rows.parquet")
    app = typer.Typer()
    app.command()(suggest)

    def call(*words: str) -> str:
        done = CliRunner().invoke(app, list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    return call


def test_printed(run: Run) -> None:
    body = run("rows.parquet")
    assert body.startswith("# Suggested by `steelyard suggest rows.parquet`.")
    rules = {(e.column, e.rule) for e in parse_expectations(tomllib.loads(body)["expect"])}
    assert {("age", "range"), ("sex", "values"), ("age", "not_missing")} <= rules


def test_written(run: Run) -> None:
    assert "rules)" in run("rows.parquet", "-o", "checks.toml")
    assert parse_expectations(tomllib.loads(Path("checks.toml").read_text(encoding="utf-8"))["expect"])
    assert sorted(p.name for p in Path().iterdir()) == ["checks.toml", "rows.parquet"]


def test_the_data_are_not_replaced(run: Run) -> None:
    with pytest.raises(ConfigError, match="is the data"):
        run("rows.parquet", "-o", "rows.parquet")


def test_no_such_folder(run: Run) -> None:
    with pytest.raises(OutputError, match="a folder that exists"):
        run("rows.parquet", "-o", "nowhere/checks.toml")
