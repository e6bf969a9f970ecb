"""The comment on a pull request, the action that posts it, the hook."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
import yaml

from steelyard.evaluation import Evaluation
from steelyard.integrations import github_action
from steelyard.integrations.github import marker, refused, to_comment
from steelyard.records import CheckResult, ConfigError, Estimate, Reading, Slice, Undefined, Verdict

ROOT = Path(__file__).resolve().parents[2]
F = Slice.of({"sex": "F"})


def estimate(value, half=0.01):
    return Estimate(value, value - half, value + half, 0.95, 300, "wilson")


def check(verdict=Verdict.PASS, **more):
    known = {
        "metric": "recall",
        "bound": "≥ 0.7",
        "sentence": f"it is {verdict}",
        "outcome": estimate(0.8),
        "low": 0.7,
    }
    return CheckResult(**{**known, "verdict": verdict, "name": "recall >= 0.7", **more})


def evaluation(*checks, readings=()):
    return Evaluation(
        "rows.csv", "binary", {}, {"current": 300, "reference": 200}, readings, checks=checks,
        versions={"steelyard": "1.2.3"},
    )  # fmt: skip


def cells(comment):
    rows = [line for line in comment.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_a_comment():
    text = to_comment(evaluation(check(), check(Verdict.FAIL, slice=F, name="recall >= 0.7 [sex = F]", next="Look.")))
    assert text.startswith("<!-- steelyard-check: steelyard -->\n\n### ✕ 1 of 2 checks fails.")
    head, _, first, second = cells(text)
    assert head == ["", "Check", "Value", "95 % interval", "Bound"]
    assert first == ["✕ Fail", "recall \\[sex = F\\]", "0.800", "0.790 to 0.810", "≥ 0.7"]
    assert second[:2] == ["✓ Pass", "recall"]
    assert "- **recall &gt;= 0.7 \\[sex = F\\]**: it is fail Look." in text
    assert "it is pass" not in text
    assert "300 rows of the current data, 200 rows of the reference data; seed 0, Steelyard 1.2.3." in text


@pytest.mark.parametrize(
    ("value", "bounds", "word"),
    [
        (0.005, {"low": 0.7, "high": None}, "within noise"),
        (-0.02, {"low": 0.7, "high": None}, "**regression**"),
        (0.02, {"low": 0.7, "high": None}, "improvement"),
        (-0.02, {"low": None, "high": 0.7}, "improvement"),
        (0.02, {"low": None, "high": 0.7}, "**regression**"),
        (0.02, {"low": 0.1, "high": 0.7}, "changed"),
    ],
)
def test_noise_or_regression(value, bounds, word):
    readings = (
        Reading("recall", estimate(value), F, "difference"),
        Reading("recall", estimate(0.5), F, "current"),
        Reading("recall", estimate(0.5), data="difference"),
        Reading("recall", Undefined("no"), F, "gain"),
    )
    head, _, row = cells(to_comment(evaluation(check(slice=F, **bounds), readings=readings)))
    assert head[-1] == "Against the reference"
    assert row[-1].endswith(f"): {word}")


def test_both_bases_and_groups():
    readings = tuple(Reading("recall", estimate(-0.02), data=data) for data in ("difference", "gain"))
    head, _, one, groups = cells(to_comment(evaluation(check(), check(across=("sex",)), readings=readings)))
    assert head[-2:] == ["Against the reference", "Against the champion"]
    assert all(cell.endswith("**regression**") for cell in one[-2:])
    assert groups[-2:] == ["", ""]


def test_nothing_of_the_data_is_markup():
    odd = "<script>|`@team` [x](http://a.b) <!-- -->\n# head\x1b"
    text = to_comment(evaluation(check(Verdict.FAIL, metric=odd, name=odd, sentence=odd, bound=odd)), odd)
    assert "<script" not in text
    assert "@team" not in text
    assert "[x](" not in text
    assert "http://" not in text
    assert "\x1b" not in text
    assert text.count("<!--") == 1
    assert text.splitlines()[0].endswith("-->")
    assert all(len(row) == 5 for row in cells(text))


def test_a_long_list_fits():
    many = [check(Verdict.FAIL, name=f"recall {i}", sentence="so " * 300) for i in range(500)]
    text = to_comment(evaluation(*many))
    assert len(text) < 65_000
    assert "… and 440 more checks" in text
    assert len(cells(text)) == 62


def test_a_gate_has_its_own_marker():
    assert marker() != marker("Churn") != marker("Spam")
    assert marker("a --> b\n<!-- c") == "<!-- steelyard-check: a -- b-- c -->"
    assert refused("Error: no such file <x>\nmore", "Churn").startswith(f"{marker('Churn')}\n\n### ✕ Churn: nothing")
    assert "&lt;x&gt;\n> more" in refused("Error: no such file <x>\nmore")


def test_what_the_inputs_become():
    environment = {
        "DATA": "a.csv\n\n b c.csv \n", "REFERENCE": "", "CHAMPION": "score=q\nprediction=e", "CONFIG": "x.toml",
        "NAME": "My gate", "ARGS": '--check "roc_auc >= 0.8" --seed 3', "COMMENT_FILE": "out.md",
    }  # fmt: skip
    assert github_action.words(environment) == [
        "--champion", "score=q", "--champion", "prediction=e", "--config", "x.toml", "--name", "My gate",
        "--check", "roc_auc >= 0.8", "--seed", "3", "--comment", "out.md", "--", "a.csv", "b c.csv",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="input args cannot be read: No closing quotation"):
        github_action.words({"ARGS": '"x', "COMMENT_FILE": "out.md"})


@pytest.fixture
def job(tmp_path):
    """The environment of a step of the action, in a folder with data."""
    p = [i / 200 for i in range(200)]
    pl.DataFrame({"y": [int(x > 0.5) for x in p], "p": p}).write_csv(tmp_path / "rows.csv")
    files = {name: str(tmp_path / name) for name in ("COMMENT_FILE", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT")}
    return {**os.environ, **files, "DATA": "rows.csv"}


def step(name, environment, folder):
    words = [sys.executable, "-m", "steelyard.integrations.github_action", name]
    return subprocess.run(words, env=environment, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("check", "code", "verdict", "title"),
    [
        ("roc_auc >= 0.8", 0, "pass", "### ✓ The check passes."),
        ("roc_auc <= 0.8", 1, "fail", "### ✕ The check fails."),
        ("rocauc <= 0.8", 2, "error", "### ✕ Nothing could be checked"),
    ],
)
def test_the_check_step(job, tmp_path, check, code, verdict, title):
    (tmp_path / "COMMENT_FILE").write_text("of a run before")
    done = step("check", {**job, "ARGS": f"--check '{check}' --label y --score p"}, tmp_path)
    assert done.returncode == 0
    assert (tmp_path / "GITHUB_OUTPUT").read_text() == f"code={code}\nverdict={verdict}\n"
    comment = (tmp_path / "COMMENT_FILE").read_text()
    assert comment.splitlines()[2] == title
    assert (tmp_path / "GITHUB_STEP_SUMMARY").read_text() == comment
    assert ("Did you mean" in done.stderr) == (code == 2)


FAKE_GH = """#!{python}
import json, pathlib, sys
here = pathlib.Path(__file__).parent
words = sys.argv[1:]
body = sys.stdin.read() if "--input" in words else ""
with (here / "calls").open("a") as file:
    file.write(json.dumps([words, body]) + "\\n")
