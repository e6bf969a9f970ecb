"""What every result can do: be saved, shown and judged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from steelyard.evaluation.faces import face
from steelyard.records import Verdict


class Result:
    """Something that was found out, with its faces. Subclasses are frozen dataclasses with a `subject`.

    `kind` names it in JSON ("steelyard.<kind>") and in titles.
    """

    kind: str = "result"
    subject: str

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that the exit code tells; None where nothing was to be judged."""
        return None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write it in the format of the suffix: .html, .json or .md.

        Raises:
            ConfigError: no face writes that suffix.
            OutputError: the file cannot be written; nothing half-written is left.
        """
        written: Path = face("file")(self, path)
        return written

    def to_html(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the report as one self-contained HTML page, and write it where a path is given."""
        return self._shown("html", path)

    def to_markdown(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return the report as Markdown, and write it where a path is given."""
        return self._shown("markdown", path)

    def to_json(self, path: str | os.PathLike[str] | None = None) -> str:
        """Return everything as JSON of the documented schema, and write it where a path is given."""
        return self._shown("json", path)

    def to_dict(self) -> dict[str, Any]:
        """Return what `to_json` writes, as plain values."""
        plain: dict[str, Any] = face("dict")(self)
        return plain

    def _shown(self, name: str, path: str | os.PathLike[str] | None) -> str:
        if path is not None:
            self.save(path)
        text: str = face(name)(self)
        return text

    def _repr_html_(self) -> str:
        text: str = face("notebook")(self)
        return text

    def __str__(self) -> str:
        text: str = face("terminal")(self)
        return text
