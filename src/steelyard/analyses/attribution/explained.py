"""Which findings a cause explains."""

from __future__ import annotations

from steelyard.analyses.study import Study
from steelyard.records import Attribution, Part

TELLING = 0.2
"""Share of a change from which on a part explains other findings."""
OF_A_COLUMN = (
    "drift",
    "missing",
    "over-time:drift",
    "over-time:missing",
    "quality-constant",
    "quality-missing-change",
    "quality-missing-tells",
    "quality-missing-where",
    "quality-mostly-missing",
    "quality-new-values",
    "quality-range",
    "quality-renamed-values",
    "quality-spike",
    "quality-stand-in",
    "quality-unit",
    "quality-vanished-values",
)
"""Findings about a column, each followed by a colon and its name."""


def explained_by(study: Study, attribution: Attribution) -> set[str]:
    """Ids of the findings that the causes of a change explain, whether these were found or not.

    They are the changes of all metrics with the same main cause, the findings about each column that a telling part
    names, the segments that it names, and the move of labels and scores where that follows.
    """
    found = {f"change:{attribution.metric}", f"over-time:{attribution.metric}"}
    for part in attribution.parts:
        if part.share >= TELLING:
            found |= _of_part(part)
    story = _story(attribution)
    for other in study.attributions:
        if story is not None and _story(other) == story:
            found |= {f"{kind}:{other.metric}" for kind in ("change", "cause", "over-time")}
    return found


def _story(attribution: Attribution) -> tuple[str, str] | None:
    main = max(attribution.parts, key=lambda part: part.share, default=None)
    return (main.mechanism, main.subject) if main is not None and main.share >= TELLING else None


def _of_part(part: Part) -> set[str]:
    found = {f"{kind}:{part.subject}" for kind in OF_A_COLUMN} if part.subject else set()
    if part.where:
        rule = "&".join(f"{column}={value}" for column, value in part.where)
        found |= {f"weak-slice:{rule}", f"segment:{rule}"}
    match part.mechanism:
        case "scores" | "policy":
            found |= {"change:score", "change:prediction"}
        case "base rate":
            found |= {"change:label", "change:score"}
        case "mix" | "data fault":
            found |= {"change:label", "change:score", "change:prediction"}
        case _:
            pass
    return found
