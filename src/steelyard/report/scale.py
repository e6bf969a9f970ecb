"""A linear scale with round ends and round ticks, as shares of a width."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from steelyard.report.numerals import number

_LARGEST = 1e300
_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """Maps a number to 0 … 1; `ticks` lie on round values."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, values: Iterable[float | None], wanted: int = 4) -> Scale | None:
        """Return a scale that holds all finite values, None where there is none."""
        finite = [v for v in values if v is not None and abs(v) < _LARGEST]
        if not finite:
            return None
        low, high = min(finite), max(finite)
        if high - low <= 1e-12 * max(abs(low), abs(high)):
            room = abs(high) * 0.1 or 0.1
            low, high = low - room, high + room
        step = _step((high - low) / wanted)
        return cls(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step)

    def at(self, value: float) -> float:
        """Return the place of `value`, kept within the scale."""
        if math.isnan(value):
            return 0.0
        if math.isinf(value):
            return 1.0 if value > 0 else 0.0
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    @property
    def ticks(self) -> list[float]:
        """Round values from end to end."""
        return [self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1)]

    def label(self, tick: float) -> str:
        """Write a tick with the decimals its step needs."""
        decimals = max(0, -math.floor(math.log10(self.step) + 1e-9))
        if float(f"{self.step:.{decimals}f}") != float(f"{self.step:.12g}"):
            decimals += 1
        return number(0.0 if abs(tick) < self.step * 1e-9 else tick, min(decimals, 8))


def _step(rough: float) -> float:
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(s * power for s in _STEPS if s * power >= rough * (1 - 1e-9))
