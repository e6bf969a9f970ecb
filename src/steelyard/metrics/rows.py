"""Row columns: every task's rows in one shape, lazily, in the subset of Narwhals that all engines agree on.

| task | columns |
|---|---|
| binary | sy_label, sy_decision (1, 0, missing), sy_score |
| multiclass | sy_label, sy_decision, sy_correct, sy_score_{i}, sy_true_score, sy_confidence, sy_rank, sy_brier |
| multilabel | sy_label_{i}, sy_decision_{i}, sy_score_{i} |
| regression | sy_label, sy_decision, sy_error, sy_abs_error, sy_quantile_{i} |
| forecasting | as regression, and sy_horizon, sy_naive |
| ranking | one row per query, see `metrics.ranking_rows` |

Where roles promise intervals or sets there are also sy_width, sy_set_size and sy_covered, see `metrics.promise_rows`.
sy_loss is what is lost on a row, where there is a label and an answer: 1 for a wrong class, the share of wrong
labels, the absolute error; not for rankings. i counts `problem.classes`, or the quantiles in ascending order.
sy_weight is there where rows have weights.
For expressions there are also tp, fp, fn, tn, label, prediction, score and error, where the task has them and
the user's table has no column of that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.exceptions import NarwhalsError

from steelyard.data.border import kind_of
from steelyard.data.roles import Roles
from steelyard.data.table import Kind, Table
from steelyard.facts.expression import finite
from steelyard.facts.levels import normal, text
from steelyard.metrics.class_values import FLOAT, as_text, class_literal, indicator, is_class
from steelyard.metrics.problem import DECISION, ERROR, LABEL, LOSS, SCORE, WEIGHT, Problem
from steelyard.metrics.promise_rows import with_promises
from steelyard.metrics.ranking_rows import collapse
from steelyard.records import ConfigError

Frame = nw.LazyFrame[Any]
ABS_ERROR, QUANTILE, HORIZON, NAIVE = "sy_abs_error", "sy_quantile", "sy_horizon", "sy_naive"
TRUE_SCORE, CONFIDENCE, CORRECT, RANK, BRIER = (
    "sy_true_score",
    "sy_confidence",
    "sy_correct",
    "sy_rank",
    "sy_brier",
)


def prepare_rows(table: Table, roles: Roles, problem: Problem) -> Table:
    """Return the table with its row columns; of a ranking the table of its queries.

    Raises:
        ConfigError: a role that the task cannot do without is not given.
    """
    frame: Frame = table.frame
    if roles.weight is not None:
        frame = frame.with_columns(nw.col(roles.weight).cast(FLOAT).alias(WEIGHT))
    match problem.task:
        case "binary":
            frame = _binary(frame, table.kinds, roles, problem)
        case "multiclass":
            frame = _multiclass(frame, table.kinds, roles, problem)
        case "multilabel":
            frame = _multilabel(frame, table.kinds, roles, problem)
        case "ranking":
            return _described(table, collapse(frame, roles, problem))
        case "regression":
            frame = _regression(frame, roles)
        case "forecasting":
            frame = _forecasting(_regression(frame, roles), roles)
    frame = with_promises(_with_loss(frame, problem), table.kinds, roles, problem)
    return _described(table, _named_for_expressions(frame, table, problem))


def _with_loss(frame: Frame, problem: Problem) -> Frame:
    """Add what is lost on a row: 1 for a wrong decision, the share of wrong labels, the absolute error."""
    there = set(frame.collect_schema().names())
    match problem.task:
        case "binary":
            needed, loss = {LABEL, DECISION}, (nw.col(LABEL) - nw.col(DECISION)).abs()
        case "multiclass":
            needed, loss = {CORRECT}, 1 - nw.col(CORRECT)
        case "multilabel":
            places = range(len(problem.classes))
            needed = {f"{c}_{i}" for c in (LABEL, DECISION) for i in places}
            wrong = [(nw.col(f"{LABEL}_{i}") - nw.col(f"{DECISION}_{i}")).abs() for i in places]
            loss = reduce(lambda a, b: a + b, wrong) / float(len(wrong))
        case _:
            needed, loss = {ABS_ERROR}, finite(nw.col(ABS_ERROR))
    return frame.with_columns(loss.alias(LOSS)) if needed <= there else frame


def informed(problem: Problem, rows: Table) -> Problem:
    """Return the problem with what only the prepared rows can tell: their columns."""
    return replace(problem, columns=frozenset(rows.columns), naive=NAIVE in rows.kinds, horizon=HORIZON in rows.kinds)


def _described(table: Table, frame: Frame) -> Table:
    kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
    rows = table.rows if set(table.kinds) <= set(kinds) else None
    return replace(table, frame=frame, kinds=kinds, rows=rows)


def _need(names: tuple[str, ...], role: str, problem: Problem) -> str:
    if not names:
        raise ConfigError(f"A {problem.task} problem needs a {role}. Give it by Roles({role}=…) or --{role}.")
    return names[0]


def _binary(frame: Frame, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> Frame:
    positive = True if roles.positive is None else roles.positive
    derived: list[nw.Expr] = []
    if roles.labels:
        derived.append(indicator(is_class(roles.labels[0], kinds[roles.labels[0]], positive)).alias(LABEL))
    if roles.scores:
        derived.append(_score(roles.scores[0]).alias(SCORE))
    if roles.predictions:
        derived.append(
            indicator(is_class(roles.predictions[0], kinds[roles.predictions[0]], positive)).alias(DECISION)
        )
    frame = frame.with_columns(*derived)
    if roles.scores and not roles.predictions and problem.threshold is not None:
        frame = frame.with_columns(indicator(nw.col(SCORE) >= problem.threshold).alias(DECISION))
    return frame


def _multilabel(frame: Frame, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> Frame:
    positive = True if roles.positive is None else roles.positive
    scores = _score_columns(roles, problem)
    derived = [_score(c).alias(f"{SCORE}_{i}") for i, c in scores.items()]
    for target, columns in ((LABEL, roles.labels), (DECISION, roles.predictions)):
        derived += [indicator(is_class(c, kinds[c], positive)).alias(f"{target}_{i}") for i, c in enumerate(columns)]
    frame = frame.with_columns(*derived)
    if not roles.predictions and problem.threshold is not None:
        cut = problem.threshold
        frame = frame.with_columns(
            *(indicator(nw.col(f"{SCORE}_{i}") >= cut).alias(f"{DECISION}_{i}") for i in scores)
        )
    return frame


def _score(column: str) -> nw.Expr:
    """A score as a number; an infinite one is missing, for rank, decision and probability alike."""
    return finite(nw.col(column).cast(FLOAT))


def _score_columns(roles: Roles, problem: Problem) -> dict[int, str]:
    """Column of each class's or label's score, by the class's place."""
    if isinstance(roles.score, Mapping):
        by_name = {text(normal(name)): column for name, column in roles.score.items()}
        return {i: by_name[name] for i, name in enumerate(problem.classes) if name in by_name}
    return dict(enumerate(roles.scores))


