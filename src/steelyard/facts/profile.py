"""A profile: the facts of one data set or window. Profiles add; a saved one carries its own spec."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
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
        return bool(self.tables)

    def __add__(self, other: Profile) -> Profile:
        """Facts of both data sets.

        Raises:
            ProfileError: the specs differ; the message names what one has and the other lacks.
        """
        if not self or not other:
            return self or other
        if self.tables.keys() != other.tables.keys():
            left = [str(f) for f in self.tables.keys() - other.tables.keys()]
            right = [str(f) for f in other.tables.keys() - self.tables.keys()]
            raise ProfileError(
                "Profiles of unequal spec do not add. Only the left one has: "
                f"{'; '.join(sorted(left)) or 'nothing'}. Only the right one has: {'; '.join(sorted(right)) or 'nothing'}. "
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
        body = _MAGIC + msgspec.msgpack.encode(_Saved(SCHEMA_VERSION, self.rows, [_pack(f, t) for f, t in self.tables.items()]))
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
        try:
            saved = msgspec.msgpack.decode(body[len(_MAGIC) :], type=_Saved)
            if saved.schema_version > SCHEMA_VERSION:
                raise ProfileError(
                    f"{path} was saved with schema {saved.schema_version}; this version reads up to {SCHEMA_VERSION}. "
                    "Upgrade Steelyard."
                )
            return cls({p.fact: _unpack(p) for p in saved.tables}, saved.rows)
        except (msgspec.MsgspecError, ValueError) as error:
            if isinstance(error, ProfileError):
                raise
            raise ProfileError(f"{path} is damaged or cut short ({error}). Make the profile again.") from error


class _Packed(msgspec.Struct):
    fact: Fact
    cells: int
    levels: list[list[str | int | float | None]]
    codes: bytes
    sums: bytes
    lows: bytes
    highs: bytes


class _Saved(msgspec.Struct):
    schema_version: int
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
    def array(body: bytes, kind: str) -> Any:
        flat = np.frombuffer(body, dtype=kind)
        width = len(flat) // packed.cells if packed.cells else 0
        return flat.reshape(packed.cells, width)

    from_empty = packed.cells == 0
    extremes = len(packed.fact.values) if packed.fact.extremes else 0
    return FactTable(
        np.empty((0, len(packed.fact.keys)), dtype=np.int64) if from_empty else array(packed.codes, "<i8"),
        tuple(tuple(level) for level in packed.levels),
        np.empty((0, len(packed.fact.measures))) if from_empty else array(packed.sums, "<f8"),
        np.empty((packed.cells, extremes)) if from_empty or not extremes else array(packed.lows, "<f8"),
        np.empty((packed.cells, extremes)) if from_empty or not extremes else array(packed.highs, "<f8"),
    )
