"""The room keeps to itself: NumPy and cheap SciPy, nothing else of steelyard, no file grown too long."""

import ast
from pathlib import Path

import pytest

import steelyard.stats

ROOT = Path(steelyard.stats.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
ALLOWED = {"math", "typing", "collections", "functools", "warnings", "numpy", "scipy", "steelyard"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_imports(file):
    for name in imported(ast.parse(file.read_text())):
        assert name.split(".")[0] in ALLOWED
        if name.startswith("steelyard"):
            assert name.startswith("steelyard.stats.")
        if name.startswith("scipy"):
            assert name == "scipy.special"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_one_idea_a_file(file):
    assert len(file.read_text().splitlines()) <= 200


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_public_functions_say_what_they_raise(file):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            text = ast.get_docstring(node)
            assert text
            raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
            assert not raises or "Raises:" in text, node.name
