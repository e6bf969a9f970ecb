"""How the numbers were made, and what they cannot tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Outcome
from steelyard.report import numerals
from steelyard.report.text import sentence, visible

WORDS = {
    "wilson": "Wilson's score interval of a proportion",
    "newcombe": "Newcombe's interval from two of Wilson's",
    "mover": "two intervals combined into one (MOVER)",
    "delong": "DeLong's variance of an area under a curve",
    "delta": "delta method: the metric's gradient times the variance of the counts",
    "fisher": "Fisher's z transformation",
    "logit": "made on the logit scale, where the metric is nearer to normal, and brought back",
    "log": "made on the log scale and brought back",
    "jaccard": "by way of the Jaccard index",
    "student": "Student's t",
    "order statistics": "order statistics",
    "hall": "Hall's transformation, for a skewed statistic",
    "bootstrap": "bootstrap replicates of the counts",
    "jackknife": "each group left out in turn",
    "clustered": "rows of one cluster counted as dependent",
    "tango": "Tango's score interval of a difference of two shares of the same rows",
    "paired": "differences row by row, so that what rows have in common does not count",
    "resampled": "corrected for folds whose training rows overlap (Nadeau & Bengio 2003)",
    "simultaneous": "holds for all of them at once",
    "exact": "without sampling error",
}


@dataclass(frozen=True)
class Method:
    """Notes, methods and everything needed to make the numbers again."""

    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    guesses: tuple[str, ...]
    methods: tuple[tuple[str, str], ...]
    roles: tuple[tuple[str, str], ...]
    settings: tuple[tuple[str, str], ...]
    versions: tuple[tuple[str, str], ...]
    record: tuple[tuple[str, str], ...]


def method(evaluation: Evaluation) -> Method:
    """Return the method section of an evaluation."""
    record = {
        "Created": evaluation.created,
        "Interval level": numerals.percent(evaluation.level),
        "Seed": evaluation.seed,
        "Digest of the data": evaluation.digest or "not recorded",
    }
    return method_of(
        [r.outcome for r in evaluation.readings],
        notes=evaluation.notes,
        warnings=evaluation.warnings,
        guesses=evaluation.guesses,
        roles=evaluation.roles,
        settings=evaluation.settings,
        versions=evaluation.versions,
        record=record,
    )


def method_of(
    outcomes: Iterable[Outcome] = (),
    *,
    notes: Iterable[str] = (),
    warnings: Iterable[str] = (),
    guesses: Iterable[str] = (),
    roles: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    versions: Mapping[str, Any] | None = None,
    record: Mapping[str, Any] | None = None,
) -> Method:
    """Return the method section of any result; how intervals were made is read off its outcomes."""
    used = dict.fromkeys(o.method for o in outcomes if isinstance(o, Estimate))
    return Method(
        tuple(map(sentence, notes)),
        tuple(map(sentence, warnings)),
        tuple(map(sentence, guesses)),
        tuple((visible(m).replace("_", " "), _explained(m)) for m in used if m),
        _pairs(roles or {}),
        _pairs(settings or {}),
        _pairs(versions or {}),
        _pairs(record or {}),
    )


def _pairs(values: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (visible(name), _words(value)) for name, value in values.items() if value not in (None, (), [], {}, "")
    )


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return visible(", ".join(f"{k}: {_words(v)}" for k, v in value.items()), 400)
    if isinstance(value, list | tuple):
        nested = (" & ".join(map(_words, v)) if isinstance(v, list | tuple) else _words(v) for v in value)
        return visible(", ".join(nested), 400)
    if isinstance(value, set | frozenset):
        return visible(", ".join(sorted(map(_words, value))), 400)
    return visible(value, 400)


def _explained(name: str) -> str:
    """Explain the words that a method's name is made of."""
    plain = name.lower().replace("_", " ").replace("-", " ")
    return "; ".join(text for word, text in WORDS.items() if re.search(rf"\b{word}\b", plain))
