"""Text files as plain UTF-8: unpacked, decoded, and honest about bytes that were not UTF-8."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from steelyard.data.sources.extras import need
from steelyard.data.sources.scratch import scratch_file
from steelyard.records import EmptyDataError, SourceError

HEAD = 2**20
CHECKED = 256 * 2**20
PACKED: dict[bytes, str] = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bz2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
MARKS = ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Text:
    """A text file that can be read as UTF-8.

    Attributes:
        name: of the file the user named, for messages.
        path: of the plain UTF-8 text; a scratch file where it had to be rewritten.
        warnings: what was done to it.
    """

    name: str
    path: Path
    warnings: tuple[str, ...] = ()

    def head(self, size: int = HEAD) -> bytes:
        """Return the first bytes."""
        with self.path.open("rb") as file:
            return file.read(size)


def text_file(path: Path) -> Text:
    """Return the file as UTF-8 text."""
    plain = unpacked(path)
    with plain.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise EmptyDataError(f"{path.name} is empty: it has no bytes to read. Write it again with a header and rows.")
    encoding = _marked_encoding(head)
    if encoding:
        return Text(path.name, _rewritten(plain, encoding, "strict", path.name))
    if b"\0" in head:
        raise SourceError(
            f"{path.name} is not text: it has zero bytes. Steelyard reads CSV, JSON, Parquet and Arrow "
            "files; "
            "if it is one of these, give it its suffix."
        )
    bad = first_bad_byte(plain, CHECKED)
    if bad is None:
        return Text(path.name, plain)
    place, byte = bad
    warning = (
        f"{path.name} is not UTF-8: byte 0x{byte:02x} at position {place:,}. Such bytes were read as "
        "Windows-1252; if letters look wrong, save the file as UTF-8."
    )
    return Text(path.name, _rewritten(plain, "utf-8", "steelyard-windows-1252", path.name), (warning,))


def unpacked(path: Path) -> Path:
    """Return the path itself, or of a scratch file with the unpacked content of a compressed one."""
    with path.open("rb") as file:
        head = file.read(6)
    packing = next((name for magic, name in PACKED.items() if head.startswith(magic)), None)
    if packing is None:
        return path
    plain = scratch_file(".txt")
    try:
        with _opener(packing)(path) as packed, plain.open("wb") as out:
            shutil.copyfileobj(packed, out, HEAD)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise SourceError(
            f"{path.name} cannot be unpacked as {packing}: {error}. It may be cut short; copy or write it again."
        ) from error
    return plain


def first_bad_byte(path: Path, limit: int) -> tuple[int, int] | None:
    """Return position and value of the first byte that is not UTF-8, looking at `limit` bytes at most."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = 0
        while start < limit:
            block = file.read(HEAD)
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                return start - pending + error.start, error.object[error.start]
            if not block:
                return None
            start += len(block)
    return None


def _marked_encoding(head: bytes) -> str | None:
    for mark, encoding in MARKS:
        if head.startswith(mark):
            return encoding
    sample = head[:2000]
    if sample[1::2].count(0) > len(sample) // 3:
        return "utf-16-le"
    return "utf-16-be" if sample[0::2].count(0) > len(sample) // 3 else None


def _rewritten(path: Path, encoding: str, errors: str, name: str) -> Path:
    out = scratch_file(".txt")
    try:
        with (
            path.open(encoding=encoding, errors=errors, newline="") as old,
            out.open("w", encoding="utf-8", newline="") as new,
        ):
            shutil.copyfileobj(old, new, HEAD)
    except UnicodeError as error:
        raise SourceError(
            f"{name} looks like {encoding}, but cannot be read so: {error}. Save it as UTF-8."
        ) from error
    return out


def _windows_1252(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(bytes([b]).decode("cp1252", "ignore") or chr(b) for b in bad), error.end


codecs.register_error("steelyard-windows-1252", _windows_1252)


def _opener(packing: str) -> Callable[[Path], BinaryIO]:
    if packing == "zstd":
        return _open_zstd
    openers: dict[str, Any] = {"gzip": gzip.open, "bz2": bz2.open, "xz": lzma.open}
    return openers[packing]  # type: ignore[no-any-return]


def _open_zstd(path: Path) -> Any:
    arrow = need("pyarrow", "arrow", "Unpacking a .zst file")
    return arrow.CompressedInputStream(arrow.OSFile(str(path)), "zstd")
