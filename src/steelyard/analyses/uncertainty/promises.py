"""What a model promises about its own answers: intervals that hold the truth, sets that hold the class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from scipy import special

from steelyard.analyses.study import Study
from steelyard.analyses.words import NBSP
from steelyard.data import Roles
from steelyard.facts import Binned, Category, RootGrid, quote
from steelyard.metrics.problem import LABEL, Problem
from steelyard.metrics.promise_rows import COVERED, SET_SIZE, WIDTH
from steelyard.metrics.rows import QUANTILE

NUMBERS = ("regression", "forecasting")
CLASSES = ("binary", "multiclass")
WIDE = 10.0
"""Typical errors over this are the scale that widths are binned by."""
SAME = 1e-9
"""Shares of quantiles that differ by less are mirror images."""


@dataclass(frozen=True)
class Promise:
    """Intervals or sets, and what is read of them, as expressions over the row columns.

    Attributes:
        subject: which they are, for people.
        kind: "interval" or "set".
        promised: share of the truth they were made to hold; None where that is not said.
        calibrated_on: rows they were calibrated on; None where that is not said.
        covered: 1 where the truth is inside, 0 where it is not; missing where that is not known.
        size: width, or number of classes.
        score: the interval score; None of sets and where nothing is promised.
        size_key: what tells rows apart by size; None where no row column does.
        counted: what is counted and told of, each with its expression of 0 and 1.
        ignorant: the size of what knows nothing of the inputs; None where that is not known.
        quantiles: whether the ends are predicted quantiles, which are judged one by one too.
    """

    subject: str
    kind: Literal["interval", "set"]
    promised: float | None
    calibrated_on: int | None
    covered: str
    size: str
    score: str | None = None
    size_key: Binned | Category | None = None
    counted: tuple[tuple[str, str], ...] = ()
    ignorant: float | None = None
    quantiles: bool = False

    @property
    def size_name(self) -> str:
        """What the size is called."""
        return "width" if self.kind == "interval" else "classes"


def promises(study: Study) -> list[Promise]:
    """Everything that is promised: the interval, the set, and every pair of quantiles that mirror each other."""
    problem, roles = study.problem, study.roles
    if problem.task in NUMBERS and LABEL in problem.columns:
        return [*_ends(roles, problem), *_pairs(roles, problem)]
    if problem.task in CLASSES and COVERED in problem.columns:
        return [_set(roles, problem)]
    return []


def unclear(study: Study) -> Iterator[str]:
    """What is wanting in the roles, in sentences."""
    roles, problem = study.roles, study.problem
    given = [name for name in ("lower", "upper", "prediction_set") if getattr(roles, name) is not None]
    if len({"lower", "upper"} & set(given)) == 1:
        yield "An interval needs both ends: give lower and upper."
    if given and roles.coverage is None:
        yield 'What was promised is not said, so nothing is judged: give coverage, e.g. 0.9 for "nine in ten".'
    if roles.coverage is not None and promised_share(roles) is None:
        yield f"A promised coverage lies between 0 and 1, e.g. 0.9, not {roles.coverage!r}; nothing is judged."
    if problem.task in CLASSES and roles.prediction_set is not None and COVERED not in problem.columns:
        yield f'Column {roles.prediction_set!r} holds neither lists nor text like "a|b", so no sets are read.'
    if problem.task not in CLASSES and roles.prediction_set is not None:
        yield f"Sets of classes are read in binary and multiclass problems, not in {problem.task}."
    if problem.task not in NUMBERS and "lower" in given:
        yield f"Intervals are read in regression and forecasting, not in {problem.task}."


def promised_share(roles: Roles) -> float | None:
    """The promised coverage; None where there is none, or none that can be kept."""
    return roles.coverage if roles.coverage is not None and 0.0 < roles.coverage < 1.0 else None


def _ends(roles: Roles, problem: Problem) -> list[Promise]:
    if roles.lower is None or roles.upper is None or not {roles.lower, roles.upper} <= problem.columns:
        return []
    # Widths are some errors wide: far enough from 0 for the grid to cut them by their order of size.
    scale = min(problem.error_scale, problem.label_shift[1]) / WIDE
    key = Binned(WIDTH, RootGrid(0.0, scale)) if WIDTH in problem.columns else None
    share, subject = promised_share(roles), f"{roles.lower} to {roles.upper}"
    calibrated_on = _rows(roles)
    return [_interval(subject, quote(roles.lower), quote(roles.upper), share, calibrated_on, problem, key)]


def _pairs(roles: Roles, problem: Problem) -> Iterator[Promise]:
    """Quantiles 0.05 and 0.95 hold nine in ten between them."""
    shares = problem.quantiles
    calibrated_on = _rows(roles) if roles.lower is None else None
    for i, low in enumerate(shares):
        j = next((j for j, high in enumerate(shares) if low < 0.5 and abs(low + high - 1.0) < SAME), None)
        if j is not None:
            ends = (f"{QUANTILE}_{i}", f"{QUANTILE}_{j}")
            subject = f"quantiles {low:g} to {shares[j]:g}"
            made = _interval(subject, *ends, round(1.0 - 2.0 * low, 9), calibrated_on, problem)
            yield replace(made, quantiles=True)


def _interval(
    subject: str,
    low: str,
    high: str,
    promised: float | None,
    calibrated_on: int | None,
    problem: Problem,
    key: Binned | None = None,
) -> Promise:
    # An end may be infinite, and such an interval holds the truth; 0 · ∞ is missing, 1 · ∞ is not.
    no_end = f"where(is_missing({low} * 1), 1, where(is_missing({high} * 1), 1, 0))"
    no_label = f"where(is_missing({LABEL} * 0), 1, 0)"
    inside = f"where({low} <= {LABEL} and {LABEL} <= {high}, 1, 0)"
    covered = f"where({no_end} == 1, {LABEL} * 0 + {low} * 0 + {high} * 0, {LABEL} * 0 + {inside})"
    width = f"{high} - {low}"
    score = ignorant = None
    if promised is not None:
        outside = f"max({low} - {LABEL}, 0) + max({LABEL} - {high}, 0)"
        score = f"{width} + {2.0 / (1.0 - promised)!r} * ({outside}) + {LABEL} * 0"
        ignorant = 2.0 * float(special.ndtri(0.5 + promised / 2.0)) * problem.label_shift[1]
    counted = (
        ("lack an end of their interval and are left out", no_end),
        ("have an interval and no label, and are left out", f"where({no_end} == 1, 0, {no_label})"),
        ("have a lower end above the upper one: such an interval holds nothing", f"where({low} > {high}, 1, 0)"),
        (
            "have an interval without end: it holds everything, and has no part in the mean width",
            f"where({no_end} == 1, 0, where(is_missing(({width}) * 0), 1, 0))",
        ),
    )
    return Promise(
        subject, "interval", promised, calibrated_on, covered, width, score, key, counted=counted, ignorant=ignorant
    )


def _set(roles: Roles, problem: Problem) -> Promise:
    no_set = f"where(is_missing({SET_SIZE}), 1, 0)"
    counted = (
        ("lack a set and are left out", no_set),
        (
            "have a set and no label of a known class, and are left out",
            f"where({no_set} == 1, 0, where(is_missing({COVERED}), 1, 0))",
        ),
    )
    return Promise(
        f"sets in {roles.prediction_set}",
        "set",
        promised_share(roles),
        _rows(roles),
        COVERED,
        SET_SIZE,
        size_key=Category(SET_SIZE),
        counted=counted,
        ignorant=float(len(problem.classes)),
    )


def _rows(roles: Roles) -> int | None:
    return roles.calibrated_on if roles.calibrated_on is not None and roles.calibrated_on >= 1 else None


def nominal(share: float) -> str:
    """A promised share as it was given: 90 %, 99.9 %."""
    return f"{100 * share:.6g}{NBSP}%"


def named(promise: Promise) -> str:
    """The promise at the start of a sentence: "The 90 % intervals (low to high)"."""
    share = "" if promise.promised is None else f"{nominal(promise.promised)} "
    return f"The {share}{promise.kind}s ({promise.subject})"
