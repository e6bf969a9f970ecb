"""Frozen value objects every room speaks in, and the one family of errors. Imports nothing of ours."""

from steelyard.records.answer import Answer
from steelyard.records.attribution import Attribution, Mechanism, Part
from steelyard.records.column import ColumnSummary
from steelyard.records.curve import Curve
from steelyard.records.drift import Drift, Moved
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
from steelyard.records.fairness import Fairness, GroupRate, Parity
from steelyard.records.finding import Finding, Recommendation, Severity
from steelyard.records.improvement import Effect, Proposal, Step
from steelyard.records.money import Money, Option
from steelyard.records.segment import Segment
from steelyard.records.series import Change, Event, Point, Series
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.uncertainty import Coverage, Uncertainty
from steelyard.records.verdict import CheckResult, Verdict

__all__ = [
    "EVERYTHING",
    "Answer",
    "Attribution",
    "Change",
    "CheckResult",
    "ColumnError",
    "ColumnSummary",
    "ConfigError",
    "Coverage",
    "Curve",
    "DataError",
    "Drift",
    "Effect",
    "EmptyDataError",
    "Estimate",
    "Event",
    "Fairness",
    "Finding",
    "GroupRate",
    "Mechanism",
    "MissingPackageError",
    "Money",
    "Moved",
    "Option",
    "Outcome",
    "OutputError",
    "Parity",
    "Part",
    "Point",
    "ProfileError",
    "Proposal",
    "Reading",
    "Recommendation",
    "Segment",
    "Series",
    "Severity",
    "Slice",
    "SourceError",
    "SteelyardError",
    "Step",
    "Uncertainty",
    "Undefined",
    "UndefinedMetricError",
    "UnknownNameError",
    "Verdict",
    "nearest",
]
