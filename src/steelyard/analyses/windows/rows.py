"""Detectors that look at every row in turn, by `river` (the extra `river`).

They tell of a change sooner than windows can, and of changes that are none: their sensitivity is that of one test,
not of a stream, so they give no guarantee of how often they alarm by chance. For that, use windows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from steelyard.data.sources.extras import need
from steelyard.records import ConfigError

Detector = Literal["adwin", "page-hinkley"]
NO_GUARANTEE = "no stated rate of false alarms: its sensitivity is that of one test, not of a stream"


@dataclass(frozen=True)
class Detections:
    """Rows at which a detector alarmed.

    Attributes:
        rows: their places in the values, counted from 0.
        seen: values that were looked at; missing and infinite ones are passed over.
        detector: its name and settings.
        note: what it does not promise.
    """

    rows: tuple[int, ...]
    seen: int
    detector: str
    note: str = NO_GUARANTEE


def detect(values: Iterable[float | None], detector: Detector = "adwin", **settings: float | str) -> Detections:
    """Look at values one after the other, in the order of time, and tell where their mean changed.

    Args:
        values: one a row: a loss, an error, a feature. They may come from a generator.
        detector: "adwin" (Bifet & Gavaldà 2007) or "page-hinkley" (Page 1954).
        settings: of the detector, as river names them (`delta`, `threshold` …).

    Raises:
        ConfigError: there is no such detector or setting.
        MissingPackageError: river is not installed.
    """
    made, shown = _made(detector, settings)
    found, seen = [], 0
    for place, value in enumerate(values):
        if value is None or not math.isfinite(value):
            continue
        seen += 1
        made.update(float(value))
        if made.drift_detected:
            found.append(place)
    return Detections(tuple(found), seen, shown)


def _made(detector: str, settings: dict[str, float | str]) -> tuple[Any, str]:
    drift = need("river.drift", "river", "Detecting changes row by row")
    kinds = {"adwin": drift.ADWIN, "page-hinkley": drift.PageHinkley}
    if detector not in kinds:
        raise ConfigError(f"There is no detector {detector!r}. Take one of {', '.join(kinds)}.")
    try:
        made = kinds[detector](**settings)
    except TypeError as error:
        raise ConfigError(f"{detector} cannot be made from {settings}: {error}.") from error
    return made, ", ".join([detector, *(f"{name} = {value}" for name, value in settings.items())])
