"""Roles: what each column means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Literal, get_args

Task = Literal["binary", "multiclass", "multilabel", "regression", "forecasting", "ranking"]
TASKS: tuple[Task, ...] = get_args(Task)
Value = str | int | float | bool
SINGLE = ("weight", "cluster", "time", "id", "query", "series", "horizon", "lower", "upper", "prediction_set")
"""Roles of one column each, beside label, prediction and score."""


@dataclass(frozen=True)
class Roles:
    """What the columns of a table of predictions mean.

    Everything is optional; what is not given is guessed from names and types, and the guess is printed.

    Attributes:
        label: the truth. Several columns (0/1 each) make a multilabel problem.
        prediction: the model's answer (class, number, or one 0/1 column per label).
        score: probability or score of the positive class; or, for several classes, a mapping
            from class to column; or one column per label in the order of `label`.
        positive: which label value counts as positive; guessed (1, True, "yes", …) when not given.
        threshold: a score at or above it is a positive decision, where `prediction` is not given.
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "ranking".
        slices: columns to slice by; a tuple of names is their intersection.
        features: the model's inputs, for the data overview. None takes every column without a role.
        weight: sampling weight of the row (> 0).
        cluster: rows that belong together (user, session, patient); makes intervals cluster-robust.
        time: when the row happened.
        id: identifies the row.
        query: groups the rows of one ranked list (ranking).
        series: which series a forecast belongs to (forecasting).
        horizon: how many steps ahead a forecast looked (forecasting).
        quantiles: predicted quantile to column, e.g. {0.1: "p10", 0.9: "p90"} (regression, forecasting).
        text: columns of free text; length, language, unknown words … become columns ("review (words)").
        image: columns of paths of images; size, brightness, sharpness … become columns (needs Pillow).
        embedding: columns of vectors; their norm and their place along the main directions become columns.
        sensitive: attributes that fairness is audited by (sex, race, age group); they are sliced by as well.
        compared_with: the group that others are compared with, by sensitive column; the largest where not said.
        lower, upper: the ends of a predicted interval (regression, forecasting).
        prediction_set: the set of classes that the model holds possible: a column of lists, or of text "a|b".
        coverage: what share of the truth the interval or set was promised to hold, e.g. 0.9.
        calibrated_on: how many rows the interval or set was calibrated on, for conformal limits.
    """

    label: str | Sequence[str] | None = None
    prediction: str | Sequence[str] | None = None
    score: str | Sequence[str] | Mapping[str, str] | None = None
    positive: Value | None = None
    threshold: float | None = None
    task: Task | None = None
    slices: Sequence[str | tuple[str, ...]] = ()
    features: Sequence[str] | None = None
    weight: str | None = None
    cluster: str | None = None
    time: str | None = None
    id: str | None = None
    query: str | None = None
    series: str | None = None
    horizon: str | None = None
    quantiles: Mapping[float, str] = field(default_factory=dict)
    text: Sequence[str] = ()
    image: Sequence[str] = ()
    embedding: Sequence[str] = ()
    sensitive: Sequence[str] = ()
    compared_with: Mapping[str, str] = field(default_factory=dict)
    lower: str | None = None
    upper: str | None = None
    prediction_set: str | None = None
    coverage: float | None = None
    calibrated_on: int | None = None

    def __post_init__(self) -> None:
        # A text is a sequence of its letters: one name where several may stand means that name.
        for name in ("slices", "features", "text", "image", "embedding", "sensitive"):
            if isinstance(value := getattr(self, name), str):
                object.__setattr__(self, name, (value,))

    def given(self) -> dict[str, object]:
        """Return the roles that are set, as plain values."""
        out: dict[str, object] = {}
        for f in fields(self):
            value = getattr(self, f.name)
            if value is None or (isinstance(value, (tuple, list, Mapping)) and not value):
                continue
            out[f.name] = value
        return out

    def updated(self, **changes: object) -> Roles:
        """Return roles with some changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def labels(self) -> tuple[str, ...]:
        """The label columns."""
        return as_names(self.label)

    @property
    def predictions(self) -> tuple[str, ...]:
        """The prediction columns."""
        return as_names(self.prediction)

    @property
    def scores(self) -> tuple[str, ...]:
        """The score columns."""
        return as_names(tuple(self.score.values()) if isinstance(self.score, Mapping) else self.score)

    def slice_columns(self) -> tuple[str, ...]:
        """Columns any slice is made of, each once."""
        seen: dict[str, None] = {}
        for item in self.slices:
            for column in (item,) if isinstance(item, str) else item:
                seen.setdefault(column)
        return tuple(seen)

    def used(self) -> tuple[str, ...]:
        """Every column that has a role, features not counted."""
        singles = (getattr(self, role) for role in SINGLE)
        names = (
            *self.labels,
            *self.predictions,
            *self.scores,
            *self.slice_columns(),
            *(s for s in singles if s),
            *self.quantiles.values(),
            *self.text,
            *self.image,
            *self.embedding,
            *self.sensitive,
        )
        return tuple(dict.fromkeys(names))


def as_names(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return one name, several or none as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
