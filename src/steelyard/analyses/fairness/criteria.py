"""What may be equal between groups: each measure, what its equality is called, which differences count as none."""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCES: dict[str, float] = {
    "share": 0.10,
    "ranking quality": 0.05,
    "score": 0.10,
    "calibration": 0.05,
    "error": 0.20,
    "prediction": 0.10,
}
"""Differences up to here count as none.

| kind | unit |
|---|---|
| share | points of a share of rows (0.10: ten in a hundred) |
| ranking quality | AUC, NDCG … |
| score | mean score; mean exposure |
| calibration | mean score less rate of positives |
| error | times the mean absolute error of all rows |
| prediction | times the spread of the labels |
"""
FOUR_FIFTHS = 0.8
SMALL_SHARE = 0.02
"""Groups with a smaller share of the rows may be left out of impact ratios (6 RCNY § 5-301)."""

MISSING = 2


@dataclass(frozen=True)
class Measure:
    """Something that is read of every group.

    Attributes:
        name: as the metric of that name, where there is one.
        criterion: what its equality is called.
        title: what it is, in words that fit "its … is 71 %".
        kind: how far apart values may be; see `TOLERANCES`.
        crossed: whether it is read of intersections too.
        same_gap: the measure whose differences are the same.
    """

    name: str
    criterion: str
    title: str
    kind: str = "share"
    crossed: bool = True
    same_gap: str = ""


@dataclass(frozen=True)
class Share(Measure):
    """A share of rows: cells of label × decision (0, 1, missing) over others.

    Attributes:
        top, bottom: the cells, as (label, decision).
    """

    top: frozenset[tuple[int, int]] = frozenset()
    bottom: frozenset[tuple[int, int]] = frozenset()


def _cells(*cells: str) -> frozenset[tuple[int, int]]:
    return frozenset(_NAMED[cell] for cell in cells)


_NAMED = {
    **{"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)},
    **{"unlabelled_out": (MISSING, 0), "unlabelled_in": (MISSING, 1), "open_negative": (0, MISSING)},
    "open_positive": (1, MISSING),
}

SELECTION = Share(
    "selection_rate",
    "demographic parity",
    "share selected",
    top=_cells("fp", "tp", "unlabelled_in"),
    bottom=_cells("tn", "fp", "fn", "tp", "unlabelled_out", "unlabelled_in"),
)
RECALL = Share("recall", "equal opportunity", "share of positives found", top=_cells("tp"), bottom=_cells("tp", "fn"))
FALSE_POSITIVES = Share(
    "false_positive_rate",
    "false positive balance",
    "share of negatives flagged",
    top=_cells("fp"),
    bottom=_cells("fp", "tn"),
)
PRECISION = Share(
    "precision",
    "predictive parity",
    "share of flagged rows that are positive",
    top=_cells("tp"),
    bottom=_cells("tp", "fp"),
)
ACCURACY = Share(
    "accuracy",
    "accuracy parity",
    "share decided rightly",
    top=_cells("tp", "tn"),
    bottom=_cells("tp", "tn", "fp", "fn"),
)
BINARY: tuple[Share, ...] = (
    SELECTION,
    RECALL,
    FALSE_POSITIVES,
    PRECISION,
    ACCURACY,
    Share(
        "false_negative_rate",
        "false negative balance",
        "share of positives missed",
        crossed=False,
        same_gap="recall",
        top=_cells("fn"),
        bottom=_cells("tp", "fn"),
    ),
    Share(
        "npv",
        "negative predictive parity",
        "share of rows left alone that are negative",
        crossed=False,
        top=_cells("tn"),
        bottom=_cells("tn", "fn"),
    ),
    Share(
        "false_omission_rate",
        "false omission balance",
        "share of rows left alone that are positive",
        crossed=False,
        same_gap="npv",
        top=_cells("fn"),
        bottom=_cells("tn", "fn"),
    ),
    Share(
        "miss_share",
        "treatment equality",
        "share of errors that are misses (FN / (FN + FP))",
        crossed=False,
        top=_cells("fn"),
        bottom=_cells("fn", "fp"),
    ),
)
"""Of a binary decision. Treatment equality is FN/FP alike; FN/(FN + FP) rises with it and has a value without FP."""
OF_A_CLASS: tuple[Share, ...] = (SELECTION, RECALL, PRECISION)
"""Of each class against all others, and of each label."""
BASE_RATE = Share(
    "prevalence",
    "base rates",
    "share of rows that are positive",
    top=_cells("tp", "fn", "open_positive"),
    bottom=_cells("tp", "fn", "open_positive", "tn", "fp", "open_negative"),
)
"""No doing of a model's, but it bounds what a model can do."""
EQUALIZED_ODDS = Measure("equalized_odds", "equalised odds", "larger gap of recall and false positive rate")
CALIBRATION = Measure(
    "mean_calibration", "calibration within groups", "mean score less the rate of positives", kind="calibration"
)
BALANCES: tuple[Measure, ...] = (
    Measure(
        "mean_score_positives",
        "balance for the positive class",
        "mean score of positives",
        kind="score",
        crossed=False,
    ),
    Measure(
        "mean_score_negatives",
        "balance for the negative class",
        "mean score of negatives",
        kind="score",
        crossed=False,
    ),
)
AUC = Measure("roc_auc", "AUC parity", "ROC AUC within the group", kind="ranking quality", crossed=False)
BIAS = Measure("bias", "mean error parity", "mean error (prediction less truth)", kind="prediction")
MAE = Measure("mae", "error parity", "mean absolute error", kind="error")
MEAN_PREDICTION = Measure("mean_prediction", "parity of predictions", "mean prediction", kind="prediction")
EXPOSURE = Measure("exposure", "exposure parity", "mean exposure of an item, 1 / log2(1 + rank)", kind="score")
