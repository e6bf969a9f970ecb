"""Steelyard weighs models: metrics with intervals, slices, findings and verdicts, from one reading."""

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.analyses.checks import Check
    from steelyard.data import Roles, read
    from steelyard.data.derive import derive
    from steelyard.evaluation import Evaluation, compare, diagnose, evaluate, gate
    from steelyard.evaluation.comparison import Comparison, compare_models
    from steelyard.evaluation.design import Design, design
    from steelyard.evaluation.experiment import Experiment, experiment
    from steelyard.facts import Profile
    from steelyard.metrics import Confusion, Distribution, Means, ScoreCells, describe
    from steelyard.metrics.own import metric
    from steelyard.records import Estimate, Finding, Slice, SteelyardError, Undefined, Verdict

__version__ = "0.1.0"
__all__ = [
    "Check",
    "Comparison",
    "Confusion",
    "Design",
    "Distribution",
    "Estimate",
    "Evaluation",
    "Experiment",
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
    "compare_models",
    "derive",
    "describe",
    "design",
    "diagnose",
    "evaluate",
    "experiment",
    "gate",
    "metric",
    "propose",
    "read",
]

_HOMES = {
    "Check": "analyses.checks",
    "Comparison": "evaluation.comparison",
    "Confusion": "metrics",
    "Design": "evaluation.design",
    "Distribution": "metrics",
    "Estimate": "records",
    "Evaluation": "evaluation",
    "Experiment": "evaluation.experiment",
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
    "compare_models": "evaluation.comparison",
    "derive": "data.derive",
    "describe": "metrics",
    "design": "evaluation.design",
    "diagnose": "evaluation",
    "evaluate": "evaluation",
    "experiment": "evaluation.experiment",
    "gate": "evaluation",
    "metric": "metrics.own",
    "propose": "evaluation",
    "read": "data",
}

__getattr__ = lazily(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted(__all__)
