"""What decisions cost and earn, as their user says it.

Every value is a benefit: what is earned is positive, what is lost is negative. `fn = -300` is a miss that costs 300.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from steelyard.facts import compile_expression, names_in
from steelyard.records import ColumnError, ConfigError, nearest

Amount = float | str
"""A number, or an expression over columns (often one column) whose value differs by row."""
OUTCOMES = {"tp": "a hit", "fp": "a false alarm", "fn": "a miss", "tn": "a negative left alone"}
DEFAULT_CURRENCY = "points"


@dataclass(frozen=True)
class Costs:
    """The value of every kind of decision, and what else money hangs on.

    Values are benefits, so costs are negative. What a row is worth may be a number, the name of a numeric column or
    an expression of the small language ("-0.4 * amount").

    Attributes:
        tp, fp, fn, tn: value of a hit, a false alarm, a miss and a negative left alone (binary).
        matrix: value by actual and predicted class (multiclass); what is not said is 0.
        over, under: value of each unit that a prediction is too high, or too low (regression); negative.
        currency: "EUR"; "points" where nothing is said.
        unit: what one row is ("application").
        review: value of a person's look at a row (negative); None where nobody looks.
        reviewed_accuracy: share of these rows that the person decides rightly.
        capacity: rows that can be flagged: a share up to 1, or a number of rows of the data at hand.
        run: value of asking the model once (negative).
        latency: column with the time an answer took.
        volume: decisions a year; without it nothing is told by year.
        change: one-off value of changing how is decided (negative).

    Raises:
        ConfigError: a value is not a number or an expression, has the wrong sign, or leaves nothing to decide.
    """

    tp: Amount = 0.0
    fp: Amount = 0.0
    fn: Amount = 0.0
    tn: Amount = 0.0
    matrix: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    over: Amount = 0.0
    under: Amount = 0.0
    currency: str = DEFAULT_CURRENCY
    unit: str = "decision"
    review: Amount | None = None
    reviewed_accuracy: float = 1.0
    capacity: float | None = None
    run: Amount = 0.0
    latency: str | None = None
    volume: float | None = None
    change: float = 0.0

    def __post_init__(self) -> None:
        for name, value in self._amounts():
            _require_amount(name, value)
        for name in ("currency", "unit", "latency"):
            said = getattr(self, name)
            if not (isinstance(said, str) and said.strip()) and not (name == "latency" and said is None):
                raise ConfigError(f"costs: {name} must be a word, not {said!r}.")
        _require_matrix(self.matrix)
        self._require_plain_numbers()
        kinds = [name for name in ("binary", "multiclass", "regression") if self._says(name)]
        if len(kinds) > 1:
            raise ConfigError(
                "costs give values for more than one task. Give tp, fp, fn and tn (binary), or matrix (multiclass), "
                "or over and under (regression)."
            )
        if not kinds and self.run == 0 and self.latency is None:
            raise ConfigError(
                "costs do not say what a decision is worth. Give what a false alarm and a miss cost, e.g. "
                "fp = -25 and fn = -300; for several classes a matrix; for numbers over and under."
            )
        if kinds == ["binary"]:
            _require_something_to_decide(self)

    @property
    def task(self) -> str:
        """The task that the values are for: "binary", "multiclass", "regression", or "" where there are none."""
        return next((name for name in ("binary", "multiclass", "regression") if self._says(name)), "")

    @property
    def constant(self) -> bool:
        """Whether no value differs by row."""
        return not any(isinstance(value, str) for _, value in self._amounts())

    @property
    def decides_binary(self) -> bool:
        """Whether yes-or-no decisions have values."""
        return self._says("binary")

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is unusual about the values, in sentences."""
        unusual = ((n, v) for n in ("fp", "fn") if isinstance(v := getattr(self, n), float | int) and v > 0)
        return tuple(f"{n} = {v:g} means that {OUTCOMES[n]} earns {v:g}; costs are negative." for n, v in unusual)

    def columns(self) -> tuple[str, ...]:
        """The columns that values are made from, each once."""
        texts = [value for _, value in self._amounts() if isinstance(value, str)]
        named = [name for text in texts for name in names_in(text)]
        return tuple(dict.fromkeys([*named, *([self.latency] if self.latency else [])]))

    def _says(self, task: str) -> bool:
        if task == "multiclass":
            return bool(self.matrix)
        names = ("tp", "fp", "fn", "tn") if task == "binary" else ("over", "under")
        return any(getattr(self, name) != 0 for name in names)

    def _amounts(self) -> Iterator[tuple[str, Amount]]:
        for name in ("tp", "fp", "fn", "tn", "over", "under", "run"):
            yield name, getattr(self, name)
        if self.review is not None:
            yield "review", self.review

    def _require_plain_numbers(self) -> None:
        for name, allowed, what in _NUMBERS:
            value = getattr(self, name)
            if value is None and name in ("capacity", "volume"):
                continue
            if not _is_number(value) or not allowed(value):
                raise ConfigError(f"costs: {name} must be {what}, not {value!r}.")
        for name, what in _NEVER_EARN:
            value = getattr(self, name)
            if _is_number(value) and value > 0:
                raise ConfigError(_turned(name, value, what))


