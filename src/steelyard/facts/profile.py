"""A profile: the facts of one data set or window. Profiles add; a saved one carries its own spec."""

from __future__ import annotations

import hashlib
import os
import struct
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from steelyard.facts.table import FactTable, settle
from steelyard.facts.vocabulary import Fact
from steelyard.records import OutputError, ProfileError

SCHEMA_VERSION = 1
_MAGIC = b"steelyard profile\n"
_VERSION, _DIGEST = struct.Struct("<I"), 16
_SHOWN_FACTS = 3


@dataclass(frozen=True)
class Profile:
    """Fact to cells. `+` adds profiles of equal spec; the empty profile adopts the other's.

    Attributes:
        tables: each fact with its cells.
        rows: rows that were read.
    """

    tables: Mapping[Fact, FactTable] = field(default_factory=dict)
    rows: int = 0

    def __getitem__(self, fact: Fact) -> FactTable:
        return self.tables[fact]

    def __contains__(self, fact: object) -> bool:
        return fact in self.tables

    def __bool__(self) -> bool:
        """Whether anything was measured; only the empty profile adopts another's spec."""
        return bool(self.tables) or self.rows > 0

    def __add__(self, other: Profile) -> Profile:
        """Facts of both data sets.

        Raises:
            ProfileError: the specs differ; the message names what one has and the other lacks.
        """
        if not self or not other:
            return self if self else other
        if self.tables.keys() != other.tables.keys():
            left, right = self.tables.keys() - other.tables.keys(), other.tables.keys() - self.tables.keys()
            raise ProfileError(
                f"Profiles of unequal spec do not add. Only the left one has: {_shown(left)}. "
                f"Only the right one has: {_shown(right)}. "
                "Make both with the same roles and the same grids (freeze them from one reference)."
            )
        return Profile({f: settle(f, t + other.tables[f]) for f, t in self.tables.items()}, self.rows + other.rows)

    def equals(self, other: Profile, rtol: float = 0.0) -> bool:
        """Whether both hold the same facts with the same cells; sums equal to `rtol`."""
        return (
            self.rows == other.rows
            and self.tables.keys() == other.tables.keys()
            and all(t.equals(other.tables[f], rtol) for f, t in self.tables.items())
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the profile, beside and then renamed, so that nothing half-written is ever seen.

        Raises:
            OutputError: the file cannot be written.
        """
        target = Path(path)
        packed = msgspec.msgpack.encode(_Saved(self.rows, [_pack(f, t) for f, t in self.tables.items()]))
        body = _MAGIC + _VERSION.pack(SCHEMA_VERSION) + _digest(packed) + packed
        try:
            handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(body)
                    file.flush()
                    os.fsync(file.fileno())
                Path(beside).replace(target)
            except OSError:
                Path(beside).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise OutputError(f"The profile cannot be written to {target}: {error.strerror or error}.") from error
        return target

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Profile:
        """Read a saved profile.

        Raises:
            ProfileError: the file is not a profile, is cut short, or has a newer schema.
        """
        try:
            body = Path(path).read_bytes()
        except OSError as error:
            raise ProfileError(f"The profile {path} cannot be read: {error.strerror or error}.") from error
        if not body.startswith(_MAGIC):
            raise ProfileError(f"{path} is not a Steelyard profile. Make one with Profile.save.")
        start = len(_MAGIC) + _VERSION.size
        if len(body) < start + _DIGEST:
            raise ProfileError(f"{path} is cut short. Make the profile again.")
        (version,) = _VERSION.unpack(body[len(_MAGIC) : start])
        if version > SCHEMA_VERSION:
            raise ProfileError(
                f"{path} was saved with schema {version}; this version reads up to {SCHEMA_VERSION}. "
                "Upgrade Steelyard."
            )
        packed = body[start + _DIGEST :]
        if _digest(packed) != body[start : start + _DIGEST]:
            raise ProfileError(f"{path} is damaged or cut short. Make the profile again.")
        try:
            saved = msgspec.msgpack.decode(packed, type=_Saved)
            return cls({p.fact: _unpack(p) for p in saved.tables}, saved.rows)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ProfileError(f"{path} holds what no version wrote ({error}). Make the profile again.") from error


def _shown(facts: Collection[Fact]) -> str:
    if not facts:
        return "nothing"
    names = sorted(str(f) for f in facts)
    more = f" and {len(names) - _SHOWN_FACTS} more" if len(names) > _SHOWN_FACTS else ""
    return "; ".join(names[:_SHOWN_FACTS]) + more


def _digest(packed: bytes) -> bytes:
    return hashlib.blake2b(packed, digest_size=_DIGEST).digest()


class _Packed(msgspec.Struct):
    fact: Fact
    cells: int
    levels: list[list[str | int | float | None]]
    codes: bytes
    sums: bytes
    lows: bytes
    highs: bytes


class _Saved(msgspec.Struct):
    rows: int
    tables: list[_Packed]


def _pack(fact: Fact, table: FactTable) -> _Packed:
    def raw(array: np.ndarray[Any, Any], kind: str) -> bytes:
        return np.ascontiguousarray(array, dtype=kind).tobytes()

    return _Packed(
        fact,
        len(table),
        [list(level) for level in table.levels],
        raw(table.codes, "<i8"),
        raw(table.sums, "<f8"),
        raw(table.lows, "<f8"),
        raw(table.highs, "<f8"),
    )


def _unpack(packed: _Packed) -> FactTable:
    fact, cells = packed.fact, packed.cells
    extremes = len(fact.values) if fact.extremes else 0

    def array(body: bytes, kind: str, width: int) -> Any:
        return np.frombuffer(body, dtype=kind).reshape(cells, width).astype(kind[1:])

    return FactTable(
        array(packed.codes, "<i8", len(fact.keys)),
        tuple(tuple(level) for level in packed.levels),
        array(packed.sums, "<f8", len(fact.measures)),
        array(packed.lows, "<f8", extremes),
        array(packed.highs, "<f8", extremes),
    )
