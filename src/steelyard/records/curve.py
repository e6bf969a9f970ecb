"""A curve or table of points that belongs to a chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Curve:
    """Named columns of equal length; what a chart draws and a reader can export.

    Attributes:
        kind: "roc", "precision_recall", "calibration", "threshold", "gain", "confusion", "histogram", …
        columns: name to values (floats or strings), all of one length.
        data: "current" or "reference".
        subject: class, label or column the curve is about; "" for the whole.
        notes: facts a caption needs, e.g. {"threshold": "0.5"}.
    """

    kind: str
    columns: Mapping[str, Sequence[float | str | None]]
    data: str = "current"
    subject: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, float | str | None]]:
        """Return the points as records."""
        names = list(self.columns)
        return [dict(zip(names, point, strict=True)) for point in zip(*self.columns.values(), strict=True)]