_NUMBERS: tuple[tuple[str, Callable[[float], bool], str], ...] = (
    ("reviewed_accuracy", lambda x: 0 < x <= 1, "a share above 0 and at most 1"),
    (
        "capacity",
        lambda x: 0 < x <= 1 or (x > 1 and float(x).is_integer()),
        "a share up to 1, or a whole number of rows",
    ),
    ("volume", lambda x: x > 0, "a number of decisions a year"),
    ("change", lambda x: True, "a number"),
)
_NEVER_EARN = (
    ("review", "a person's look"),
    ("run", "asking the model"),
    ("change", "changing"),
    ("over", "a prediction that is too high"),
    ("under", "a prediction that is too low"),
)


def parse_costs(given: Costs | Mapping[str, Any] | None) -> Costs | None:
    """Read the `[costs]` of a TOML file, or the same as a mapping; None where nothing is said.

    Raises:
        ConfigError: something in it is not known or not a number, or leaves nothing to decide.
    """
    if given is None or isinstance(given, Costs):
        return given
    if not isinstance(given, Mapping):
        raise ConfigError(f"costs must be a table of values such as {{'fp': -25, 'fn': -300}}, not {given!r}.")
    known = [f.name for f in fields(Costs)]
    for name in given:
        if name not in known:
            raise ConfigError(f"There is no cost {name!r}. {nearest(str(name), known)}")
    return Costs(**given)


def costs_of(words: Sequence[str]) -> dict[str, Any]:
    """Read NAME=VALUE words of a command line ("fn=-300", "fn=-0.4 * amount", "matrix.cat.dog=-5").

    Raises:
        ConfigError: a word is not of that form, or comes twice.
    """
    found: dict[str, Any] = {}
    for word in words:
        name, equals, said = (part.strip() for part in word.partition("="))
        path = name.split(".")
        if not equals or not said or not all(path) or len(path) not in (1, 3):
            raise ConfigError(f"--cost {word!r} must be NAME=VALUE, e.g. fn=-300, currency=EUR, matrix.cat.dog=-5.")
        place = found
        for part in path[:-1]:
            place = place.setdefault(part, {})
        if path[-1] in place:
            raise ConfigError(f"--cost gives {name!r} twice.")
        place[path[-1]] = _plain(said)
    return found


def _plain(said: str) -> float | str:
    try:
        return float(said.replace("−", "-").replace("_", ""))
    except ValueError:
        return said


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require_amount(name: str, value: object) -> None:
    if isinstance(value, str):
        try:
            compile_expression(value, names_in(value))
        except (ConfigError, ColumnError) as error:
            raise ConfigError(f"costs: {name} cannot be read: {error}") from error
        if not names_in(value):
            raise ConfigError(f"costs: {name} = {value!r} names no column. Write a plain number without quotes.")
    elif not _is_number(value):
        raise ConfigError(f"costs: {name} must be a number, a column or an expression over columns, not {value!r}.")


def _require_matrix(matrix: object) -> None:
    example = "{ cat = { dog = -5 }, dog = { cat = -1 } }"
    if not isinstance(matrix, Mapping) or not all(isinstance(row, Mapping) for row in matrix.values()):
        raise ConfigError(f"costs: matrix must be a table of actual class and predicted class: {example}.")
    for actual, row in matrix.items():
        for predicted, value in row.items():
            if not _is_number(value):
                raise ConfigError(f"costs: matrix.{actual}.{predicted} must be a number, not {value!r}.")
            right = row.get(actual, 0.0)
            if predicted != actual and value > max(right, 0.0):
                raise ConfigError(_turned(f"matrix.{actual}.{predicted}", value, f"taking {actual} for {predicted}"))
    worth = {float(value) for row in matrix.values() for value in row.values()}
    if matrix and worth <= {0.0}:
        raise ConfigError("costs: every value of the matrix is 0, so there is nothing to decide.")


def _require_something_to_decide(costs: Costs) -> None:
    given = {name: value for name in OUTCOMES if not isinstance(value := getattr(costs, name), str)}
    if len(given) == len(OUTCOMES) and len(set(given.values())) == 1:
        raise ConfigError(
            f"tp, fp, fn and tn are all {given['tp']:g}: every decision is worth the same, so there is nothing to "
            "decide. Say what a false alarm (fp) and a miss (fn) cost, as negative numbers."
        )
    for right, wrong, never in (("tp", "fn", "never"), ("tn", "fp", "always")):
        if {right, wrong} <= given.keys() and given[right] <= given[wrong]:
            if given[wrong] > 0:
                raise ConfigError(_turned(wrong, given[wrong], OUTCOMES[wrong]))
            raise ConfigError(
                f"costs: {OUTCOMES[right]} ({right} = {given[right]:g}) is worth no more than {OUTCOMES[wrong]} "
                f"({wrong} = {given[wrong]:g}), so flagging would {never} pay and there is nothing to decide. "
                f"Say what {OUTCOMES[wrong]} costs: {wrong} = -300."
            )


def _turned(name: str, value: float, what: str) -> str:
    return (
        f"costs: {name} = {value:g} means that {what} earns {value:g}. Values are benefits, so what it costs is "
        f"negative: write {name} = -{value:g}."
    )
