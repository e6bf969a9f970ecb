"""Lines from all over a text file, to find the types of its columns from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

WHOLE = 16 * 2**20
FIRST = 4 * 2**20
SLICE = 2**17
SLICES = 16


def sample_lines(path: Path, whole: Callable[[bytes], bool], eol: bytes = b"\n") -> bytes:
    """Return the whole of a file up to 16 MB; else its beginning, and lines from sixteen places after it.

    A column of integers that turns out to have fractions, or text, farther down is mostly seen so.
    `whole` says whether a line taken out of the middle is a complete record.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        if size <= WHOLE:
            return file.read()
        first = file.read(FIRST)
        parts = [first[: first.rindex(eol) + 1] if eol in first else first]
        for number in range(1, SLICES + 1):
            file.seek(FIRST + (size - FIRST - SLICE) * number // SLICES)
            lines = file.read(SLICE).split(eol)[1:-1]
            parts.append(b"".join(line + eol for line in lines if whole(line)))
    return b"".join(parts)
