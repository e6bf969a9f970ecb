import json
import pkgutil
import subprocess
import sys

import pytest

import steelyard

HEAVY = ("pandas", "pyarrow", "duckdb", "pyspark", "sklearn", "altair", "scipy.stats")
ROOMS = sorted(module.name for module in pkgutil.iter_modules(steelyard.__path__, "steelyard."))


def modules_after(statement: str) -> list[str]:
    """Names of all modules that a fresh interpreter has after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return list(json.loads(told.stdout))


def test_importing_steelyard_imports_nothing_heavy() -> None:
    assert not set(HEAVY) & set(modules_after("import steelyard"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_alone(room: str) -> None:
    assert room in modules_after(f"import {room}")
