"""How the numbers were made, and what they cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate
from steelyard.report import numerals
from steelyard.report.text import sentence, visible

METHODS = {
    "wilson": "Wilson score interval of a proportion",
    "wilson_jaccard": "Wilson interval on the Jaccard index, carried over to F1",
    "newcombe": "Newcombe's interval from two Wilson intervals",
    "mover": "MOVER: two intervals combined into one of their difference",
    "logit_delong": "DeLong's variance on the logit scale",
    "delta": "delta method: the metric's gradient times the variance of the cell counts",
    "fisher_z": "Fisher's z transformation",
    "exact": "exact, without sampling error",
    "jackknife": "delete-a-group jackknife",
    "bootstrap": "bootstrap",
    "t": "Student's t",
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
    discretisation: str


def method(evaluation: Evaluation) -> Method:
    """Return the method section of an evaluation."""
    estimates = [r.outcome for r in evaluation.readings if isinstance(r.outcome, Estimate)]
    used = dict.fromkeys(e.method for e in estimates)
    worst = max((e.discretisation for e in estimates), default=0.0)
    record = {
        "Created": evaluation.created,
        "Interval level": numerals.percent(evaluation.level),
        "Seed": evaluation.seed,
        "Digest of the data": evaluation.digest or "not recorded",
    }
    return Method(
        tuple(map(sentence, evaluation.notes)),
        tuple(map(sentence, evaluation.warnings)),
        tuple(map(sentence, evaluation.guesses)),
        tuple(
            (visible(m).replace("_", " "), METHODS.get(m.replace("-", "_").replace(" ", "_"), "")) for m in used if m
        ),
        _pairs(evaluation.roles),
        _pairs(evaluation.settings),
        _pairs(evaluation.versions),
        _pairs(record),
        numerals.number(worst) if worst > 0 else "",
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
        return visible(", ".join(map(_words, value)), 400)
    if isinstance(value, set | frozenset):
        return visible(", ".join(sorted(map(_words, value))), 400)
    return visible(value, 400)
