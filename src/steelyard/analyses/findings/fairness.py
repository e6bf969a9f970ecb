"""Do groups fare alike? One finding for each kind of unfairness and attribute; one for all that cannot be told."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.fairness.telling import group_name, listed_attributes, pair_names
from steelyard.analyses.findings.severity import by_bounds
from steelyard.analyses.findings.unfair import Violation, plain, violations
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, number, p_text, percent, points, rows, shown
from steelyard.records import (
    Estimate,
    Fairness,
    Finding,
    ImpactTable,
    Parity,
    Proxy,
    Recommendation,
    Severity,
    Slice,
    Verdict,
)

MOST = 6
"""Violations that are told one by one."""
GIVEN_AWAY = 0.3
"""A feature whose association with an attribute is certainly stronger is told, where the score goes with it."""
RELIED_ON = 0.05


IMPOSSIBLE = (
    "Labels are positive for {rates}: where base rates differ, no model but a perfect one can be both calibrated in "
    "every group and even in its errors (Kleinberg et al. 2016; Chouldechova 2017). Choose which of them counts."
)


def fairness_gaps(study: Study) -> list[Finding]:
    """What is unfair, certainly; intersections only where the attributes by themselves are not."""
    if study.fairness is None:
        return []
    found = sorted(violations(study.fairness), key=lambda v: (-v.impact_of_all, v.main.attribute, v.main.measure))
    told = [_finding(study.fairness, violation) for violation in found[:MOST]]
    return [*told, _others(found[MOST:])] if len(found) > MOST else told


def fairness_unsure(study: Study) -> list[Finding]:
    """All comparisons that cannot be told, in one finding, with the rows that would settle the nearest."""
    if study.fairness is None:
        return []
    unsure = [p for p in plain(study.fairness) if p.verdict is Verdict.INCONCLUSIVE and len(p.attribute) == 1]
    if not unsure:
        return []
    attributes = list(dict.fromkeys(listed_attributes(p.attribute) for p in unsure))
    nearest = min((p for p in unsure if p.rows_needed), key=lambda p: p.rows_needed or 0, default=None)
    settle = ""
    if nearest is not None:
        settle = (
            f" Nearest to an answer is {nearest.criterion} by {listed_attributes(nearest.attribute)}: about "
            f"{rows(nearest.rows_needed or 0)} in all would settle it if the gap stayed as it is."
        )
    compared = len([p for p in plain(study.fairness) if len(p.attribute) == 1])
    return [
        Finding(
            id="fairness:unsure",
            kind="fairness",
            severity=Severity.INFO,
            subject="fairness",
            sentence=(
                f"{len(unsure)} of {compared} comparisons of groups by {listed(attributes)} can be called neither a "
                f"violation nor none: some groups are too small.{settle}"
            ),
            recommendation=Recommendation("Collect more rows of the smallest groups before you call the model fair."),
            detail="; ".join(f"{p.criterion} by {listed_attributes(p.attribute)}" for p in unsure) + ".",
        )
    ]


def fairness_proxies(study: Study) -> list[Finding]:
    """Features that give an attribute away and that the score goes with."""
    if study.fairness is None:
        return []
    by: dict[str, list[Proxy]] = {}
    for proxy in study.fairness.proxies:
        if proxy.association.low >= GIVEN_AWAY and (proxy.reliance or 0.0) >= RELIED_ON:
            by.setdefault(proxy.attribute, []).append(proxy)
    return [_of_proxies(attribute, found) for attribute, found in by.items()]


def _finding(fairness: Fairness, violation: Violation) -> Finding:
    main = violation.main
    by = listed_attributes(main.attribute)
    worst = main.worst if isinstance(main.worst, Estimate) else None
    told = f"{main.sentence}{_touched(main)}{_ratio(violation.impact)}"
    others = [p for p in violation.parities[1:] if p.measure not in ("recall", "false_positive_rate")]
    also = f" So {'do' if len(others) > 1 else 'does'} {listed([_named(p) for p in others])}." if others else ""
    return Finding(
        id=f"fairness:{main.measure}:{by}",
        kind="fairness",
        severity=_severity(violation),
        subject=main.measure,
        sentence=f"{told}{also}",
        recommendation=Recommendation(violation.family.action.format(attribute=",".join(main.attribute))),
        detail=_detail(fairness, violation),
        slice=main.worst_pair[1],
        estimate=worst,
        impact=violation.impact_of_all,
        standing=violation.standing,
    )


def _named(parity: Parity) -> str:
    name = parity.criterion
    return f"{name} ({points(parity.worst.value)})" if isinstance(parity.worst, Estimate) else name


def _touched(parity: Parity) -> str:
    """How many the less favoured group are."""
    groups = parity.groups
    least = next((g for g in groups if g.where == parity.worst_pair[1]), None)
    total = sum(g.rows for g in groups)
    if least is None or not total or parity.count > len(groups):
        return ""
    return f" {group_name(least.where, parity.attribute)} is {percent(least.rows / total)} of the rows."


def _ratio(impact: ImpactTable | None) -> str:
    worst = None if impact is None else impact.worst
    if impact is None or worst is None or not isinstance(worst.ratio, Estimate):
        return ""
    verdict = {
        Verdict.FAIL: "below four fifths",
        Verdict.PASS: "above four fifths",
        Verdict.INCONCLUSIVE: "on either side of four fifths",
    }[worst.verdict]
    name = group_name(worst.where, impact.attribute)
    return f" The impact ratio of {name} is {shown(worst.ratio, share=False)}, {verdict}."


def _detail(fairness: Fairness, violation: Violation) -> str:
    parts = []
    for parity in violation.parities:
        if isinstance(parity.worst, Estimate):
            chance = f"; chance alone makes one of {number(parity.by_chance)}" if parity.by_chance else ""
            p = "" if parity.p is None else f", {p_text(parity.p)} of no difference"
            parts.append(
                f"{parity.criterion} ({parity.measure}): largest gap {shown(parity.worst, share=False)}, between "
                f"{' and '.join(pair_names(parity))} of {parity.count} groups"
                f"{p}{chance}"
            )
    method = (
        "Intervals of the largest gap hold for every pair at once (Tukey–Kramer on each group's own interval), so "
        "choosing the worst pair is paid for."
    )
    bound = _impossible(fairness, violation) if violation.family.name in ("errors", "calibration") else ""
    return f"{'. '.join(parts)}. {method}{bound}"


def _impossible(fairness: Fairness, violation: Violation) -> str:
    """Why not everything can be had, where base rates certainly differ."""
    rates = next((r for r in fairness.base_rates if r.attribute == violation.main.attribute), None)
    if rates is None or rates.data != "current" or not isinstance(rates.worst, Estimate) or rates.worst.low <= 0:
        return ""
    known = {g.where: g.outcome for g in rates.groups}
    ends = [(where, known.get(where)) for where in rates.worst_pair]
    told = [f"{percent(o.value)} of the rows of {group_name(w)}" for w, o in ends if isinstance(o, Estimate)]
    return " " + IMPOSSIBLE.format(rates=" but ".join(told)) if len(told) == len(ends) else ""


def _severity(violation: Violation) -> Severity:
    """By how far a row's group lies from all on average, in tolerances; a large gap is no small matter for few."""
    severity = by_bounds(violation.impact_of_all, 0.10, 0.03)
    worst = violation.main.worst
    large = isinstance(worst, Estimate) and worst.low >= 2 * violation.main.tolerance
    return min(severity, Severity.MEDIUM, key=lambda s: s.rank) if large else severity


