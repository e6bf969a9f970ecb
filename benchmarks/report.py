"""The numbers, as Markdown for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from parts import Part
from process import Cost, FailedError

ABSENT = ("ModuleNotFoundError", "ImportError", "No such file")


@dataclass(frozen=True)
class Measured:
    """A part and what each of its lines cost."""

    part: Part
    costs: Sequence[Cost | FailedError]


def markdown(machine: Mapping[str, str], found: Sequence[Measured]) -> str:
    """Everything as tables."""
    about = ", ".join(f"{name} {value}" for name, value in machine.items())
    return "\n".join([f"Measured on: {about}.", "", *(line for measured in found for line in _table(measured))])


def as_json(machine: Mapping[str, str], found: Sequence[Measured]) -> str:
    """Everything as JSON."""
    parts = [
        {
            "title": m.part.title,
            "lines": [
                {"name": line.name, **({"failed": _reason(c)} if isinstance(c, FailedError) else _numbers(c, m))}
                for line, c in zip(m.part.lines, m.costs, strict=True)
            ],
        }
        for m in found
    ]
    return json.dumps({"machine": dict(machine), "parts": parts}, indent=1, ensure_ascii=False)


def total(cost: Cost) -> Cost:
    """The cost with what was extrapolated."""
    more = cost.said.get("more_cpu", 0.0), cost.said.get("more_wall", 0.0)
    return replace(cost, cpu=cost.cpu + more[0], wall=cost.wall + more[1])


def _numbers(cost: Cost, measured: Measured) -> dict[str, object]:
    whole, first = total(cost), measured.costs[0]
    ratio = whole.cpu / first.cpu if isinstance(first, Cost) and first.cpu else None
    return {**asdict(whole), "cpu_ratio": ratio}


def _table(measured: Measured) -> list[str]:
    rows = [
        f"## {measured.part.title}",
        "",
        measured.part.words,
        "",
        "| | CPU s | × | user s | wall s | peak MiB | |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    first = measured.costs[0]
    for line, cost in zip(measured.part.lines, measured.costs, strict=True):
        if isinstance(cost, FailedError):
            rows.append(f"| {line.name} | | | | | | {_reason(cost)} |")
            continue
        whole = total(cost)
        ratio = f"{whole.cpu / first.cpu:.2f}" if isinstance(first, Cost) and first.cpu else ""
        user = "" if "more_cpu" in cost.said else f"{cost.user:.2f}"
        numbers = (f"{whole.cpu:.2f}", ratio, user, f"{whole.wall:.2f}", f"{whole.peak:.0f}", _remark(cost))
        rows.append(f"| {line.name} | {' | '.join(numbers)} |")
    return [*rows, "", *_conclusion(measured), ""]


def _remark(cost: Cost) -> str:
    said = cost.said
    remarks = []
    if "note" in said:
        remarks.append(str(said["note"]))
    if "report_bytes" in said:
        remarks.append(f"report {said['report_bytes'] / 1e6:.2f} MB")
    if "intervals_cpu" in said:
        share = said["intervals_cpu"] / said["without_cpu"]
        remarks.append(f"intervals {said['intervals_cpu']:.3f} s, {share:.1%} on top of the rest")
    if "bootstrap_cpu" in said:
        remarks.append(
            f"{said['replicates']:,} replicates over {said['cells']:,} cells in {said['bootstrap_cpu']:.2f} CPU s, "
            f"{said['bootstrap_wall']:.2f} s"
        )
    if cost.runs > 1:
        remarks.append(f"median of {cost.runs}, measured {min(cost.all_cpu):.2f} to {max(cost.all_cpu):.2f}")
    return "; ".join(remarks)


def _conclusion(measured: Measured) -> list[str]:
    """Of reading: ratios to both ways of PyArrow, as whole processes and by the clock after the imports."""
    costs = dict(zip((line.name for line in measured.part.lines), measured.costs, strict=True))
    ours = costs.get("Steelyard: facts")
    found = []
    for name in ("only read: PyArrow", "only read, batch by batch: PyArrow"):
        theirs = costs.get(name)
        if isinstance(ours, Cost) and isinstance(theirs, Cost):
            work, reading = ours.said["work_cpu"], theirs.said["work_cpu"]
            found += [
                f"Facts beside {name}: {ours.cpu / theirs.cpu:.2f} × as whole processes; after imports {work:.2f} s "
                f"against {reading:.2f} s, {work / reading:.2f} ×; user seconds {ours.user / theirs.user:.2f} ×.",
                "",
            ]
    return found


def _reason(error: FailedError) -> str:
    text = str(error)
    return f"absent ({text[:80]})" if any(word in text for word in ABSENT) else f"failed: {text[:120]}"
