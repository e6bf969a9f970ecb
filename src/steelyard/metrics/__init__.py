"""Metrics: needs → value, gradient, interval; and the registry of them."""

from steelyard.metrics.doc import MetricDoc
from steelyard.metrics.estimate import estimate
from steelyard.metrics.metric import Measured, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.registry import (
    all_metrics,
    catalogue,
    describe,
    forget,
    get,
    metrics_for,
    register,
    register_family,
)
from steelyard.metrics.views import Confusion, Distribution, Means, ScoreCells

__all__ = [
    "Confusion",
    "Distribution",
    "Means",
    "Measured",
    "Metric",
    "MetricDoc",
    "Problem",
    "ScoreCells",
    "all_metrics",
    "catalogue",
    "describe",
    "estimate",
    "forget",
    "get",
    "metrics_for",
    "register",
    "register_family",
]
