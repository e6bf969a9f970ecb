"""`evaluate`: plan the facts, read the data once, gather estimates, findings and verdicts."""

from steelyard.evaluation.config import Config, read_config
from steelyard.evaluation.evaluate import evaluate
from steelyard.evaluation.evaluation import Estimates, Evaluation

__all__ = ["Config", "Estimates", "Evaluation", "evaluate", "read_config"]
