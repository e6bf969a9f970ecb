"""Is a metric on the good side of its bound? Alone, since the reference, beside a champion, between groups."""

from steelyard.analyses.checks.check import BASES, Base, Check
from steelyard.analyses.checks.judging import require_metrics, run_checks

__all__ = ["BASES", "Base", "Check", "require_metrics", "run_checks"]
