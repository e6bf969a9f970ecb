"""`evaluate`: plan the facts, read the data once, gather estimates, findings and verdicts."""

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.evaluation.compare import compare, diagnose
    from steelyard.evaluation.comparison import Comparison, compare_models
    from steelyard.evaluation.config import Config, read_config
    from steelyard.evaluation.evaluation import Estimates, Evaluation
    from steelyard.evaluation.gating import gate
    from steelyard.evaluation.improvement import Improvement, propose
    from steelyard.evaluation.run import evaluate

__all__ = [
    "Comparison",
    "Config",
    "Estimates",
    "Evaluation",
    "Improvement",
    "compare",
    "compare_models",
    "diagnose",
    "evaluate",
    "gate",
    "propose",
    "read_config",
]

_HOMES = {
    "Config": "config",
    "Estimates": "evaluation",
    "Evaluation": "evaluation",
    "Comparison": "comparison",
    "compare": "compare",
    "compare_models": "comparison",
    "diagnose": "compare",
    "evaluate": "run",
    "gate": "gating",
    "Improvement": "improvement",
    "propose": "improvement",
    "read_config": "config",
}

__getattr__ = lazily(__name__, _HOMES)
