"""Views: what metrics are functions of. Each is a vector of weights that add over rows, with its covariance.

A metric's value is a smooth function of `weights`; `variance(gradient)` is that value's sampling variance
by the delta method: Σ U·g² for cells, gᵀQg for sums (U, Q: the same sums with squared row weights).
`replaced(weights)` is the same view with other weights, complex ones included, for differentiation.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from steelyard.records import UndefinedMetricError

Floats = NDArray[np.float64]


class View(Protocol):
    """What the engine needs of a view."""

    @property
    def weights(self) -> Floats:
        """The vector the metric is a function of."""

    @property
    def rows(self) -> int:
        """Rows the view rests on."""

    @property
    def effective_rows(self) -> float:
        """Kish's (Σw)²/Σw²."""

    def replaced(self, weights: NDArray[Any]) -> Self:
        """Return the view with other weights."""

    def variance(self, gradient: Floats) -> float:
        """Sampling variance of a metric with this gradient, for a fixed number of rows."""


def _cell_variance(weights: Floats, squares: Floats, gradient: Floats, effective_rows: float) -> float:
    total = float(np.sum(weights * gradient))
    fixed = total * total / effective_rows if effective_rows > 0 else 0.0
    return max(float(np.sum(squares * gradient * gradient)) - fixed, 0.0)


