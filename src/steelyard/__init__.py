"""Steelyard weighs models: metrics with intervals, slices, findings and verdicts, from one reading."""

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.analyses.checks import Check
    from steelyard.data import Roles, read
    from steelyard.data.derive import derive
    from steelyard.evaluation import Evaluation, compare, diagnose, evaluate
    from steelyard.facts import Profile
    from steelyard.metrics import Confusion, Distribution, Means, ScoreCells, describe
    from steelyard.metrics.own import metric
    from steelyard.records import Estimate, Finding, Slice, SteelyardError, Undefined, Verdict

__version__ = "0.1.0"
__all__ = [
    "Check",
    "Confusion",
    "Distribution",
    "Estimate",
    "Evaluation",
    "Finding",
    "Means",
    "Profile",
    "Roles",
    "ScoreCells",
    "Slice",
    "SteelyardError",
    "Undefined",
    "Verdict",
    "__version__",
    "compare",
    "derive",
    "describe",
    "diagnose",
    "evaluate",
    "metric",
    "read",
]

_HOMES = {
    "Check": "analyses.checks",
    "Confusion": "metrics",
    "Distribution": "metrics",
    "Estimate": "records",
    "Evaluation": "evaluation",
    "Finding": "records",
    "Means": "metrics",
    "Profile": "facts",
    "Roles": "data",
    "ScoreCells": "metrics",
    "Slice": "records",
    "SteelyardError": "records",
    "Undefined": "records",
    "Verdict": "records",
    "compare": "evaluation",
    "derive": "data.derive",
    "describe": "metrics",
    "diagnose": "evaluation",
    "evaluate": "evaluation",
    "metric": "metrics.own",
    "read": "data",
}

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
