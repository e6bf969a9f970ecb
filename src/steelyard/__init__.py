"""Steelyard weighs models: metrics with intervals, slices, findings and verdicts, from one reading."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.analyses.checks import Check
    from steelyard.data import Roles, read
    from steelyard.evaluation import Evaluation, evaluate
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
    "describe",
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
    "describe": "metrics",
    "evaluate": "evaluation",
    "metric": "metrics.own",
    "read": "data",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: `import steelyard` alone stays cheap."""
    if name not in _HOMES:
        raise AttributeError(f"module 'steelyard' has no attribute {name!r}")
    value = getattr(import_module(f"steelyard.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
