import subprocess
import sys

import pytest

from steelyard.data import Source, read, register
from steelyard.data.border import as_table
from steelyard.data.sources import source as registry
from steelyard.records import SourceError


@pytest.fixture
def own_list(monkeypatch):
    monkeypatch.setattr(registry, "_registered", list(registry._registered))


def shouting(source: str, query: str | None):
    import polars as pl

    return as_table(pl.DataFrame({"x": [source.upper(), query]}), "a shout")


SHOUTS = Source("shouts", lambda s: isinstance(s, str) and s.endswith("!"), shouting, "anything that ends in !")


def test_a_source_of_ones_own_comes_first(own_list, rows):
    register(SHOUTS)
    assert rows("hey!", query="why")["x"].to_list() == ["HEY!", "why"]
    with pytest.raises(SourceError, match="Steelyard reads: anything that ends in !; "):
        read(5)


def test_entry_points_are_loaded(own_list, monkeypatch, rows):
    class Point:
        name, module, value, dist = "shouts", "shouting", "shouting:SHOUTS", None

        def load(self):
            return SHOUTS

    monkeypatch.setattr(registry, "entry_points", lambda group: [Point()] if group == "steelyard.sources" else [])
    registry._load_plugins.cache_clear()
    assert rows("hey!", query="x")["x"].to_list() == ["HEY!", "x"]


def test_importing_loads_no_optional_package():
    optional = "pandas pyarrow duckdb sqlalchemy psycopg deltalake fsspec pyspark ibis dask sklearn"
    code = f"import sys, steelyard.data; print([m for m in {optional.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
