"""The other commands, and the command line as a real process."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

import steelyard as sy

MAIN = (sys.executable, "-c", "from steelyard.cli import main; main()")


def process(*words, env=None, **more):
    env = {**os.environ, **(env or {})}
    return subprocess.run([*MAIN, *words], capture_output=True, env=env, check=False, **more)


def test_metrics(steelyard):
    everything = steelyard("metrics")
    assert everything.code == 0
    assert "roc_auc" in everything.out
    assert "ndcg_at_10" in everything.out
    docs = json.loads(steelyard("metrics", "--task", "ranking", "--json").out)
    assert {d["name"] for d in docs} >= {"map", "mrr", "ndcg_at_10"}
    assert all("ranking" in d["tasks"] and d["meaning"] and d["direction"] for d in docs)
    assert "no task 'rank'. Did you mean 'ranking'" in steelyard("metrics", "--task", "rank").err


def test_explain_metric(steelyard):
    done = steelyard("explain-metric", "roc_auc")
    assert done.code == 0
    for heading in ("Formula", "Range", "Misleads", "Next"):
        assert heading in done.out
    doc = json.loads(steelyard("explain-metric", "roc_auc", "--json").out)
    assert doc == json.loads(json.dumps(asdict(sy.describe("roc_auc"))))


@pytest.mark.parametrize(("name", "nearest"), [("rocauc", "roc_auc"), ("RMSE", "rmse"), ("ndgc_at_10", "ndcg_at_10")])
def test_an_unknown_metric(refused, name, nearest):
    message = refused("explain-metric", name)
    assert message.startswith(f"There is no metric {name!r}. Did you mean ")
    assert repr(nearest) in message


def test_demo(steelyard, tmp_path):
    done = steelyard("demo", "-o", "demo.html")
    assert done.code == 0
    assert f"Written: {tmp_path / 'demo.html'}" in done.out
    assert (tmp_path / "demo.html").stat().st_size < 1_500_000


def test_demo_refuses_a_bad_place_at_once(refused):
    assert "Make the directory 'nowhere' first" in refused("demo", "-o", "nowhere/a.html")


def test_version_and_help(steelyard):
    assert steelyard("--version").out == f"{sy.__version__}\n"
    for command in ([], ["evaluate"], ["metrics"], ["explain-metric"], ["demo"]):
        done = steelyard(*command, "--help")
        assert done.code == 0
        assert "Usage: steelyard" in done.out
    nothing = steelyard()
    assert "Commands:" in nothing.out + nothing.err


def test_help_and_import_load_no_engine():
    heavy = {"polars", "numpy", "scipy", "narwhals", "pandas", "pyarrow", "duckdb", "jinja2", "altair", "sqlalchemy"}
    code = "import sys\nimport steelyard\n{}\nprint(*sorted({m.partition('.')[0] for m in sys.modules}))"
    calls = {
        "import": "",
        "help": (
            "import contextlib, io\nfrom steelyard.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['--help'])"
        ),
    }
    for name, call in calls.items():
        words = [sys.executable, "-c", code.replace("{}", call, 1)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert not heavy & set(done.stdout.split()), name


def test_a_reader_that_leaves_changes_nothing(data, tmp_path):
    words = ["evaluate", str(tmp_path / data), "--label", "y", "--score", "p", "-o", str(tmp_path / "a.md")]
    for more, code in ((["--json"], 0), (["--check", "roc_auc >= 0.99"], 1)):
        left = subprocess.Popen([*MAIN, *words, *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        left.stdout.close()
        told = left.stderr.read()
        left.stderr.close()
        assert left.wait() == code
        assert told == b""
    assert (tmp_path / "a.md").exists()


def test_standard_input_and_a_poor_terminal(frame):
    words = ["evaluate", "-", "--label", "y", "--score", "p", "--slice", "plan"]
    rows = frame.with_columns(plan=frame["plan"] + "ü").write_csv().encode()
    poor = {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "TERM": "dumb"}
    done = process(*words, input=rows, env=poor)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"ROC AUC" in done.stdout
    done.stdout.decode("ascii")
    found = json.loads(process(*words, "--json", input=rows, env=poor).stdout.decode("utf-8"))
    assert {e["slice"].get("plan") for e in found["estimates"]} == {None, "aü", "bü"}


def test_an_error_of_a_real_process(tmp_path):
    done = process("evaluate", "nothing.csv", cwd=tmp_path, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Error: There is no file 'nothing.csv'.")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_in_a_real_process(tmp_path):
    os.mkfifo(tmp_path / "slow.csv")
    waiting = subprocess.Popen(
        [*MAIN, "evaluate", "slow.csv"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with (tmp_path / "slow.csv").open("wb") as pipe:  # opens when the other side does
        pipe.write(b"y,p\n")
        pipe.flush()
        time.sleep(0.3)
        waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=60)
    assert (waiting.returncode, out, err) == (130, b"", b"")