def _others(rest: Sequence[Violation]) -> Finding:
    named = [f"{v.main.criterion} by {listed_attributes(v.main.attribute)}" for v in rest]
    return Finding(
        id="fairness:others",
        kind="fairness",
        severity=min((_severity(v) for v in rest), key=lambda s: s.rank),
        subject="fairness",
        sentence=f"{len(rest)} more criteria are violated: {listed(named)}.",
        recommendation=Recommendation("Settle the ones above first; these often go with them."),
        detail=f"All of them: {'; '.join(named)}.",
        impact=max(v.impact_of_all for v in rest),
        standing=all(v.standing for v in rest),
    )


def _of_proxies(attribute: str, found: Sequence[Proxy]) -> Finding:
    first = found[0]
    named = listed([p.feature for p in found])
    return Finding(
        id=f"fairness:proxy:{attribute}",
        kind="fairness",
        severity=Severity.INFO,
        subject=attribute,
        sentence=(
            f"{named} {'give' if len(found) > 1 else 'gives'} {attribute} away, and the score goes with "
            f"{'them' if len(found) > 1 else 'it'}: from {first.feature} alone {attribute} is guessed right for "
            f"{percent(first.guessed)} of the rows, without it for {percent(first.base)}."
        ),
        recommendation=Recommendation(
            f"Leaving {attribute} out of the model does not hide it. Ask of each such feature whether it may count."
        ),
        detail="; ".join(
            f"{p.feature}: Cramér's V {shown(p.association, share=False)}, and {percent(p.reliance or 0.0)} of the "
            "score's variance"
            for p in found
        )
        + ".",
        slice=Slice(),
        estimate=first.association,
    )