@dataclass(frozen=True)
class Confusion:
    """Weights by actual and predicted class.

    Attributes:
        table: K × K, actual by row, predicted by column.
        squares: the same with squared row weights.
        counts: the same with rows.
        classes: names of the classes.
    """

    table: NDArray[Any]
    squares: Floats
    counts: Floats
    classes: tuple[str, ...]

    @property
    def weights(self) -> NDArray[Any]:
        """The table as a vector."""
        return self.table.ravel()

    @property
    def rows(self) -> int:
        """Rows with a label and a prediction."""
        return int(self.counts.sum())

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows."""
        return kish(self.table, self.squares)

    def replaced(self, weights: NDArray[Any]) -> Confusion:
        """Return the same with other weights."""
        return replace(self, table=weights.reshape(self.table.shape))

    def variance(self, gradient: Floats) -> float:
        """Σ U·g² − (Σ W·g)²/n."""
        return _cell_variance(self.weights, self.squares.ravel(), gradient, self.effective_rows)

    def support(self, mask: NDArray[np.bool_]) -> float:
        """Effective number of rows in some of the cells (for Wilson's n)."""
        return kish(self.table[mask], self.squares[mask])

    def against_rest(self, place: int) -> Confusion:
        """The 2 × 2 table of one class (positive) against all others."""

        def folded(table: NDArray[Any]) -> NDArray[Any]:
            hit, actual, said = table[place, place], table[place].sum(), table[:, place].sum()
            return np.array([[table.sum() - actual - said + hit, said - hit], [actual - hit, hit]])

        return Confusion(folded(self.table), folded(self.squares), folded(self.counts), ("0", "1"))

    def without(self, part: Confusion) -> Confusion:
        """The rows that are not in `part`, which must be some of these rows."""
        return replace(
            self,
            table=self.table - part.table,
            squares=self.squares - part.squares,
            counts=self.counts - part.counts,
        )

    # Binary tables: class 0 is negative, class 1 positive.
    @property
    def tn(self) -> Any:
        """True negatives."""
        return self.table[0, 0]

    @property
    def fp(self) -> Any:
        """False positives."""
        return self.table[0, 1]

    @property
    def fn(self) -> Any:
        """False negatives."""
        return self.table[1, 0]

    @property
    def tp(self) -> Any:
        """True positives."""
        return self.table[1, 1]

    @property
    def total(self) -> Any:
        """All weight."""
        return self.table.sum()


ADDED = (
    "p",
    "q",
    "p_squares",
    "q_squares",
    "p_counts",
    "q_counts",
    "score_p",
    "score_q",
    "score2_p",
    "score2_q",
)
"""The columns of `ScoreCells` that add over rows."""


@dataclass(frozen=True)
class ScoreCells:
    """Positive and negative weight by ascending score.

    Attributes:
        p, q: positive and negative weight per score bin.
        p_squares, q_squares: the same with squared row weights.
        p_counts, q_counts: the same with rows.
        left, right: edges of the bins (equal where the bin is a single score).
        score_p, score_q: Σ w·score of the positives and negatives in each bin.
        score2_p, score2_q: Σ w·score² likewise.
        probability: whether the scores are probabilities.
    """

    p: NDArray[Any]
    q: NDArray[Any]
    p_squares: Floats
    q_squares: Floats
    p_counts: Floats
    q_counts: Floats
    left: Floats
    right: Floats
    score_p: NDArray[Any]
    score_q: NDArray[Any]
    score2_p: NDArray[Any]
    score2_q: NDArray[Any]
    probability: bool = True

    @cached_property
    def weights(self) -> NDArray[Any]:
        """p, then q."""
        return np.concatenate([self.p, self.q])

    @property
    def squares(self) -> Floats:
        """Squared row weights, p then q."""
        return np.concatenate([self.p_squares, self.q_squares])

    @property
    def atom(self) -> NDArray[np.bool_]:
        """Bins that hold a single score: ties in them are real."""
        return np.asarray(self.left == self.right)

    @property
    def rows(self) -> int:
        """Rows with a label and a score."""
        return int(self.p_counts.sum() + self.q_counts.sum())

    @property
    def positives(self) -> int:
        """Positive rows."""
        return int(self.p_counts.sum())

    @property
    def negatives(self) -> int:
        """Negative rows."""
        return int(self.q_counts.sum())

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows."""
        return kish(self.weights, self.squares)

    def replaced(self, weights: NDArray[Any]) -> ScoreCells:
        """Return the same with other weights (mean scores per cell stay)."""
        p, q = weights[: len(self.p)], weights[len(self.p) :]
        more_p, more_q = _growth(self.p, p), _growth(self.q, q)
        return replace(
            self,
            p=p,
            q=q,
            score_p=self.score_p * more_p,
            score_q=self.score_q * more_q,
            score2_p=self.score2_p * more_p,
            score2_q=self.score2_q * more_q,
        )

    def variance(self, gradient: Floats) -> float:
        """Σ U·g² − (Σ W·g)²/n."""
        return _cell_variance(self.weights, self.squares, gradient, self.effective_rows)

    @property
    def effective_positives(self) -> float:
        """Kish's effective number of positive rows."""
        return kish(self.p, self.p_squares)

    @property
    def effective_negatives(self) -> float:
        """Kish's effective number of negative rows."""
        return kish(self.q, self.q_squares)

    def without(self, part: ScoreCells) -> ScoreCells:
        """The rows that are not in `part`, which must be some of these rows, on the same bins."""
        return replace(self, **{name: getattr(self, name) - getattr(part, name) for name in ADDED})

    def need_both_classes(self) -> None:
        """Raise where a class is absent.

        Raises:
            UndefinedMetricError: there are no positives or no negatives.
        """
        for weight, name in ((self.p, "positive"), (self.q, "negative")):
            if not np.real(weight.sum()) > 0:
                raise UndefinedMetricError(f"there are no {name} rows")


@dataclass(frozen=True)
class Together:
    """Several views of the same rows, such as one `ScoreCells` per class, side by side.

    What their estimates have in common is not known from them, so `variance` is its greatest possible value:
    standard errors add as if the parts rose and fell together (Cauchy–Schwarz).

    Attributes:
        parts: the views.
        names: what each part is of.
        rows: rows all of them rest on.
        effective_rows: Kish's effective number of these.
    """

    parts: tuple[Any, ...]
    names: tuple[str, ...]
    rows: int
    effective_rows: float

    @cached_property
    def weights(self) -> NDArray[Any]:
        """Weights of the parts, one after the other."""
        return np.concatenate([part.weights for part in self.parts]) if self.parts else np.zeros(0)

    def replaced(self, weights: NDArray[Any]) -> Together:
        """Return the same with other weights."""
        each = zip(self.parts, self.split(weights), strict=True)
        return replace(self, parts=tuple(part.replaced(w) for part, w in each))

    def split(self, vector: NDArray[Any]) -> list[NDArray[Any]]:
        """Cut a vector that runs over all weights into those of the parts."""
        return np.split(vector, np.cumsum([len(part.weights) for part in self.parts])[:-1])

    def variance(self, gradient: Floats) -> float:
        """(Σ standard errors of the parts)²: an upper bound."""
        each = zip(self.parts, self.split(gradient), strict=True)
        return float(sum(np.sqrt(part.variance(g)) for part, g in each)) ** 2


@dataclass(frozen=True)
class Means:
    """Sums of row values: `weights` is (Σw, Σw·v₁, …, Σw·v_k), `products` Σw²·(1, v)(1, v)ᵀ.

    A metric reads them by name: `m.mean("abs(sy_error)")`, or by position `m.sums[1]`.
    `highs` are the largest values, where the fact keeps extremes.
    """

    sums: NDArray[Any]
    products: Floats
    cubes: Floats
    counts: int
    names: tuple[str, ...]
    highs: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def weights(self) -> NDArray[Any]:
        """Σw, then Σw·v of each value."""
        return self.sums

    @property
    def rows(self) -> int:
        """Rows where every value is there."""
        return self.counts

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows."""
        return kish(self.sums[:1], self.products[:1, 0])

    def replaced(self, weights: NDArray[Any]) -> Means:
        """Return the same with other sums."""
        return replace(self, sums=weights)

    def variance(self, gradient: Floats) -> float:
        """GᵀQg − (S·g)²/n."""
        total = float(np.real(self.sums) @ gradient)
        n = self.effective_rows
        return max(float(gradient @ self.products @ gradient) - (total * total / n if n > 0 else 0.0), 0.0)

    def mean(self, name: str | int = 0) -> Any:
        """Mean of one value, by name or position."""
        place = self.names.index(name) if isinstance(name, str) else name
        if self.counts == 0:
            raise UndefinedMetricError("there is no row where it can be computed")
        return self.sums[place + 1] / self.sums[0]

    def skewness(self, place: int = 0) -> float:
        """Skewness of one value over rows; 0 where it has no spread."""
        total = float(np.real(self.sums[0]))
        mean = float(np.real(self.sums[place + 1])) / total
        # Σw²v² is Σwv² without weights; with them skewness only chooses the interval: w² is near enough.
        second = float(self.products[place + 1, place + 1]) / float(self.products[0, 0])
        first = float(self.products[0, place + 1]) / float(self.products[0, 0])
        variance = second - 2 * mean * first + mean * mean
        third = float(self.cubes[place]) / total - 3 * mean * second + 2 * mean**3
        return third / variance**1.5 if variance > 1e-300 else 0.0


@dataclass(frozen=True)
class Distribution:
    """Weight of a number by bin, in ascending order; missing and infinite ones left out.

    Attributes:
        mass: weight per bin.
        squares: squared row weights per bin.
        left, right: edges.
        counts: rows.
    """

    mass: NDArray[Any]
    squares: Floats
    left: Floats
    right: Floats
    counts: int
    low: float = field(default=-np.inf)
    high: float = field(default=np.inf)

    @property
    def weights(self) -> NDArray[Any]:
        """Weight per bin."""
        return self.mass

    @property
    def rows(self) -> int:
        """Rows with a value."""
        return self.counts

    @property
    def effective_rows(self) -> float:
        """Kish's effective number of rows."""
        return kish(self.mass, self.squares)

    def replaced(self, weights: NDArray[Any]) -> Distribution:
        """Return the same with other weights."""
        return replace(self, mass=weights)

    def variance(self, gradient: Floats) -> float:
        """Σ U·g² − (Σ W·g)²/n."""
        return _cell_variance(self.mass, self.squares, gradient, self.effective_rows)

    def quantile(self, share: float) -> float:
        """Value below which `share` of the weight lies, linear inside a bin.

        Raises:
            UndefinedMetricError: there is no value.
        """
        cumulative = np.cumsum(np.real(self.mass))
        if not len(cumulative) or cumulative[-1] <= 0:
            raise UndefinedMetricError("there is no row where it can be computed")
        target = min(max(share, 0.0), 1.0) * cumulative[-1]
        at = min(int(np.searchsorted(cumulative, target)), len(cumulative) - 1)
        before = cumulative[at - 1] if at else 0.0
        left, right = self.left[at], self.right[at]
        left, right = left if np.isfinite(left) else right, right if np.isfinite(right) else left
        inside = (target - before) / np.real(self.mass[at]) if self.mass[at] else 0.0
        return float(left + (right - left) * inside)


def _growth(before: NDArray[Any], after: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.divide(after, before, out=np.zeros_like(after), where=before != 0))


def kish(weights: NDArray[Any], squares: Floats) -> float:
    """Kish's effective number of rows, (Σw)²/Σw²; equals the number of rows without weights."""
    total = float(np.real(np.sum(weights)))
    square = float(np.sum(squares))
    return total * total / square if square > 0 else 0.0
