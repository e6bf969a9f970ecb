"""The numbers, as Markdown for people and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from parts import Part
from process import Cost, FailedError

NOISE = 0.05
"""Seconds below which a difference of two processes means nothing."""
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
    return Cost(cost.cpu + more[0], cost.wall + more[1], cost.peak, cost.said, cost.runs)


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
        "| | CPU s | × | wall s | peak MiB | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    first = measured.costs[0]
    for line, cost in zip(measured.part.lines, measured.costs, strict=True):
        if isinstance(cost, FailedError):
            rows.append(f"| {line.name} | | | | | {_reason(cost)} |")
            continue
        whole = total(cost)
        ratio = f"{whole.cpu / first.cpu:.2f}" if isinstance(first, Cost) and first.cpu else ""
        rows.append(
            f"| {line.name} | {whole.cpu:.2f} | {ratio} | {whole.wall:.2f} | {whole.peak:.0f} | {_remark(cost)} |"
        )
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
    if cost.runs > 1:
        remarks.append(f"median of {cost.runs}")
    return "; ".join(remarks)


def _conclusion(measured: Measured) -> list[str]:
    """Of reading: the ratio without imports, which a long process does not pay again."""
    costs = dict(zip((line.name for line in measured.part.lines), measured.costs, strict=True))
    names = (
        "Steelyard: facts",
        "import what that takes: Steelyard",
        "only read: PyArrow",
        "import what that takes: PyArrow",
    )
    found = [costs.get(name) for name in names]
    if not all(isinstance(c, Cost) for c in found):
        return []
    ours, our_import, theirs, their_import = (c.cpu for c in found if isinstance(c, Cost))
    without = (ours - our_import) / (theirs - their_import) if theirs - their_import > NOISE else None
    told = f"{without:.2f} × without imports" if without is not None else "without imports it is too little to tell"
    return [f"Facts cost {ours / theirs:.2f} × the CPU of only reading as whole processes; {told}.", ""]


def _reason(error: FailedError) -> str:
    text = str(error)
    return f"absent ({text[:80]})" if any(word in text for word in ABSENT) else f"failed: {text[:120]}"
