"""torchmetrics: eight exact metrics on tensors."""

import sys

import pyarrow.parquet as pq
import torch
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    BinaryAccuracy,
    BinaryAUROC,
    BinaryAveragePrecision,
    BinaryCalibrationError,
    BinaryF1Score,
    BinaryMatthewsCorrCoef,
    BinaryPrecision,
    BinaryRecall,
)

table = pq.read_table(sys.argv[1], columns=["label", "score"])
label, score = (torch.tensor(table[name].to_numpy()) for name in ("label", "score"))
kinds = (
    BinaryAccuracy,
    BinaryAUROC,
    BinaryAveragePrecision,
    BinaryCalibrationError,
    BinaryF1Score,
    BinaryMatthewsCorrCoef,
    BinaryPrecision,
    BinaryRecall,
)
MetricCollection([kind() for kind in kinds])(score, label.long())
