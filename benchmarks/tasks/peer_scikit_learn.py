"""scikit-learn: nine metrics, the confusion matrix and a calibration curve; with a number, bootstrapped so often."""

import json
import sys
import time

import numpy as np
import pyarrow.parquet as pq
from sklearn import metrics
from sklearn.calibration import calibration_curve

REPLICATES = 1_000
table = pq.read_table(sys.argv[1], columns=["label", "score", "pred"])
label, score, decision = (table[name].to_numpy() for name in ("label", "score", "pred"))


def measure(y, s, d):
    """Return every metric of these rows."""
    return [
        metrics.accuracy_score(y, d),
        metrics.balanced_accuracy_score(y, d),
        metrics.precision_score(y, d),
        metrics.recall_score(y, d),
        metrics.f1_score(y, d),
        metrics.matthews_corrcoef(y, d),
        metrics.roc_auc_score(y, s),
        metrics.average_precision_score(y, s),
        metrics.log_loss(y, s),
        metrics.brier_score_loss(y, s),
        metrics.confusion_matrix(y, d).sum(),
        calibration_curve(y, s, n_bins=15)[0].sum(),
    ]


measure(label, score, decision)
if len(sys.argv) > 2:
    times, rng = int(sys.argv[2]), np.random.default_rng(0)
    began_cpu, began = time.process_time(), time.perf_counter()
    for _ in range(times):
        rows = rng.integers(0, len(label), len(label))
        measure(label[rows], score[rows], decision[rows])
    left = (REPLICATES - times) / times
    print(
        json.dumps(
            {
                "more_cpu": (time.process_time() - began_cpu) * left,
                "more_wall": (time.perf_counter() - began) * left,
                "note": f"{REPLICATES:,} replicates, extrapolated from {times}",
            }
        )
    )
