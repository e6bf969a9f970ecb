"""Plant faults in real data and see who finds them; and pairs without a fault, to see who cries wolf.

    python benchmarks/faults/run.py --pairs /tmp/pairs                                  # Steelyard alone
    python benchmarks/faults/run.py --python evidently=/path/to/its/python --python deepchecks=/path/to/its/python

Every tool judges the same files. Its judgement is a list of flags, most important first; a flag is a kind and the
names it speaks of. A fault counts as `named` where a flag fits it that the tool does not raise on the same pair
without the fault, and as `first` where the first such flag fits.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import world
from faults import FAULTS, Fault, planted

HERE = Path(__file__).parent
TOOLS = ("steelyard", "evidently", "deepchecks")
Flags = list[dict[str, str]]


@dataclass(frozen=True)
class Case:
    """One pair of files."""

    name: str
    seed: int
    fault: Fault | None


def cases(seeds: int, clean: int) -> Iterator[Case]:
    """Every fault with each seed, and its pair without a fault; then more pairs without one."""
    for seed in range(seeds):
        yield Case(f"clean-{seed}", seed, None)
        yield from (Case(f"{slug(fault)}-{seed}", seed, fault) for fault in FAULTS)
    yield from (Case(f"clean-{seed}", seed, None) for seed in range(seeds, clean))


def slug(fault: Fault) -> str:
    """A fault's name as that of a folder."""
    return "".join(c if c.isalnum() else "-" for c in fault.name)


def write(folder: Path, wanted: Sequence[Case], rows: int) -> None:
    """Write the pairs, each with what a judge has to know."""
    for case in wanted:
        place = folder / case.name
        if (place / "case.json").exists():
            continue
        place.mkdir(parents=True, exist_ok=True)
        made = planted(case.fault, world.pair(case.seed, rows), world.answered, case.seed)
        made.reference.write_parquet(place / "reference.parquet")
        made.current.write_parquet(place / "current.parquet")
        (place / "case.json").write_text(json.dumps({"window": case.fault.window if case.fault else None}))


def judged(tool: str, python: str, folder: Path, wanted: Sequence[Case], *, reuse: bool) -> dict[str, Flags]:
    """What a tool says of each pair; a pair that it cannot read has one flag of the kind "error"."""
    kept = folder / f"{tool}.json"
    if reuse and kept.exists():
        known: dict[str, Flags] = json.loads(kept.read_text())
        if all(case.name in known for case in wanted):
            return known
    command = [python, str(HERE / f"judge_{tool}.py"), str(folder), *(case.name for case in wanted)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{tool} failed:\n{done.stderr[-2000:]}")
    found: dict[str, Flags] = json.loads(done.stdout.splitlines()[-1])
    kept.write_text(json.dumps(found))
    return found


def fits(fault: Fault, flag: Mapping[str, str], tool: str) -> bool:
    """Whether a flag tells of the fault. Other tools' kinds are not ours, so that with them the name is enough."""
    named = not fault.names or any(name in flag["about"] for name in fault.names)
    return named and (tool != "steelyard" or any(flag["kind"].startswith(kind) for kind in fault.kinds))


def new(flags: Flags, clean: Flags) -> Flags:
    """The flags that the pair without the fault has not."""
    known = {(flag["kind"], flag["about"]) for flag in clean}
    return [flag for flag in flags if (flag["kind"], flag["about"]) not in known]


def table(found: Mapping[str, Mapping[str, Flags]], wanted: Sequence[Case], seeds: int) -> str:
    """The confusion table, as Markdown."""
    tools = list(found)
    lines = [
        "| fault | " + " | ".join(f"{tool}: named | first" for tool in tools) + " | what Steelyard says first |",
        "|---" * (2 * len(tools) + 2) + "|",
    ]
    totals = {tool: [0, 0] for tool in tools}
    for fault in FAULTS:
        cells, said = [], ""
        for tool in tools:
            named = first = 0
            for seed in range(seeds):
                fresh = new(found[tool][f"{slug(fault)}-{seed}"], found[tool][f"clean-{seed}"])
                named += any(fits(fault, flag, tool) for flag in fresh)
                first += bool(fresh) and fits(fault, fresh[0], tool)
                if tool == "steelyard" and fresh and not said:
                    said = fresh[0]["about"].split(" ", 1)[0]
            totals[tool][0] += named
            totals[tool][1] += first
            cells.append(f"{named}/{seeds} | {first}/{seeds}")
        lines.append(f"| {fault.name} | " + " | ".join(cells) + f" | {said} |")
    every = seeds * len(FAULTS)
    lines.append(
        "| **all** | " + " | ".join(f"**{a}/{every}** | **{b}/{every}**" for a, b in totals.values()) + " | |"
    )
    clean = [case.name for case in wanted if case.fault is None]
    lines += ["", "| | " + " | ".join(tools) + " |", "|---" * (len(tools) + 1) + "|"]
    alarms = {tool: [len(alarming(found[tool][name], tool)) for name in clean] for tool in tools}
    lines.append(
        f"| pairs without a fault that raise an alarm, of {len(clean)} | "
        + " | ".join(str(sum(n > 0 for n in alarms[tool])) for tool in tools)
        + " |"
    )
    lines.append("| alarms on them in all | " + " | ".join(str(sum(alarms[tool])) for tool in tools) + " |")
    return "\n".join(lines) + "\n"


def alarming(flags: Flags, tool: str) -> Flags:
    """The flags that say that something differs from the reference; what is true of both data sets is no alarm."""
    return [flag for flag in flags if flag.get("compares", "yes") == "yes"]


def main() -> None:
    """Write the pairs, have them judged, print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=Path, help="folder to keep the pairs in")
    parser.add_argument("--rows", type=int, default=10_000, help="rows of each data set")
    parser.add_argument("--seeds", type=int, default=1, help="pairs with each fault")
    parser.add_argument("--clean", type=int, default=20, help="pairs without a fault")
    parser.add_argument("--python", action="append", default=[], metavar="TOOL=PYTHON", help="a tool's own Python")
    parser.add_argument(
        "--reuse", nargs="*", default=[], help="tools whose judgements in the folder of pairs are kept"
    )
    parser.add_argument("--output", type=Path, help="file for the table")
    given = parser.parse_args()
    pythons = {"steelyard": sys.executable} | dict(p.split("=", 1) for p in given.python)
    wanted = list(cases(given.seeds, max(given.clean, given.seeds)))
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.pairs or Path(scratch)
        write(folder, wanted, given.rows)
        found = {
            tool: judged(tool, pythons[tool], folder, wanted, reuse=tool in given.reuse)
            for tool in TOOLS
            if tool in pythons
        }
    text = table(found, wanted, given.seeds)
    print(text)
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