def _multiclass(frame: Frame, kinds: Mapping[str, Kind], roles: Roles, problem: Problem) -> Frame:
    label = _need(roles.labels, "label", problem)
    columns = _score_columns(roles, problem)
    scores = {i: f"{SCORE}_{i}" for i in columns}
    if columns:
        frame = frame.with_columns(*(_score(c).alias(scores[i]) for i, c in columns.items()))
        frame = _with_true_score(frame, label, kinds[label], scores, problem)
    decision: nw.Expr | None = None
    actual = nw.col(label)
    if roles.predictions:
        decision = nw.col(roles.predictions[0])
        schema = frame.collect_schema()
        if schema[label] != schema[roles.predictions[0]]:
            actual = as_text(label, schema[label])
            decision = as_text(roles.predictions[0], schema[roles.predictions[0]])
    elif columns:
        decision = nw.coalesce(
            *(
                nw.when(nw.col(score) >= nw.col(CONFIDENCE)).then(class_literal(problem.classes[i], kinds[label]))
                for i, score in scores.items()
            )
        )
    frame = frame.with_columns(actual.alias(LABEL))
    if decision is None:
        return frame
    frame = frame.with_columns(decision.alias(DECISION))
    return frame.with_columns(indicator(nw.col(LABEL) == nw.col(DECISION)).alias(CORRECT))


