"""Do groups fare alike?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from steelyard.analyses.fairness import items, proxies, wanted
from steelyard.analyses.fairness.auditing import Audit, audit_of
from steelyard.analyses.fairness.groups import DEPTH, MOST_CROSSED, attributes
from steelyard.analyses.fairness.rates import MOST_KEPT
from steelyard.analyses.fairness.suppression import suppressed
from steelyard.analyses.fairness.telling import VERDICTS, listed_attributes
from steelyard.analyses.fairness.together import given_away
from steelyard.analyses.study import Study
from steelyard.analyses.words import rows
from steelyard.facts import Fact
from steelyard.records import Fairness

DATA = ("current", "reference")

__all__ = ["VERDICTS", "about", "audit", "facts", "read", "suppressed"]


def facts(study: Study) -> Iterator[Fact]:
    """The facts of every measure by every attribute and intersection, and of proxies."""
    yield from wanted.facts(study)
    if study.problem.task != "ranking":
        yield from proxies.facts(study)


def about(study: Study) -> Iterator[Fact]:
    """Exposure, a fact of a ranking's items."""
    yield from items.facts(study)


def read(study: Study) -> Study:
    """The study with its audit; where nothing is sensitive there is none."""
    return replace(study, fairness=audit(study, study.roles.compared_with)) if study.sensitive else study


def audit(study: Study, against: Mapping[str, str] | None = None) -> Fairness:
    """Audit every measure by every sensitive attribute and their intersections.

    Args:
        study: the study with its profiles.
        against: the group that others are compared with, by column ({"sex": "male"}); the largest where nothing is
            said.
    """
    audits = [
        found
        for data in DATA
        if data in study.profiles
        for by in attributes(study)
        if (found := audit_of(study, data, by, against or {})) is not None
    ]
    return Fairness(
        parities=tuple(parity for one in audits for parity in one.parities()),
        base_rates=tuple(rate for one in audits if (rate := one.base_rate()) is not None),
        impacts=tuple(table for one in audits for table in one.impacts()),
        proxies=proxies.proxies(study),
        given_away=given_away(study) if study.problem.task != "ranking" else (),
        notes=tuple(_notes(study, audits)),
    )


def _notes(study: Study, audits: list[Audit]) -> Iterator[str]:
    for one in audits:
        by = listed_attributes(one.by.columns)
        if one.groups.unknown and not one.crossed:
            unknown = rows(one.groups.unknown)
            yield f"Without a value of {by}, and so in no group, of the {one.data} data: {unknown}."
        if one.groups.left_out:
            yield f"{by} has {one.groups.left_out:,} more groups in the {one.data} data than are read; the smallest."
        if len(one.groups) > MOST_KEPT and one.data == "current":
            yield (
                f"{by} has {len(one.groups):,} groups. All are in the largest gaps; {MOST_KEPT} are listed: the "
                "highest, the lowest and the largest."
            )
    if len(study.sensitive) > MOST_CROSSED:
        yield f"Intersections are of the first {MOST_CROSSED} attributes, up to {DEPTH} at a time."
    if any(items.of_items(study, by) for by in study.sensitive):
        yield (
            "An attribute that differs between the items of a query is one of items: queries are not compared by it. "
            + (
                "Exposure takes items as independent of each other."
                if study.roles.predictions and not study.roles.scores
                else "Exposure needs the rank as a column: give it as the prediction."
            )
        )
    yield (
        "Whether like individuals are treated alike cannot be known from groups; nor whether the labels themselves "
        "are fair: a model can be even on labels that are not."
    )
