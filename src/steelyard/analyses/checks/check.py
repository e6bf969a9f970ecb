"""A check: a metric and the bounds it is held against, in a table, in a line of text, and in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args

from steelyard.analyses.checks import syntax
from steelyard.analyses.words import MINUS
from steelyard.facts.levels import normal, text
from steelyard.records import EVERYTHING, ConfigError, Slice, nearest

Base = Literal["reference", "champion"]
BASES: tuple[Base, ...] = get_args(Base)


@dataclass(frozen=True)
class Check:
    """A metric of the current data that must be at least `min` and at most `max`.

    Attributes:
        metric: what is measured.
        min, max: the bounds; one of them will do. With `relative_to` they hold for the difference, with `across` for
            the largest difference (or smallest ratio) between groups.
        slice: rows it is measured on.
        relative_to: "reference" holds current minus reference against the bounds, "champion" this model minus another
            one on the same rows.
        margin: in place of bounds: how much worse than `relative_to` it may be, whichever side is the better one
            (non-inferiority).
        across: columns whose groups are compared with each other.
        ratio: whether groups are compared by smallest over largest value rather than by their difference.

    Raises:
        ConfigError: it could never be held against anything; the message says why.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    slice: Slice = field(default=EVERYTHING)
    relative_to: Base | None = None
    margin: float | None = None
    across: tuple[str, ...] = ()
    ratio: bool = False

    def __post_init__(self) -> None:
        across: object = self.across  # one name will do where several may stand
        columns = (across,) if isinstance(across, str) else self.across
        object.__setattr__(self, "across", tuple(dict.fromkeys(columns)))
        for name in ("min", "max", "margin"):
            object.__setattr__(self, name, self._number(name))
        self._require_bounds()
        self._require_sense()

    @classmethod
    def parse(cls, given: str | Mapping[str, object] | Check) -> Check:
        """Read a line of text or a table of `steelyard.toml`.

        Text: `"roc_auc >= 0.8"`, `"recall >= 0.7 [sex = F]"`, `"recall >= reference - 0.02"`,
        `"roc_auc at most 0.01 worse than champion"`, `"recall across sex <= 0.1"`,
        `"selection_rate ratio across sex >= 0.8"`, `"accuracy >= 0.1 and <= 0.9"`.

        Raises:
            ConfigError: it cannot be read as a check.
        """
        if isinstance(given, Check):
            return given
        if isinstance(given, str):
            return cls(**syntax.read(given))
        return cls(**_of_table(given))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that rows must be sliced by to hold it against anything."""
        return tuple(sorted({*self.slice.columns, *self.across}))

    @property
    def text(self) -> str:
        """The check as a line of text, which `parse` reads."""
        return self._written(_plain, _offset)

    @property
    def id(self) -> str:
        """What is checked, without its numbers: stays the same when a bound is changed."""
        return self._written(lambda _: "…", lambda _: " …")

    @property
    def bound(self) -> str:
        """The bound in words: "≥ 0.8", "difference to reference ≥ −0.02"."""
        if self.margin is not None:
            return f"at most {self.margin:g} worse than {self.relative_to}"
        bounds = said(self.min, self.max)
        if self.across:
            return f"{'ratio' if self.ratio else 'difference'} across {' × '.join(self.across)} {bounds}"
        return f"difference to {self.relative_to} {bounds}" if self.relative_to else bounds

    def _written(self, number: Callable[[float], str], offset: Callable[[float], str]) -> str:
        parts = [self.metric]
        parts += ["ratio"] if self.ratio else []
        parts += [f"across {', '.join(self.across)}"] if self.across else []
        if self.margin is not None:
            parts.append(f"at most {number(self.margin)} worse than {self.relative_to}")
        else:
            sides = [(sign, v) for sign, v in ((">=", self.min), ("<=", self.max)) if v is not None]
            base = self.relative_to
            parts.append(" and ".join(f"{sign} {base + offset(v) if base else number(v)}" for sign, v in sides))
        parts += [f"[{self.slice}]"] if self.slice else []
        return " ".join(parts)

    def _number(self, name: str) -> float | None:
        value = getattr(self, name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ConfigError(f"The {name} of the check on {self.metric} must be a number, not {value!r}.")
        return float(value)

    def _require_bounds(self) -> None:
        where = f"The check on {self.metric}"
        if self.margin is None:
            if self.min is None and self.max is None:
                raise ConfigError(f"{where} needs a min or a max (or relative_to and a margin).")
            if self.min is not None and self.max is not None and self.min > self.max:
                raise ConfigError(f"{where} can never pass: its min {self.min:g} is above its max {self.max:g}.")
            return
        if self.min is not None or self.max is not None:
            raise ConfigError(f"{where} has a margin and a min or a max: a margin is a bound of its own. Give one.")
        if self.relative_to is None:
            raise ConfigError(
                f'{where} has a margin, but of what is not said: add relative_to = "reference" or "champion".'
            )
        if self.margin < 0:
            raise ConfigError(
                f"The margin of the check on {self.metric} is how much worse it may be, so it is at least 0, not "
                f"{self.margin:g}. To demand an improvement, give a min (or max) of the difference."
            )

    def _require_sense(self) -> None:
        where = f"The check on {self.metric}"
        if self.relative_to is not None and self.relative_to not in BASES:
            raise ConfigError(
                f"{where} cannot be relative to {self.relative_to!r}. {nearest(self.relative_to, BASES)}"
            )
        if not all(isinstance(column, str) and column for column in self.across):
            raise ConfigError(f'{where}: across must name columns, e.g. "sex" or ["sex", "race"].')
        if self.across and self.relative_to is not None:
            raise ConfigError(
                f"{where} is both across groups and relative to the {self.relative_to}. Make two of it."
            )
        if set(self.across) & set(self.slice.columns):
            raise ConfigError(f"{where} compares groups by {', '.join(self.across)} within one: {self.slice}.")
        if self.ratio and not self.across:
            raise ConfigError(f'{where} is on a ratio, but of what groups is not said: add across = "sex", say.')


def said(low: float | None, high: float | None) -> str:
    """Bounds in words: "≥ 0.1 and ≤ 0.9"."""
    sides = (("≥", low), ("≤", high))
    return " and ".join(f"{sign} {_words(v)}" for sign, v in sides if v is not None and math.isfinite(v))


def _words(value: float) -> str:
    return f"{value:g}".replace("-", MINUS)


def _plain(value: float) -> str:
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _offset(value: float) -> str:
    return f" {'-' if value < 0 else '+'} {_plain(abs(value))}" if value else ""


def _of_table(given: Mapping[str, object]) -> dict[str, Any]:
    names = [f.name for f in fields(Check)]
    unknown = set(given) - {*names, "change"}
    if unknown or "metric" not in given:
        raise ConfigError(
            f"A check has {', '.join(names)}; this one has {', '.join(sorted(map(str, given))) or 'nothing'}."
        )
    made = dict(given)
    metric = made["metric"] = str(given["metric"])
    where = given.get("slice", {})
    if not isinstance(where, Mapping):
        raise ConfigError(f'The slice of the check on {metric} must be a table, e.g. {{ sex = "F" }}.')
    made["slice"] = Slice.of({column: text(normal(value)) for column, value in where.items()})
    across = given.get("across", ())
    if not isinstance(across, (str, list, tuple)):
        raise ConfigError(f'The check on {metric}: across must name columns, e.g. "sex" or ["sex", "race"].')
    for name in ("ratio", "change"):
        if not isinstance(given.get(name, False), bool):
            raise ConfigError(f"{name} of the check on {metric} must be true or false, not {given[name]!r}.")
    if made.pop("change", False) and made.setdefault("relative_to", "reference") != "reference":
        raise ConfigError(f"The check on {metric} has change, which is relative to the reference. Leave it out.")
    return made
