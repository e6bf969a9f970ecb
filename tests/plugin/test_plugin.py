"""A package of a user's own brings metrics and sources by its entry points; a broken one is named."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "package"
BASKET = "basket:1 0.9 3/0 0.1 2/1 0.8 5/0 0.3 1/1 0.4 2/0 0.2 7"


def installed(folder, points, files):
    """Lay out what an installer would: the modules, and a .dist-info folder with the entry points."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    info = folder / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in named.items())
        for group, named in points.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(groups))
    return folder


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    module = (PACKAGE / "src" / "orchard.py").read_text()
    return installed(tmp_path_factory.mktemp("site"), project["entry-points"], {"orchard.py": module})


def run(folder, *words, code=0):
    """Run Python with the folder as if it were installed."""
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"},
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done


def steelyard(folder, *words, code=0):
    return run(folder, "-c", "from steelyard.cli import main; main()", *words, code=code)


def test_the_command_line_knows_its_metric(plugin):
    listed = json.loads(steelyard(plugin, "metrics", "--json").stdout)
    (apples,) = [m for m in listed if m["name"] == "apples"]
    assert apples["meaning"] == "Ripe apples that were picked, per apple."
    assert apples["tasks"] == ["binary", "multiclass"]
    assert "Apples (apples)" in steelyard(plugin, "explain-metric", "apples").stdout


def test_an_evaluation_uses_its_metrics_and_its_source(plugin):
    done = steelyard(plugin, "evaluate", BASKET, "--label", "y", "--score", "p", "--check", "apples <= 2", "--json")
    found = json.loads(done.stdout)
    values = {e["metric"]: e.get("value") for e in found["estimates"] if not e["slice"]}
    assert values["apples"] == pytest.approx(2 / 6)
    assert values["apple_age"] == pytest.approx(20 / 6)
    assert values["roc_auc"] == 1
    assert found["subject"] == "a basket"
    assert found["verdict"] == "pass"


def test_its_source_is_told_of(plugin):
    code = "import steelyard as sy\ntry: sy.read(3)\nexcept sy.SteelyardError as e: print(e)"
    assert "basket:1 0.9 3/0 0.1 2" in run(plugin, "-c", code).stdout


def test_without_it_nothing_is_known(tmp_path):
    done = steelyard(tmp_path, "explain-metric", "apples", code=2)
    assert "There is no metric 'apples'" in done.stderr


BROKEN = {
    "an import": ("steelyard.metrics", "import nothing_like_it\n", "No module named 'nothing_like_it'"),
    "a name": ("steelyard.metrics", "", "AttributeError"),
    "a mistake": ("steelyard.metrics", "METRICS = 1 / 0\n", "ZeroDivisionError: division by zero"),
    "no metric": ("steelyard.metrics", "METRICS = [3]\n", "holds a int: it must be a Metric"),
    "a taken name": (
        "steelyard.metrics",
        "from steelyard.metrics.expression import from_expression\nMETRICS = [from_expression('recall', 'fn')]\n",
        "cannot be taken: There is already a binary metric named 'recall'",
    ),
    "a source": ("steelyard.sources", "METRICS = 3\n", "is a int, not a steelyard.data.Source"),
    "a source's mistake": ("steelyard.sources", "METRICS = [][1]\n", "IndexError"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_package_is_named(tmp_path, case):
    group, module, message = BROKEN[case]
    folder = installed(tmp_path / "site", {group: {"orchard": "broken:METRICS"}}, {"broken.py": module})
    words = ["metrics"] if group == "steelyard.metrics" else ["evaluate", BASKET]
    told = steelyard(folder, *words, code=2).stderr
    assert message in told
    assert told.startswith("Error: The package 'steelyard-orchard' has ")
    assert "Traceback" not in told
