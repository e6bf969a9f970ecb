"""Metrics and drifts over time: series, control limits, change points."""

from steelyard.analyses.windows.reading import read
from steelyard.analyses.windows.wanted import about, facts

__all__ = ["about", "facts", "read"]
