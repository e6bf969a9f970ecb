"""What an experiment measures: a metric, what it is for, and the words it is written in."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from steelyard.facts import names_in, quote
from steelyard.facts.expression import parse
from steelyard.records import ConfigError, nearest
from steelyard.records.experiment import MetricPlan

Kind = Literal["mean", "proportion", "ratio", "quantile"]
Role = Literal["primary", "guardrail", "secondary"]
Better = Literal["higher", "lower"]
How = Literal["sum", "mean", "any"]

ROLES: tuple[Role, ...] = get_args(Role)
DIRECTIONS: tuple[Better, ...] = get_args(Better)
HOWS: tuple[How, ...] = get_args(How)
KEYS = ("margin", "covariate", "name", "worth", "how")
_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)\s*\((.+)\)|median\s*\((.+)\)", re.DOTALL)
_SEPARATOR = re.compile(r":(?=(?:[^`]*`[^`]*`)*[^`]*$)")
_EXAMPLE = '"latency:guardrail:lower:margin=2%"'


@dataclass(frozen=True)
class Metric:
    """One metric of an experiment.

    Attributes:
        name: for people.
        numerator: an expression over the columns, one number a unit (or an event, before events are added up).
        denominator: the same for what it is divided by, summed over units first ("revenue / sessions").
        share: which quantile over units, e.g. 0.95.
        proportion: whether the numerator is 0 or 1; None until the data were looked at.
        role: "primary" decides, "guardrail" must not get worse, "secondary" explains; None until it is settled.
        better: which way is an improvement.
        margin: how much worse a guardrail may get; a share of the control's value where `relative`.
        relative: as above.
        covariates: expressions of what was known before the assignment, one for each of numerator and denominator;
            None to look for them, () for none.
        how: how events of a unit become one number; None for the default.
        worth: money for one more of it on one unit.
    """

    name: str
    numerator: str
    denominator: str | None = None
    share: float | None = None
    proportion: bool | None = None
    role: Role | None = None
    better: Better = "higher"
    margin: float | None = None
    relative: bool = True
    covariates: tuple[str, ...] | None = None
    how: How | None = None
    worth: float | None = None

    @property
    def kind(self) -> Kind:
        """What sort of number it is."""
        if self.share is not None:
            return "quantile"
        if self.denominator is not None:
            return "ratio"
        return "proportion" if self.proportion else "mean"

    @property
    def parts(self) -> tuple[str, ...]:
        """The expressions it is made from: the numerator, the denominator."""
        return (self.numerator,) if self.denominator is None else (self.numerator, self.denominator)

    @property
    def values(self) -> tuple[str, ...]:
        """The expressions whose joint moments tell its effect: its parts, then its covariates."""
        return (*self.parts, *(self.covariates or ()))

    def columns(self) -> tuple[str, ...]:
        """The columns it is made from, without those of its covariates."""
        return tuple(dict.fromkeys(name for part in self.parts for name in names_in(part)))

    def plan(self) -> MetricPlan:
        """What a result says of it."""
        return MetricPlan(
            self.name,
            self.kind,
            self.role or "secondary",
            self.better,
            self.columns(),
            tuple(dict.fromkeys(name for text in self.covariates or () for name in names_in(text))),
            self.margin,
            self.relative,
            self.worth,
        )


def metric_of(given: str | Mapping[str, Any] | Metric, columns: Collection[str], role: Role | None = None) -> Metric:
    """Read a metric as people write it.

    A text is a column or an expression of columns, "revenue / sessions" for a ratio, "p95(latency)" for a quantile,
    followed by words after colons: `primary`, `guardrail`, `secondary`; `higher`, `lower` (is better); `sum`, `mean`,
    `any` (how a unit's events are added up); `margin=2%` or `margin=5`; `covariate=COLUMN`; `worth=MONEY`;
    `name=WORDS`. Names with a colon or other odd characters stand in `backquotes`. A mapping has `metric` and the
    same words as keys.

    Args:
        given: the text, the mapping, or a metric as such.
        columns: names that a bare text may be, even where it looks like an expression.
        role: what it is for, where it does not say so itself.

    Raises:
        ConfigError: a word is not understood, or two of them contradict each other.
    """
    if isinstance(given, Metric):
        return given if role is None else replace(given, role=role)
    written, words = _words(given) if isinstance(given, str) else _keys(given)
    said = {**({} if role is None else {"role": role}), **words}
    found = Metric(said.pop("name", _name(written)), **_measured(written, columns), **said)
    if found.margin is not None and found.role != "guardrail":
        raise ConfigError(f"The metric {written!r} has a margin, which is for guardrails. Write {_EXAMPLE}.")
    if found.kind == "quantile" and found.covariates:
        raise ConfigError(f"The metric {written!r} is a quantile, which no covariate adjusts. Leave it out.")
    return found


def _name(written: str) -> str:
    """What a metric is called: a column in backquotes by its name."""
    names = names_in(written) if written.startswith("`") else ()
    return names[0] if len(names) == 1 and written == f"`{names[0]}`" else written


def _words(given: str) -> tuple[str, dict[str, Any]]:
    first, *rest = _SEPARATOR.split(given)
    words: dict[str, Any] = {}
    for word in rest:
        key, equals, value = (part.strip() for part in word.partition("="))
        words |= _keyed(key, value, given) if equals else _bare(key, given)
    return first.strip(), words


def _bare(word: str, given: str) -> dict[str, Any]:
    for name, allowed in (("role", ROLES), ("better", DIRECTIONS), ("how", HOWS)):
        if word in allowed:
            return {name: word}
    known = (*ROLES, *DIRECTIONS, *HOWS, *(f"{key}=" for key in KEYS))
    raise ConfigError(f"The word {word!r} of the metric {given!r} is not known. {nearest(word, known)}")


def _keyed(key: str, value: object, given: object) -> dict[str, Any]:
    match key:
        case "margin":
            return _margin(value, given)
        case "covariate":
            return {"covariates": _covariates(str(value))}
        case "worth":
            return {"worth": _number(value, f"The worth of the metric {given!r}")}
        case "name":
            return {"name": str(value)}
        case "role" | "better" | "how":
            return _bare(str(value), str(given))
    known = ("role", "better", *KEYS)
    raise ConfigError(f"There is no key {key!r} of a metric, in {given!r}. {nearest(key, known)}")


def _keys(given: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if not isinstance(given.get("metric"), str):
        raise ConfigError(f'The metric {dict(given)!r} does not say what it is. Give it as metric = "revenue".')
    words: dict[str, Any] = {}
    for key, value in given.items():
        if key != "metric":
            words |= _keyed(key, value, given["metric"])
    return given["metric"], words


def _margin(value: object, given: object) -> dict[str, Any]:
    text = str(value).strip()
    share = text.endswith("%")
    number = _number(text.removesuffix("%"), f"The margin of the metric {given!r}")
    if not number >= 0:
        raise ConfigError(f"The margin of the metric {given!r} must be at least 0, not {text}. Write {_EXAMPLE}.")
    return {"margin": number / 100.0 if share else number, "relative": share}


def _number(value: object, what: str) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ConfigError(f"{what} must be a number, not {str(value)!r}.")
    return number


def _covariates(text: str) -> tuple[str, ...]:
    if text in ("", "none"):
        return ()
    return tuple(_ratio(text) or (text,))


def _measured(written: str, columns: Collection[str]) -> dict[str, Any]:
    """The numerator, denominator and share that a text means."""
    if not written:
        raise ConfigError("A metric needs a column or an expression before its words, e.g. revenue:primary.")
    if written in columns:
        return {"numerator": quote(written)}
    if found := _QUANTILE.fullmatch(written):
        share = float(f"{found[1]}e-2") if found[1] else 0.5
        if not 0.0 < share < 1.0:
            raise ConfigError(f"{written!r} is no quantile: between p0 and p100 there are p50, p95, p99.9.")
        inside = (found[2] or found[3]).strip()
        return {"numerator": quote(inside) if inside in columns else inside, "share": share}
    if sides := _ratio(written):
        return {"numerator": sides[0], "denominator": sides[1]}
    names_in(written)
    return {"numerator": written}


def _ratio(written: str) -> tuple[str, str] | None:
    """Both sides of an expression that is a division."""
    quoted, tree = parse(written)
    if not (isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Div)):
        return None
    top, below = (_unparsed(side, quoted) for side in (tree.left, tree.right))
    return (top, below) if names_in(below) else None


def _unparsed(node: ast.expr, quoted: Mapping[str, str]) -> str:
    text = ast.unparse(node)
    for stand_in, name in quoted.items():
        text = re.sub(rf"\b{stand_in}\b", lambda _, n=name: quote(n), text)  # type: ignore[misc]
    return text
