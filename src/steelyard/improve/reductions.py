"""In training: Fairlearn's reductions and preparations of the data around any scikit-learn estimator, held out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.data.sources.extras import need
from steelyard.improve import measures
from steelyard.improve.grouping import listed, text
from steelyard.improve.preprocessing import Decorrelation, remove_correlation, resample, reweigh
from steelyard.improve.retraining import Retrained, compared, decisions_of, held_out
from steelyard.records import ConfigError, DataError, nearest

EXTRA = "fairness"
CONSTRAINTS = {
    "demographic_parity": "DemographicParity",
    "equal_opportunity": "TruePositiveRateParity",
    "equalized_odds": "EqualizedOdds",
    "false_positive_rate": "FalsePositiveRateParity",
}
Names = NDArray[np.str_]


@dataclass(frozen=True)
class FairTraining:
    """A model trained so that groups fare alike, and what that does.

    Attributes:
        model: the fair model, trained on the rows that were not held out.
        plain: the estimator as it is, trained on the same rows.
        effect: both on the held-out rows; decisions are those of one draw where the fair model draws by chance.
        method: how it was trained.
    """

    model: Any
    plain: Any
    effect: Retrained
    method: str

    def __str__(self) -> str:
        """What it does, in words."""
        return f"{self.method.replace('_', ' ').capitalize()}: {self.effect}"


@dataclass(frozen=True)
class Wanted:
    """What a method is to reach, and with what.

    Attributes:
        fairness: the criterion.
        bound: the gap aimed for in training.
        seed: of draws.
        settings: further arguments of Fairlearn's class.
    """

    fairness: str
    bound: float
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Decorrelated:
    """A model of columns that no longer tell the group; it needs the group to take that out.

    Attributes:
        model: the estimator, trained on what is left of the columns.
        decorrelation: what is taken out.
        groups: the groups, in the order of their indicators.
    """

    model: Any
    decorrelation: Decorrelation
    groups: tuple[str, ...]

    def predict(self, X: Any, sensitive: Any) -> Any:
        """Decide rows, given the group of each."""
        names = np.array([text(one) for one in listed(sensitive)])
        return self.model.predict(self.decorrelation.transform(X, _indicators(names, self.groups)))


def train_fair(
    estimator: Any,
    X: Any,
    y: Any,
    sensitive: Any,
    *,
    fairness: str = "equalized_odds",
    method: str = "exponentiated_gradient",
    bound: float = 0.02,
    test_share: float = 0.3,
    seed: int = 0,
    level: float = 0.95,
    **settings: Any,
) -> FairTraining:
    """Train an estimator so that groups fare alike, and say on held-out rows what that brings and costs.

    Methods: "exponentiated_gradient" (a mixture of models, drawn by chance for each row), "grid_search" (one
    model), "reweighing" (weights that untie label and group), "resampling" (rows drawn so, for estimators without
    weights) and "correlation_removal" (columns without what the group tells of them in straight lines).

    Args:
        estimator: any scikit-learn classifier; it is cloned, not changed. Reductions and reweighing need one whose
            `fit` takes `sample_weight`.
        X: features, shape (rows, features): an array, or a data frame of Polars or pandas.
        y: labels, 1 or 0, shape (rows,).
        sensitive: the group of each row, shape (rows,); it need not be among the features.
        fairness: "demographic_parity", "equal_opportunity", "equalized_odds" or "false_positive_rate": what
            reductions aim for, and what the effect is told of.
        method: how to train.
        bound: the gap that exponentiated gradient aims for on the rows it is trained on.
        test_share: share of the rows that is held out, of each group and label.
        seed: of the split and of what is drawn by chance.
        level: nominal coverage of the intervals.
        settings: further arguments of Fairlearn's class.

    Raises:
        MissingPackageError: Fairlearn or scikit-learn is not installed.
        ConfigError: the criterion or method is not known.
        DataError: labels are not 0 and 1, or groups have too few rows.

    Source: Agarwal et al. 2018, "A reductions approach to fair classification"; Kamiran & Calders 2012.
    """
    criterion = measures.criterion(fairness)
    if method not in METHODS:
        raise ConfigError(f"There is no method {method!r} to train by. {nearest(method, METHODS)}")
    labels, groups = np.asarray(listed(y)), np.array([text(one) for one in listed(sensitive)])
    if not len(labels) == len(groups) == _rows(X):
        raise DataError(f"Lengths differ: {_rows(X):,} rows, {len(labels):,} labels and {len(groups):,} groups.")
    strata = [f"{g} {text(one)}" for g, one in zip(groups.tolist(), labels.tolist(), strict=True)]
    train, test = held_out(len(labels), test_share, strata, seed)
    clone = need("sklearn.base", EXTRA, "Training by group").clone
    learned, seen = _taken(X, train), _taken(X, test)
    plain = clone(estimator).fit(learned, labels[train])
    wanted = Wanted(fairness, bound, seed, settings)
    model, predict = METHODS[method](clone(estimator), learned, labels[train], groups[train], wanted)
    before = decisions_of(plain.predict, seen)
    after = decisions_of(lambda rows: predict(rows, groups[test]), seen)
    effect = compared(labels[test], groups[test], before, after, criterion, level=level)
    return FairTraining(model, plain, effect, method)


Predict = Callable[[Any, Names], Any]
Trained = tuple[Any, Predict]


def _exponentiated_gradient(estimator: Any, X: Any, y: Any, groups: Names, wanted: Wanted) -> Trained:
    reductions = need("fairlearn.reductions", EXTRA, "Training by a reduction")
    constraint = getattr(reductions, CONSTRAINTS[wanted.fairness])(difference_bound=wanted.bound)
    model = reductions.ExponentiatedGradient(estimator, constraint, **wanted.settings)
    _fit(model, X, y, groups)
    return model, lambda rows, _: model.predict(rows, random_state=wanted.seed)


def _grid_search(estimator: Any, X: Any, y: Any, groups: Names, wanted: Wanted) -> Trained:
    reductions = need("fairlearn.reductions", EXTRA, "Training by a reduction")
    model = reductions.GridSearch(estimator, getattr(reductions, CONSTRAINTS[wanted.fairness])(), **wanted.settings)
    _fit(model, X, y, groups)
    return model, lambda rows, _: model.predict(rows)


def _fit(model: Any, X: Any, y: Any, groups: Names) -> None:
    """Fit a reduction; what Fairlearn should change about its own use of pandas is no concern of the caller's."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning):
            warnings.filterwarnings("ignore", category=kind, module="fairlearn")
        model.fit(X, y, sensitive_features=groups)


