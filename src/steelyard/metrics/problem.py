"""The problem: what a metric may know before the data is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from steelyard.data import Task
from steelyard.facts import Binned, Category, Cells, Grid

# Row columns: what every task's rows are turned into before facts are taken (see `metrics.rows`).
LABEL, DECISION, SCORE, WEIGHT, ERROR = "sy_label", "sy_decision", "sy_score", "sy_weight", "sy_error"
LOSS = "sy_loss"


@dataclass(frozen=True)
class Problem:
    """Task, classes, grids and row columns of one evaluation.

    Attributes:
        task: what is predicted.
        classes: class names in order (multiclass), label names (multilabel), ("0", "1") for binary.
        scored: the classes (or labels) that have a score column; for binary ("1",) or ().
        score_grid: how scores are binned; None where every distinct score is its own bin (exact).
        probability: whether scores lie in [0, 1].
        decided: whether there are decisions (predictions, or scores with a threshold).
        threshold: the score from which on the decision is positive; None where predictions were given.
        weighted: whether rows have weights (row column `sy_weight`).
        error_scale: (centre, scale) of the absolute errors' and labels' grids (regression), frozen.
        label_shift: (centre, scale) to shift labels by before squaring (regression).
        quantiles: predicted quantiles, ascending.
        naive: whether a naive one-step forecast error (`sy_naive`) is among the row columns.
        horizon: whether there is a horizon column (`sy_horizon`).
        cutoffs: k of the metrics "at k" (ranking, top-k).
        scales: (centre, scale) of the user's numeric columns, frozen, for the grids of quantiles.
        columns: names of the row columns and the user's own columns; what expressions may name.
    """

    task: Task
    classes: tuple[str, ...] = ()
    scored: tuple[str, ...] = ()
    score_grid: Grid | None = None
    probability: bool = True
    decided: bool = True
    threshold: float | None = None
    weighted: bool = False
    error_scale: float = 1.0
    label_shift: tuple[float, float] = (0.0, 1.0)
    quantiles: tuple[float, ...] = ()
    naive: bool = False
    horizon: bool = False
    cutoffs: tuple[int, ...] = (1, 3, 5, 10)
    scales: Mapping[str, tuple[float, float]] = field(default_factory=dict, repr=False, hash=False)
    columns: frozenset[str] = field(default=frozenset(), repr=False)

    @property
    def weight(self) -> str | None:
        """The weight's row column, None without weights."""
        return WEIGHT if self.weighted else None

    @property
    def loss(self) -> str | None:
        """The row column of what is lost on a row; None where that is not known."""
        return LOSS if LOSS in self.columns else None

    @property
    def loss_counts(self) -> bool:
        """Whether the loss of a row is 0 or 1, so that it can be a key."""
        return self.task in ("binary", "multiclass")

    def score_key(self, column: str) -> Binned | Category:
        """The key that groups rows by a score."""
        return Category(column) if self.score_grid is None else Binned(column, self.score_grid)

    def cells(self, suffix: str = "") -> Cells:
        """Label × decision × score of a binary problem, or of one label of a multilabel one (`suffix` "_3")."""
        keys: list[Binned | Category] = [Category(LABEL + suffix)]
        values: tuple[str, ...] = ()
        if self.decided:
            keys.append(Category(DECISION + suffix))
        name = self.classes[int(suffix[1:])] if suffix else "1"
        if name in self.scored:
            score = SCORE + suffix
            keys.append(self.score_key(score))
            values = tuple(f"where(is_missing({score}), 0, {v})" for v in (score, f"{score} * {score}"))
        return Cells(tuple(keys), values=values, weight=self.weight)

    def confusion(self) -> Cells:
        """Label × decision of a multiclass problem."""
        return Cells((Category(LABEL), Category(DECISION)), weight=self.weight)

    def class_scores(self, index: int) -> Cells:
        """Label × score of class `index` of a multiclass problem."""
        score = f"{SCORE}_{index}"
        values = tuple(f"where(is_missing({score}), 0, {v})" for v in (score, f"{score} * {score}"))
        return Cells((Category(LABEL), self.score_key(score)), values=values, weight=self.weight)
