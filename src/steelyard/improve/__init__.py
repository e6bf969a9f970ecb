"""What changes a model or its use: policies, thresholds, mitigation, calibration. Importing this room is cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.improve.policy import Policy
    from steelyard.improve.preprocessing import remove_correlation, resample, reweigh
    from steelyard.improve.reductions import train_fair

__all__ = ["Policy", "remove_correlation", "resample", "reweigh", "train_fair"]

_HOMES = {
    "Policy": "policy",
    "remove_correlation": "preprocessing",
    "resample": "preprocessing",
    "reweigh": "preprocessing",
    "train_fair": "reductions",
}

__getattr__ = lazily(__name__, _HOMES)
