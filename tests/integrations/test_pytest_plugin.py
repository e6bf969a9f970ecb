"""Checks as tests: the fixture, `steelyard.toml` files, and what a failure says."""

import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from steelyard.evaluation import gating

pytest_plugins = ["pytester"]

ALONE = [word for name in ("cacheprovider", "hypothesispytest", "xdist", "timeout") for word in ("-p", f"no:{name}")]
GATE = """
[data]
current = "rows.csv"
[roles]
label = "y"
score = "p"
prediction = "d"
"""


@pytest.fixture
def rows(pytester):
    rng = np.random.default_rng(1)
    p = rng.beta(1.5, 3, 300).round(3)
    columns = {"y": (rng.random(300) < p).astype(int), "p": p, "d": (p >= 0.4).astype(int), "sex": ["F", "M"] * 150}
    pl.DataFrame(columns).write_csv(pytester.path / "rows.csv")
    return pytester.path


@pytest.fixture
def tests(pytester, rows):
    """Run tests in their own folder, with this plugin alone."""

    def run(body=None, *words, gate=None, ini=""):
        if body is not None:
            roles = "import steelyard as sy\nROLES = sy.Roles(label='y', score='p', prediction='d')\n"
            pytester.makepyfile(test_model=roles + body)
        if gate is not None:
            (rows / "steelyard.toml").write_text(gate)
        if ini:
            pytester.makeini(f"[pytest]\n{ini}\n")
        return pytester.runpytest_inprocess(*ALONE, "-W", "error", *words)

    return run


def test_the_fixture(tests):
    ran = tests(
        """
        def test_good(steelyard):
            found = steelyard.check("rows.csv", "roc_auc >= 0.5", "recall >= 0.01 [sex = F]", roles=ROLES)
            assert found.verdict == "pass"

        def test_bad(steelyard):
            steelyard.check("rows.csv", "roc_auc >= 0.99", "roc_auc >= 0.5", "accuracy >= 0.75", roles=ROLES)

        def test_own(steelyard):
            assert steelyard.evaluate("rows.csv", ROLES).estimates["roc_auc"].value > 0.5
        """.replace("\n        ", "\n")
    )
    ran.assert_outcomes(passed=2, failed=1)
    out = ran.stdout.str()
    assert "✕ roc_auc >= 0.99" in out
    assert "none of the interval is ≥ 0.99. The report says where it fails most" in out
    assert "? accuracy >= 0.75" in out
    assert "rows would settle it" in out
    assert "gating.py" not in out


UNSETTLED = """
def test_it(steelyard):
    steelyard.check("rows.csv", "accuracy >= 0.75", roles=ROLES{})
"""


@pytest.mark.parametrize(
    ("argument", "ini", "outcome"),
    [
        ("", "", {"failed": 1}),
        (", inconclusive='pass'", "", {"passed": 1}),
        (", inconclusive='skip'", "", {"skipped": 1}),
        ("", "steelyard_inconclusive = skip", {"skipped": 1}),
        (", inconclusive='fail'", "steelyard_inconclusive = pass", {"failed": 1}),
        (", inconclusive='maybe'", "", {"failed": 1}),
    ],
)
def test_what_inconclusive_means(tests, argument, ini, outcome):
    tests(UNSETTLED.format(argument), ini=ini).assert_outcomes(**outcome)


def test_what_fails_is_not_hidden_by_a_skip(tests):
    body = UNSETTLED.format(", inconclusive='skip'").replace('"accuracy', '"roc_auc >= 0.99", "accuracy')
    tests(body).assert_outcomes(failed=1)


