"""Findings of one story told together: what explains comes first, what follows from it stands below as its parts.

| explains | what becomes part of it |
|---|---|
| a cause | the change it explains, other metrics with the same cause, and what speaks for it |
| a defect of a column | the drift of that column, lesser defects of it, and segments of it that are bad only since |
| labels that are missing | the drift of the labels; and every change, where who has a label is no accident |
| a fall of the model | slices, segments and calibration that are bad only since; estimates that it made wrong |

Parts stay in the list. A defect is as severe as the gravest of its parts; no other part ranks above its whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from steelyard.analyses.attribution import explained_by
from steelyard.analyses.findings.segments import same_rows
from steelyard.analyses.study import Study
from steelyard.records import Finding, Severity

_FOLLOWS_A_FALL = ("segment", "weak-slice", "calibration", "threshold", "bias", "estimated", "quality-label-noise")
_PLACES = ("segment", "weak-slice")
_DEFECTS = ("quality-", "missing")
_MENDED = tuple(
    f"quality-{what}"
    for what in (
        *("unit", "stand-in", "spike", "constant", "missing-change", "renamed-values", "new-values", "spelling"),
        *("swap", "column-removed", "infinite", "dependency", "precision"),
    )
)
"""Defects whose repair would undo what they cause."""
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
    for whole, parts in (
        *_labels(study, found),
        *_causes(study, found),
        *_columns(found),
        *_falls(study, found),
    ):
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
    """The gravest new defect of a column, with its drift, its lesser defects, and new segments of that column."""
    news: dict[str, list[Finding]] = {}
    for finding in found.values():
        if finding.kind.startswith("quality-") and not finding.standing and finding.severity is not Severity.INFO:
            news.setdefault(finding.subject, []).append(finding)
    for column, defects in news.items():
        drift = f"drift:{column}"
        if drift in found:
            gravest = min(defects, key=_order)
            since = [
                f.id for f in found.values() if f.kind in _PLACES and not f.standing and column in f.slice.columns
            ]
            yield gravest.id, [drift, *(f.id for f in defects), *since]


def _labels(study: Study, found: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """Missing labels, with the drift that they make; and with every change, where those that are there mislead."""
    if "missing:label" in found:
        parts = [f"drift:{column}" for column in study.roles.labels]
        if "estimated:labels-so-far" in found:
            parts += ["estimated:labels-so-far", *(f.id for f in found.values() if f.kind in ("cause", "change"))]
        yield "missing:label", parts


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

    roots = {name: root(name) for name in found}
    told = []
    for name, finding in found.items():
        whole = found[roots[name]]
        if whole is not finding and not whole.kind.startswith(_DEFECTS):
            severity = max(finding.severity, whole.severity, key=lambda s: s.rank)
            finding = replace(finding, part_of=whole.id, severity=severity)
        elif whole is not finding:
            finding = replace(finding, part_of=whole.id)
        elif finding.kind.startswith(_DEFECTS):
            gravest = min((found[n].severity for n in found if roots[n] == name), key=lambda s: s.rank)
            finding = replace(finding, severity=gravest)
        told.append(finding)
    return [_with_repair(f, [p for p in told if p.part_of == f.id]) for f in told]


def _with_repair(finding: Finding, parts: Sequence[Finding]) -> Finding:
    """A cause that is a defect of a column is mended as that defect is."""
    defects = [p for p in parts if p.kind in _MENDED and p.subject and p.subject in finding.sentence]
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
