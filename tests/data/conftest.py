from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from steelyard.data import Table, peek, read


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def _write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write


@pytest.fixture
def rows() -> Callable[[object], pl.DataFrame]:
    """Read a source and collect what every engine would see."""

    def _rows(source: object, **options: str) -> pl.DataFrame:
        table = source if isinstance(source, Table) else read(source, **options)
        return peek(table).frame

    return _rows