def test_a_gate_is_a_file_of_tests(tests):
    gate = (
        'checks = ["roc_auc >= 0.5", "roc_auc >= 0.99", "accuracy >= 0.75", "roc_auc >= 0.5"]\n'
        f'{GATE}\n[[expect]]\ncolumn = "p"\nrule = "range"\nmin = 0\nmax = 1\n'
    )
    ran = tests(gate=gate)
    ran.assert_outcomes(passed=3, failed=2)
    out = ran.stdout.str()
    assert "FAILED steelyard.toml::roc_auc >= 0.99 - ✕ roc_auc >= 0.99" in out
    assert "Traceback" not in out
    assert ".py:" not in out
    listed = tests(None, "--collect-only", "-q").stdout.str()
    names = ["roc_auc >= 0.5", "roc_auc >= 0.99", "accuracy >= 0.75", "roc_auc >= 0.5 (2)", "p: range (from 0 to 1)"]
    assert [line for line in listed.splitlines() if "::" in line] == [f"steelyard.toml::{name}" for name in names]


def test_the_data_of_a_gate_is_read_once(tests, monkeypatch):
    calls = []
    original = gating.evaluate
    monkeypatch.setattr(gating, "evaluate", lambda *a, **k: calls.append(a) or original(*a, **k))
    tests(gate=f'checks = ["roc_auc >= 0.5", "accuracy >= 0.1"]\n{GATE}').assert_outcomes(passed=2)
    assert len(calls) == 1
    gate = f'checks = ["roc_auc >= 0.5", "accuracy >= 0.1"]\n{GATE}'.replace("rows.csv", "none.csv")
    ran = tests(gate=gate)
    ran.assert_outcomes(failed=2)
    assert len(calls) == 2
    assert "none.csv" in ran.stdout.str()
    assert "Traceback" not in ran.stdout.str()


def test_one_of_the_tests_alone(tests):
    gate = f'checks = ["roc_auc >= 0.99", "accuracy >= 0.1"]\n{GATE}'
    tests(None, "steelyard.toml::accuracy >= 0.1", gate=gate).assert_outcomes(passed=1)


def test_unsettled_checks_of_a_gate(tests):
    tests(gate=f'checks = ["accuracy >= 0.75"]\n{GATE}', ini="steelyard_inconclusive = skip").assert_outcomes(
        skipped=1
    )


@pytest.mark.parametrize("gate", ['checks = ["roc_auc >= 0.5"]', GATE], ids=["without data", "without checks"])
def test_a_config_that_is_no_gate_is_none(tests, gate):
    tests(gate=gate).assert_outcomes()


def test_collecting_can_be_left(tests):
    tests(gate=f'checks = ["roc_auc >= 0.99"]\n{GATE}', ini="steelyard_collect = false").assert_outcomes()


@pytest.mark.parametrize(
    ("gate", "message"),
    [
        ("[data\n", "is not valid TOML"),
        (f'checks = ["roc_auc >= o.5"]\n{GATE}', "The bound 'o.5' of the check"),
    ],
)
def test_a_config_that_cannot_be_read(tests, gate, message):
    ran = tests(gate=gate)
    ran.assert_outcomes(errors=1)
    assert message in ran.stdout.str()
    assert "Traceback" not in ran.stdout.str()


def test_a_setting_that_means_nothing(tests):
    ran = tests("def test_it(): pass", ini="steelyard_inconclusive = maybe")
    assert ran.ret == pytest.ExitCode.USAGE_ERROR
    assert "must be one of fail, pass, skip, not 'maybe'" in ran.stderr.str()


def test_workers_share_a_gate(rows, pytester, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    gate = f'checks = ["roc_auc >= 0.5", "roc_auc >= 0.99", "accuracy >= 0.1"]\n{GATE}'
    (rows / "steelyard.toml").write_text(gate)
    plugins = ("-p", "xdist", "-p", "steelyard.integrations.pytest_plugin", "-p", "no:cacheprovider")
    ran = pytester.runpytest_subprocess(*plugins, "-n", "2", "--dist", "loadgroup")
    ran.assert_outcomes(passed=2, failed=1)


def test_pytest_starts_without_an_engine():
    code = "import json, sys, steelyard.integrations.pytest_plugin\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(told.stdout)}
    assert not loaded & {"numpy", "polars", "narwhals", "scipy", "msgspec", "typer", "rich", "jinja2"}


def test_the_plugin_is_found(pytestconfig):
    assert pytestconfig.pluginmanager.hasplugin("steelyard")
