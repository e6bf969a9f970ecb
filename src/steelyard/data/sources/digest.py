"""A name for the content of files."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

WHOLE = 256 * 2**20
EDGE = 2**20


def digest_of(paths: Sequence[Path]) -> str:
    """Return "sha256:…" of the content, whatever the files are called and in whatever order.

    Of more than 256 MB only each file's size, first and last megabyte are read, and it says so:
    "sha256-sampled:…".
    """
    whole = sum(path.stat().st_size for path in paths) <= WHOLE
    parts = sorted(_whole(path) if whole else _edges(path) for path in paths)
    joined = parts[0] if len(parts) == 1 else hashlib.sha256("".join(parts).encode()).hexdigest()
    return f"{'sha256' if whole else 'sha256-sampled'}:{joined}"


def _whole(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _edges(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        first = file.read(EDGE)
        file.seek(max(0, size - EDGE))
        return hashlib.sha256(f"{size}:".encode() + first + file.read(EDGE)).hexdigest()
