"""`steelyard check`: verdicts, files, the lock file, exit codes."""

import json
from xml.etree import ElementTree as Xml

import polars as pl
import pytest

ROLES = ("--label", "y", "--score", "p", "--prediction", "d")
TOML = """
[data]
current = "rows.csv"

[roles]
label = "y"
score = "p"
prediction = "d"

[[checks]]
metric = "roc_auc"
min = {}
"""


@pytest.mark.parametrize(
    ("checks", "code", "said"),
    [
        (["roc_auc >= 0.5"], 0, "The check passes."),
        (["roc_auc >= 0.5", "accuracy >= 0.1"], 0, "All 2 checks pass."),
        (["roc_auc >= 0.5", "roc_auc >= 0.99"], 1, "1 of 2 checks fails."),
        (["accuracy >= 0.75", "roc_auc >= 0.99"], 1, "1 of 2 checks fails, 1 cannot be settled yet."),
        (["accuracy >= 0.75"], 3, "The check cannot be settled yet."),
    ],
)
def test_verdicts_and_exit_codes(steelyard, data, checks, code, said):
    done = steelyard("check", data, *ROLES, *(w for c in checks for w in ("--check", c)))
    assert done.code == code
    assert done.err == ""
    assert f"rows.csv: {said}" in done.out
    assert "value (95 % interval)" in done.out


def test_the_config_is_enough(steelyard, data, write, tmp_path):
    write("steelyard.toml", TOML.format(0.99))
    done = steelyard("check")
    assert done.code == 1
    words = " ".join(done.out.split())
    assert "roc_auc >= 0.99: roc_auc is" in words
    assert "none of the interval is ≥ 0.99. The report says where it fails most" in words
    (tmp_path / "sub").mkdir()
    (tmp_path / "steelyard.toml").rename(tmp_path / "sub" / "gate.toml")
    (tmp_path / "rows.csv").rename(tmp_path / "sub" / "rows.csv")
    assert steelyard("check", "--config", "sub/gate.toml").code == 1
    assert steelyard("check", "--config", "sub/gate.toml", "--check", "recall >= 0.01").code == 1


def test_every_option_arrives(steelyard, data, frame, write):
    past = write("past.csv", frame.with_columns(p=1 - pl.col("p")))
    done = steelyard(
        "check", data, *ROLES, "--reference", past, "--check", "roc_auc >= reference + 0.1", "--level", "0.9",
        "--seed", "7", "--json",
    )  # fmt: skip
    found = json.loads(done.out)
    assert (done.code, found["verdict"], found["level"], found["seed"]) == (0, "pass", 0.9, 7)
    assert {e["metric"] for e in found["estimates"]} == {"roc_auc"}


def test_files(steelyard, data, tmp_path):
    done = steelyard(
        "check", data, *ROLES, "--check", "roc_auc >= 0.99", "--junit", "out.xml", "--comment", "out.md",
        "--name", "Churn", "-o", "out.json",
    )  # fmt: skip
    assert done.code == 1
    for name in ("out.xml", "out.md", "out.json"):
        assert f"Written: {tmp_path / name}" in done.out
    assert Xml.parse(tmp_path / "out.xml").getroot().get("failures") == "1"
    assert (
        (tmp_path / "out.md")
        .read_text()
        .startswith("<!-- steelyard-check: Churn -->\n\n### ✕ Churn: The check fails.")
    )
    assert json.loads((tmp_path / "out.json").read_text())["verdict"] == "fail"


def test_nothing_but_errors(steelyard, data):
    done = steelyard("check", data, *ROLES, "--check", "roc_auc >= 0.99", "-q")
    assert (done.code, done.out, done.err) == (1, "", "")


def test_the_lock_file(steelyard, data, write, tmp_path):
    write("steelyard.toml", TOML.format(0.1))
    lock = tmp_path / "steelyard.lock.json"
    assert steelyard("check").code == 0
    assert not lock.exists()
    done = steelyard("check", "--register")
    assert done.code == 0
    assert "roc_auc >= …: registered as ≥ 0.1 on " in done.out
    assert "before any data was judged." in done.out
    done = steelyard("check")
    assert "1 bound is registered, with 1 data set judged; all stood before." in " ".join(done.out.split())
    write("steelyard.toml", TOML.format(0.05))
    done = steelyard("check")
    assert done.code == 0
    words = " ".join(done.out.split())
    assert "roc_auc >= 0.05: The bound was changed from ≥ 0.1 to ≥ 0.05 on " in words
    assert "after 1 data set had been judged, this one." in words
    assert "1 of them was set or moved after data had been judged" in words
    found = json.loads(steelyard("check", "--json").out)
    assert "changed from ≥ 0.1 to ≥ 0.05" in found["checks"][0]["sentence"]
    kinds = [e["kind"] for e in json.loads(lock.read_text())["entries"]]
    assert kinds == ["registered", "judged", "changed", "judged"]


def test_another_lock_file(steelyard, data, tmp_path):
    words = ("check", data, *ROLES, "--check", "recall >= 0.01", "--lock", "bounds.json")
    assert steelyard(*words).code == 0
    assert "1 bound is registered" in steelyard(*words).out
    assert len(json.loads((tmp_path / "bounds.json").read_text())["entries"]) == 2


def test_the_same_each_time(steelyard, data, tmp_path):
    words = (
        "check",
        data,
        *ROLES,
        "--check",
        "recall >= 0.5",
        "--check",
        "recall across sex <= 0.2",
        "--slice",
        "sex",
    )
    made = []
    for n in range(2):
        done = steelyard(*words, "--junit", f"{n}.xml", "--comment", f"{n}.md", "--seed", "3")
        xml = Xml.parse(tmp_path / f"{n}.xml")
        for suite in xml.iter("testsuite"):
            suite.attrib.pop("timestamp")
        made.append(
            (done.out.partition("Written")[0], (tmp_path / f"{n}.md").read_text(), Xml.tostring(xml.getroot()))
        )
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--check", "roc_auc >= 0.5"], "There is no data to judge: name a file, or say current"),
        (["rows.csv"], "There is nothing to check: write [[checks]] into a steelyard.toml"),
        (["rows.csv", *ROLES, "--check", "recall >= champion"], "needs one: give its predictions"),
        (["rows.csv", *ROLES, "--check", "recall >= reference"], "needs a reference: give one with --reference FILE"),
        (["rows.csv", *ROLES, "--check", "recall >= 0.1", "--junit", "no/a.xml"], "Make the directory 'no' first"),
        (
            ["rows.csv", *ROLES, "--check", "recall >= 0.1", "--comment", "rows.csv"],
            "is the data; it would be replaced",
        ),
        (["rows.csv", *ROLES, "--check", "recall >= 0.1", "--lock", "rows.csv"], "is not valid JSON"),
        (["--register"], "There is nothing to check"),
    ],
)
def test_what_is_refused(refused, data, words, message):
    assert message in refused("check", *words)


def test_names_that_no_terminal_should_obey(steelyard, frame, write):
    name = write("odd.csv", frame.with_columns(sex=pl.lit("\x1b[31mred [bold]x[/bold]")))
    done = steelyard(
        "check", name, *ROLES, "--check", "recall across sex <= 0.2", "--check", "accuracy across sex <= 1"
    )
    assert done.code == 3
    assert "\x1b" not in done.out
