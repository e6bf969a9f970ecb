"""Logistic regression with a ridge penalty, for designs that are coded (a table of effects per column) or dense."""

from typing import NamedTuple, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.intp] | npt.NDArray[np.bool_]

_STEPS = 30
_INNER = 60
_CLOSE = 1e-6  # of the gradient, per row
_SHORTEST = 2.0**-20


class Design(Protocol):
    """Rows of inputs X as a linear map; `width` is the number of coefficients."""

    @property
    def width(self) -> int:
        """Number of coefficients."""

    def scores(self, beta: Floats) -> Floats:
        """X·beta, shape (rows,)."""

    def sums(self, values: Floats) -> Floats:
        """Xᵀ·values, shape (width,)."""

    def squares(self, values: Floats) -> Floats:
        """The diagonal of Xᵀ·diag(values)·X, shape (width,)."""

    def take(self, rows: Rows) -> Self:
        """Only some of the rows."""


class Coded(NamedTuple):
    """Columns of codes, each with a coefficient for every code: a one-hot design that is never written out.

    Attributes:
        places: which coefficient each code of each row means; rows × columns.
        widths: number of codes of each column.
    """

    places: Ints
    widths: tuple[int, ...]

    @classmethod
    def of(cls, codes: Ints, widths: tuple[int, ...]) -> Self:
        """The design of codes, rows × columns, each from 0 to its column's width − 1."""
        return cls(codes + np.concatenate([[0], np.cumsum(widths)[:-1]]).astype(np.int64), widths)

    @property
    def width(self) -> int:
        """Number of coefficients."""
        return sum(self.widths)

    def scores(self, beta: Floats) -> Floats:
        """X·beta, shape (rows,)."""
        return np.asarray(self.terms(beta).sum(axis=1))

    def terms(self, beta: Floats) -> Floats:
        """What each column adds to the score of each row; rows × columns."""
        return np.take(beta, self.places)

    def sums(self, values: Floats) -> Floats:
        """Xᵀ·values, shape (width,)."""
        weights = np.repeat(values, self.places.shape[1])
        return np.bincount(self.places.ravel(), weights=weights, minlength=self.width).astype(np.float64)

    def squares(self, values: Floats) -> Floats:
        """The diagonal of Xᵀ·diag(values)·X, which is `sums`: an indicator is its own square."""
        return self.sums(values)

    def take(self, rows: Rows) -> "Coded":
        """Only some of the rows."""
        return Coded(self.places[rows], self.widths)

    def beside(self, other: "Coded") -> "Coded":
        """The columns of both."""
        return Coded(np.concatenate([self.places, other.places + self.width], axis=1), self.widths + other.widths)


class Dense(NamedTuple):
    """A matrix of numbers, rows × width; put its columns on one scale, as the penalty treats them alike."""

    matrix: Floats

    @property
    def width(self) -> int:
        """Number of coefficients."""
        return int(self.matrix.shape[1])

    def scores(self, beta: Floats) -> Floats:
        """X·beta, shape (rows,)."""
        return np.asarray(self.matrix @ beta)

    def sums(self, values: Floats) -> Floats:
        """Xᵀ·values, shape (width,)."""
        return np.asarray(values @ self.matrix)

    def squares(self, values: Floats) -> Floats:
        """The diagonal of Xᵀ·diag(values)·X, shape (width,)."""
        return np.asarray(values @ self.matrix**2)

    def take(self, rows: Rows) -> "Dense":
        """Only some of the rows."""
        return Dense(self.matrix[rows])


class Logistic(NamedTuple):
    """A fitted model: logit P(y = 1) = intercept + X·beta."""

    intercept: float
    beta: Floats

    def scores(self, design: Design) -> Floats:
        """The logit of every row, shape (rows,)."""
        return self.intercept + design.scores(self.beta)


def fit_logistic(design: Design, y: npt.ArrayLike, ridge: float) -> Logistic:
    """Minimise Σ log-loss + ridge/2·|beta|², the intercept unpenalised, by Newton steps with conjugate gradients.

    `y` holds 0 and 1, both of them. With `ridge` > 0 the minimum is unique and finite; it is that of scikit-learn's
    `LogisticRegression(C=1/ridge)`.

    Raises:
        ValueError: if y does not hold both 0 and 1, or the ridge is not positive.

    Source: Lin, Weng & Keerthi 2008 (truncated Newton).
    """
    y = np.asarray(y, dtype=float)
    mean = float(y.mean()) if y.size else 0.0
    if not 0.0 < mean < 1.0 or not np.all((y == 0.0) | (y == 1.0)):
        raise ValueError("a logistic regression needs rows of 0 and of 1")
    if not ridge > 0.0:
        raise ValueError(f"the ridge must be positive, got {ridge!r}")
    state = np.concatenate([[np.log(mean / (1.0 - mean))], np.zeros(design.width)])
    penalty = np.concatenate([[0.0], np.full(design.width, ridge)])
    eta = _eta(design, state)
    loss = _loss(eta, y, state, penalty)
    for _ in range(_STEPS):
        chance = special.expit(eta)
        gradient = _sums(design, chance - y) + penalty * state
        if np.abs(gradient).max() <= _CLOSE * y.size:
            break
        step = _newton_step(design, chance * (1.0 - chance), penalty, gradient)
        along = _eta(design, step)
        size, downhill = 1.0, float(gradient @ step)
        while size > _SHORTEST:
            tried = _loss(eta + size * along, y, state + size * step, penalty)
            if tried <= loss + 1e-4 * size * downhill:
                break
            size /= 2.0
        else:
            break
        state, eta, loss = state + size * step, eta + size * along, tried
    return Logistic(float(state[0]), state[1:])


def _newton_step(design: Design, weights: Floats, penalty: Floats, gradient: Floats) -> Floats:
    """Solve H·step = −gradient to a tenth, which is as good as exactly while the minimum is far."""
    scale = np.concatenate([[weights.sum()], design.squares(weights)]) + penalty
    scale = np.where(scale > 0.0, scale, 1.0)
    step, residual = np.zeros_like(gradient), -gradient
    aim = min(0.1, float(np.linalg.norm(gradient)) ** 0.5 / gradient.size) * float(np.linalg.norm(gradient))
    towards = residual / scale
    direction, fit = towards, float(residual @ towards)
    for _ in range(_INNER):
        if float(np.linalg.norm(residual)) <= aim:
            break
        curved = _sums(design, weights * _eta(design, direction)) + penalty * direction
        along = float(direction @ curved)
        if not along > 0.0:
            break
        length = fit / along
        step, residual = step + length * direction, residual - length * curved
        towards = residual / scale
        fit, before = float(residual @ towards), fit
        direction = towards + fit / before * direction
    return step


def _eta(design: Design, state: Floats) -> Floats:
    return np.asarray(state[0] + design.scores(state[1:]))


def _sums(design: Design, values: Floats) -> Floats:
    return np.concatenate([[values.sum()], design.sums(values)])


def _loss(eta: Floats, y: Floats, state: Floats, penalty: Floats) -> float:
    return float(np.sum(np.logaddexp(0.0, eta) - y * eta) + (penalty * state) @ state / 2.0)
