"""Findings of one story told together: what explains comes first, what follows from it stands below as its parts.

| explains | what becomes part of it |
|---|---|
| a cause | the change it explains, other metrics with the same cause, and what speaks for it |
| a defect of a column | the drift of that column, and lesser defects of it |
| a fall of the model | slices, segments and calibration that are bad only since; estimates that it made wrong |

Parts stay in the list, and never rank above what explains them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from steelyard.analyses.attribution import explained_by
from steelyard.analyses.findings.segments import same_rows
from steelyard.analyses.study import Study
from steelyard.records import Finding, Severity

_FOLLOWS_A_FALL = ("segment", "weak-slice", "calibration", "threshold", "bias", "estimated", "quality-label-noise")
_MOVES = ("change:label", "change:score", "change:prediction")
_LAST = 9
Findings = dict[str, Finding]


def as_current(study: Study, data: str) -> Study:
    """The study as it would be had another of its data sets been the current one, without a reference."""
    readings = tuple(replace(r, data="current") for r in study.readings if r.data == data)
    return replace(
        study,
        profiles={"current": study.profiles[data]},
        looks={"current": study.looks[data]},
        types={"current": study.types.get(data, {})},
        readings=readings,
        drifts=(),
        segments=(),
        series=(),
        attributions=(),
        failures=(),
    )


def linked(study: Study, findings: Iterable[Finding]) -> list[Finding]:
    """Findings ranked by severity, then by impact; parts follow the finding that explains them.

    What was so on the reference too ranks a step lower: in a comparison what is new matters more.
    """
    found = _without_repeats(study, {finding.id: finding for finding in findings})
    wholes: dict[str, str] = {}
    for whole, parts in (*_causes(study, found), *_columns(found), *_falls(study, found)):
        for part in parts:
            if part in found and part != whole and part not in wholes and wholes.get(whole) != part:
                wholes[part] = whole
    return _ranked(_told(found, wholes))


def _without_repeats(study: Study, found: Findings) -> Findings:
    """Leave out a segment whose rows are a slice that is told already, and a change whose cause is told."""
    for segment in study.segments:
        if same_rows(segment, found.values()) is not None:
            found = {name: f for name, f in found.items() if not (f.kind == "segment" and f.slice == segment.where)}
    for attribution in study.attributions:
        cause, change = (found.get(f"{kind}:{attribution.metric}") for kind in ("cause", "change"))
        if cause is not None and change is not None:
            del found[change.id]
            found[cause.id] = replace(
                cause,
                severity=min(cause.severity, change.severity, key=lambda s: s.rank),
                detail=f"{cause.detail} {change.detail}".strip(),
                impact=max(cause.impact, change.impact),
            )
    return found


def _causes(study: Study, found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    for attribution in study.attributions:
        cause = f"cause:{attribution.metric}"
        if cause in found:
            yield cause, sorted(explained_by(study, attribution) & found.keys())


def _columns(found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """The gravest defect of a column, with its drift and its lesser defects."""
    for name, finding in found.items():
        if finding.kind == "drift" and finding.severity is not Severity.INFO:
            defects = [f for f in found.values() if f.kind.startswith("quality-") and f.subject == finding.subject]
            news = [f for f in defects if not f.standing and f.severity is not Severity.INFO]
            if news:
                gravest = min(news, key=_order)
                yield gravest.id, [name, *(f.id for f in news)]


def _falls(study: Study, found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """A fall of the model, with what is bad only since."""
    for finding in sorted(found.values(), key=_order):
        fell = finding.kind in ("cause", "change") and finding.id not in _MOVES
        if fell and finding.severity is not Severity.INFO:
            since = [f.id for f in found.values() if f.kind in _FOLLOWS_A_FALL and not f.standing]
            yield finding.id, [*since, *(name for name in _MOVES if name in found)]
            return


def _told(found: Findings, wholes: dict[str, str]) -> list[Finding]:
    def root(name: str) -> str:
        seen = {name}
        while name in wholes and wholes[name] not in seen:
            name = wholes[name]
            seen.add(name)
        return name

    told = []
    for name, finding in found.items():
        whole = root(name)
        if whole != name:
            bound = found[whole].severity
            finding = replace(finding, part_of=whole, severity=max(finding.severity, bound, key=lambda s: s.rank))
        told.append(finding)
    return [_with_repair(f, [p for p in told if p.part_of == f.id]) for f in told]


def _with_repair(finding: Finding, parts: Sequence[Finding]) -> Finding:
    """A cause that is a defect of a column is mended as that defect is."""
    defects = [p for p in parts if p.kind.startswith("quality-") and p.subject and p.subject in finding.sentence]
    if finding.kind != "cause" or not defects:
        return finding
    return replace(finding, recommendation=min(defects, key=_order).recommendation)


def _order(finding: Finding) -> tuple[int, bool, float, str]:
    rank = _LAST if finding.severity is Severity.INFO else finding.severity.rank + finding.standing
    return rank, finding.standing, -finding.impact, finding.id


def _ranked(findings: Sequence[Finding]) -> list[Finding]:
    wholes = sorted((f for f in findings if not f.part_of), key=_order)
    parts = sorted((f for f in findings if f.part_of), key=_order)
    return [f for whole in wholes for f in (whole, *(p for p in parts if p.part_of == whole.id))]