if "--paginate" in words:
    print((here / "found").read_text())
else:
    print("https://example.org/comment")
"""


def test_the_comment_step_updates_its_own(job, tmp_path):
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(FAKE_GH.format(python=sys.executable))
    gh.chmod(0o755)
    more = {"PATH": f"{gh.parent}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "me/it", "PULL_REQUEST": "7"}
    body = f"{marker('Churn')}\n\nHello “you”"
    (tmp_path / "COMMENT_FILE").write_text(body)
    for found, method, place in (
        ("", "POST", "repos/me/it/issues/7/comments"),
        ("41\n42", "PATCH", "repos/me/it/issues/comments/41"),
    ):
        (gh.parent / "found").write_text(found)
        done = step("comment", {**job, **more}, tmp_path)
        assert done.returncode == 0, done.stderr
        assert done.stdout == "https://example.org/comment\n"
        search, write = (json.loads(line) for line in (gh.parent / "calls").read_text().splitlines()[-2:])
        assert search[0][:3] == ["api", "--paginate", "repos/me/it/issues/7/comments?per_page=100"]
        assert 'startswith("<!-- steelyard-check: Churn -->")' in search[0][-1]
        assert write[0][1:4] == ["--method", method, place]
        assert json.loads(write[1]) == {"body": body}


@pytest.mark.parametrize(("script", "message"), [(None, "gh is not there"), ("exit 1", "GitHub refused the comment")])
def test_a_comment_that_cannot_be_written(job, tmp_path, script, message):
    folder = tmp_path / "bin"
    folder.mkdir()
    if script:
        (folder / "gh").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "gh").chmod(0o755)
    (tmp_path / "COMMENT_FILE").write_text("x")
    more = {"PATH": str(folder), "GITHUB_REPOSITORY": "me/it", "PULL_REQUEST": "7"}
    done = step("comment", {**job, **more}, tmp_path)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]


def test_the_action_uses_the_inputs_it_has():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    assert all(given["description"] for given in ACTION["inputs"].values())
    ids = {step["id"] for step in STEPS if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", text)) <= ids
    assert ACTION["runs"]["using"] == "composite"


def test_the_action_hands_over_what_the_step_reads():
    (given,) = (step["env"] for step in STEPS if step.get("id") == "check")
    assert set(given) == {*github_action.OPTIONS.values(), "DATA", "ARGS", "COMMENT_FILE"}


@pytest.mark.parametrize("step", [s for s in STEPS if "run" in s], ids=lambda s: s["name"])
def test_scripts_of_the_action_are_shell(step):
    assert step["shell"] == "bash"
    assert "${{" not in step["run"]  # an input within a script could be a script
    subprocess.run(["bash", "-n"], input=step["run"], text=True, check=True)


def test_the_hook():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert (hook["id"], hook["entry"], hook["language"]) == ("steelyard-check", "steelyard check", "python")
    assert hook["pass_filenames"] is False
    assert hook["always_run"] is True


def test_every_check_has_a_title():
    rule = replace(check(), name="", metric="age: range", bound="from 0 to 120")
    assert rule.title == "age: range (from 0 to 120)"
