"""`evaluate`: plan the facts, read the data once, gather estimates, findings and verdicts."""

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.evaluation.compare import compare, diagnose
    from steelyard.evaluation.config import Config, read_config
    from steelyard.evaluation.evaluation import Estimates, Evaluation
    from steelyard.evaluation.run import evaluate

__all__ = ["Config", "Estimates", "Evaluation", "compare", "diagnose", "evaluate", "read_config"]

_HOMES = {
    "Config": "config",
    "Estimates": "evaluation",
    "Evaluation": "evaluation",
    "compare": "compare",
    "diagnose": "compare",
    "evaluate": "run",
    "read_config": "config",
}

__getattr__ = lazily(__name__, _HOMES)
