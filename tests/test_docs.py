"""The documentation is held to the code: generated pages are current, examples run, links lead somewhere."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import polars as pl
import pytest

from steelyard.evaluation import read_config
from steelyard.evaluation.config import ROLE_NAMES
from steelyard.metrics import forget

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{page.read_text(encoding='utf-8')[: m.start()].count(chr(10)) + 1}", m.group(2))
        for page in PAGES
        for m in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if m.group(1) == language
    ]


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["metrics.md", "cli.md", "engines.md", "json.md"])
def test_generated_pages_are_current(name):
    made = tool("make_docs").PAGES[name]()
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == made, "run python tools/make_docs.py"


def test_schemas_are_current():
    module = tool("make_schemas")
    for name, made in module.schemas().items():
        assert (module.SCHEMAS / name).read_text(encoding="utf-8") == made, "run python tools/make_schemas.py"


@pytest.mark.parametrize(("where", "code"), blocks("toml"), ids=lambda v: v if ":" in str(v)[:40] else "")
def test_toml_examples_are_valid(where, code, tmp_path):
    if "project" in tomllib.loads(code):
        return  # part of a package's pyproject.toml
    file = tmp_path / "steelyard.toml"
    file.write_text(code, encoding="utf-8")
    read_config(file)


@pytest.fixture
def readme_folder(tmp_path, monkeypatch):
    """A folder with the data that the examples of README and docs speak of."""
    rng = np.random.default_rng(1)

    def frame(n):
        p = rng.beta(2, 3, n)
        return pl.DataFrame(
            {
                "churned": (rng.random(n) < p).astype(int),
                "p_churn": p,
                "plan": rng.choice(["prepaid", "contract"], n),
                "region": rng.choice(["north", "south"], n),
                "customer": rng.integers(0, 400, n),
            }
        )

    (tmp_path / "predictions").mkdir()
    for month in range(2):
        frame(600).write_parquet(tmp_path / "predictions" / f"{month}.parquet")
    frame(900).write_parquet(tmp_path / "training.parquet")
    frame(800).write_parquet(tmp_path / "lastweek.parquet")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    forget("net_benefit")


@pytest.mark.parametrize(("where", "code"), blocks("python"), ids=lambda v: v if ":" in str(v)[:40] else "")
def test_python_examples_run(where, code, readme_folder):
    before = "import steelyard as sy\n" if "sy." in code and "import steelyard" not in code else ""
    exec(compile(before + code, where, "exec"), {"__name__": "example"})
    if "result.json" in code:
        assert (readme_folder / "result.json").stat().st_size > 1000


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_role_is_documented():
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    missing = [role for role in ROLE_NAMES if f"`{role}`" not in page and role != "task"]
    assert not missing


def test_every_page_is_in_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert not [page.name for page in (ROOT / "docs").glob("*.md") if page.name not in nav]


def test_no_addresses_of_registries_or_machines():
    bad = re.compile(r"index[-_]url|files\.pythonhosted|registry\.npmjs|/root/|/work/")
    for page in PAGES:
        assert not bad.search(page.read_text(encoding="utf-8")), page.name
