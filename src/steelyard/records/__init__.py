"""Frozen value objects every room speaks in, and the one family of errors. Imports nothing of ours."""

from steelyard.records.answer import Answer
from steelyard.records.attribution import Attribution, Mechanism, Part
from steelyard.records.column import ColumnSummary
from steelyard.records.comparison import Disagreement, Ensemble, FoldGain, Gain, Standing
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
from steelyard.records.fairness import Fairness, GivenAway, GroupRate, ImpactRow, ImpactTable, Parity, Proxy
from steelyard.records.finding import Finding, Recommendation, Severity
from steelyard.records.improvement import Effect, Move, Proposal, Step
from steelyard.records.money import Best, Money, Option, Return
from steelyard.records.segment import Segment
from steelyard.records.series import Change, Event, Point, Series
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.uncertainty import (
    Coverage,
    Recalibration,
    RiskPoint,
    SafeThreshold,
    Selective,
    Sharpness,
    Uncertainty,
)
from steelyard.records.verdict import CheckResult, Verdict

__all__ = [
    "EVERYTHING",
    "Answer",
    "Attribution",
    "Best",
    "Change",
    "CheckResult",
    "ColumnError",
    "ColumnSummary",
    "ConfigError",
    "Coverage",
    "Curve",
    "DataError",
    "Disagreement",
    "Drift",
    "Effect",
    "EmptyDataError",
    "Ensemble",
    "Estimate",
    "Event",
    "Fairness",
    "Finding",
    "FoldGain",
    "Gain",
    "GivenAway",
    "GroupRate",
    "ImpactRow",
    "ImpactTable",
    "Mechanism",
    "MissingPackageError",
    "Money",
    "Move",
    "Moved",
    "Option",
    "Outcome",
    "OutputError",
    "Parity",
    "Part",
    "Point",
    "ProfileError",
    "Proposal",
    "Proxy",
    "Reading",
    "Recalibration",
    "Recommendation",
    "Return",
    "RiskPoint",
    "SafeThreshold",
    "Segment",
    "Selective",
    "Series",
    "Severity",
    "Sharpness",
    "Slice",
    "SourceError",
    "Standing",
    "SteelyardError",
    "Step",
    "Uncertainty",
    "Undefined",
    "UndefinedMetricError",
    "UnknownNameError",
    "Verdict",
    "nearest",
]
