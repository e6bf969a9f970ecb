"""What is missing from the data, and for which rows the numbers therefore do not speak."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from steelyard.analyses.curves.missing import Missing, missing
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent, rows
from steelyard.records import Finding, Recommendation, Severity
from steelyard.stats.comparison import two_proportions_p
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.01
UNEVEN = 0.05
"""Labels that are missing this much more often in a slice can bend every number."""


def missing_values(study: Study) -> list[Finding]:
    """Missing labels (and where), missing scores or predictions, infinite ones."""
    found = list(missing(study, "current"))
    if not found or found[0].where or not found[0].rows:
        return []
    estimated = any(r.data == "estimated" for r in study.readings)
    return [*_labels(found[0], found[1:], estimated=estimated), *_answers(found[0]), *_infinite(found[0])]


def _labels(whole: Missing, parts: Sequence[Missing], *, estimated: bool) -> Iterator[Finding]:
    if not whole.label:
        return
    share = whole.label / whole.rows
    if whole.label == whole.rows:
        yield Finding(
            "missing:label",
            "missing",
            Severity.HIGH,
            "label",
            "No row has a label yet, so the quality of the model can only be estimated from its scores."
            if estimated
            else "No row has a label, so nothing can be said about the quality of the model.",
            Recommendation("Label a random sample of the rows; a few hundred tell a lot."),
            impact=1.0,
        )
        return
    uneven = _uneven(whole, parts)
    level = Severity.LOW
    where = ""
    if uneven:
        part = uneven[0]
        level = severity.of_rows((part.label - share * part.rows) / whole.rows)
        inside, elsewhere = percent(part.label / part.rows), percent(_elsewhere(whole, part))
        where = f" Where {part.where} it is {inside}, elsewhere {elsewhere}."
    yield Finding(
        "missing:label",
        "missing",
        level,
        "label",
        f"{rows(whole.label)} of {whole.rows:,.0f} ({percent(share)}) have no label, so every number about the "
        f"model's quality speaks only for the rest.{where}",
        Recommendation(
            "Find out why these labels are missing: if they arrive late, evaluate again when they are there; if "
            "they are never taken, label a random sample of those rows."
        ),
        "Slices with clearly more missing labels (score test against the rest, Benjamini–Hochberg at 1 %): "
        + ("; ".join(f"{p.where} {percent(p.label / p.rows)}" for p in uneven[:8]) or "none")
        + ".",
        slice=uneven[0].where if uneven else whole.where,
        impact=share,
    )


def _uneven(whole: Missing, parts: Sequence[Missing]) -> list[Missing]:
    inner = [p for p in parts if 0 < p.rows < whole.rows]
    if not inner:
        return []
    p = np.array([two_proportions_p(s.label, s.rows, whole.label - s.label, whole.rows - s.rows) for s in inner])
    q = benjamini_hochberg(p).tolist()
    more = [
        s
        for s, v in zip(inner, q, strict=True)
        if v <= FALSE_DISCOVERIES and s.label / s.rows - _elsewhere(whole, s) >= UNEVEN
    ]
    return sorted(more, key=lambda s: s.label * s.label / s.rows, reverse=True)


def _elsewhere(whole: Missing, part: Missing) -> float:
    return (whole.label - part.label) / (whole.rows - part.rows)


def _answers(whole: Missing) -> Iterator[Finding]:
    for what, count in (("score", whole.score), ("prediction", whole.decision)):
        if count and not (what == "prediction" and whole.score == count):
            share, usable = count / whole.rows, "finite " if what == "score" else ""
            yield Finding(
                f"missing:{what}",
                "missing",
                severity.of_rows(share),
                what,
                f"The model gave no {usable}{what} for {rows(count)} of {whole.rows:,.0f} ({percent(share)}); they "
                "are in no number about its quality.",
                Recommendation(
                    f"Look for what these rows have in common, and decide what the system does without a {what}: "
                    "that is what those cases really get."
                ),
                impact=share,
            )


def _infinite(whole: Missing) -> Iterator[Finding]:
    if whole.infinite:
        share = whole.infinite / whole.rows
        yield Finding(
            "missing:infinite",
            "missing",
            severity.of_rows(share),
            "prediction",
            f"{rows(whole.infinite, 'prediction')} ({percent(share)}) are infinite.",
            Recommendation("Look for a division by zero or an overflow on these rows, before or inside the model."),
            impact=share,
        )
