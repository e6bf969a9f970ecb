"""Frozen value objects every room speaks in, and the one family of errors. Imports nothing of ours."""

from steelyard.records.column import ColumnSummary
from steelyard.records.curve import Curve
from steelyard.records.errors import (
    ColumnError,
    ConfigError,
    DataError,
    EmptyDataError,
    MissingPackageError,
    OutputError,
    ProfileError,
    SourceError,
    SteelyardError,
    UndefinedMetricError,
    UnknownNameError,
    nearest,
)
from steelyard.records.estimate import Estimate, Outcome, Reading, Undefined
from steelyard.records.finding import Finding, Recommendation, Severity
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import CheckResult, Verdict

__all__ = [
    "EVERYTHING",
    "CheckResult",
    "ColumnError",
    "ColumnSummary",
    "ConfigError",
    "Curve",
    "DataError",
    "EmptyDataError",
    "Estimate",
    "Finding",
    "MissingPackageError",
    "Outcome",
    "OutputError",
    "ProfileError",
    "Reading",
    "Recommendation",
    "Severity",
    "Slice",
    "SourceError",
    "SteelyardError",
    "Undefined",
    "UndefinedMetricError",
    "UnknownNameError",
    "Verdict",
    "nearest",
]
