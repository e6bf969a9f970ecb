"""`evaluate`: plan the facts, read the data once, gather estimates, findings and verdicts."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steelyard.evaluation.config import Config, read_config
    from steelyard.evaluation.evaluation import Estimates, Evaluation
    from steelyard.evaluation.run import evaluate

__all__ = ["Config", "Estimates", "Evaluation", "evaluate", "read_config"]

_HOMES = {
    "Config": "config",
    "Estimates": "evaluation",
    "Evaluation": "evaluation",
    "evaluate": "run",
    "read_config": "config",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: showing an evaluation does not need the engines."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
