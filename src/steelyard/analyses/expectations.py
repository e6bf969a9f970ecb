"""What is expected of the columns, as readable rules: written in TOML, held against the current data."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from steelyard.analyses.quality.columns import look
from steelyard.analyses.quality.schema import family
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import (
    Among,
    Count,
    Distinct,
    Fact,
    FactTable,
    Moments,
    Values,
    measure_index,
    quote,
    text,
)
from steelyard.facts.grids import ABOVE, MISSING
from steelyard.facts.levels import normal
from steelyard.facts.sketches import is_whole
from steelyard.facts.table import OVERFLOW
from steelyard.records import CheckResult, ConfigError, Estimate, Undefined, Verdict, nearest
from steelyard.stats import intervals, power

RULES: dict[str, tuple[str, ...]] = {
    "not_missing": (),
    "range": ("min", "max"),
    "values": ("values",),
    "unique": (),
    "type": ("type",),
    "format": ("pattern",),
    "at_most": ("other",),
}
"""Rules, and what each needs beside the column; of min and max one will do."""
TYPES = ("number", "text", "boolean", "time")
MOST_VALUES = 1_000
CURRENT = "current"
Value = str | int | float | bool


@dataclass(frozen=True)
class Expectation:
    """A rule for one column.

    Attributes:
        column: the column.
        rule: "not_missing", "range" (min, max), "values", "unique", "type", "format" (a regular expression that the
            whole text must match) or "at_most" (another column that is nowhere smaller).
        min, max: ends of a range, both included; None for an open one.
        values: the values allowed; missing is always allowed but by "not_missing".
        type: "number", "text", "boolean" or "time".
        pattern: a regular expression.
        other: another column.
        most: the share of rows that may break the rule.
        reason: why the rule was made.
    """

    column: str
    rule: str
    min: float | None = None
    max: float | None = None
    values: tuple[Value, ...] = ()
    type: str = ""
    pattern: str = ""
    other: str = ""
    most: float = 0.0
    reason: str = ""

    @property
    def bound(self) -> str:
        """The rule in words: "from 0 to 120"."""
        match self.rule:
            case "not_missing":
                said = "not missing"
            case "range" if self.min is None:
                said = f"at most {self.max:g}"
            case "range" if self.max is None:
                said = f"at least {self.min:g}"
            case "range":
                said = f"from {self.min:g} to {self.max:g}"
            case "values":
                shown = ", ".join(map(str, self.values[:6]))
                said = f"one of {shown}{' …' if len(self.values) > 6 else ''}"
            case "type":
                said = f"of type {self.type}"
            case "format":
                said = f"like {self.pattern}"
            case "at_most":
                said = f"at most {self.other}"
            case _:
                said = self.rule
        return f"{said}{f', but for {self.most:.3g} of the rows' if self.most else ''}"


def parse_expectations(given: object) -> tuple[Expectation, ...]:
    """Read the `[[expect]]` tables of a TOML file.

    Raises:
        ConfigError: one cannot be read; the message names the rule, the column, the value and what is allowed.
    """
    if not isinstance(given, list):
        raise ConfigError("expect must be an array of tables: [[expect]] with column and rule.")
    return tuple(_parsed(table) for table in given)


def _parsed(given: object) -> Expectation:
    names = [f.name for f in fields(Expectation)]
    if not isinstance(given, Mapping):
        raise ConfigError(f"An expectation must be a table with column and rule, not {given!r}.")
    column, rule = given.get("column"), given.get("rule")
    if not isinstance(column, str) or not column:
        raise ConfigError(f"An expectation needs the column it is about, as text; this one has {column!r}.")
    if rule not in RULES:
        raise ConfigError(f"There is no rule {rule!r} (of column {column!r}). {nearest(str(rule), RULES)}")
    for name in given:
        if name not in names:
            raise ConfigError(f"The rule {rule} of {column!r} has no key {name!r}. {nearest(str(name), names)}")
    for name in given:
        if name not in ("column", "rule", "most", "reason", *RULES[rule]):
            raise ConfigError(f"The rule {rule} of {column!r} does not use {name!r}. {_needs(rule)}")
    made = Expectation(
        column=column,
        rule=rule,
        min=_number(given, "min", column),
        max=_number(given, "max", column),
        values=_values(given, column),
        type=_text(given, "type", column),
        pattern=_text(given, "pattern", column),
        other=_text(given, "other", column),
        most=_number(given, "most", column) or 0.0,
        reason=_text(given, "reason", column),
    )
    _require_sense(made)
    return made


def _needs(rule: str) -> str:
    needs = " or ".join(RULES[rule]) or "no more"
    return f"It needs column, rule and {needs}; most and reason are optional."


def _number(given: Mapping[str, Any], name: str, column: str) -> float | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ConfigError(f"{name} of the rule {given['rule']} of {column!r} must be a number, not {value!r}.")
    return float(value)


def _text(given: Mapping[str, Any], name: str, column: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise ConfigError(f"{name} of the rule {given['rule']} of {column!r} must be text, not {value!r}.")
    return value


def _values(given: Mapping[str, Any], column: str) -> tuple[Value, ...]:
    values = given.get("values", [])
    if not isinstance(values, list) or not all(isinstance(v, (str, int, float, bool)) for v in values):
        raise ConfigError(
            f"values of the rule {given['rule']} of {column!r} must be a list of values, not {values!r}."
        )
    return tuple(values)


def _require_sense(made: Expectation) -> None:
    where = f"The rule {made.rule} of {made.column!r}"
    needed = RULES[made.rule]
    if needed and all(getattr(made, name) in (None, "", ()) for name in needed):
        raise ConfigError(f"{where} needs {' or '.join(needed)}.")
    if made.rule == "range" and made.min is not None and made.max is not None and made.min > made.max:
        raise ConfigError(f"{where} can never hold: its min {made.min:g} is above its max {made.max:g}.")
    if made.rule == "type" and made.type not in TYPES:
        raise ConfigError(f"{where} names the type {made.type!r}. {nearest(made.type, TYPES)}")
    if len(made.values) > MOST_VALUES:
        raise ConfigError(f"{where} lists {len(made.values):,} values; up to {MOST_VALUES:,} can be counted.")
    if not 0 <= made.most < 1:
        raise ConfigError(f"most of the rule {made.rule} of {made.column!r} must be from 0 to below 1.")
    if made.rule == "format":
        try:
            re.compile(made.pattern)
        except re.error as error:
            raise ConfigError(f"{where} has no regular expression: {made.pattern!r} ({error}).") from None


def to_toml(expectations: Sequence[Expectation], head: str = "") -> str:
    """The `[[expect]]` tables of expectations, as `parse_expectations` reads them back."""
    lines = [f"# {line}".rstrip() for line in head.splitlines()]
    for made in expectations:
        lines += ["", "[[expect]]"]
        for f in fields(Expectation):
            value = getattr(made, f.name)
            if value not in (None, "", (), 0.0) or (f.name in ("min", "max") and value is not None):
                lines.append(f"{f.name} = {_written(value)}")
    return "\n".join(lines).lstrip("\n") + "\n"


def _written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return f"[{', '.join(map(_written, value))}]"
        case int():
            return str(value)
        case float():
            return repr(value)
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def facts(expectations: Sequence[Expectation], kinds: Mapping[str, Kind]) -> Iterator[Fact]:
    """What the rules are held against, of the columns that are there."""
    for made in expectations:
        fact = _fact(made, kinds)
        if fact is not None:
            yield fact


def _fact(made: Expectation, kinds: Mapping[str, Kind]) -> Fact | None:
    kind = kinds.get(made.column)
    if kind is None or kind is Kind.OTHER:
        return None
    match made.rule:
        case "not_missing":
            return Count((Among(made.column, ()),))
        case "values":
            return Count((Among(made.column, tuple(_plain(v) for v in made.values)),))
        case "range" if kind is Kind.NUMBER:
            column = quote(made.column)
            tests = [f"{column} < {made.min!r}"] if made.min is not None else []
            tests += [f"{column} > {made.max!r}"] if made.max is not None else []
            return Moments((f"where({' or '.join(tests)}, 1, 0)",), cubes=False)
        case "at_most" if kind is Kind.NUMBER and kinds.get(made.other) is Kind.NUMBER:
            return Moments((f"where({quote(made.column)} > {quote(made.other)}, 1, 0)",), cubes=False)
        case "unique":
            return Distinct((made.column,))
        case "format" if kind is Kind.TEXT:
            return Values(made.column, limit=10_000)
        case _:
            return None


def _plain(value: Value) -> str | int | float:
    found = normal(value)
    return found if found is not None else ""


@dataclass(frozen=True)
class _Broken:
    """Rows that break a rule among those looked at; `whole` where those are all rows."""

    rows: float
    of: float
    whole: bool
    example: str = ""


def results(study: Study, expectations: Sequence[Expectation]) -> list[CheckResult]:
    """Hold every rule against the current data.

    A rule without an exception passes where no row breaks it and fails where one does; with `most`, the interval of
    the share that breaks it is held against that. Where only some rows could be looked at, none that break a rule
    settles it only up to what the interval allows.
    """
    return [_result(study, made) for made in expectations]


def _result(study: Study, made: Expectation) -> CheckResult:
    name = f"{made.column}: {made.rule}"
    if made.rule == "type":
        return _type_result(study, made, name)
    found = _missing_column(study, made) or _broken(study, made)
    if isinstance(found, Undefined):
        absent = Verdict.FAIL if found.reason.startswith("there is no column") else Verdict.INCONCLUSIVE
        sentence = f"{made.column} cannot be held against “{made.bound}”: {found.reason}."
        return CheckResult(name, made.bound, absent, sentence, found)
    share = found.rows / found.of
    low, high = intervals.wilson(share, found.of, study.level)
    if found.whole and not found.rows:
        high = 0.0
    estimate = Estimate(share, low, high, study.level, round(found.of), "wilson" if found.rows else "counted")
    verdict = _verdict(estimate, made.most, found)
    example = f", e.g. {found.example}" if found.example and found.rows else ""
    looked = "" if found.whole else " of those looked at"
    said = f"“{made.column} {made.bound}”"
    sentence = (
        f"{found.rows:,.0f} of {found.of:,.0f} rows{looked} ({share:.3g}) break {said}{example}."
        if found.rows
        else f"No row of {found.of:,.0f}{looked} breaks {said}."
    )
    return CheckResult(name, made.bound, verdict, sentence, estimate, rows_needed=_needed(estimate, made, verdict))


def _verdict(estimate: Estimate, most: float, found: _Broken) -> Verdict:
    if found.whole and not found.rows:
        return Verdict.PASS
    if found.rows and (most == 0 or estimate.low > most):
        return Verdict.FAIL
    return Verdict.PASS if estimate.high <= most else Verdict.INCONCLUSIVE


def _needed(estimate: Estimate, made: Expectation, verdict: Verdict) -> int | None:
    if verdict is not Verdict.INCONCLUSIVE or estimate.n < 1:
        return None
    se = max((estimate.high - estimate.low) / 4, 1e-12)
    rows = power.rows_to_settle(estimate.value, se, estimate.n, made.most, estimate.level)
    return math.ceil(rows) if rows < 1e12 else None


def _type_result(study: Study, made: Expectation, name: str) -> CheckResult:
    rows = study.profiles[CURRENT].rows
    seen = study.types.get(CURRENT, {}).get(made.column)
    if seen is None:
        reason = f"there is no column {made.column!r}"
        return CheckResult(name, made.bound, Verdict.FAIL, f"{reason[0].upper()}{reason[1:]}.", Undefined(reason))
    now = family(seen)
    right = {"Boolean": "boolean"}.get(now, now) == made.type
    estimate = Estimate(0.0 if right else 1.0, 0.0, 0.0 if right else 1.0, study.level, rows, "counted")
    sentence = f"{made.column} is {seen}, {'as' if right else 'not as'} expected ({made.type})."
    return CheckResult(name, made.bound, Verdict.PASS if right else Verdict.FAIL, sentence, estimate)


def _missing_column(study: Study, made: Expectation) -> Undefined | None:
    there = study.types.get(CURRENT) or {plan.name: "" for plan in study.columns}
    for column in (made.column, made.other):
        if column and column not in there:
            return Undefined(f"there is no column {column!r}")
    return None


def _broken(study: Study, made: Expectation) -> _Broken | Undefined:
    kinds = {plan.name: plan.kind for plan in study.columns}
    fact = _fact(made, kinds)
    profile = study.profiles[CURRENT]
    if not profile.rows:
        return Undefined("there is no row")
    if fact is not None and fact in profile:
        counted = _counted(made, fact, profile[fact], profile.rows)
        if counted is not None:
            return counted
    return _looked_at(study, made)


def _counted(made: Expectation, fact: Fact, table: FactTable, rows: int) -> _Broken | None:
    match fact:
        case Count():
            wrong = MISSING if made.rule == "not_missing" else ABOVE
            return _Broken(float(table.sums[table.codes[:, 0] == wrong, 0].sum()), rows, whole=True)
        case Moments():
            broken = float(table.sums[:, measure_index(fact, 0, (0,))].sum()) if len(table) else 0.0
            return _Broken(broken, rows, whole=True)
        case Distinct() if is_whole(fact, table):
            counts = table.sums[:, 0]
            return _Broken(float((counts - 1).sum()), rows, whole=True)
        case Distinct():
            counts = table.sums[:, 0]
            share = float((counts - 1).sum() / counts.sum())
            return _Broken(round(share * rows), rows, whole=False)
        case Values() if OVERFLOW not in table.levels[0]:
            values = [text(v) if v is not None else None for v in table.values(0)]
            wrong_values = {v for v in values if v is not None and not re.fullmatch(made.pattern, v)}
            broken = sum(n for v, n in zip(values, table.sums[:, 0].tolist(), strict=True) if v in wrong_values)
            return _Broken(broken, rows, whole=True, example=_shown(next(iter(sorted(wrong_values)), "")))
        case _:
            return None


def _looked_at(study: Study, made: Expectation) -> _Broken | Undefined:
    """By the rows of a look, where a rule cannot be counted."""
    seen = look(study, made.column, CURRENT)
    if seen is None or not len(seen):
        return Undefined("its values cannot be looked at")
    broken = _BY_LOOK[made.rule](study, made, seen)
    if broken is None:
        return Undefined(f"a column of type {seen.dtype} has no such rule")
    wrong = seen.filter(broken)
    example = _shown(str(wrong[0])) if len(wrong) else ""
    return _Broken(len(wrong), len(seen), study.looks[CURRENT].complete, example)


def _by_format(study: Study, made: Expectation, seen: pl.Series) -> pl.Series | None:
    if seen.dtype not in (pl.String, pl.Categorical):
        return None
    pattern = re.compile(made.pattern)
    values = seen.cast(pl.String)
    wrong = [v for v in values.drop_nulls().unique().to_list() if not pattern.fullmatch(v)]
    return values.is_in(pl.Series(wrong, dtype=pl.String).implode()).fill_null(value=False)


def _by_order(study: Study, made: Expectation, seen: pl.Series) -> pl.Series | None:
    other = look(study, made.other, CURRENT)
    if other is None or seen.dtype != other.dtype:
        return None
    return (seen > other).fill_null(value=False)


def _by_values(study: Study, made: Expectation, seen: pl.Series) -> pl.Series | None:
    allowed = {_plain(v) for v in made.values}
    wrong = [v for v in seen.drop_nulls().unique().to_list() if normal(v) not in allowed]
    return seen.is_in(pl.Series(wrong, dtype=seen.dtype).implode()).fill_null(value=False)


def _by_range(study: Study, made: Expectation, seen: pl.Series) -> pl.Series | None:
    if not seen.dtype.is_numeric():
        return None
    low = -math.inf if made.min is None else made.min
    high = math.inf if made.max is None else made.max
    return ~seen.is_between(low, high).fill_null(value=True)


_BY_LOOK: dict[str, Callable[[Study, Expectation, pl.Series], pl.Series | None]] = {
    "not_missing": lambda study, made, seen: seen.is_null(),
    "range": _by_range,
    "values": _by_values,
    "unique": lambda study, made, seen: ~seen.is_first_distinct() & seen.is_not_null(),
    "format": _by_format,
    "at_most": _by_order,
}


def _shown(value: str) -> str:
    return f"“{value if len(value) <= 40 else value[:39] + '…'}”" if value else ""