def _with_true_score(frame: Frame, label: str, kind: Kind, scores: Mapping[int, str], problem: Problem) -> Frame:
    columns = [nw.col(score) for score in scores.values()]
    complete = ~nw.any_horizontal(*(c.is_null() for c in columns), ignore_nulls=False)
    frame = frame.with_columns(
        nw.when(complete).then(nw.max_horizontal(*columns)).alias(CONFIDENCE),
        nw.coalesce(
            *(nw.when(is_class(label, kind, problem.classes[i])).then(nw.col(score)) for i, score in scores.items())
        ).alias(TRUE_SCORE),
        nw.when(complete).then(nw.sum_horizontal(*(c * c for c in columns))).alias("sy_squares"),
    )
    true = nw.col(TRUE_SCORE)
    larger = nw.sum_horizontal(*(indicator(c > true) for c in columns))
    known = ~(true.is_null() | nw.col("sy_squares").is_null())
    frame = frame.with_columns(
        nw.when(known).then(larger + 1).alias(RANK),
        (nw.col("sy_squares") - 2.0 * true + 1.0).alias(BRIER),
    )
    return frame.drop("sy_squares")


def _regression(frame: Frame, roles: Roles) -> Frame:
    quantiles = sorted(roles.quantiles.items())
    derived = [nw.col(c).cast(FLOAT).alias(f"{QUANTILE}_{i}") for i, (_, c) in enumerate(quantiles)]
    # A forecast that gives quantiles alone has a point forecast in its median.
    answer = roles.predictions[0] if roles.predictions else roles.quantiles.get(0.5)
    if roles.labels:
        derived.append(nw.col(roles.labels[0]).cast(FLOAT).alias(LABEL))
    if answer is not None:
        derived.append(nw.col(answer).cast(FLOAT).alias(DECISION))
    frame = frame.with_columns(*derived) if derived else frame
    if not roles.labels or answer is None:
        return frame
    frame = frame.with_columns((nw.col(DECISION) - nw.col(LABEL)).alias(ERROR))
    return frame.with_columns(nw.col(ERROR).abs().alias(ABS_ERROR))


def _forecasting(frame: Frame, roles: Roles) -> Frame:
    if roles.horizon is not None:
        frame = frame.with_columns(nw.col(roles.horizon).alias(HORIZON))
    if roles.time is None or not roles.labels:
        return frame
    # Forecasts of one moment from several horizons are no succession in time, so each horizon is its own series.
    within = [c for c in (roles.series, roles.horizon) if c is not None]
    before = nw.col(LABEL).shift(1)
    try:
        before = before.over(*within, order_by=roles.time)
        naive = frame.with_columns((nw.col(LABEL) - before).abs().alias(NAIVE))
        naive.collect_schema()
    except (NarwhalsError, NotImplementedError):
        return frame
    return naive


def _named_for_expressions(frame: Frame, table: Table, problem: Problem) -> Frame:
    """Add tp, label, error … for expressions; names the table has are the user's (SQL engines ignore case)."""
    taken = {name.casefold() for name in table.kinds}
    there = set(frame.collect_schema().names())
    names: dict[str, tuple[nw.Expr, tuple[str, ...]]] = {}
    label, decision = nw.col(LABEL), nw.col(DECISION)
    if problem.task != "multilabel":
        names |= {"label": (label, (LABEL,)), "prediction": (decision, (DECISION,))}
    match problem.task:
        case "binary":
            both = (LABEL, DECISION)
            names |= {
                "score": (nw.col(SCORE), (SCORE,)),
                "tp": (label * decision, both),
                "fp": ((1 - label) * decision, both),
                "fn": (label * (1 - decision), both),
                "tn": ((1 - label) * (1 - decision), both),
                "error": ((label - decision).abs(), both),
            }
        case "multiclass":
            names |= {
                "score": (nw.col(CONFIDENCE), (CONFIDENCE,)),
                "error": (1 - nw.col(CORRECT), (CORRECT,)),
            }
        case "regression" | "forecasting":
            names |= {"error": (nw.col(ERROR), (ERROR,))}
        case _:
            pass
    added = [e.alias(n) for n, (e, needed) in names.items() if n not in taken and there.issuperset(needed)]
    return frame.with_columns(*added) if added else frame
