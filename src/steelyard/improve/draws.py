"""A number between 0 and 1 for each row, to let chance decide: the same for the same id, or from a seed."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.grouping import listed, text
from steelyard.records.errors import ConfigError, DataError

Floats = NDArray[np.float64]


def draws(rows: int, ids: Any, seed: int | None) -> Floats:
    """Uniform numbers in [0, 1), shape (rows,).

    Args:
        rows: how many.
        ids: what identifies each row; equal ids get equal numbers, today and tomorrow, on any machine.
        seed: of the numbers; with ids another seed is another lottery, without ids rows in another order get others.

    Raises:
        ConfigError: neither ids nor a seed are given.
        DataError: there are not as many ids as rows.
    """
    if ids is not None:
        return _of_ids(listed(ids), rows, "" if seed is None else str(seed))
    if seed is None:
        raise ConfigError(
            "This policy lets chance decide some rows. Give ids=… so that the same person always gets the same "
            "decision, or a seed=…."
        )
    return np.random.default_rng(seed).random(rows)


def _of_ids(ids: list[Any], rows: int, lottery: str) -> Floats:
    if len(ids) != rows:
        raise DataError(f"There are {rows:,} scores, but {len(ids):,} ids.")
    key = hashlib.blake2b(f"steelyard {lottery}".encode(), digest_size=16).digest()
    hashed = b"".join(
        hashlib.blake2b(text(one).encode("utf-8", "surrogatepass"), digest_size=8, key=key).digest() for one in ids
    )
    return (np.frombuffer(hashed, dtype=">u8") >> np.uint64(11)) / 2.0**53
