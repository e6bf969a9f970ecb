"""What is told of an analysis that failed."""

from __future__ import annotations

from steelyard.records import Finding, Recommendation, Severity


def failed(name: str, error: Exception) -> Finding:
    """The finding that stands for a question without an answer."""
    return Finding(
        f"analysis-failed:{name}",
        "analysis-failed",
        Severity.INFO,
        name,
        f"The question {name!r} could not be answered; all others were.",
        Recommendation("Report this with the detail below; it is a fault of Steelyard, not of the data."),
        f"{type(error).__name__}: {error}",
    )
