"""Fixtures of the report room: the hand-built evaluations, and a browser where there is one."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


def _load(name: str) -> ModuleType:
    """Load a module that lies beside the tests; they are no package."""
    full = f"steelyard_report_{name}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[full] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[full]


NAMES = tuple(_load("examples").ALL)


@pytest.fixture(scope="session")
def examples() -> ModuleType:
    """The module of hand-built evaluations."""
    return _load("examples")


@pytest.fixture(params=NAMES)
def evaluation(request: pytest.FixtureRequest, examples: ModuleType) -> Any:
    """Each hand-built evaluation in turn."""
    return examples.ALL[request.param]()


@pytest.fixture(scope="session")
def tab(chromium: str) -> Iterator[Any]:
    """A page of a headless Chromium."""
    with _load("browser").page(chromium) as page:
        yield page
