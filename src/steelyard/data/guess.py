"""Guess what columns mean from their names and types; every guess says why, and how to change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from steelyard.data import names
from steelyard.data.check_roles import require_columns
from steelyard.data.classes import class_counts, is_zero_or_one, listed, matching
from steelyard.data.guess_columns import Columns
from steelyard.data.guess_scores import class_scores, quantile_columns
from steelyard.data.guess_task import guess_positive, guess_task
from steelyard.data.peek import Peek
from steelyard.data.roles import Roles
from steelyard.data.table import Kind, Table
from steelyard.records import ColumnError

FLAGS = {"slices": "--slice", "quantiles": "--quantile"}
CLASSES = ("binary", "multiclass")


@dataclass(frozen=True)
class Guess:
    """A role nobody gave, what was taken for it, and why."""

    role: str
    value: object
    why: str

    def __str__(self) -> str:
        flag = FLAGS.get(self.role, f"--{self.role}")
        return f"{self.role} = {_shown(self.value)} (guessed {self.why}; change with {flag})"


def guess_roles(table: Table, peek: Peek, given: Roles) -> tuple[Roles, list[Guess]]:
    """Fill in the roles that were not given.

    A column that has a role, or was given as a feature, is never guessed for another one.

    Raises:
        ColumnError: a given column does not exist, or no column looks like the label.
    """
    require_columns(table, given)
    guesser = _Guesser(table, peek, given)
    guesser.guess_all()
    return guesser.roles, guesser.guesses


class _Guesser:
    def __init__(self, table: Table, peek: Peek, given: Roles) -> None:
        self.roles = given
        self.guesses: list[Guess] = []
        self.columns = Columns(table, peek, {*given.used(), *(given.features or ())})

    def guess_all(self) -> None:
        self._query_and_label()
        self._prediction_and_score()
        self._task()
        self._classes()
        self._quantiles()
        for role, column_names, kinds in (
            ("cluster", names.CLUSTER, (Kind.TEXT, Kind.NUMBER)),
            ("weight", names.WEIGHT, (Kind.NUMBER,)),
            ("time", names.TIME, (Kind.TIME,)),
            ("id", names.ID, (Kind.TEXT, Kind.NUMBER)),
        ):
            self._single(role, column_names, kinds)
        self._slices()
        self._text()

    def _take(self, role: str, value: object, why: str) -> None:
        self.roles = self.roles.updated(**{role: value})
        self.guesses.append(Guess(role, value, why))
        self.columns.use(value)

    def _query_and_label(self) -> None:
        columns, roles = self.columns, self.roles
        relevance = columns.named(names.RELEVANCE, (Kind.NUMBER,))
        query = roles.query or columns.named(names.QUERY, (Kind.TEXT, Kind.NUMBER))
        ranked = bool(query) and (bool(relevance) or bool(roles.query) or columns.is_ranked_list(query))
        if ranked and roles.query is None and roles.task in (None, "ranking"):
            self._take("query", query, "from its name")
        if roles.label is None and ranked and relevance:
            self._take("label", relevance, "from its name")
        elif roles.label is None:
            self._label()

    def _label(self) -> None:
        found = self.columns.label()
        if found is None:
            raise ColumnError(
                "No column looks like the label (the truth). The columns are "
                f"{listed(self.columns.free(), 20)}. "
                'Say which one it is: --label NAME, or Roles(label="NAME").'
            )
        self._take("label", *found)

    def _prediction_and_score(self) -> None:
        columns, roles = self.columns, self.roles
        if len(roles.labels) > 1 or roles.label is None:
            return
        if roles.prediction is None and (found := columns.prediction(roles.labels[0])):
            name, why = found
            if roles.score is None and columns.is_probability(name) and columns.is_two_valued(roles.labels[0]):
                self._take("score", name, f"{why}; its values are fractions between 0 and 1, so not classes")
            elif roles.score is None or not columns.is_two_valued(roles.labels[0]) or self._shares_a_class(name):
                self._take("prediction", name, why)

    def _shares_a_class(self, name: str) -> bool:
        frame = self.columns.frame
        label = self.roles.labels[0]
        return name in frame.columns and bool(class_counts(frame[name]).keys() & class_counts(frame[label]).keys())

    def _task(self) -> None:
        if self.roles.task is None:
            task, why = guess_task(self.columns, self.roles)
            self._take("task", task, why)

    def _classes(self) -> None:
        columns, roles = self.columns, self.roles
        if roles.task in CLASSES and len(roles.labels) == 1:
            counts = class_counts(columns.frame[roles.labels[0]])
            self._positive(counts)
            if roles.score is None:
                self._score(counts)
        elif roles.score is None and roles.task == "ranking" and (name := columns.named(names.SCORE, (Kind.NUMBER,))):
            self._take("score", name, "from its name")
        elif roles.prediction is None and (name := columns.named(("score", "y_score"), (Kind.NUMBER,))):
            # Fractions as the label and 0 and 1 as the score are swapped; check_roles says so.
            swapped = is_zero_or_one(columns.frame[name]) and columns.is_probability(roles.labels[0])
            self._take("score" if swapped else "prediction", name, "from its name")

    def _positive(self, counts: Mapping[str | int | float | bool, int]) -> None:
        given = self.roles.positive
        if given is not None:
            meant = matching(given, counts)
            self.roles = self.roles if meant is None else self.roles.updated(positive=meant)
        elif self.roles.task == "binary" and counts:
            self._take("positive", *guess_positive(counts))

    def _score(self, counts: Mapping[str | int | float | bool, int]) -> None:
        by_class = class_scores(self.columns, counts)
        if self.roles.task == "multiclass":
            if len(by_class) > 1:
                self._take("score", by_class, "from names that end in the classes")
            return
        name = self.columns.named(names.SCORE, (Kind.NUMBER,))
        positive = by_class.get(str(self.roles.positive))
        if positive and (name is None or len(by_class) > 1):
            self._take("score", positive, "from its name, which ends in the positive class")
        elif name:
            self._take("score", name, "from its name")
        elif found := self.columns.probability_like():
            self._take("score", found, "from its name")

    def _quantiles(self) -> None:
        if self.roles.quantiles or self.roles.task not in ("regression", "forecasting"):
            return
        found = quantile_columns(self.columns)
        if len(found) > 1:
            self._take("quantiles", found, "from their names, and their values rise with them")
            if self.roles.prediction is None and 0.5 in found:
                self._take("prediction", found[0.5], "as the median of the quantiles")

    def _single(self, role: str, column_names: tuple[str, ...], kinds: tuple[Kind, ...]) -> None:
        if getattr(self.roles, role) is not None:
            return
        name = self.columns.named(column_names, kinds)
        if name and self.columns.fits(role, name):
            self._take(role, name, "from its name")
        elif role == "time" and name is None and (only := self.columns.only_time()):
            self._take(role, only, "as the only column of times")

    def _slices(self) -> None:
        if not self.roles.slices and (found := self.columns.slices()):
            self._take("slices", found, "from their names and few values")

    def _text(self) -> None:
        if not self.roles.text and (found := self.columns.texts(self.roles.features or ())):
            self._take("text", found, "as long texts that hardly repeat")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in value.items()) + "}"
    if isinstance(value, tuple):
        return ", ".join(_shown(v) for v in value)
    return f'"{value}"' if isinstance(value, str) else str(value)
