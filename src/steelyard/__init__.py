"""Steelyard weighs models: metrics with intervals, slices, findings and verdicts, from one pass over the data."""

__version__ = "0.1.0"