def _reweighing(estimator: Any, X: Any, y: Any, groups: Names, wanted: Wanted) -> Trained:
    model = estimator.fit(X, y, sample_weight=reweigh(y, groups).of(y, groups))
    return model, lambda rows, _: model.predict(rows)


def _resampling(estimator: Any, X: Any, y: Any, groups: Names, wanted: Wanted) -> Trained:
    kept = resample(y, groups, wanted.seed)
    model = estimator.fit(_taken(X, kept), y[kept])
    return model, lambda rows, _: model.predict(rows)


def _correlation_removal(estimator: Any, X: Any, y: Any, groups: Names, wanted: Wanted) -> Trained:
    known = tuple(np.unique(groups).tolist())
    made = remove_correlation(X, _indicators(groups, known))
    model = Decorrelated(estimator.fit(made.transform(X, _indicators(groups, known)), y), made, known)
    return model, model.predict


METHODS: dict[str, Callable[[Any, Any, Any, Names, Wanted], Trained]] = {
    "exponentiated_gradient": _exponentiated_gradient,
    "grid_search": _grid_search,
    "reweighing": _reweighing,
    "resampling": _resampling,
    "correlation_removal": _correlation_removal,
}


def _indicators(names: Names, known: tuple[str, ...]) -> NDArray[np.float64]:
    """1 where a row is of a group, shape (rows, groups − 1): the last one is told by the others."""
    return np.column_stack([np.zeros((len(names), 0)), *((names == one).astype(float) for one in known[:-1])])


def _rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _taken(X: Any, places: Any) -> Any:
    """Some rows of an array or of a data frame."""
    if hasattr(X, "iloc"):
        return X.iloc[places]
    return X[places] if hasattr(X, "shape") else np.asarray(X)[places]
