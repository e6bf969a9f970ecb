"""Rows that come in pieces, gathered into one lazy frame without holding them all in memory."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from steelyard.data.sources.scratch import scratch_file

HELD = 64 * 2**20


def gathered(pieces: Iterable[pl.DataFrame]) -> tuple[pl.LazyFrame, int]:
    """Return the rows of all pieces and their number.

    Up to 64 MB stay in memory, the rest is written to scratch files. A column takes the type that holds
    what every piece has, e.g. Float64 for integers then fractions.
    """
    frames: list[pl.LazyFrame] = []
    held = rows = 0
    for piece in pieces:
        rows += piece.height
        size = piece.estimated_size()
        if held + size <= HELD:
            held += int(size)
            frames.append(piece.lazy())
        else:
            path = scratch_file(".arrow")
            piece.write_ipc(path)
            frames.append(pl.scan_ipc(path))
    return (pl.concat(frames, how="diagonal_relaxed") if frames else pl.LazyFrame()), rows
